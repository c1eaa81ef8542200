"""Standing orders: what donors pledged, how it stands, and what was collected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging, sifted, standing
from api.explorer.queries.alike import total
from api.explorer.queries.reader import Reader
from api.types import REASONS, Period

PERIODS: dict[int, shapes.PeriodName] = {Period.DAY: "day", Period.WEEK: "week", Period.MONTH: "month"}

NEAR = 1_000
"""Among so many of a donor's newest gifts it is looked for collections."""

_PLEDGE, _CHANGE = tables.pledges.c, tables.pledge_changes.c
_TAKEN, _FAILED = tables.collections.c, tables.collection_failures.c


def page(read: Reader, pool: int | None, donor: bytes | None, at: paging.At) -> shapes.Page[shapes.Pledge]:
    """Return pledges, the newest first."""
    return sifted.page(read, tables.pledges, {"pool": pool, "donor": donor}, at, shape)


def pledge(read: Reader, number: int) -> shapes.Pledge:
    """Return a pledge by its number."""
    return shape(read, [_find(read, number)])[0]


def _find(read: Reader, number: int) -> Row[Any]:
    row = read.first(select(tables.pledges).where(_PLEDGE.pledge == number))
    if row is None:
        raise NotFoundError(f"pledge {number}")
    return row


def collections(read: Reader, number: int | None, donor: bytes | None, at: paging.At) -> shapes.Page[shapes.Collection]:
    """Return the collections of a pledge, or those among a donor's newest gifts, the newest first."""
    keys, key = [_TAKEN.log, _TAKEN.start], paging.decode("c", at, 2)
    if donor is not None:
        query = _of_donor(donor, key)
    else:
        equal = {} if number is None else {_TAKEN.pledge: _find(read, number).pledge}
        query = paging.newest(select(tables.collections), equal, keys, key)
    rows = read.rows(query.limit(at.limit + 1))
    return paging.page(
        rows, at, lambda row: paging.encode("c", (row.log, row.start)), lambda kept: _collections(read, kept)
    )


def _of_donor(donor: bytes, key: paging.Key | None) -> Select[Any]:
    """Return the query for the collections among a donor's newest gifts."""
    gift = tables.contributions.c
    given = paging.newest(select(gift.pool, gift.start), {gift.donor: donor}, [gift.log, gift.position])
    near = given.limit(NEAR).subquery("near").c
    # Gift by gift, however the database would go about a join: collections may be as many as gifts.
    same = (_TAKEN.pool == near.pool, _TAKEN.start == near.start)
    beside = [select(column).where(*same).scalar_subquery().label(column.name) for column in tables.collections.columns]
    met = select(near.pool, near.start, *(c for c in beside if c.name not in ("pool", "start"))).subquery("met")
    return paging.newest(select(met).where(met.c.log.is_not(None)), {}, [met.c.log, met.c.start], key)


def _collections(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Collection]:
    read.load(logs=[row.log for row in rows], accounts=[row.keeper for row in rows], pools=[row.pool for row in rows])
    return [
        {
            "pledge": row.pledge,
            "pool": row.pool,
            "pool_name": read.pool_name(row.pool),
            "token": read.pool_token(row.pool),
            "amount": str(row.amount),
            "period": row.period,
            "contribution": f"{row.pool}-{row.start}",
            "keeper": read.who(row.keeper),
            "collected": read.place(row.log),
        }
        for row in rows
    ]


def shape(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Pledge]:
    """Return the shapes of pledges, as they stand."""
    if not rows:  # most donors have none
        return []
    numbers = [row.pledge for row in rows]
    changes: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in read.rows(select(tables.pledge_changes).where(_CHANGE.pledge.in_(numbers)).order_by(_CHANGE.log)):
        changes[row.pledge].append(row)
    sums = select(
        _TAKEN.pledge,
        total(_TAKEN.amount).label("amount"),
        func.count().label("count"),
        func.max(_TAKEN.log).label("last"),
    )
    query = sums.where(_TAKEN.pledge.in_(numbers)).group_by(_TAKEN.pledge)
    taken = {row.pledge: row for row in read.rows(query)}
    read.load(logs=[row.log for row in rows], pools=[row.pool for row in rows])
    over = standing.over(read, [row.pool for row in rows])
    return [_shape(read, row, changes[row.pledge], taken.get(row.pledge), row.pool in over) for row in rows]


def _shape(
    read: Reader, row: Row[Any], changes: Sequence[Row[Any]], taken: Row[Any] | None, ended: bool
) -> shapes.Pledge:
    amount, cap = row.amount, row.cap
    state: shapes.PledgeStateName = "live"
    for change in changes:
        if change.change == "lowered":
            amount, cap = change.amount, change.cap
        elif change.change == "stopped":
            state = "stopped"
        elif change.change in ("paused", "resumed"):
            state = "paused" if change.change == "paused" else "live"
    collected, count = (taken.amount, taken._mapping["count"]) if taken else (0, 0)
    past = ended or (bool(row.last_due) and read.now > row.last_due)
    if state != "stopped" and (past or (row.times and count >= row.times) or collected + amount > cap):
        state = "over"
    return {
        "pledge": row.pledge,
        "donor": text.hexed(row.donor),
        "pool": row.pool,
        "pool_name": read.pool_name(row.pool),
        "token": read.token(row.token),
        "amount": str(amount),
        "period": PERIODS[row.period],
        "first_due": row.first_due,
        "last_due": row.last_due or None,
        "times": row.times or None,
        "cap": str(cap),
        "replaces": row.replaces or None,
        "state": state,
        "collected": str(collected),
        "collections": count,
        "failure": _failure(read, row.pledge, taken.last if taken else 0),
        "pledged": read.place(row.log),
    }


def _failure(read: Reader, number: int, since: int) -> shapes.Failure | None:
    query = select(tables.collection_failures)
    row = read.first(paging.newest(query, {_FAILED.pledge: number}, [_FAILED.log], since=(since + 1,)))
    return None if row is None else {"reason": REASONS[row.reason], "tried": read.place(row.log)}
