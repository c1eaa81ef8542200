"""How pools stand: their totals, and the state that follows, word for word as in PooledFund and its Clock."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Row, Select, Subquery, and_, case, false, func, select

from api import tables
from api.explorer import shapes
from api.explorer.queries import paging
from api.explorer.queries.alike import how_many, total
from api.explorer.queries.reader import Reader
from api.types import NEVER

_PLAN = tables.pools.c


def _latest(table: Any, column: Any, order: Any) -> Any:
    """Return the subquery for a column of the pool's last row in a table."""
    last = paging.newest(select(column), {table.c.pool: _PLAN.pool}, [order]).limit(1)
    return last.correlate(tables.pools).scalar_subquery()


def _of_pool(column: Any, table: Any) -> Any:
    """Return the subquery for an aggregate over the pool's rows in a table; 0 where there are none."""
    return func.coalesce(select(column).where(table.c.pool == _PLAN.pool).scalar_subquery(), 0)


def _count(table: Any) -> Any:
    return _of_pool(func.count(), table)


@cache
def numbers() -> Subquery:
    """Return each pool with its running totals, each one seek or a sum over few rows.

    It is put together once: that takes longer than to ask it.
    """
    given, paid, back, spent = tables.contributions, tables.releases, tables.returns, tables.spends
    moved, pauses = tables.deadlines, tables.pauses
    released = _of_pool(total(paid.c.amount), paid) - _of_pool(total(back.c.amount), back)
    return select(
        *(_PLAN.log, _PLAN.pool, _PLAN.ngo, _PLAN.token, _PLAN.name, _PLAN.description_hash, _PLAN.description_uri),
        *(_PLAN.funding_threshold, _PLAN.funding_deadline, _PLAN.open_ended, _PLAN.quorum),
        *(_PLAN.objection_window, _PLAN.attestation_window, _PLAN.objection_threshold),
        func.coalesce(_latest(given, given.c.start + given.c.amount, given.c.start), 0).label("raised"),
        func.coalesce(_latest(given, given.c.number, given.c.start), 0).label("contributions"),
        func.coalesce(_latest(tables.batches, tables.batches.c.number, tables.batches.c.start), 0).label("batches"),
        released.label("released"),
        (_of_pool(func.max(spent.c.start + spent.c.amount), spent) - released).label("returned"),
        func.coalesce(_latest(tables.refunds, tables.refunds.c.total, tables.refunds.c.log), 0).label("refunded"),
        _of_pool(total(tables.milestones.c.amount), tables.milestones).label("planned"),
        _count(tables.milestones).label("milestones_total"),
        _count(tables.releases).label("milestones_released"),
        _latest(moved, moved.c.accepts_until, moved.c.log).label("accepts_until"),
        _latest(moved, moved.c.defaults_at, moved.c.log).label("defaults_at"),
        func.coalesce(_latest(pauses, pauses.c.paused, pauses.c.log), false()).label("paused"),
        _latest(pauses, pauses.c.until, pauses.c.log).label("paused_until"),
        func.coalesce(_latest(pauses, pauses.c.clock_shift, pauses.c.log), 0).label("clock_shift"),
        _count(tables.cancellations).label("cancelled"),
        _of_pool(how_many(tables.verdicts.c.last), tables.verdicts).label("rejected"),
    ).subquery("numbers")


def _funding_end(n: Any) -> Any:
    end = n.funding_deadline + n.clock_shift
    return case((end < NEVER, end), else_=NEVER)


def state(found: Subquery, now: int) -> Any:
    """Return PooledFund.stateOf."""
    n = found.c
    return case(
        (and_(~n.open_ended, n.milestones_released == n.milestones_total), "completed"),
        (n.defaults_at < now, "frozen"),
        (n.raised >= n.funding_threshold, "active"),
        (_funding_end(n) < now, "frozen"),
        else_="funding",
    )


def with_state(found: Subquery, now: int) -> Select[Any]:
    """Return the query for pools with their state."""
    return select(found, state(found, now).label("state"), _funding_end(found.c).label("funding_end"))


def ended(row: Row[Any]) -> int | None:
    """Return the last second in which a pool was not over, None while it is not."""
    if row.state not in ("frozen", "completed"):
        return None
    unmet = row.raised < row.funding_threshold
    return int(min(row.defaults_at, row.funding_end) if unmet else row.defaults_at)


def over(read: Reader, pools: list[int]) -> set[int]:
    """Return which of these pools are over."""
    if not pools:
        return set()
    found = numbers()
    rows = read.rows(with_state(found, read.now).where(found.c.pool.in_(pools)))
    return {row.pool for row in rows if ended(row) is not None}


def reason(row: Row[Any]) -> shapes.StopReason | None:
    """Return why a pool stopped: what came first."""
    if row.state != "frozen":
        return None
    if row.cancelled:
        return "cancelled"
    if row.rejected:
        return "rejected"
    return "threshold" if row.raised < row.funding_threshold and row.funding_end <= row.defaults_at else "late"


def stop(read: Reader, row: Row[Any], milestones: list[shapes.Milestone]) -> shapes.Stop | None:
    """Return why and when a pool stopped, by whom or for which milestone's sake."""
    why, at = reason(row), ended(row)
    if why is None or at is None:
        return None
    found: shapes.Stop = {"reason": why, "at": at, "by": None, "milestone": None}
    if why == "cancelled":
        cancelled = tables.cancellations.c
        found["by"] = read.who(read.rows(select(cancelled.account).where(cancelled.pool == row.pool))[0].account)
    elif why == "rejected":
        verdict = tables.verdicts.c
        query = select(verdict.milestone).where(verdict.pool == row.pool, verdict.last)
        found["milestone"] = read.rows(query)[0].milestone
    elif why == "late":
        found["milestone"] = next((m["milestone"] for m in milestones if m["due"] == at), None)
    return found


def lines(read: Reader) -> list[Row[Any]]:
    """Return every pool's token and totals."""
    n = numbers().c
    wanted = select(n.token, n.raised, n.released, n.refunded, n.contributions, n.batches)
    return list(read.rows(wanted.order_by(n.pool)))
