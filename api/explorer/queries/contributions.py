"""Contributions: the lists that need no filter. `receipt` has one with its proof and trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import batches, paging
from api.explorer.queries.places import Refunds, sums_of
from api.explorer.queries.reader import Reader
from api.types import ANONYMOUS, Via

_GIFT = tables.contributions.c
WAYS: dict[int, shapes.Way] = {
    Via.WALLET: "wallet",
    Via.BATCH: "gateway",
    Via.BROUGHT: "bearer",
    Via.MATCH: "sponsor",
}


def latest(read: Reader, at: paging.At) -> shapes.Page[shapes.Contribution]:
    """Return the latest contributions of all pools."""
    columns = [_GIFT.log, _GIFT.pool, _GIFT.start]
    return _page(read, select(tables.contributions), "l", columns, at)


def of_donor(read: Reader, donor: bytes, at: paging.At) -> shapes.Page[shapes.Contribution]:
    """Return a donor's contributions to all pools."""
    query = select(tables.contributions).where(_GIFT.donor == donor)
    pledged = select(tables.pledges.c.log).where(tables.pledges.c.donor == donor)
    if donor == ANONYMOUS or (read.first(query) is None and read.first(pledged) is None):
        raise NotFoundError(f"donor {text.address(donor)}")
    return _page(read, query, "d", [_GIFT.log, _GIFT.position], at)


def of_batch(read: Reader, batch: bytes, at: paging.At) -> shapes.Page[shapes.Contribution]:
    """Return a batch's entries in their order."""
    row = batches.find(read, batch)
    query = select(tables.contributions).where(_GIFT.log == row.log, _GIFT.pool == row.pool)
    if key := paging.decode("b", at, 1):
        query = query.where(_GIFT.start > key[0])
    rows = read.rows(query.order_by(_GIFT.start).limit(at.limit + 1))
    return paging.page(rows, at, lambda r: paging.encode("b", (r.start,)), lambda kept: shape(read, kept))


def _page(
    read: Reader,
    query: Select[Any],
    order: str,
    columns: Sequence[ColumnElement[Any]],
    at: paging.At,
) -> shapes.Page[shapes.Contribution]:
    if key := paging.decode(order, at, len(columns)):
        query = query.where(paging.before(columns, key))
    rows = read.rows(query.order_by(*(column.desc() for column in columns)).limit(at.limit + 1))
    names = [column.key for column in columns]
    return paging.page(
        rows,
        at,
        lambda row: paging.encode(order, tuple(getattr(row, str(name)) for name in names)),
        lambda kept: shape(read, kept),
    )


@dataclass(frozen=True)
class _Beside:
    """What a list of contributions needs beside its rows. By pool and start: who brought one, by which pledge."""

    batches: dict[int, Row[Any]]
    refunds: Refunds
    bearers: dict[tuple[int, int], bytes]
    pledges: dict[tuple[int, int], int]


def shape(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Contribution]:
    """Return the shapes of contributions."""
    found = batches.by_log(read, {row.log for row in rows if row.position >= 0})
    bearers = _bearers(read, rows)
    read.load(
        logs=[row.log for row in rows],
        accounts=[*(batch.gateway for batch in found.values()), *bearers.values()],
        pools=[row.pool for row in rows],
    )
    beside = _Beside(found, Refunds(read, rows, found), bearers, pledges_of(read, rows))
    return [_shape(read, row, beside) for row in rows]


def pledges_of(read: Reader, rows: Sequence[Row[Any]]) -> dict[tuple[int, int], int]:
    """Return the standing orders by which these contributions came, by pool and start."""
    brought: defaultdict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row.via == Via.BROUGHT:
            brought[row.pool].append(row.start)
    taken, found = tables.collections.c, {}
    for pool, starts in brought.items():
        query = select(taken.start, taken.pledge).where(taken.pool == pool, taken.start.in_(starts))
        found.update({(pool, row.start): row.pledge for row in read.rows(query)})
    return found


def _bearers(read: Reader, rows: Sequence[Row[Any]]) -> dict[tuple[int, int], bytes]:
    """Return who brought these contributions, by pool and start, for those that were brought."""
    brought, found = tables.brought.c, {}
    for row in rows:
        if row.via == Via.BROUGHT:
            query = select(brought.bearer).where(brought.pool == row.pool, brought.start <= row.start)
            [bearer] = read.rows(query.order_by(brought.start.desc()).limit(1))
            found[row.pool, row.start] = bearer.bearer
    return found


def _shape(read: Reader, row: Row[Any], beside: _Beside) -> shapes.Contribution:
    place = (row.pool, row.start)
    batch, pledge, sums = beside.batches.get(row.log), beside.pledges.get(place), sums_of(read, row, beside.refunds)
    entry = row.donor + row.paid_at.to_bytes(4, "big") + row.amount.to_bytes(8, "big")
    return {
        "id": f"{row.pool}-{row.start}",
        "pool": row.pool,
        "pool_name": read.pool_name(row.pool),
        "token": read.pool_token(row.pool),
        "amount": str(row.amount),
        "start": str(row.start),
        "end": str(row.start + row.amount),
        "number": row.number,
        "donor": None if row.donor == ANONYMOUS else text.address(row.donor),
        "paid_at": row.paid_at,
        "paid": text.iso(row.paid_at),
        "direct": batch is None,
        "via": "pledge" if pledge is not None else WAYS[row.via],
        "pledge": pledge,
        "bearer": read.who(beside.bearers[place]) if row.via == Via.BROUGHT else None,
        "batch": text.hexed(batch.batch) if batch else None,
        "position": row.position if batch else None,
        "gateway": read.who(batch.gateway) if batch else None,
        "recorded": read.place(row.log),
        "spent": str(sums.spent),
        "refunded": str(sums.refunded),
        "waiting": str(sums.waiting),
        "entry": text.hexed(entry) if batch else None,
    }
