"""The plainest model of a pool's line: a list with an item for each unit, which says whose it is and who spent it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Places:
    """Every unit of a line, one by one."""

    owner: list[Any] = field(default_factory=list)
    spent_by: list[int | None] = field(default_factory=list)

    def lengthen(self, owner: Any, amount: int) -> None:
        """Put a contribution in line."""
        self.owner += [owner] * amount
        self.spent_by += [None] * amount

    def spend(self, milestone: int, amount: int) -> None:
        """Spend the lowest units that are not spent."""
        free = [i for i, by in enumerate(self.spent_by) if by is None]
        assert len(free) >= amount
        for i in free[:amount]:
            self.spent_by[i] = milestone

    def give_back(self, milestone: int, amount: int) -> None:
        """Unspend the highest units that a release spent and that are not back yet."""
        spent = [i for i, by in enumerate(self.spent_by) if by == milestone]
        assert len(spent) >= amount
        for i in spent[len(spent) - amount :]:
            self.spent_by[i] = None

    def kept(self, milestone: int) -> int:
        """Return what a payee has not given back."""
        return self.spent_by.count(milestone)

    def free(self) -> int:
        """Return how many units are not spent."""
        return self.spent_by.count(None)

    def due(self) -> Counter[Any]:
        """Return how many unspent units each contribution has."""
        return Counter(owner for owner, by in zip(self.owner, self.spent_by, strict=True) if by is None)

    def runs(self, milestone: int | None, end: int | None = None) -> list[dict[str, int]]:
        """Return the runs of units that a release spent (None: nobody), below `end`, as the fund says them."""
        found: list[dict[str, int]] = []
        for i, by in enumerate(self.spent_by[:end]):
            if by != milestone:
                continue
            if found and found[-1]["start"] + found[-1]["amount"] == i:
                found[-1]["amount"] += 1
            else:
                found.append({"start": i, "amount": 1})
        return found
