"""An event that tells of other places than the line has is a lie, and is refused; what is true is replayed exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BrokenLineError
from api.indexer.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable


def line_of(*released: int, raised: int = 100) -> Line:
    """Return a line of which milestones 0, 1, … spent so much each."""
    line = Line()
    line.lengthen(0, raised)
    for milestone, amount in enumerate(released):
        line.release(milestone, amount)
        line.spend(milestone, line.front, amount)
    return line


LIES: dict[str, Callable[[Line], object]] = {
    "a gift that leaves a gap": lambda line: line.lengthen(101, 5),
    "a gift on top of another": lambda line: line.lengthen(99, 5),
    "a release of more than is held": lambda line: line.release(3, 61),
    "a spending that no release began": lambda line: line.spend(2, 40, 1),
    "a refund of more than is held": lambda line: line.refund(61),
    "a give-back that is not the last spent": lambda line: line.give_back(1, 30, 5),
    "a give-back of more than was spent": lambda line: line.give_back(1, 29, 11),
    "a give-back of another's places": lambda line: line.give_back(0, 35, 5),
    "a give-back by a milestone that spent nothing": lambda line: line.give_back(2, 40, 1),
    "a give-back of nothing": lambda line: line.give_back(1, 40, 0),
}


@pytest.mark.parametrize("lie", LIES)
def test_lies_are_refused(lie: str) -> None:
    with pytest.raises(BrokenLineError):
        LIES[lie](line_of(30, 10))


SPENDS = {
    "not the lowest": (2, 41, 10),
    "not the hole first": (2, 40, 10),
    "over the end of a hole": (2, 35, 6),
    "for another milestone": (1, 35, 5),
    "nothing": (2, 35, 0),
}


@pytest.mark.parametrize("lie", SPENDS)
def test_spendings_elsewhere_are_refused(lie: str) -> None:
    line = line_of(30, 10)
    line.give_back(1, 35, 5)
    line.release(2, 10)
    with pytest.raises(BrokenLineError):
        line.spend(*SPENDS[lie])
    line.spend(2, 35, 5)
    with pytest.raises(BrokenLineError, match="did not say where 5"):
        line.check_told()
    with pytest.raises(BrokenLineError):
        line.spend(2, 40, 6)
    line.spend(2, 40, 5)
    line.check_told()
    assert (line.front, line.holes, line.held) == (45, [], 55)


def test_holes_that_touch_are_one_or_two() -> None:
    line = line_of(30, 10)
    line.give_back(0, 25, 5)
    line.give_back(1, 35, 5)
    line.give_back(1, 30, 5)
    assert line.holes == [(25, 40)]
    line.release(2, 15)
    line.spend(2, 25, 5)
    line.spend(2, 30, 10)
    assert (line.holes, line.front) == ([], 40)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30), st.integers(0, 3)), max_size=30))
def test_what_is_held_is_what_is_not_spent(steps: list[tuple[bool, int, int]]) -> None:
    line, units, stored = line_of(), dict.fromkeys(range(100), -1), []
    for number, (pays, amount, whose) in enumerate(steps):
        if pays and amount <= line.held:
            line.release(number, amount)
            while line.owed[1]:
                start, end = line.holes[-1] if line.holes else (line.front, line.raised)
                part = min(end - start, line.owed[1])
                line.spend(number, start, part)
                stored.append((number, start, part, True))
                assert [u for u, holder in units.items() if holder == -1][:part] == list(range(start, start + part))
                units.update(dict.fromkeys(range(start, start + part), number))
        elif not pays and (spent := [m for m, parts in line.spent.items() if parts]):
            milestone = spent[whose % len(spent)]
            first, end = line.spent[milestone][-1]
            start = max(first, end - amount)
            line.give_back(milestone, start, end - start)
            stored.append((milestone, start, end - start, False))
            units.update(dict.fromkeys(range(start, end), -1))
        assert line.held == sum(holder == -1 for holder in units.values())
    again = line_of()
    for milestone, start, amount, spent_ in stored:
        again.replay(milestone, start, amount, spent=spent_)
    assert (again.front, again.holes, dict(again.spent)) == (line.front, line.holes, dict(line.spent))
