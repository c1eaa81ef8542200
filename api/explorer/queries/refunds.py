"""Refunds: what came back to donors, or to the gateways that they paid through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from api import tables
from api.explorer import shapes, text
from api.explorer.queries import paging, sifted, standing
from api.explorer.queries.reader import Reader
from api.explorer.queries.rounds import VOUCHERS_LAST

DAY = 86_400
DONORS_FIRST, RETURNS_COUNT = 30 * DAY, 730 * DAY
"""Seconds; the contracts' Clock names them."""


def page(read: Reader, pool: int | None, account: bytes | None, at: paging.At) -> shapes.Page[shapes.Refund]:
    """Return refunds, the newest first."""
    return sifted.page(read, tables.refunds, {"pool": pool, "account": account}, at, shape)


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
            "to": text.hexed(row.to),
            "caller": text.hexed(row.caller),
            "refunded": read.place(row.log),
        }
        for row in rows
    ]


def gateways_turn(read: Reader, pool: Row[Any]) -> int:
    """Return when gateways may take what their donors have not claimed from a pool that is over (Clock)."""
    return max(standing.ended(pool) or 0, _returns_until(read, pool.pool)) + DONORS_FIRST


def _returns_until(read: Reader, pool: int) -> int:
    """Return PooledFund's `returnsUntil`: until when payees are known to give back."""
    paid, back, opened, limits = tables.releases.c, tables.returns.c, tables.openings.c, tables.limits.c
    releases = read.rows(select(paid.log, paid.milestone).where(paid.pool == pool))
    returns = read.rows(select(back.log, back.milestone).where(back.pool == pool))
    rounds = read.rows(select(opened.milestone, opened.claims_until).where(opened.pool == pool))
    has_vouchers = read.first(select(func.max(limits.voucher_cap)).where(limits.pool == pool))
    read.load(logs=[row.log for row in (*releases, *returns)])
    released = {row.milestone: read.place(row.log)["time"] for row in releases}
    until = [row.claims_until for row in rounds]
    if has_vouchers and has_vouchers[0]:
        of_rounds = {row.milestone for row in rounds}
        until += [time + VOUCHERS_LAST for milestone, time in released.items() if milestone not in of_rounds]
    times = [(released[row.milestone], read.place(row.log)["time"]) for row in returns]
    return max([*until, *(time for paid_at, time in times if time <= paid_at + RETURNS_COUNT)], default=0)
