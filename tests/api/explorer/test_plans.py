"""With 300,000 contributions, no question reads more than a small part of a big table.

Held in two ways: SQLite's own plan may not scan a big table except along the order that a page wants, and the steps
that its machine takes for each answer stay few.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from api.explorer.app import create_app
from api.explorer.content import ContentFolder
from api.explorer.database import Database, prepared
from api.explorer.page import pages
from api.explorer.proofs import leaves, seed, tree_of
from api.explorer.queries import Filters, Queries
from api.explorer.text import hexed
from api.indexer.store import Store
from api.types import ANONYMOUS, MemberKind
from tests.api.explorer.book import CHAIN_ID, DAY, FUND, TOKEN, USD, Book, Entry, account, pack
from tests.api.explorer.conftest import settings_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BIG = (
    *("contributions", "logs", "blocks", "batches", "refunds", "objections", "brought", "deposits"),
    *("pledges", "pledge_changes", "collections", "collection_failures", "deliveries", "matches", "vouchers"),
)
"""What grows with gifts. Pools, milestones and those who judge them are thousands at most."""
BATCHES, SIZE, POOLS, DONORS = 300, 1000, 5, 30_000
MAX_STEPS = 1_000_000
"""Looking through 10,000 rows, the most for any page. A scan of all contributions takes millions."""


class Watch:
    """Explains each statement, and counts the machine's steps, by hundreds."""

    def __init__(self, database: Database, where: Path, folder: Path) -> None:
        self.where = where
        self._database, self._folder = database, folder
        self.plans: list[tuple[str, list[str]]] = []
        self.steps = 0
        event.listen(database._door.engine, "connect", self._count)
        event.listen(database._door.engine, "before_cursor_execute", self._asked)

    @property
    def queries(self) -> Queries:
        """Return what asks, with nothing in its memory."""
        return Queries(self._database, ContentFolder(self._folder / "content"))

    def _count(self, connection: Any, _record: object) -> None:
        connection.set_progress_handler(self._step, 100)

    def _step(self) -> int:
        self.steps += 100
        return 0

    def begin(self) -> None:
        """Forget what was asked before."""
        self.plans.clear()
        self.steps = 0

    def check(self, what: str = "", *, noted: bool = False, exports: bool = False) -> None:
        """See that nothing that was asked since then scans.

        `noted`: of what may be answered from the index's notes alone; `exports`: of what is read whole, in parts.
        """
        assert self.plans or noted or exports, what
        for statement, plan in self.plans:
            for step in plan:
                scans = step.startswith("SCAN ") and step.split()[1] in BIG
                # Along the order that is wanted, up to the page's limit.
                fine = "LIMIT" in statement and not any("TEMP B-TREE" in other for other in plan)
                assert not scans or fine, (statement, plan)
                assert "AUTOMATIC" not in step, (statement, plan)
        assert exports or self.steps < MAX_STEPS

    @contextmanager
    def every_engine(self) -> Iterator[None]:
        """Look at what any engine is asked: an application has its own."""
        event.listen(Engine, "before_cursor_execute", self._asked)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self._asked)

    @contextmanager
    def at_the_driver(self) -> Iterator[None]:
        """Look also at what is put to the driver itself."""
        ask = prepared.ask

        def explained(connection: Any, statement: str, values: Any = ()) -> Any:
            self._explain(connection.connection.driver_connection, statement, values)
            return ask(connection, statement, values)

        prepared.ask = explained
        yield
        prepared.ask = ask

    def _asked(self, _c: Any, cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
        self._explain(cursor.connection, statement, parameters)

    def _explain(self, connection: Any, statement: str, parameters: Any) -> None:
        if statement.startswith("SELECT"):
            explained = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            self.plans.append((statement, [row[3] for row in explained]))


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Watch, bytes]]:
    folder = tmp_path_factory.mktemp("big")
    store = Store(folder / "index.db")
    book = Book(store, folder / "content")
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    for pool in range(1, POOLS + 1):
        plan = [(account("payee"), SIZE * USD, book.now + 90 * DAY)]
        book.open_pool(pool, account(f"ngo {pool % 2}"), f"Pool {pool}", plan)
    book.mine()
    chance = random.Random(1)  # noqa: S311
    donors = [account(f"donor {i}") for i in range(DONORS)]
    for number in range(BATCHES):
        entries: list[Entry] = [
            (ANONYMOUS if chance.random() < 0.3 else chance.choice(donors), book.now + i, chance.randint(1, 100) * USD)
            for i in range(SIZE)
        ]
        reference = keccak(number.to_bytes(4, "big"))
        book.record(1 + number % POOLS, account(f"gateway {number % 3}"), reference, entries, root=bytes(32))
        # A tenth of the logs of a month of direct gifts.
        for _ in range(30):
            book.give(1 + number % POOLS, chance.choice(donors), USD)
        if number % 10 == 9:
            book.mine()
    book.submit(1, 0, 1, keccak(b"evidence"), ngo=account("ngo 1"))
    book.release(1, 0, account("payee"), SIZE * USD)
    book.mine()
    store.close()
    database = Database(store.where)
    watch = Watch(database, store.where, folder)
    with watch.at_the_driver():
        yield watch, donors[7]
    database.close()


def test_the_ledger_is_that_big(big: tuple[Watch, bytes]) -> None:
    assert big[0].queries.summary()["contributions"] == BATCHES * (SIZE + 30)


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
    "head": lambda q, _: (q.head_block(), q.last_place(), q.has_block(3, bytes(32))),
}


NOTED = ("health", "readiness", "about", "reconciliation", "v1", "check")
"""Answered from the index's notes, which are read when something was committed."""


def _a_batch(queries: Queries) -> bytes:
    return bytes.fromhex(queries.batches(limit=1)["items"][0]["batch"][2:])


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_scans(big: tuple[Watch, bytes], name: str) -> None:
    watch, donor = big
    watch.begin()
    QUESTIONS[name](watch.queries, donor)
    watch.check(name, noted=name in NOTED)


SORTED = (
    # A page sifts 10,000 gifts at most, in the order in which they come.
    "AS anon_1",
    # The gifts of one batch, by their place.
    "batches_by_gateway (gateway=? AND pool=?",
    # What follows from a donor's newest 5,000 gifts; from its newest 1,000.
    "contributions.log >= ",
    "JOIN (SELECT contributions.pool AS pool, contributions.start AS start",
    # What was changed of the standing orders on a page.
    "pledge_changes.pledge IN (",
)
"""What is sorted or grouped by other means than an index, and why it is never much."""


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_sorts_much(big: tuple[Watch, bytes], name: str) -> None:
    watch, donor = big
    watch.begin()
    QUESTIONS[name](watch.queries, donor)
    for statement, plan in watch.plans:
        sorts = [step for step in plan if "TEMP B-TREE" in step and "LAST" not in step]
        met = {word for step in plan for word in step.split()} & set(BIG)
        bounded = any(text in statement or text in " ".join(plan) for text in SORTED)
        assert not sorts or not met or bounded, (statement, plan)


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


def test_no_route_scans(big: tuple[Watch, bytes], tmp_path: Path) -> None:
    watch, donor = big
    names = {
        "batch": hexed(_a_batch(watch.queries)), "donor": hexed(donor), "pool": "1", "milestone": "0",
        "ngo": hexed(account("ngo 1")),
        "address": hexed(account("ngo 1")), "id": "1-0", "pledge": "1", "sha256": "00" * 32,
        "file": "contributions.csv",
    }  # fmt: skip
    settings = settings_in(tmp_path, database=watch.where)
    app = create_app(settings)
    shown = {str(route.path) for route in pages(watch.queries, settings).routes}  # type: ignore[attr-defined]
    routes = (shown | app.openapi()["paths"].keys()) - LATER
    with watch.every_engine(), TestClient(app) as client:
        for path in sorted(routes):
            watch.begin()
            answer = client.get(ROUTES.get(path, path).format(**names))
            # There are no standing orders and rounds here: that is seen, too, without looking through a table.
            assert answer.status_code in (200, 404, 422), (path, answer.text)
            watch.check(path, noted=path.rpartition("/")[2] in NOTED, exports="/export" in path)


def test_hashing_a_large_batch_is_fast_enough_to_be_asked_for() -> None:
    packed = pack([(account("donor"), 1, 1)] * 10_000)
    assert len(leaves(seed(CHAIN_ID, FUND, 1, bytes(32)), packed, START)) == 10_000
    assert len(tree_of(bytes(32), packed, START).siblings(9_999)) < 15
