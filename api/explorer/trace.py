"""Where a gift went: its interval of the pool's line, painted by what was spent, given back and refunded.

In the order of the ledger, and in whole numbers: the parts are always exactly the gift.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import accumulate
from typing import NamedTuple


class Span(NamedTuple):
    """[start, end) of a pool's line."""

    start: int
    end: int


class Kind(Enum):
    """What a move does with the places that it names."""

    SPENT = "spent"  # those that wait
    RETURNED = "returned"  # they wait again
    REFUNDED = "refunded"  # those that wait


class Move(NamedTuple):
    """What happened to [start, end) of a pool's line, at a place of the ledger."""

    log: int
    kind: Kind
    start: int
    end: int


class Part(NamedTuple):
    """A part of a contribution. `move` is the index of what spent or refunded it last, None while it waits."""

    start: int
    end: int
    move: int | None


def trace(gift: Span, moves: Sequence[Move]) -> list[Part]:
    """Cut a gift into the parts that were spent, refunded, or wait.

    Args:
        gift: The contribution's interval.
        moves: What happened to the line, in the ledger's order, and this gift's refunds. What does not touch the gift
            may be left out.

    Returns:
        Parts in the line's order that together are exactly the gift.

    """
    parts = [Part(*gift, None)]
    for i, move in enumerate(moves):
        start, end = max(gift.start, move.start), min(gift.end, move.end)
        if start < end:
            parts = _join(_paint(parts, Span(start, end), i, move.kind))
    return parts


def _paint(parts: Iterable[Part], over: Span, i: int, kind: Kind) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        start, end = max(part.start, over.start), min(part.end, over.end)
        if start >= end or (part.move is not None and kind is not Kind.RETURNED):
            found.append(part)
            continue
        if part.start < start:
            found.append(Part(part.start, start, part.move))
        found.append(Part(start, end, None if kind is Kind.RETURNED else i))
        if end < part.end:
            found.append(Part(end, part.end, part.move))
    return found


def _join(parts: Iterable[Part]) -> list[Part]:
    joined: list[Part] = []
    for part in parts:
        if joined and joined[-1].move == part.move:
            joined[-1] = Part(joined[-1].start, part.end, part.move)
        else:
            joined.append(part)
    return joined


class Sums(NamedTuple):
    """How much of a gift was spent, refunded, and waits."""

    spent: int
    refunded: int
    waiting: int


def sums(parts: Iterable[Part], moves: Sequence[Move]) -> Sums:
    """Return what a gift's parts add up to."""
    found = {Kind.SPENT: 0, Kind.REFUNDED: 0}
    waiting = 0
    for part in parts:
        if part.move is None:
            waiting += part.end - part.start
        else:
            found[moves[part.move].kind] += part.end - part.start
    return Sums(found[Kind.SPENT], found[Kind.REFUNDED], waiting)


def spent_spans(moves: Sequence[Move]) -> list[Span]:
    """Return what is spent of a line, as few spans as there can be."""
    end = max((move.end for move in moves), default=0)
    spans: list[Span] = []
    for part in trace(Span(0, end), moves) if end else []:
        if part.move is None:
            continue
        if spans and spans[-1].end == part.start:
            spans[-1] = Span(spans[-1].start, part.end)
        else:
            spans.append(Span(part.start, part.end))
    return spans


class Spent:
    """What is spent of a line, to be asked how much of it lies in an interval: O(log n)."""

    def __init__(self, moves: Sequence[Move]) -> None:
        spans = spent_spans(moves)
        self._starts = [span.start for span in spans]
        self._ends = [span.end for span in spans]
        self._before = [0, *accumulate(span.end - span.start for span in spans)]

    def of(self, start: int, end: int) -> int:
        """Return how much of [start, end) is spent."""
        starts, ends, before = self._starts, self._ends, self._before
        i, j = bisect_right(starts, start) - 1, bisect_right(starts, end) - 1
        if j < 0 or (i == j and start >= ends[i]):
            return 0
        below = before[i] + min(start, ends[i]) - starts[i] if i >= 0 else 0
        return before[j] + min(end, ends[j]) - starts[j] - below
