"""Pools: what was planned, raised and released, and the state that follows. Each total is one seek."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, Subquery, and_, case, func, select

from api import tables
from api.explorer import shapes
from api.explorer.failures import NotFoundError
from api.explorer.queries import paging
from api.explorer.queries.judgements import shape_releases
from api.explorer.queries.milestones import read_milestones
from api.explorer.queries.reader import Reader
from api.types import NEVER


def page(
    read: Reader, state: shapes.PoolStateName | None, ngo: bytes | None, at: paging.At
) -> shapes.Page[shapes.PoolSummary]:
    """Return pools by number, the newest first."""
    if ngo is not None and not _is_ngo(read, ngo):
        raise NotFoundError(f"an NGO with the address 0x{ngo.hex()}")
    numbers = _numbers()
    query = _with_state(numbers, read.now)
    if state is not None:
        query = query.where(_state(numbers, read.now) == state)
    if ngo is not None:
        query = query.where(numbers.c.ngo == ngo)
    if key := paging.decode("p", at, 1):
        query = query.where(numbers.c.pool < key[0])
    rows = read.rows(query.order_by(numbers.c.pool.desc()).limit(at.limit + 1))
    return paging.page(rows, at, lambda row: paging.encode("p", (row.pool,)), lambda kept: _summaries(read, kept))


def count_of_ngo(read: Reader, ngo: bytes) -> int:
    """Return how many pools an NGO opened."""
    return read.connection.execute(select(func.count()).where(tables.pools.c.ngo == ngo)).scalar_one()


def pool(read: Reader, number: int) -> shapes.Pool:
    """Return a pool with everything it promised and did."""
    numbers = _numbers()
    row = read.first(_with_state(numbers, read.now).where(numbers.c.pool == number))
    if row is None:
        raise NotFoundError(f"pool {number}")
    seats, releases = tables.attestors.c, tables.releases.c
    seated = read.rows(select(seats.account).where(seats.pool == number).order_by(seats.log))
    released = read.rows(select(tables.releases).where(releases.pool == number).order_by(releases.start.desc()))
    read.load(accounts=[seat.account for seat in seated])
    description = read.content.show(row.description_hash, row.description_uri)
    return {
        **_summary(read, row, description["title"]),
        "description": description,
        "open_ended": row.open_ended,
        "objection_window": row.objection_window,
        "attestation_window": row.attestation_window,
        "quorum": row.quorum,
        "attestors": [read.who(seat.account) for seat in seated],
        "milestones": read_milestones(read, number, row.attestation_window),
        "releases": shape_releases(read, released),
    }


def milestones(read: Reader, number: int) -> list[shapes.Milestone]:
    """Return a pool's milestones in their order."""
    row = read.first(select(tables.pools.c.attestation_window).where(tables.pools.c.pool == number))
    if row is None:
        raise NotFoundError(f"pool {number}")
    return read_milestones(read, number, row.attestation_window)


def _is_ngo(read: Reader, account: bytes) -> bool:
    return read.who(account)["kind"] == "ngo" or count_of_ngo(read, account) > 0


# ------------------------------------------------------------------------------------------------------- the numbers


def _latest(table: Any, column: Any, order: Any) -> Any:
    """Return the subquery for a column of the pool's last row in a table."""
    return select(column).where(table.c.pool == tables.pools.c.pool).order_by(order.desc()).limit(1).scalar_subquery()


def _numbers() -> Subquery:
    """Return each pool with its running totals, each the end of its line."""
    plan, given, paid = tables.pools.c, tables.contributions, tables.releases
    planned = select(func.sum(tables.milestones.c.amount)).where(tables.milestones.c.pool == plan.pool)
    return select(
        *(plan.log, plan.pool, plan.ngo, plan.token, plan.name, plan.description_hash, plan.description_uri),
        *(plan.funding_threshold, plan.funding_deadline, plan.open_ended, plan.quorum),
        *(plan.objection_window, plan.attestation_window),
        func.coalesce(_latest(given, given.c.start + given.c.amount, given.c.start), 0).label("raised"),
        func.coalesce(_latest(given, given.c.number, given.c.start), 0).label("contributions"),
        func.coalesce(_latest(paid, paid.c.start + paid.c.amount, paid.c.start), 0).label("released"),
        func.coalesce(planned.scalar_subquery(), 0).label("planned"),
        _count(tables.milestones).label("milestones_total"),
        _count(tables.releases).label("milestones_released"),
        _latest(tables.deadlines, tables.deadlines.c.accepts_until, tables.deadlines.c.log).label("accepts_until"),
        _latest(tables.deadlines, tables.deadlines.c.defaults_at, tables.deadlines.c.log).label("defaults_at"),
        func.coalesce(_latest(tables.pauses, tables.pauses.c.paused, tables.pauses.c.log), 0).label("paused"),
    ).subquery("numbers")


def _count(table: Any) -> Any:
    return select(func.count()).where(table.c.pool == tables.pools.c.pool).scalar_subquery()


def _state(numbers: Subquery, now: int) -> Any:
    """Return PooledFund.stateOf, word for word."""
    n = numbers.c
    return case(
        (and_(~n.open_ended, n.milestones_released == n.milestones_total), "completed"),
        (n.defaults_at < now, "frozen"),
        (n.raised >= n.funding_threshold, "active"),
        (n.funding_deadline < now, "frozen"),
        else_="funding",
    )


def _with_state(numbers: Subquery, now: int) -> Select[Any]:
    return select(numbers, _state(numbers, now).label("state"))


# -------------------------------------------------------------------------------------------------------- the shapes


def _summaries(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.PoolSummary]:
    read.load(logs=[row.log for row in rows], accounts=[row.ngo for row in rows])
    titles = [read.content.show(row.description_hash, row.description_uri)["title"] for row in rows]
    return [_summary(read, row, title) for row, title in zip(rows, titles, strict=True)]


def _summary(read: Reader, row: Row[Any], title: str | None) -> shapes.PoolSummary:
    return {
        "pool": row.pool,
        "name": row.name,
        "title": title or row.name,
        "ngo": read.who(row.ngo),
        "token": read.token(row.token),
        "state": row.state,
        "paused": bool(row.paused),
        "raised": str(row.raised),
        "released": str(row.released),
        "held": str(row.raised - row.released),
        "planned": str(row.planned),
        "threshold": str(row.funding_threshold),
        "contributions": row.contributions,
        # Counting a pool's distinct donors would read all its gifts.
        "donors": None,
        "accepts_until": _deadline(row.accepts_until),
        "funding_deadline": _deadline(row.funding_deadline),
        "milestones_released": row.milestones_released,
        "milestones_total": row.milestones_total,
        "opened": read.place(row.log),
    }


def _deadline(time: int | None) -> int | None:
    return None if time == NEVER else time


def lines(read: Reader) -> Sequence[Row[Any]]:
    """Return every pool's token and how far its line reaches."""
    n = _numbers().c
    return read.rows(select(n.token, n.raised, n.released, n.contributions))
