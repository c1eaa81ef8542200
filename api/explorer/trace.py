"""Where a gift went: its interval of the pool's line, as what was spent, given back and refunded left it.

A pool's line is painted once, into spans, and a gift's are found in it by bisection; its refunds are laid over them.
In the order of the ledger, and in whole numbers: the parts are always exactly the gift.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import Enum
from itertools import accumulate
from math import inf
from typing import NamedTuple


class Span(NamedTuple):
    """[start, end) of a pool's line."""

    start: int
    end: int


class Kind(Enum):
    """What became of places."""

    SPENT = "spent"
    RETURNED = "returned"  # they wait again
    REFUNDED = "refunded"
    WAITING = "waiting"


class Move(NamedTuple):
    """A milestone's release spent [start, end) of its pool's line, or its payee gave them back."""

    log: int
    kind: Kind
    milestone: int
    start: int
    end: int


class Part(NamedTuple):
    """A part of a contribution that was spent, refunded, or waits."""

    start: int
    end: int
    kind: Kind
    log: int = 0
    """What spent or refunded it."""
    milestone: int = -1
    """Whose release spent it."""
    at: int = 0
    """Where it begins in that release: how much of the milestone was paid from other places before."""


class Sums(NamedTuple):
    """How much of a gift was spent, refunded, and waits."""

    spent: int
    refunded: int
    waiting: int


class _State(NamedTuple):
    """What some places are, and by which move. `origin`: the place that would be the first of the move's release."""

    spent: bool
    log: int
    milestone: int = -1
    origin: int = 0


class Line:
    """A pool's line as it stands: what spent or gave back each of its places last. It never changes once it is made.

    A release spends only what waits; what is given back waits again. So the last move of a place says all of it, but
    for refunds, of which there may be as many as gifts: they are not in the line, and each gift brings its own. A pool
    that refunds is over and spends nothing any more (PooledFund), so a refund took what was not spent at its time: what
    never was, or what had come back before.

    Args:
        moves: What was spent and given back, in the ledger's order.

    """

    __slots__ = ("_of", "_spent_before", "_starts", "_states")

    def __init__(self, moves: Iterable[Move]) -> None:
        """Paint it: O(log n) for each move, but for shifting the list's end."""
        starts, states = [0], [_State(spent=False, log=0)]  # each state reaches to the next start, the last for ever
        released: defaultdict[int, int] = defaultdict(int)

        def cut(at: int) -> int:
            i = bisect_left(starts, at)
            if i == len(starts) or starts[i] != at:
                starts.insert(i, at)
                states.insert(i, states[i - 1])
            return i

        for move in moves:
            first, last = cut(move.start), cut(move.end)
            if move.kind is Kind.RETURNED:
                new = _State(spent=False, log=move.log)
            else:
                new = _State(True, move.log, move.milestone, move.start - released[move.milestone])
                released[move.milestone] += move.end - move.start
            starts[first + 1 : last], states[first:last] = [], [new]
        edges = [i for i in range(len(starts)) if i == 0 or states[i] != states[i - 1]]
        self._starts = tuple(starts[i] for i in edges)
        self._states = tuple(states[i] for i in edges)
        of: defaultdict[int, list[Part]] = defaultdict(list)
        widths = []
        for start, end, state in zip(self._starts, self._starts[1:], self._states, strict=False):
            widths.append(end - start if state.spent else 0)
            if state.spent:
                of[state.milestone].append(_spent(start, end, state))
        self._spent_before = tuple(accumulate(widths, initial=0))
        self._of = {milestone: tuple(parts) for milestone, parts in of.items()}

    def spent(self, over: Span) -> int:
        """Return how many of some places are spent: O(log n)."""
        return self.spent_before(over.end) - self.spent_before(over.start)

    def spent_before(self, at: int) -> int:
        """Return how many of the places before this one are spent: O(log n)."""
        i = bisect_right(self._starts, at) - 1
        return self._spent_before[i] + (at - self._starts[i] if self._states[i].spent else 0)

    def around(self, at: int) -> tuple[int, float, bool]:
        """Return which places around this one are as it is: from where, to where, and whether they are spent."""
        i = bisect_right(self._starts, at) - 1
        end = self._starts[i + 1] if i + 1 < len(self._starts) else inf
        return self._starts[i], end, self._states[i].spent

    def spans(self) -> list[Span]:
        """Return what is spent of the line, as few spans as there can be."""
        found: list[Span] = []
        for start, end, state in zip(self._starts, self._starts[1:], self._states, strict=False):
            if not state.spent:
                continue
            if found and found[-1].end == start:
                found[-1] = Span(found[-1].start, end)
            else:
                found.append(Span(start, end))
        return found

    def of(self, milestone: int) -> Sequence[Part]:
        """Return what a milestone's release spent and was not given back, in the line's order."""
        return self._of.get(milestone, ())

    def trace(self, gift: Span, refunds: Sequence[int] = ()) -> list[Part]:
        """Cut a gift into the parts that were spent, refunded, or wait: O(log n) and its parts.

        Args:
            gift: The contribution's interval.
            refunds: The logs that refunded it, in the ledger's order. Each took what waited then.

        Returns:
            Parts in the line's order that together are exactly the gift, as few as there can be.

        """
        found: list[Part] = []
        i, at = bisect_right(self._starts, gift.start) - 1, gift.start
        while at < gift.end:
            end = min(gift.end, self._starts[i + 1]) if i + 1 < len(self._starts) else gift.end
            part = _part(at, end, self._states[i], refunds)
            if found and (found[-1].kind, found[-1].log) == (part.kind, part.log):
                found[-1] = found[-1]._replace(end=end)
            else:
                found.append(part)
            i, at = i + 1, end
        return found

    def sums(self, gift: Span, refunds: Sequence[int] = ()) -> Sums:
        """Return what a gift's parts add up to: O(log n), and its parts if it was refunded."""
        amount, spent = gift.end - gift.start, self.spent(gift)
        back = sum(p.end - p.start for p in self.trace(gift, refunds) if p.kind is Kind.REFUNDED) if refunds else 0
        return Sums(spent, back, amount - spent - back)


def _spent(start: int, end: int, state: _State) -> Part:
    return Part(start, end, Kind.SPENT, state.log, state.milestone, start - state.origin)


def _part(start: int, end: int, state: _State, refunds: Sequence[int]) -> Part:
    if state.spent:
        return _spent(start, end, state)
    after = bisect_right(refunds, state.log)
    return Part(start, end, Kind.REFUNDED, refunds[after]) if after < len(refunds) else Part(start, end, Kind.WAITING)
