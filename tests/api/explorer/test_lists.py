"""Walking a list by its cursors meets every item exactly once, whatever the size of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.explorer.queries import sifted
from tests.api.explorer.world import DONOR, GATEWAY, NGO

if TYPE_CHECKING:
    from tests.api.explorer.world import World

LISTS: list[tuple[str, dict[str, Any]]] = [
    ("/pools", {}),
    ("/pools", {"state": "active"}),
    ("/pools", {"ngo": NGO.hex()}),
    ("/pools/1/milestones", {}),
    ("/pools/1/contributions", {}),
    ("/pools/1/contributions", {"donor": DONOR.hex()}),
    ("/pools/1/contributions", {"donor": bytes(20).hex()}),
    ("/pools/1/contributions", {"gateway": GATEWAY.hex()}),
    ("/pools/1/contributions", {"gateway": GATEWAY.hex(), "donor": DONOR.hex(), "min_amount": 1, "since": 1}),
    ("/pools/1/contributions", {"since": 1}),
    ("/pools/1/contributions", {"min_amount": 8}),
    ("/pools/1/contributions", {"since": 1, "max_amount": 2 * 10**6}),
    ("/contributions", {}),
    ("/batches", {}),
    ("/batches", {"pool": 1}),
    ("/batches", {"gateway": GATEWAY.hex()}),
    ("/batches/{batch}/contributions", {}),
    (f"/donors/{DONOR.hex()}/contributions", {}),
    ("/ngos", {}),
    ("/attestations", {}),
    ("/attestations", {"pool": 1}),
    ("/releases", {}),
    ("/events", {}),
    ("/events", {"event": "Attested"}),
    ("/movements", {}),
]


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize(("path", "filters"), LISTS)
def test_walks(get: Any, world: World, path: str, filters: dict[str, Any], size: int) -> None:
    path = path.format(batch=world.batch.hex())
    whole = get(path, **filters, limit=200)
    assert whole["next"] is None
    assert whole["items"]
    walked: list[Any] = []
    cursor: dict[str, str] = {}
    for _ in range(200):
        page = get(path, **filters, **cursor, limit=size)
        assert len(page["items"]) == size or page["next"] is None
        walked += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert walked == whole["items"]


@pytest.mark.parametrize("budget", [1, 2, 5])
def test_a_walk_that_may_look_at_few_rows_only_meets_all_the_same(
    get: Any, monkeypatch: pytest.MonkeyPatch, budget: int
) -> None:
    wanted: dict[str, Any] = {"gateway": GATEWAY.hex(), "min_amount": 2 * 10**6, "max_amount": 3 * 10**6}
    for filters in (wanted, {**wanted, "donor": DONOR.hex()}, {"since": 1, "donor": bytes(20).hex()}):
        whole = get("/pools/1/contributions", **filters, limit=200)
        assert whole["items"]
        walked: list[Any] = []
        cursor: dict[str, str] | None = {}
        with monkeypatch.context() as patch:
            patch.setattr(sifted, "BUDGET", budget)
            while cursor is not None:
                page = get("/pools/1/contributions", **filters, **cursor, limit=2)
                walked += page["items"]
                cursor = {"cursor": page["next"]} if page["next"] else None
        assert walked == whole["items"]
