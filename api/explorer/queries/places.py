"""Pools' lines as they stand, and what was refunded of contributions: what a contribution's trace is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, func, literal, select, union_all

from api import tables
from api.explorer.queries import paging
from api.explorer.queries.gift import Gift
from api.explorer.queries.reader import Reader
from api.explorer.trace import Kind, Line, Move, Part, Span, Sums
from api.types import MAX_AMOUNT

_GIFT, _REFUND = tables.contributions.c, tables.refunds.c


def line_of(read: Reader, pool: int) -> Line:
    """Return a pool's line, which follows from the index alone: while that stands still, so does the line."""
    return read.memory.lines.once(pool, lambda: paint(read.connection, pool))


def paint(connection: Connection, pool: int, before: int = MAX_AMOUNT) -> Line:
    """Return a pool's line as it stood before a place on the chain."""
    each = [
        select(c.log, c.milestone, c.start, c.amount, literal(kind.value).label("kind")).where(
            c.pool == pool, c.log < before
        )
        for c, kind in ((tables.spends.c, Kind.SPENT), (tables.returns.c, Kind.RETURNED))
    ]
    rows = sorted(connection.execute(union_all(*each)), key=lambda row: row.log)
    return Line(Move(row.log, Kind(row.kind), row.milestone, row.start, row.start + row.amount) for row in rows)


def first_gift(pool: int, place: int) -> ScalarSelect[int]:
    """Return the subquery for where the gift begins that has a place of a pool's line.

    Gifts lie one behind the other, so it is the one that begins nearest before.
    """
    return select(func.max(_GIFT.start)).where(_GIFT.pool == pool, _GIFT.start <= place).scalar_subquery()


def any_of(read: Reader, pool: int) -> bool:
    """Return whether anything of a pool was ever refunded: most pools have no refunds, and most lists are of them."""

    def look() -> bool:
        return read.first(paging.newest(select(_REFUND.log), {_REFUND.pool: pool}, [_REFUND.log])) is not None

    return read.memory.refunded.once(pool, look)


class Refunds:
    """The refunds of some contributions, and what gateways took of their batches."""

    def __init__(self, read: Reader, gifts: Sequence[Gift], batches: dict[int, Row[Any]]) -> None:
        """Fetch them. `batches` are the contributions' by log."""
        self._batches = batches
        self._own: defaultdict[tuple[int, int], list[Row[Any]]] = defaultdict(list)
        self._taken: defaultdict[bytes, list[Row[Any]]] = defaultdict(list)
        starts: defaultdict[int, list[int]] = defaultdict(list)
        for gift in gifts:
            if any_of(read, gift.pool):
                starts[gift.pool].append(gift.start)
        for pool, wanted in starts.items():
            for row in read.rows(select(tables.refunds).where(_REFUND.pool == pool, _REFUND.start.in_(wanted))):
                self._own[pool, row.start].append(row)
        ids = sorted({batch.batch for batch in batches.values() if batch.pool in starts})
        if not ids:
            return
        # By the batch alone: its entries' refunds may be many, and are few until the gateway takes the rest.
        for row in read.rows(select(tables.refunds).where(_REFUND.batch.in_(ids), _REFUND.start.is_(None))):
            self._taken[row.batch].append(row)

    def of(self, gift: Gift) -> list[Row[Any]]:
        """Return what was refunded of a contribution, to its donor or its gateway."""
        batch = self._batches.get(gift.log)
        return self._own[gift.pool, gift.start] + (self._taken[batch.batch] if batch else [])

    def taken(self, gift: Gift) -> bool:
        """Return whether the gateway took what the batch's donors had not claimed: they cannot claim any more."""
        batch = self._batches.get(gift.log)
        return batch is not None and bool(self._taken[batch.batch])


def span_of(gift: Gift) -> Span:
    """Return the places of a contribution."""
    return Span(gift.start, gift.start + gift.amount)


def trace_of(read: Reader, gift: Gift, refunds: Refunds) -> list[Part]:
    """Return the parts of a contribution that were spent, refunded, or wait."""
    return line_of(read, gift.pool).trace(span_of(gift), _logs(gift, refunds))


def sums_of(read: Reader, gift: Gift, refunds: Refunds) -> Sums:
    """Return how much of a contribution was spent, refunded, and waits."""
    back = _logs(gift, refunds) if any_of(read, gift.pool) else ()
    return line_of(read, gift.pool).sums(span_of(gift), back)


def _logs(gift: Gift, refunds: Refunds) -> list[int]:
    return sorted(row.log for row in refunds.of(gift))
