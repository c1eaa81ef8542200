"""What happened to the places of pools' lines: what a contribution's trace is painted from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, literal, select, union_all

from api import tables
from api.explorer.queries.gift import Gift
from api.explorer.queries.reader import Reader
from api.explorer.trace import Kind, Move, Span, Spent, Sums, sums, trace

_REFUND = tables.refunds.c


def moves_of(read: Reader, pool: int) -> list[Move]:
    """Return what was spent of a pool's line and given back, in the ledger's order. A pool has few of both."""
    if pool not in read.memory.moves:
        each = [
            select(t.c.log, t.c.start, t.c.amount, literal(kind.value).label("kind")).where(t.c.pool == pool)
            for t, kind in ((tables.spends, Kind.SPENT), (tables.returns, Kind.RETURNED))
        ]
        rows = read.connection.execute(union_all(*each)).all()
        read.memory.moves[pool] = sorted(
            Move(row.log, Kind(row.kind), row.start, row.start + row.amount) for row in rows
        )
    return read.memory.moves[pool]


def _any_of(read: Reader, pool: int) -> bool:
    """Return whether anything of a pool was ever refunded: most pools have no refunds, and most lists are of them."""
    known = read.memory.refunded
    if pool not in known:
        known[pool] = read.first(select(_REFUND.log).where(_REFUND.pool == pool)) is not None
    return known[pool]


class Refunds:
    """The refunds of some contributions, and what gateways took of their batches."""

    def __init__(self, read: Reader, gifts: Sequence[Gift], batches: dict[int, Row[Any]]) -> None:
        """Fetch them. `batches` are the contributions' by log."""
        self._batches = batches
        self._own: defaultdict[tuple[int, int], list[Row[Any]]] = defaultdict(list)
        self._taken: defaultdict[bytes, list[Row[Any]]] = defaultdict(list)
        starts: defaultdict[int, list[int]] = defaultdict(list)
        for gift in gifts:
            if _any_of(read, gift.pool):
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


def moves_for(read: Reader, gift: Gift, refunds: Refunds) -> list[Move]:
    """Return all that happened to a contribution's places."""
    end = gift.start + gift.amount
    moves = [move for move in moves_of(read, gift.pool) if move.start < end and gift.start < move.end]
    back = [Move(row.log, Kind.REFUNDED, gift.start, end) for row in refunds.of(gift)]
    return sorted(moves + back, key=lambda move: move.log) if back else moves


def sums_of(read: Reader, gift: Gift, refunds: Refunds) -> Sums:
    """Return how much of a contribution was spent, refunded, and waits."""
    end = gift.start + gift.amount
    if not read.memory.refunded[gift.pool]:
        spent = spent_of(read, gift.pool).of(gift.start, end)
        return Sums(spent, 0, gift.amount - spent)
    moves = moves_for(read, gift, refunds)
    return sums(trace(Span(gift.start, end), moves), moves)


def spent_of(read: Reader, pool: int) -> Spent:
    """Return what is spent of a pool's line."""
    found = read.memory.spent.get(pool)
    if found is None:
        found = read.memory.spent[pool] = Spent(moves_of(read, pool))
    return found
