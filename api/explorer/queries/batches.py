"""Batches: many gifts that a gateway recorded at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, case, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging
from api.explorer.queries.alike import how_many, total
from api.explorer.queries.reader import Reader

_BATCH = tables.batches.c


def page(read: Reader, pool: int | None, gateway: bytes | None, at: paging.At) -> shapes.Page[shapes.Batch]:
    """Return batches: a pool's by their place in its line, else by their place on the chain."""
    order, column = ("l", _BATCH.log) if pool is None else ("s", _BATCH.start)
    if pool is not None and not read.has_pool(pool):
        raise NotFoundError(f"pool {pool}")
    equal = {name: value for name, value in ((_BATCH.gateway, gateway), (_BATCH.pool, pool)) if value is not None}
    query = paging.newest(select(tables.batches), equal, [column], paging.decode(order, at, 1))
    rows = read.rows(query.limit(at.limit + 1))
    return paging.page(
        rows,
        at,
        lambda row: paging.encode(order, (row.log if pool is None else row.start,)),
        lambda kept: shape(read, kept),
    )


def batch(read: Reader, identity: bytes) -> shapes.Batch:
    """Return a batch by its id."""
    return shape(read, [find(read, identity)])[0]


def find(read: Reader, identity: bytes) -> Row[Any]:
    """Return a batch's row.

    Raises:
        NotFoundError: There is none.

    """
    row = read.first(select(tables.batches).where(_BATCH.batch == identity))
    if row is None:
        raise NotFoundError(f"batch {text.hexed(identity)}")
    return row


def by_log(read: Reader, logs: set[int]) -> dict[int, Row[Any]]:
    """Return the batches that these logs recorded, by log."""
    met = read.memory.batches
    found = {log: met[log] for log in logs if log in met}
    if new := logs - found.keys():
        for row in read.rows(select(tables.batches).where(_BATCH.log.in_(sorted(new)))):
            found[row.log] = met[row.log] = row
    return found


def shape(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Batch]:
    """Return the shapes of batches."""
    read.load(logs=[row.log for row in rows], accounts=[row.gateway for row in rows], pools=[row.pool for row in rows])
    refund = tables.refunds.c
    query = select(
        refund.batch,
        total(refund.amount).label("amount"),
        how_many(refund.start.is_(None)).label("taken"),
        total(case((refund.start.is_(None), refund.amount), else_=0)).label("taken_amount"),
    )
    ids = [row.batch for row in rows]
    back = {row.batch: row for row in read.rows(query.where(refund.batch.in_(ids)).group_by(refund.batch))}
    return [
        {
            "batch": text.hexed(row.batch),
            "pool": row.pool,
            "pool_name": read.pool_name(row.pool),
            "token": read.pool_token(row.pool),
            "gateway": read.who(row.gateway),
            "reference": text.hexed(row.reference),
            "root": text.hexed(row.root),
            "start": str(row.start),
            "end": str(row.start + row.amount),
            "amount": str(row.amount),
            "count": row._mapping["count"],
            "refunded": str(back[row.batch].amount if row.batch in back else 0),
            "taken": row.batch in back and bool(back[row.batch].taken),
            "taken_amount": str(back[row.batch].taken_amount if row.batch in back else 0),
            "recorded": read.place(row.log),
        }
        for row in rows
    ]
