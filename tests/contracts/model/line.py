"""A pool's line as intervals: which places are spent, by which release, and which are not."""

from __future__ import annotations

from dataclasses import dataclass, field

Interval = tuple[int, int]
"""From and to, the latter not included."""


def merged(intervals: list[Interval]) -> list[Interval]:
    """Return the same places in order, with what touches joined."""
    found: list[Interval] = []
    for low, high in sorted(intervals):
        if found and found[-1][1] == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


def length(intervals: list[Interval]) -> int:
    """Return how many places there are."""
    return sum(high - low for low, high in intervals)


@dataclass
class Line:
    """The unspent places, lowest first, and what each milestone spent, in its order; none at or above `front` ever."""

    end: int = 0
    front: int = 0
    unspent: list[Interval] = field(default_factory=list)
    spent: dict[int, list[Interval]] = field(default_factory=dict)

    def lengthen(self, amount: int) -> None:
        """Add places at the end."""
        self.unspent = merged([*self.unspent, (self.end, self.end + amount)]) if amount else self.unspent
        self.end += amount

    def spend(self, milestone: int, amount: int) -> None:
        """Spend the lowest unspent places."""
        pieces = self.spent.setdefault(milestone, [])
        while amount:
            low, high = self.unspent.pop(0)
            part = min(high - low, amount)
            pieces.append((low, low + part))
            self.front = max(self.front, low + part)
            if low + part < high:
                self.unspent.insert(0, (low + part, high))
            amount -= part

    def give_back(self, milestone: int, amount: int) -> None:
        """Make the last places of a release unspent again."""
        pieces = self.spent[milestone]
        while amount:
            low, high = pieces.pop()
            part = min(high - low, amount)
            self.unspent = merged([*self.unspent, (high - part, high)])
            if part < high - low:
                pieces.append((low, high - part))
            amount -= part

    def free(self, start: int, amount: int) -> int:
        """Return how many of these places are unspent."""
        overlaps = ((max(low, start), min(high, start + amount)) for low, high in self.unspent)
        return sum(max(0, high - low) for low, high in overlaps)
