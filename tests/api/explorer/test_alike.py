"""Over SQLite and over PostgreSQL the explorer says the same, whatever it is asked."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from api.explorer.app import create_app
from api.indexer.store import Store
from tests.api.both import Both
from tests.api.explorer.book import DAY, USD
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.test_answers import SHAPES, hexed
from tests.api.explorer.test_lists import LISTS
from tests.api.explorer.test_refusals import API, BAD, MISSING
from tests.api.explorer.world import DONOR, GATEWAY, NGO, World, build
from tests.api.stores import STORES

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.stores import Databases

LARGE = [2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**43 - 1, 2**63 - 1, 2**63]
NUMBERED = ["/pool/{}", "/pool/{}/contributions", "/contribution/{}-0", "/contribution/1-{}"] + [
    API + path
    for path in (
        "/pools/{}", "/pools/{}/milestones", "/pools/{}/contributions", "/contributions/{}-0", "/contributions/1-{}",
        "/batches?pool={}", "/attestations?pool={}", "/objections?pool=1&milestone={}", "/pledges/{}", "/rounds/{}-0",
        "/rounds/1-{}", "/rounds/1-{}/deliveries", "/sponsorships?pool={}", "/vouchers?pool={}", "/refunds?pool={}",
        "/pledges/{}/collections", "/search?q={}", "/search?q={}-0", "/search?q=1-{}", "/events?from_block={}",
        "/events?to_block={}", "/pools/1/contributions?min_amount={}", "/pools/1/contributions?max_amount={}",
        "/pools/1/contributions?since={}", "/pools/1/contributions?until={}", "/pools?cursor=p{}", "/pools?cursor=p-{}",
        "/contributions?cursor=l{}.1.0", "/contributions?cursor=l1.{}.0", "/contributions?cursor=l1.-{}.0",
        "/pools/1/contributions?since=1&cursor=t{}.{}", "/pools/1/contributions?min_amount=1&cursor=a{}.{}",
        "/events?cursor=l{}", "/movements?cursor=l-{}", f"/donors/{DONOR.hex()}/contributions?cursor=d{{}}.0",
        f"/donors/{DONOR.hex()}/contributions?cursor=d1.{{}}",
        f"/pools/1/contributions?gateway={GATEWAY.hex()}&cursor=g{{}}",
    )
]  # fmt: skip
SEARCHES = [
    "warm", "WARM", "wärme", "WÄRME", "Wärme 50%", "ärme", "%", "_", "\\", "/", "a%b", "'", '"', "\0", "warm\0",
    "Kitchens <b>", "pumps wel", "ı", "K", "ſ", "모아", "…", "a…", "0x", "0", "00", "1", "7", "test", "attestor",
    "gone", "1-0", "e",
]  # fmt: skip
PAGES = ["/", "/latest", "/check", "/pool/1", "/pool/2", "/pool/3", "/pool/4", "/pool/5", "/pool/1/contributions",
         "/pool/1/contributions?min_amount=2", "/contribution/1-0", f"/donor/{hexed(DONOR)}", f"/ngo/{hexed(NGO)}",
         "/search?q=warm", "/search?q=e"]  # fmt: skip


@pytest.fixture(scope="module")
def alike(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Both, World]]:
    """Two explorers over the same ledger, and that ledger."""
    began, clients = int(time.time()) - 30 * DAY, []
    with ExitStack() as stack:
        for kind in STORES:
            folder = tmp_path_factory.mktemp(kind)
            settings = settings_in(folder, database=databases.new(kind, folder))
            store = stack.enter_context(closing(Store(settings.database)))
            world = build(store, settings.content, now=began)
            # A pool that a batch was taken back from, in part and whole.
            batch = world.book.record(3, GATEWAY, b"r" * 32, [(DONOR, 5, USD), (DONOR, 6, 2 * USD)])
            world.book.mine()
            world.book.refund(3, DONOR, 4 * USD, USD, batch)
            world.book.take_batch(3, GATEWAY, batch, 2 * USD)
            world.book.mine()
            clients.append(stack.enter_context(TestClient(create_app(settings))))
        yield Both(clients), world


def test_what_is_asked_for_everywhere(alike: tuple[Both, World]) -> None:
    both, world = alike
    for path in SHAPES:
        both.get(API + path.format(batch=hexed(world.batch), donor=hexed(DONOR), ngo=hexed(NGO)))
    for path, filters in LISTS:
        for limit in (2, 200):
            both.get(API + path.format(batch=world.batch.hex()), params={**filters, "limit": limit})
    for path, _ in (*BAD, *MISSING):
        both.get(API + path)
    for path in (*PAGES, f"/batch/{hexed(world.batch)}"):
        assert both.get(path).status_code == 200


@pytest.mark.parametrize("number", LARGE)
def test_numbers_that_are_larger_than_any(alike: tuple[Both, World], number: int) -> None:
    both, _ = alike
    for path in NUMBERED:
        answer = both.get(path.format(number, number))
        assert answer.status_code in (200, 404, 422), (path, answer.text)
    assert both.get(f"/pool/{number}").status_code == 404
    assert both.get(f"{API}/pools/{number}").status_code == (404 if number < 2**32 else 422)


@pytest.mark.parametrize("text", SEARCHES)
def test_searches(alike: tuple[Both, World], text: str) -> None:
    both, _ = alike
    assert both.get(f"{API}/search", params={"q": text}).status_code == 200


def test_a_batch_that_was_taken_back(alike: tuple[Both, World]) -> None:
    both, _ = alike
    [batch] = [b for b in both.get(f"{API}/batches", params={"pool": 3}).json()["items"] if b["count"] == 2]
    assert (batch["refunded"], batch["taken"], batch["taken_amount"]) == (str(3 * USD), True, str(2 * USD))
    assert both.get(f"{API}/donors/{hexed(DONOR)}").status_code == 200
