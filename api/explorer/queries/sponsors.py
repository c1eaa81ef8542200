"""Sponsors: the budgets that match gifts, and what was drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select

from api import tables
from api.explorer import shapes
from api.explorer.queries import paging, standing
from api.explorer.queries.alike import total
from api.explorer.queries.judgements import newest, of_pools
from api.explorer.queries.reader import Reader

_TERMS, _DRAWN, _BACK = tables.sponsorships.c, tables.matches.c, tables.withdrawals.c


def page(read: Reader, pool: int | None, sponsor: bytes | None, at: paging.At) -> shapes.Page[shapes.Sponsorship]:
    """Return sponsorships, the newest first."""
    query = of_pools(read, tables.sponsorships, pool, None)
    if sponsor is not None:
        query = query.where(_TERMS.sponsor == sponsor)
    return newest(read, tables.sponsorships, query, at, _shapes)


def of_pool(read: Reader, pool: int) -> list[shapes.Sponsorship]:
    """Return a pool's sponsorships, the newest first. A pool has four at a time."""
    rows = read.rows(select(tables.sponsorships).where(_TERMS.pool == pool).order_by(_TERMS.log.desc()).limit(20))
    return _shapes(read, rows)


def _shapes(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Sponsorship]:
    pools = sorted({row.pool for row in rows})
    over = standing.over(read, pools)
    read.load(logs=[row.log for row in rows], accounts=[row.sponsor for row in rows], pools=pools)
    return [_shape(read, row, row.pool in over) for row in rows]


def _shape(read: Reader, row: Row[Any], over: bool) -> shapes.Sponsorship:
    here = {_DRAWN.pool: row.pool, _DRAWN.sponsorship: row.sponsorship}
    last = read.first(paging.newest(select(tables.matches), here, [_DRAWN.log]))
    drawn, gifts = (last.total, last.total_gifts) if last else (0, 0)
    back = select(func.coalesce(total(_BACK.amount), 0).label("amount"))
    [withdrawn] = read.rows(back.where(_BACK.pool == row.pool, _BACK.sponsorship == row.sponsorship))
    left = row.budget - drawn - withdrawn.amount
    return {
        "pool": row.pool,
        "pool_name": read.pool_name(row.pool),
        "sponsorship": row.sponsorship,
        "sponsor": read.who(row.sponsor),
        "token": read.token(row.token),
        "budget": str(row.budget),
        "ratio_percent": row.ratio_percent,
        "cap_per_gift": str(row.cap_per_gift),
        "ends_at": row.ends_at,
        "drawn": str(drawn),
        "gifts": gifts,
        "withdrawn": str(withdrawn.amount),
        "left": str(left),
        "live": left > 0 and read.now <= row.ends_at and not over,
        "locked": read.place(row.log),
    }
