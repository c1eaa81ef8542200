"""Contributions: the lists that need no filter, as JSON. `receipt` has one with its proof and trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, select

from api import tables
from api.explorer import text
from api.explorer.database.prepared import Prepared
from api.explorer.failures import NotFoundError
from api.explorer.queries import batches, paging
from api.explorer.queries.gift import Gift
from api.explorer.queries.reader import Reader
from api.explorer.queries.written import write
from api.types import ANONYMOUS, MAX_AMOUNT

_GIFT = tables.contributions.c


_OF_POOL = Prepared(
    select(tables.contributions)
    .where(_GIFT.pool == bindparam("pool"), _GIFT.start <= bindparam("last"))
    .order_by(_GIFT.start.desc())
    .limit(bindparam("most"))
)


def of_pool(read: Reader, pool: int, at: paging.At) -> msgspec.Raw:
    """Return a pool's contributions, by their place in line."""
    key = paging.decode("s", at, 1)
    last = MAX_AMOUNT if key is None else max(key[0] - 1, -1)
    rows = _OF_POOL.rows(read.connection, pool=pool, last=last, most=at.limit + 1)
    return write(read, *paging.cut(rows, at, lambda row: paging.encode("s", (row[1],))))


def latest(read: Reader, at: paging.At) -> msgspec.Raw:
    """Return the latest contributions of all pools."""
    columns = [_GIFT.log, _GIFT.pool, _GIFT.start]
    return _page(read, {}, "l", columns, at)


def of_donor(read: Reader, donor: bytes, at: paging.At) -> msgspec.Raw:
    """Return a donor's contributions to all pools."""
    if donor == ANONYMOUS or not is_donor(read, donor):
        raise NotFoundError(f"donor {text.hexed(donor)}")
    return _page(read, {_GIFT.donor: donor}, "d", [_GIFT.log, _GIFT.position], at)


def is_donor(read: Reader, donor: bytes) -> bool:
    """Return whether anything was given or pledged by a donor id."""
    told = (_GIFT, tables.pledges.c)
    return any(read.first(paging.newest(select(c.log), {c.donor: donor}, [c.log])) is not None for c in told)


def of_batch(read: Reader, batch: bytes, at: paging.At) -> msgspec.Raw:
    """Return a batch's entries in their order."""
    row = batches.find(read, batch)
    query = select(tables.contributions).where(_GIFT.log == row.log, _GIFT.pool == row.pool)
    if key := paging.decode("b", at, 1):
        query = query.where(_GIFT.start > key[0])
    rows = [Gift._make(row) for row in read.rows(query.order_by(_GIFT.start).limit(at.limit + 1))]
    return write(read, *paging.cut(rows, at, lambda row: paging.encode("b", (row.start,))))


def _page(
    read: Reader,
    equal: Mapping[ColumnElement[Any], Any],
    order: str,
    columns: Sequence[ColumnElement[Any]],
    at: paging.At,
) -> msgspec.Raw:
    query = paging.newest(select(tables.contributions), equal, columns, paging.decode(order, at, len(columns)))
    found = read.rows(query.limit(at.limit + 1))
    rows = [Gift._make(row) for row in found]
    names = [column.key for column in columns]
    return write(read, *paging.cut(rows, at, lambda row: paging.encode(order, [getattr(row, str(n)) for n in names])))
