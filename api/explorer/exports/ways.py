"""What can be exported, by which filters, and along which index each is read: always in the ledger's order.

A way is an index: the filters that it serves, all equalities, and the key that orders what is left. Filters that no
index serves sift what comes along the way.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    Table,
    literal,
    select,
    tuple_,
)

from api import tables
from api.explorer.failures import BadParameterError
from api.tables import words
from api.tables.words import Words

Value: TypeAlias = int | bytes | str
Filters: TypeAlias = dict[str, Value]
Key: TypeAlias = tuple[int, ...]

TABLES: dict[str, Table] = {name: table for name, table in tables.metadata.tables.items() if name != "meta"}

PAYERS = Table(
    "payers",
    MetaData(),
    *(Column(name, BigInteger) for name in ("pool", "milestone", "start", "amount", "gift", "gift_amount", "number")),
    Column("donor", LargeBinary),
    *(Column(name, BigInteger) for name in ("paid_at", "log", "position")),
)
"""Which gifts paid a milestone's release: no table of the index, see `payers`."""

EXPORTS = {**TABLES, "payers": PAYERS}
"""All that can be exported by its name."""

_EQUAL = (
    *("pool", "milestone", "donor", "gateway", "batch", "ngo", "attestor", "payee", "account", "pledge"),
    *("sponsor", "sponsorship", "provider", "event", "tx"),
)
_OF_GIFTS = (tables.contributions, PAYERS)
_GIFTS = ("gateway", "batch", "since", "until", "min_amount", "max_amount")
_BLOCKS = ("from_block", "to_block")
_BOUNDS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "since": ("paid_at", operator.ge),
    "until": ("paid_at", operator.le),
    "min_amount": ("amount", operator.ge),
    "max_amount": ("amount", operator.le),
    "from_block": ("log", operator.ge),
    "to_block": ("log", operator.le),
}
NAMES = (*_EQUAL, *_GIFTS[2:], *_BLOCKS)
"""All filters."""


@dataclass(frozen=True)
class Way:
    """An index: the filters that it serves, and the columns by which it then is in order."""

    filters: tuple[str, ...]
    key: tuple[str, ...]


_WAYS: dict[str, tuple[Way, ...]] = {
    "contributions": (
        Way(("batch",), ("start",)),
        Way(("donor",), ("log", "position")),
        Way(("pool",), ("start",)),
        Way((), ("log", "pool", "start")),
    ),
    "collections": (
        Way(("pledge",), ("log", "start")),
        Way(("pool",), ("start",)),
        Way((), ("log", "start")),
    ),
    "deliveries": (Way(("pool", "milestone"), ("start",)), Way((), ("log",))),
    "blocks": (Way((), ("number",)),),
}


@cache
def ways(table: Table) -> tuple[Way, ...]:
    """Return a table's ways, the first that fits is taken: those written down, else its indexes of one column."""
    if table.name in _WAYS:
        return _WAYS[table.name]
    indexed = sorted([column.name for column in index.columns] for index in table.indexes)
    served = [names[0] for names in indexed if names[0] in _EQUAL and names[1:2] in ([], ["log"])]
    return (*(Way((name,), ("log",)) for name in served), Way((), ("log",)))


@cache
def filters_of(table: Table) -> tuple[str, ...]:
    """Return the filters that a table has."""
    if table is PAYERS:
        return ("pool", "milestone")
    has = {column.name for column in table.columns}
    also = {"ngo"} if "pool" in has else set()
    also |= set(_GIFTS) if table.name == "contributions" else set()
    also |= set(_BLOCKS) if "log" in has else set()
    return tuple(name for name in NAMES if name in also or (name in has and name in _EQUAL))


def check(table: Table, filters: Filters) -> None:
    """See that a table has these filters, and those that it needs.

    Raises:
        BadParameterError: It lacks one, or needs another.

    """
    for name in filters_of(table) if table is PAYERS else ():
        if name not in filters:
            raise BadParameterError(name, f"{table.name} has the gifts of one release: give its pool and its milestone")
    for name in filters:
        if name not in filters_of(table):
            have = ", ".join(filters_of(table)) or "none"
            raise BadParameterError(name, f"not a filter of {table.name}, which has: {have}")


def way_of(table: Table, filters: Filters) -> Way:
    """Return the way by which a filtered table is read."""
    return next(way for way in ways(table) if set(way.filters) <= filters.keys())


# ------------------------------------------------------------------------------------------------------- the columns


def block_of(log: ColumnElement[int]) -> ColumnElement[int]:
    """Return the number of a log's block."""
    return log.bitwise_rshift(literal(tables.LOG_BITS, Integer))  # PostgreSQL shifts by an int only


def fields_of(table: Table) -> list[Words]:
    """Return what an export of a table tells: its own columns, then what places and explains the row."""
    own = [words.of(column) for column in table.columns]
    return own + [word for word, _ in _beside(table, table)]


def _beside(table: Table, base: FromClause) -> list[tuple[Words, ColumnElement[Any]]]:
    """Return the columns that are told beside a table's own."""
    has = table.columns
    found: list[tuple[Words, ColumnElement[Any]]] = []
    if table in _OF_GIFTS:
        batch = tables.batches.c
        found.append((Words("batch", "bytes", "the batch's id; empty: a direct gift"), batch.batch))
        found.append((Words("gateway", "bytes", "who recorded the batch; empty: a direct gift"), batch.gateway))
    if _needs_token(table):
        found.append((Words("token", "bytes", "address of the pool's settlement token"), tables.pools.c.token))
    if "log" in has:
        block = block_of(base.c["log"])
        index = base.c["log"].bitwise_and(2**tables.LOG_BITS - 1)
        found.append((Words("block", "number", "number of the log's block"), block))
        found.append((Words("index", "number", "the log's index in its block"), index))
        found.append((Words("time", "time", "of the log's block"), tables.blocks.c.time))
        if table.name != "logs":
            found.append((Words("tx", "bytes", "hash of the log's transaction"), tables.logs.c.tx))
    return found


def _needs_token(table: Table) -> bool:
    """Return whether a table tells of money without saying of which."""
    has = table.columns
    return "pool" in has and "token" not in has and any(words.of(column).kind == "amount" for column in has)


def joined(table: Table, base: FromClause) -> Select[Any]:
    """Return the query for a table's rows, or some of them (`base`), with what is told beside them.

    All joins are outer ones, each by a key: so they change neither the rows nor their order.
    """
    source = base
    if table in _OF_GIFTS:
        source = source.outerjoin(tables.batches, tables.batches.c.log == base.c["log"])
    if _needs_token(table):
        source = source.outerjoin(tables.pools, tables.pools.c.pool == base.c["pool"])
    if "log" in table.columns:
        block = block_of(base.c["log"])
        source = source.outerjoin(tables.blocks, tables.blocks.c.number == block)
        if table.name != "logs":
            source = source.outerjoin(tables.logs, tables.logs.c.log == base.c["log"])
    own = [base.c[column.name] for column in table.columns]
    return select(*own, *(column.label(word.name) for word, column in _beside(table, base))).select_from(source)


# ------------------------------------------------------------------------------------------------------- the filters


def condition(table: Table, base: FromClause, name: str, value: Any) -> ColumnElement[bool]:
    """Return the condition that a filter sets on rows of a table (`base`)."""
    found: ColumnElement[bool]
    if name in _BOUNDS:
        column, holds = _BOUNDS[name]
        if name in _BLOCKS:  # its first place, or its last
            value = (value << tables.LOG_BITS) if name == "from_block" else ((value + 1) << tables.LOG_BITS) - 1
        found = holds(base.c[column], value)
    elif name == "ngo" and "ngo" not in table.columns:
        found = base.c["pool"].in_(select(tables.pools.c.pool).where(tables.pools.c.ngo == value))
    elif table.name == "contributions" and name == "batch":
        recorded = select(tables.batches.c.log).where(tables.batches.c.batch == value).limit(1)
        found = base.c["log"] == recorded.scalar_subquery()
    elif table.name == "contributions" and name == "gateway":
        found = tables.batches.c.gateway == value
    else:
        found = base.c[name] == value
    return found


def after(base: FromClause, key: tuple[str, ...], last: Key) -> ColumnElement[bool]:
    """Return the condition that a row stands after a key."""
    if len(key) == 1:
        alone: ColumnElement[bool] = base.c[key[0]] > last[0]
        return alone
    return tuple_(*(base.c[name] for name in key)) > tuple_(*last)
