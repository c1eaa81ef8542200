"""Walking a list by its cursors meets every item exactly once, whatever the size of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.explorer.world import DONOR, GATEWAY, NGO

if TYPE_CHECKING:
    from tests.api.explorer.world import World

LISTS: list[tuple[str, dict[str, Any]]] = [
    ("/pools", {}),
    ("/pools", {"state": "active"}),
    ("/pools", {"ngo": NGO.hex()}),
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
