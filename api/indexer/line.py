"""A pool's line, as contracts/libraries/Line.sol keeps it: how far it reaches, and which of its places are spent. Pure.

What never was spent starts at the front; what a payee gave back lies in holes below it. A release spends the lowest
hole first, then from the front; whoever gives back gives the last places that its release spent. Each step is checked:
an event that tells of another place than this would be a lie.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

from api.errors import BrokenLineError
from api.indexer.tally import Sums

Places: TypeAlias = tuple[int, int]
"""[start, end) of a line."""


@dataclass
class Line:
    """One pool's line. What it cannot be asked to do raises BrokenLineError, and changes nothing."""

    raised: int = 0
    number: int = 0  # of its contributions
    refunded: int = 0
    front: int = 0
    holes: list[Places] = field(default_factory=list)  # the highest first
    spent: defaultdict[int, list[Places]] = field(default_factory=lambda: defaultdict(list))  # by milestone
    sums: Sums = field(default_factory=dict)  # of what is counted beside the line
    owed: tuple[int, int] = (0, 0)  # the milestone that is being released, and what of it is not told by Spent

    @property
    def held(self) -> int:
        """Return what the pool holds."""
        return self.raised - self.front + sum(end - start for start, end in self.holes) - self.refunded

    def check_told(self) -> None:
        """Check that every release said what it spent.

        Raises:
            BrokenLineError: One did not.

        """
        milestone, amount = self.owed
        if amount:
            raise BrokenLineError(f"the release of milestone {milestone} did not say where {amount} of it was spent")

    def lengthen(self, start: int, amount: int, count: int = 1) -> None:
        """Put contributions at the line's end."""
        if start != self.raised:
            raise BrokenLineError(f"starts at {start}, but the line stands at {self.raised}")
        self.raised += amount
        self.number += count

    def release(self, milestone: int, amount: int) -> None:
        """Begin a release; what it spends is told next."""
        self.check_told()
        if amount > self.held:
            raise BrokenLineError(f"pays {amount}, but only {self.held} is held")
        self.owed = (milestone, amount)

    def spend(self, milestone: int, start: int, amount: int) -> None:
        """Spend the next places for the release that has begun."""
        lowest, end = self.holes[-1] if self.holes else (self.front, self.raised)
        if (start, milestone) != (lowest, self.owed[0]) or not 0 < amount <= min(end - start, self.owed[1]):
            raise BrokenLineError(
                f"spends {amount} from {start} for milestone {milestone}; due is {self.owed[1]} for milestone "
                f"{self.owed[0]}, from {lowest} to at most {end}"
            )
        if not self.holes:
            self.front = start + amount
        elif start + amount == end:
            self.holes.pop()
        else:
            self.holes[-1] = (start + amount, end)
        self.spent[milestone].append((start, start + amount))
        self.owed = (milestone, self.owed[1] - amount)

    def give_back(self, milestone: int, start: int, amount: int) -> None:
        """Make the last places that a milestone spent unspent again."""
        self.check_told()
        spent = self.spent[milestone]
        first, last = spent[-1] if spent else (0, 0)
        if start + amount != last or start < first or amount <= 0:
            raise BrokenLineError(
                f"gives back {amount} from {start}, but the last that milestone {milestone} spent is {first} to {last}"
            )
        spent.pop()
        if start > first:
            spent.append((first, start))
        self.holes.append((start, last))
        self.holes.sort(reverse=True)
        self._join()

    def replay(self, milestone: int, start: int, amount: int, *, spent: bool) -> None:
        """Spend or give back what was checked when it was stored."""
        if spent:
            self.owed = (milestone, amount)
            self.spend(milestone, start, amount)
        else:
            self.give_back(milestone, start, amount)

    def refund(self, amount: int) -> int:
        """Take a refund out of what is held, and return all that was refunded so far."""
        if amount > self.held:
            raise BrokenLineError(f"refunds {amount}, but only {self.held} is held")
        self.refunded += amount
        return self.refunded

    def _join(self) -> None:
        """Join holes that touch: they are spent as one, or one after the other."""
        joined: list[Places] = []
        for start, end in self.holes:
            if joined and joined[-1][0] == end:
                joined[-1] = (start, joined[-1][1])
            else:
                joined.append((start, end))
        self.holes = joined
