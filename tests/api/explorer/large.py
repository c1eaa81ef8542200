"""A ledger with 300,000 contributions, and as many rows as matter in every other table that grows with gifts.

The gifts are logged by a `Book`. What else there is is put straight into the tables: it is no ledger that could be,
only as large. The first half of it is of pool 1 and of one account, which then are never met again: whoever takes them
for frequent, and looks for the newest of them from the end, looks through the other half.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from eth_utils.crypto import keccak
from sqlalchemy import Integer, Table

from api import tables
from api.indexer.kinds import Block
from api.indexer.store import Store
from api.settings import CONTRACTS, Deployment
from api.types import ANONYMOUS, MemberKind
from tests.api.explorer.book import CHAIN_ID, DAY, DEPLOYMENT, TOKEN, USD, Book, Entry, account

if TYPE_CHECKING:
    from pathlib import Path

BIG = (
    *("contributions", "logs", "blocks", "batches", "subtrees", "refunds", "objections", "brought", "deposits"),
    *("pledges", "pledge_changes", "collections", "collection_failures", "deliveries", "matches", "vouchers"),
)
"""What grows with gifts. Pools, milestones and those who judge them are thousands at most."""
BATCHES, SIZE, POOLS, DONORS = 300, 1000, 5, 30_000
MANY = 10_000
"""Rows of each other table: where it has so many, to look through it is never the quickest way."""

EARLY = account("early")
"""A donor, a gateway and all else, in the first half of everything."""


def donor(number: int) -> bytes:
    """Return one of the donors."""
    return b"donor" + number.to_bytes(15, "big")


def fill(where: Path | str, content: Path) -> None:
    """Make the index."""
    store = Store(where)
    book = Book(store, content)
    addresses = {name: account(name) for name in CONTRACTS} | DEPLOYMENT.addresses
    store.bind(Deployment(CHAIN_ID, DEPLOYMENT.genesis, 0, addresses))
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    book.accredit(account("ngo 1"), MemberKind.NGO, "Kitchens")
    payees = {1: addresses["PayoutBook"], 2: addresses["VoucherBook"]}
    for pool in range(1, POOLS + 1):
        plan = [(payees.get(pool, account("payee")), SIZE * USD, book.now + 90 * DAY)]
        book.open_pool(pool, account(f"ngo {pool % 2}"), f"Pool {pool}", plan)
    book.mine()
    add_others(store, book, MANY)
    chance = random.Random(1)  # noqa: S311
    for number in range(BATCHES):
        early = number < BATCHES // 2
        gateway, often = (EARLY, EARLY) if early else (account(f"gateway {number % 3}"), ANONYMOUS)
        entries: list[Entry] = [
            (often if chance.random() < 0.3 else donor(chance.randrange(DONORS)), book.now + i, _amount(chance))
            for i in range(SIZE)
        ]
        reference = keccak(number.to_bytes(4, "big"))
        book.record(1 + number % POOLS, gateway, reference, entries, large=True)
        # A tenth of the logs of a month of direct gifts.
        for _ in range(30):
            book.give(1 + number % POOLS, donor(chance.randrange(DONORS)), USD)
        if number % 10 == 9:
            book.mine()
    for pool, payee in payees.items():
        book.submit(pool, 0, 1, keccak(b"evidence"), ngo=account("ngo 1"))
        book.release(pool, 0, payee, SIZE * USD)
    book.mine()
    store.close()


def _amount(chance: random.Random) -> int:
    return chance.randint(1, 100) * USD


OTHERS = (
    *(name for name in BIG if name not in ("contributions", "logs", "blocks")),
    "seals",
    "openings",
    "sponsorships",
)
ONCE = ("seals", "openings", "sponsorships")
"""What the others hang on."""


def add_others(store: Store, book: Book, many: int) -> None:
    """Add a block for so many rows of each table, and then as many blocks without anything."""
    for table in OTHERS:
        number = book.height + 1
        places = [number << tables.LOG_BITS | i for i in range(1 if table in ONCE else many)]
        logs = [(log, log.to_bytes(32, "big"), account(table), table, bytes(32), b"") for log in places]
        rows = [_row(tables.metadata.tables[table], i, log, many) for i, log in enumerate(places)]
        book.blocks.append(Block(number, keccak(text=f"block {number}"), book.blocks[-1].hash, book.now))
        store.write(book.blocks[-1:], {"logs": logs, table: rows}, [], number)
    quiet = [Block(book.height + i, bytes([1]) + i.to_bytes(31, "big"), bytes(32), book.now) for i in range(1, many)]
    book.blocks += quiet
    store.write(quiet, {}, [], book.height)


def _row(table: Table, i: int, log: int, many: int) -> tuple[Any, ...]:
    """Return the i-th row of a table's `many`."""
    early, part = i < many // 2, SIZE * USD // many
    pool = {"deliveries": 1, "vouchers": 2}.get(table.name, 1 if early else 2 + i % (POOLS - 1))
    known: dict[str, Any] = {
        "log": log, "pool": pool, "milestone": 0, "token": TOKEN, "round": 1, "number": i + 1, "position": i,
        "start": i * part, "amount": part, "own": 1, "from_pool": part, "total": (i + 1) * part, "total_own": i + 1,
        # A standing order is collected, changed, and fails, a hundred times at most.
        "pledge": i + 1 if table.name == "pledges" else 1 + i // 100, "change": "skipped", "period": i % 3,
        "replaces": 0, "reason": 9, "last_due": 0, "times": 0, "cap": 2**40, "sponsorship": 0,
        "batch": log.to_bytes(32, "big"), "reference": log.to_bytes(32, "big"), "voucher": log.to_bytes(32, "big"),
    }  # fmt: skip
    whoever = EARLY if early else donor(i % DONORS)
    return tuple(known.get(column.name, 1 if isinstance(column.type, Integer) else whoever) for column in table.columns)
