"""With 300,000 contributions, no question reads more than a small part of a big table, in either database.

Held in two ways: a statement's plan may not look through a big table, except in SQLite along the order that a page
wants; and what was done for each answer stays little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from api import tree
from api.explorer.app import create_app
from api.explorer.page import pages
from api.explorer.proofs import proof_of
from api.explorer.queries import Filters, Queries, sifted
from api.explorer.text import hexed
from api.types import ANONYMOUS
from tests.api.explorer.book import CHAIN_ID, FUND, USD, account, pack
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.explained import PostgresWatch, SqliteWatch, Watch
from tests.api.explorer.large import BATCHES, EARLY, MANY, POOLS, SIZE, donor, fill
from tests.api.stores import STORES, Databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DONOR = donor(7)


@pytest.fixture(scope="module", params=STORES)
def big(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watch]:
    folder = tmp_path_factory.mktemp("big")
    where = databases.new(request.param, folder)
    fill(where, folder / "content")
    watch: Watch = SqliteWatch(where, folder)
    if isinstance(where, str):
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute("ANALYZE")
        watch = PostgresWatch(where, folder)
    with watch.at_the_driver():
        yield watch
    watch.database.close()
    databases.give_back(where)


def test_the_ledger_is_that_big(big: Watch) -> None:
    assert big.queries.summary()["contributions"] == BATCHES * (SIZE + 30)


START = SIZE * USD
QUESTIONS: dict[str, Callable[[Queries, bytes], Any]] = {
    "summary": lambda q, _: q.summary(),
    "health": lambda q, _: q.health(),
    "readiness": lambda q, _: q.readiness(),
    "about": lambda q, _: q.about("/api/v1"),
    "reconciliation": lambda q, _: q.reconciliation(),
    "movements": lambda q, _: q.movements(q.last_place() - 50, 50),
    "latest": lambda q, _: q.latest(),
    "pools": lambda q, _: q.pools(),
    "pools by state": lambda q, _: q.pools(state="frozen"),
    "pool": lambda q, _: q.pool(1),
    "contributions": lambda q, _: q.contributions(1),
    "deep page": lambda q, _: q.contributions(1, Filters(), f"s{10**12}"),
    "by donor": lambda q, donor: q.contributions(1, Filters(donor=donor)),
    "by nobody": lambda q, _: q.contributions(1, Filters(donor=account("nobody"))),
    "by the anonymous": lambda q, _: q.contributions(1, Filters(donor=ANONYMOUS)),
    "by gateway": lambda q, _: q.contributions(1, Filters(gateway=account("gateway 1"))),
    "by gateway, deep": lambda q, _: q.contributions(1, Filters(gateway=account("gateway 1")), f"g{10**11}"),
    "by no gateway": lambda q, _: q.contributions(1, Filters(gateway=account("nobody"))),
    "by time": lambda q, _: q.contributions(1, Filters(since=1, until=2**32 - 1)),
    "by no time": lambda q, _: q.contributions(1, Filters(since=1, until=2)),
    "by time, deep": lambda q, _: q.contributions(1, Filters(since=1), f"t{2**31}.1"),
    "by amount": lambda q, _: q.contributions(1, Filters(min_amount=50 * USD)),
    "by no amount": lambda q, _: q.contributions(1, Filters(min_amount=10**12)),
    "by time and no amount": lambda q, _: q.contributions(1, Filters(since=1, min_amount=10**12)),
    "by gateway and no amount": lambda q, _: q.contributions(
        1, Filters(gateway=account("gateway 1"), min_amount=10**12)
    ),
    "by donor and gateway": lambda q, donor: q.contributions(1, Filters(donor=donor, gateway=account("gateway 1"))),
    "by the anonymous and no amount": lambda q, _: q.contributions(1, Filters(donor=ANONYMOUS, min_amount=10**12)),
    "latest contributions": lambda q, _: q.latest_contributions(),
    "latest contributions, deep": lambda q, _: q.latest_contributions(f"l{5 << 20}.1.0"),
    "contribution": lambda q, _: q.contribution(1, 0),
    "a contribution's deliveries": lambda q, _: q.contribution_deliveries(1, 0),
    "contribution that bought vouchers": lambda q, _: q.contribution(2, 0),
    "a contribution's vouchers": lambda q, _: q.contribution_deliveries(2, 0),
    "who paid a milestone": lambda q, _: q.payers(1, 0),
    "who paid a milestone, deep": lambda q, _: q.payers(1, 0, f"y{10**9}"),
    "batches": lambda q, _: q.batches(),
    "batches of pool": lambda q, _: q.batches(pool=1),
    "batches of gateway, deep": lambda q, _: q.batches(gateway=account("gateway 1"), cursor=f"l{5 << 20}"),
    "objections of a pool": lambda q, _: q.objections(pool=1),
    "objections of a donor": lambda q, donor: q.objections(donor=donor),
    "vouchers of a pool": lambda q, _: q.vouchers(pool=1),
    "batches of gateway": lambda q, _: q.batches(gateway=account("gateway 1")),
    "batch": lambda q, _: q.batch(_a_batch(q)),
    "batch entries": lambda q, _: q.batch_contributions(_a_batch(q), limit=200),
    "donor": lambda q, donor: q.donor(donor),
    "donor's contributions": lambda q, donor: q.donor_contributions(donor),
    "ngos": lambda q, _: q.ngos(),
    "attestations": lambda q, _: q.attestations(),
    "releases": lambda q, _: q.releases(pool=1),
    "objections": lambda q, _: q.objections(),
    "objections of a milestone": lambda q, _: q.objections(pool=1, milestone=0),
    "returns": lambda q, _: q.returns(pool=1),
    "refunds": lambda q, _: q.refunds(),
    "refunds of pool": lambda q, _: q.refunds(pool=1),
    "refunds of donor": lambda q, donor: q.refunds(account=donor),
    "pledges": lambda q, _: q.pledges(),
    "pledges of pool": lambda q, _: q.pledges(pool=1),
    "pledges of donor": lambda q, donor: q.pledges(donor=donor),
    "collections of donor": lambda q, donor: q.collections(donor=donor),
    "rounds": lambda q, _: q.rounds(),
    "sponsorships": lambda q, _: q.sponsorships(pool=1),
    "vouchers": lambda q, _: q.vouchers(),
    "vouchers of provider": lambda q, donor: q.vouchers(provider=donor),
    "milestones": lambda q, _: q.milestones(1),
    "events": lambda q, _: q.events(),
    "events of blocks": lambda q, _: q.events(from_block=3, to_block=4),
    "events of a transaction": lambda q, _: q.events(tx=bytes(32)),
    "events by name": lambda q, _: q.events(event="BatchRecorded", limit=5),
    "search a hash": lambda q, _: q.search("ab" * 32),
    "search an address": lambda q, _: q.search("ab" * 20),
    "search a name": lambda q, _: q.search("pool"),
    "search a number": lambda q, _: q.search("3"),
    "search an id": lambda q, _: q.search("1-0"),
    "by an early donor": lambda q, _: q.contributions(1, Filters(donor=EARLY)),
    "by an early gateway": lambda q, _: q.contributions(1, Filters(gateway=EARLY)),
    "batches of an early gateway": lambda q, _: q.batches(gateway=EARLY),
    "an early donor": lambda q, _: q.donor(EARLY),
    "an early donor's contributions": lambda q, _: q.donor_contributions(EARLY),
    "refunds of an early donor": lambda q, _: q.refunds(account=EARLY),
    "objections of an early donor": lambda q, _: q.objections(donor=EARLY),
    "pledges of an early donor": lambda q, _: q.pledges(donor=EARLY),
    "collections of an early donor": lambda q, _: q.collections(donor=EARLY),
    "vouchers of an early provider": lambda q, _: q.vouchers(provider=EARLY),
    "an early donor in another pool": lambda q, _: q.contributions(2, Filters(donor=EARLY)),
    "refunds of an early donor in another pool": lambda q, _: q.refunds(account=EARLY, pool=2),
    "refunds of an early donor, deep": lambda q, _: q.refunds(account=EARLY, cursor=f"l{4 << 20}"),
    "vouchers of an early provider in another pool": lambda q, _: q.vouchers(provider=EARLY, pool=3),
    "pledges of an early donor in another pool": lambda q, _: q.pledges(donor=EARLY, pool=3),
    "objections of no milestone": lambda q, _: q.objections(milestone=3),
    "objections of an early donor in another pool": lambda q, _: q.objections(donor=EARLY, pool=3, milestone=0),
    "batches of an early gateway in another pool": lambda q, _: q.batches(gateway=EARLY, pool=3),
    "early events of blocks": lambda q, _: q.events(event="refunds", from_block=3, to_block=4),
    "events of late blocks": lambda q, _: q.events(event="refunds", from_block=4, to_block=9),
    "early events by name": lambda q, _: q.events(event="refunds"),
    "search an early address": lambda q, _: q.search(EARLY.hex()),
    "head": lambda q, _: (q.head_block(), q.last_place(), q.has_block(3, bytes(32))),
}


NOTED = ("health", "readiness", "about", "reconciliation", "v1", "check")
"""Answered from the index's notes, which are read when something was committed."""


def _a_batch(queries: Queries) -> bytes:
    return bytes.fromhex(queries.batches(limit=1)["items"][0]["batch"][2:])


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_scans(big: Watch, name: str) -> None:
    big.begin()
    QUESTIONS[name](big.queries, DONOR)
    big.check(name, noted=name in NOTED)
    big.check_sorts(name)


@pytest.mark.parametrize("wanted", [{"pool": 2, "milestone": 0}, {"milestone": 0}, {"pool": 2, "donor": donor(6004)}])
def test_what_is_sifted_is_met_whole(big: Watch, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any]) -> None:
    everything, cursor = [], None
    monkeypatch.setattr(sifted, "BUDGET", 700)
    while True:
        page = big.queries.objections(**wanted, cursor=cursor, limit=200)
        everything += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    of_pool = MANY // 2 // (POOLS - 1)
    assert len(everything) == (1 if "donor" in wanted else of_pool if "pool" in wanted else MANY)
    places = [(item["objected"]["block"], item["objected"]["index"]) for item in everything]
    assert places == sorted(set(places), reverse=True)


ROUTES = {
    "/": "/", "/latest": "/latest", "/pool/{pool}": "/pool/1", "/check": "/check",
    "/pool/{pool}/contributions": "/pool/1/contributions?min_amount=5",
    "/contribution/{pool_start}": "/contribution/1-0", "/batch/{batch}": "/batch/{batch}",
    "/donor/{donor}": "/donor/{donor}", "/ngo/{ngo}": "/ngo/{ngo}", "/search": "/search?q=pool",
    "/api/v1/search": "/api/v1/search?q=pool",
}  # fmt: skip
"""The pages, and what is asked of them; and of an interface's route that has no answer without a question."""

LATER = {"/live", "/content/{sha256}", "/api/v1/openapi.json", "/static", "/api/v1/ngos/{address}/iati.xml"}
"""What asks nothing of the index, streams it (test_exports_live), or answers only where the operator set it up."""

MORE = ("/api/v1/export/payers.csv?pool=1&milestone=0",)
"""What is answered in another way than its route's other answers."""


def test_no_route_scans(big: Watch, tmp_path: Path) -> None:
    names = {
        "batch": hexed(_a_batch(big.queries)), "donor": hexed(DONOR), "pool": "1", "milestone": "0",
        "ngo": hexed(account("ngo 1")),
        "address": hexed(account("ngo 1")), "id": "1-0", "pledge": "1", "sha256": "00" * 32,
        "file": "contributions.csv",
    }  # fmt: skip
    settings = settings_in(tmp_path, database=big.where)
    app = create_app(settings)
    shown = {str(route.path) for route in pages(big.queries, settings).routes}  # type: ignore[attr-defined]
    routes = (shown | app.openapi()["paths"].keys()) - LATER
    with big.every_engine(), TestClient(app) as client:
        for path in [*sorted(routes), *MORE]:
            big.begin()
            answer = client.get(ROUTES.get(path, path).format(**names))
            assert answer.status_code == 200, (path, answer.text)
            big.check(path, noted=path.rpartition("/")[2] in NOTED, exports="/export" in path)


def test_hashing_a_large_batch_is_fast_enough_to_be_asked_for() -> None:
    packed = pack([(account("donor"), 1, 1)] * 10_000)
    seed = tree.seed(CHAIN_ID, FUND, 1, bytes(32))
    roots = b"".join(tree.roots(tree.leaves(seed, packed, tree.starts(packed, START))))
    assert len(roots) == 157 * 32
    assert len(proof_of(seed, packed, START, 9_999, roots).siblings) < 15
