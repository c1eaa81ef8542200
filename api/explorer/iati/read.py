"""What the ledger says of an NGO's pools: the plans at once, what may be long day by day, all as of one block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Table, func, select

from api import tables
from api.explorer import shapes
from api.explorer.content import ContentFolder
from api.explorer.database import Database, edition_of
from api.explorer.exports.pins import Pin, pin
from api.explorer.exports.ways import block_of
from api.explorer.failures import NotFoundError
from api.explorer.queries import ngos, standing
from api.explorer.queries.memory import Memory
from api.explorer.queries.reader import Reader

WINDOW = 50_000
"""Gifts that are added up in one transaction."""

DAY = 86_400

Day: TypeAlias = tuple[int, int, int] | None
"""The day's first second, the sum of its amounts, and how many they are."""


@dataclass
class Paid:
    """Money that moved to a payee, or back (a negative amount): the time of its block, and how much."""

    time: int
    amount: int
    payee: bytes


@dataclass
class Planned:
    """A milestone: its plan, whether it was released, and the last that the attestors said."""

    number: int
    payee: bytes
    amount: int
    deadline: int
    released: bool = False
    verdict: tuple[int, bool] | None = None
    """When, and yes or no."""


@dataclass
class Pool:
    """What an activity says, but for the gifts and refunds."""

    number: int
    token: bytes
    decimals: int | None
    """None: the token did not say."""
    title: str
    description: str | None
    state: shapes.PoolStateName
    paused: bool
    opened: int
    ended: int | None
    """When it stopped or was completed; None: it is not over."""
    milestones: dict[int, Planned] = field(default_factory=dict)
    payments: list[Paid] = field(default_factory=list)


@dataclass
class Ngo:
    """An NGO's pools as of one block, and the names of all whom they pay."""

    pin: Pin
    address: bytes
    name: str
    fund: bytes
    books: set[bytes]
    """Those that hand on what they are paid to people."""
    names: dict[bytes, str]
    pools: list[Pool]


def read(database: Database, content: ContentFolder, ngo: bytes) -> Ngo:
    """Return what is said of an NGO as of the newest block.

    Raises:
        NotFoundError: It is none, or has opened no pool.
        UnavailableError: There is no index.

    """
    with database.snapshot() as connection:
        at = pin(connection)
        reader = Reader(connection, Memory(edition_of(connection), 0), content, 0)  # so that now is the block's time
        name = ngos.ngo(reader, ngo)["ngo"]["name"]
        pools = _pools(reader, ngo)
        if not pools:
            raise NotFoundError(f"a pool of the NGO 0x{ngo.hex()}")
        payees = {milestone.payee for pool in pools.values() for milestone in pool.milestones.values()}
        return Ngo(
            pin=at,
            address=ngo,
            name=name or f"0x{ngo.hex()}",
            fund=reader.fund,
            books={reader.contract(book) for book in ("PayoutBook", "VoucherBook")},
            names={payee: reader.who(payee)["name"] or f"0x{payee.hex()}" for payee in payees},
            pools=list(pools.values()),
        )


def _pools(reader: Reader, ngo: bytes) -> dict[int, Pool]:
    numbers = standing.numbers()
    query = standing.with_state(numbers, reader.now).where(numbers.c.ngo == ngo).order_by(numbers.c.pool)
    pools = {row.pool: _pool(reader, row) for row in reader.rows(query)}

    def rows_of(table: Table) -> Iterator[tuple[Pool, Row[Any]]]:
        found = select(table).where(table.c.pool.in_(select(tables.pools.c.pool).where(tables.pools.c.ngo == ngo)))
        rows = reader.rows(found.order_by(table.c.log))
        reader.load(logs=[row.log for row in rows])
        for row in rows:
            yield pools[row.pool], row

    for pool, row in rows_of(tables.milestones):
        pool.milestones[row.milestone] = Planned(row.milestone, row.payee, row.amount, row.evidence_deadline)
    for pool, row in rows_of(tables.verdicts):
        pool.milestones[row.milestone].verdict = (reader.place(row.log)["time"], row.approved)
    for pool, row in rows_of(tables.releases):
        pool.milestones[row.milestone].released = True
        pool.payments.append(Paid(reader.place(row.log)["time"], row.amount, row.payee))
    for pool, row in rows_of(tables.returns):
        pool.payments.append(Paid(reader.place(row.log)["time"], -row.amount, row.payee))
    for pool in pools.values():
        pool.payments.sort(key=lambda paid: paid.time)
        if pool.state == "completed":
            pool.ended = max(paid.time for paid in pool.payments if paid.amount > 0)
    return pools


def _pool(reader: Reader, row: Row[Any]) -> Pool:
    token = reader.first(select(tables.tokens).where(tables.tokens.c.address == row.token))
    text = reader.content.show(row.description_hash, row.description_uri)
    ended = standing.ended(row)
    return Pool(
        number=row.pool,
        token=row.token,
        decimals=token.decimals if token else None,
        title=text["title"] or row.name,
        description=text["text"],
        state=row.state,
        paused=bool(row.paused) and (row.paused_until or 0) >= reader.now,
        opened=reader.place(row.log)["time"],
        ended=None if ended is None else min(ended, reader.now),
    )


# ----------------------------------------------------------------------------------------------------- day by day


def gifts(database: Database, at: Pin, pool: int) -> Iterator[Day]:
    """Yield what came into a pool, day by day, and now and then None: it may take long.

    Raises:
        RewoundError: The chain no longer has the block.

    """
    table = tables.contributions
    return _days(database, at, table, table.c.start, table.c.pool == pool)


def refunds(database: Database, at: Pin, pool: int) -> Iterator[Day]:
    """Yield what went back to a pool's contributors, likewise."""
    table = tables.refunds
    return _days(database, at, table, table.c.log, table.c.pool == pool)


def _days(
    database: Database, at: Pin, table: Table, key: ColumnElement[Any], among: ColumnElement[bool]
) -> Iterator[Day]:
    """Add up rows that come in the order of a key, which is also the ledger's; each window in its own transaction."""
    last: int | None = -1
    day, amount, count = 0, 0, 0
    while last is not None:
        near = select(table.c.log, key.label("key"), table.c.amount).where(among, key > last, table.c.log < at.end)
        near = near.order_by(key).limit(WINDOW)
        block = near.subquery("near").c
        number = block_of(block.log)
        sums = select(tables.blocks.c.time, func.sum(block.amount).label("amount"), func.count().label("found"))
        sums = sums.join(tables.blocks, tables.blocks.c.number == number).group_by(tables.blocks.c.number)
        with database.snapshot() as connection:
            at.check(connection)
            rows = connection.execute(sums.order_by(tables.blocks.c.number)).all()
            last = connection.execute(select(func.max(block.key)).having(func.count() == WINDOW)).scalar()
        for row in rows:
            if row.time // DAY != day and count:
                yield day * DAY, amount, count
                amount = count = 0
            day, amount, count = row.time // DAY, amount + int(row.amount), count + row.found
        yield None
    if count:
        yield day * DAY, amount, count
