"""What an answer adds up or looks through is bounded, and it says so where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.explorer import kept
from api.explorer.queries import donors, pools
from tests.api.explorer.world import DONOR, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi.testclient import TestClient

GIVER = f"/donors/0x{DONOR.hex()}"


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that change in mid-test are not what answers hang on."""
    monkeypatch.setattr(kept, "NEVER", ("/",))


def test_who_gave_very_often_gets_the_sums_of_the_newest_gifts(
    get: Callable[..., Any], client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = get(GIVER)
    assert (whole["since"], whole["pools_total"]) == (None, len(whole["pools"]))
    assert whole["contributions"] > 3
    assert world.book.height > 3
    monkeypatch.setattr(donors, "GIFTS", 2)
    some = get(GIVER)
    # A batch is never cut: the gifts are those from a place on.
    assert some["since"] is not None
    assert some["contributions"] >= 2
    page = get(f"{GIVER}/contributions")
    at = (some["since"]["block"], some["since"]["index"])
    places = {name: recorded["at"] for name, recorded in page["recorded"].items()}
    since = {name for name, place in places.items() if (place["block"], place["index"]) >= at}
    newest = [gift for gift in page["items"] if gift["recorded"] in since]
    assert some["contributions"] == len(newest)
    for pool in some["pools"]:
        of_pool = [gift for gift in newest if gift["pool"] == pool["pool"]]
        for name in ("amount", "spent", "refunded", "waiting"):
            assert int(pool[name]) == sum(int(gift[name]) for gift in of_pool), (pool["pool"], name)
    shown = client.get(f"/donor/0x{DONOR.hex()}").text
    assert "More than" in shown
    assert "only the newest gifts are added up here" in shown


def test_who_gave_to_very_many_pools_sees_the_last_ones(
    get: Callable[..., Any], client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = get(GIVER)
    monkeypatch.setattr(donors, "POOLS", 1)
    some = get(GIVER)
    assert some == {**whole, "pools": whole["pools"][:1]}
    assert f"of {whole['pools_total']} that were given to last" in client.get(f"/donor/0x{DONOR.hex()}").text


@pytest.mark.parametrize("state", ["funding", "active", "frozen", "completed"])
@pytest.mark.parametrize("limit", [1, 50])
def test_pools_of_a_state_are_looked_for_a_part_at_a_time(
    get: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, state: str, limit: int
) -> None:
    wanted = get("/pools", state=state)
    assert wanted["next"] is None
    monkeypatch.setattr(pools, "BUDGET", 2)
    found, cursor, pages = [], "", 0
    while cursor is not None:
        page = get("/pools", state=state, limit=limit, cursor=cursor)
        found, cursor, pages = [*found, *page["items"]], page["next"], pages + 1
    assert found == wanted["items"]
    assert pages >= 3
