"""That an item of a list of contributions says what the contribution itself says: the two are written apart."""

from __future__ import annotations

from typing import Any

SAME = (
    *("id", "pool", "start", "amount", "number", "donor", "paid_at", "via", "spent", "refunded", "waiting"),
    *("position", "bearer", "pledge"),
)


def check_listed(page: dict[str, Any], item: dict[str, Any], single: dict[str, Any]) -> None:
    """Compare an item, and what stands beside it on its page, with the single contribution."""
    assert set(item) <= {*SAME, "recorded"}
    assert {name: item.get(name) for name in SAME} == {name: single[name] for name in SAME}
    assert page["pools"][str(item["pool"])] == {name: single[name] for name in ("pool_name", "token")}
    assert page["recorded"][item["recorded"]] == {
        "at": single["recorded"], "batch": single["batch"], "gateway": single["gateway"],
    }  # fmt: skip
    place = single["recorded"]
    assert item["recorded"] == f"{place['block']}-{place['index']}"
