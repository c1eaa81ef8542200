"""Refunds: what came back to donors, or to the gateways that they paid through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging
from api.explorer.queries.reader import Reader

_REFUND = tables.refunds.c


def page(read: Reader, pool: int | None, account: bytes | None, at: paging.At) -> shapes.Page[shapes.Refund]:
    """Return refunds, the newest first."""
    query = select(tables.refunds)
    if pool is not None:
        if not read.has_pool(pool):
            raise NotFoundError(f"pool {pool}")
        query = query.where(_REFUND.pool == pool)
    if account is not None:
        query = query.where(_REFUND.account == account)
    if key := paging.decode("l", at, 1):
        query = query.where(_REFUND.log < key[0])
    rows = read.rows(query.order_by(_REFUND.log.desc()).limit(at.limit + 1))
    return paging.page(rows, at, lambda row: paging.encode("l", (row.log,)), lambda kept: shape(read, kept))


def shape(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Refund]:
    """Return the shapes of refunds."""
    read.load(logs=[row.log for row in rows], accounts=[row.account for row in rows], pools=[row.pool for row in rows])
    return [
        {
            "pool": row.pool,
            "pool_name": read.pool_name(row.pool),
            "token": read.token(row.token),
            "amount": str(row.amount),
            "account": read.who(row.account),
            "contribution": None if row.start is None else f"{row.pool}-{row.start}",
            "batch": None if row.batch is None else text.hexed(row.batch),
            "to": text.address(row.to),
            "caller": text.address(row.caller),
            "refunded": read.place(row.log),
        }
        for row in rows
    ]
