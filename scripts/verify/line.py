"""A pool's line, by the words of Line.sol: which of its places are spent, and by which milestone.

What never was spent starts at the front; what was given back lies in holes below it. A release spends the lowest hole
first, and only then from the front. Whoever gives back gives the last places that its release spent.
"""

from __future__ import annotations

from bisect import bisect_right

Span = tuple[int, int]
"""[start, end) of a line."""


class Line:
    """The places of one pool."""

    def __init__(self) -> None:
        """Begin an empty line."""
        self.raised = 0
        self.front = 0
        self.holes: list[Span] = []  # the highest first, as they are stored
        self.spent: dict[int, list[Span]] = {}  # by milestone, in the order of spending
        self._free: list[Span] | None = None

    def spend(self, milestone: int, amount: int) -> list[Span]:
        """Spend the lowest places for a milestone, and return them. The caller has seen that there are so many."""
        self._free, spans = None, []
        while amount > 0:
            if self.holes:
                start, end = self.holes.pop()
                if end - start > amount:
                    self.holes.append((start + amount, end))
                    end = start + amount
            else:
                start, end = self.front, self.front + amount
                self.front = end
            amount -= end - start
            spans.append((start, end))
        self.spent.setdefault(milestone, []).extend(spans)
        return spans

    def give_back(self, milestone: int, start: int, amount: int) -> bool:
        """Make the last places of a milestone unspent again; return whether they are its last ones."""
        spans, end = self.spent.get(milestone, []), start + amount
        if not spans or not amount or spans[-1][1] != end or start < spans[-1][0]:
            return False
        self._free = None
        first, _ = spans.pop()
        if first < start:
            spans.append((first, start))
        at = sum(1 for hole in self.holes if hole[0] > start)
        if at and self.holes[at - 1][0] == end:  # it joins the next higher one
            self.holes[at - 1] = (start, self.holes[at - 1][1])
        else:
            self.holes.insert(at, (start, end))
        return True

    @property
    def free(self) -> list[Span]:
        """Return what is not spent, the lowest first; the last span has no end."""
        if self._free is None:
            self._free = [*reversed(self.holes), (self.front, 1 << 64)]
        return self._free

    def unspent(self, start: int, end: int) -> int:
        """Return how many places of [start, end) are not spent."""
        return overlap(self.free, start, end)

    @property
    def returned(self) -> int:
        """Return how many places were given back and are not spent again."""
        return sum(end - start for start, end in self.holes)


def overlap(spans: list[Span], start: int, end: int) -> int:
    """Return how many places of [start, end) lie in these spans, which are in order."""
    at = max(0, bisect_right(spans, (start, 1 << 64)) - 1)
    found = 0
    while at < len(spans) and spans[at][0] < end:
        found += max(0, min(end, spans[at][1]) - max(start, spans[at][0]))
        at += 1
    return found


def parts(spans: list[Span], start: int, end: int) -> list[Span]:
    """Return the parts of these spans, which are in order, that lie in [start, end)."""
    return [(max(a, start), min(b, end)) for a, b in spans if max(a, start) < min(b, end)]
