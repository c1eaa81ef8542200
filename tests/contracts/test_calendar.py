"""The calendar of the pledges, beside Python's.

at
└── the month, how far into it, how long it is: as `datetime` and `calendar` say, from 1970 to the year 9998
monthsSince, addMonths
├── what is due on the 29th, 30th or 31st is due on the last day of a shorter month, and on its own day again after it
├── a period begins in the very second that it should, not one earlier
└── adding months and counting them undo each other
"""

from __future__ import annotations

import random
from calendar import monthrange
from typing import TYPE_CHECKING, Any

import pytest
from months import add_months, at, moment, months_since

if TYPE_CHECKING:
    from collections.abc import Callable

    from world import Contract, World

pytestmark = pytest.mark.swift
DAY = 86400
LAST = at(9998, 12, 31, 23, 59, 59)
NOW32 = 2**32 - 1


@pytest.fixture
def calendar(w: World) -> Contract:
    """The calendar by itself."""
    return w.deploy("MockCalendar")


def times(count: int, last: int) -> list[int]:
    """Return random moments, half of them at the seams: the first and the last second of a day or a month."""
    rng = random.Random(count + last)  # noqa: S311
    found = [rng.randrange(last + 1) for _ in range(count)]
    for i in range(0, count, 2):
        day = found[i] - found[i] % DAY
        first = day - (moment(day).day - 1) * DAY
        found[i] = max(0, rng.choice([day, day + DAY - 1, first, first - 1, first - DAY, first + 28 * DAY]))
    return found


@pytest.mark.parametrize("last", [NOW32, LAST])
def test_a_moment_by_its_month(w: World, calendar: Contract, last: int) -> None:
    asked = [0, 1, DAY, last, *times(800, last)]
    for time, found in zip(asked, w.see(calendar, "at", asked), strict=True):
        when = moment(time)
        into = (when.day - 1) * DAY + when.hour * 3600 + when.minute * 60 + when.second
        length = monthrange(when.year, when.month)[1] * DAY
        assert found == {"month": when.year * 12 + when.month - 1, "into": into, "length": length}


def test_every_day_of_four_centuries(w: World, calendar: Contract) -> None:
    """An era has 146,097 days; every one whose neighbours could be mistaken for it: the ends of all months."""
    ends = [at(year, month, 1) for year in range(1970, 2371) for month in range(1, 13)]
    asked = [t for end in ends for t in (end, end - 1) if t >= 0]
    for i in range(0, len(asked), 1000):
        some = asked[i : i + 1000]
        months = [found["month"] for found in w.see(calendar, "at", some)]
        assert months == [moment(t).year * 12 + moment(t).month - 1 for t in some]


def pairs(count: int) -> list[tuple[int, int]]:
    """Return moments and later ones, most of them at the seams of the earlier one's months."""
    rng = random.Random(count)  # noqa: S311
    found = []
    for first in times(count, NOW32):
        near = add_months(first, rng.randrange(40))
        later = (near, max(first, near - 1), near + 1, rng.randrange(first, NOW32 + 1), first)
        found.append((first, rng.choice(later)))
    return found


def test_months_since(w: World, calendar: Contract) -> None:
    asked = pairs(800)
    found = w.see(calendar, "monthsSince", *map(list, zip(*asked, strict=True)))
    assert found == [months_since(*pair) for pair in asked]


def test_months_added(w: World, calendar: Contract) -> None:
    rng = random.Random(1)  # noqa: S311
    asked = [(first, rng.randrange(1500)) for first in times(800, NOW32)]
    found = w.see(calendar, "addMonths", *map(list, zip(*asked, strict=True)))
    assert found == [add_months(*pair) for pair in asked]
    firsts = [first for first, _ in asked]
    assert w.see(calendar, "monthsSince", firsts, found) == [months for _, months in asked]
    before = [max(t - 1, first) for t, first in zip(found, firsts, strict=True)]
    assert w.see(calendar, "monthsSince", firsts, before) == [max(months - 1, 0) for _, months in asked]


@pytest.mark.parametrize(
    ("first", "rounds"),
    [
        (at(2027, 1, 31, 12), [at(2027, 2, 28, 12), at(2027, 3, 31, 12), at(2027, 4, 30, 12)]),
        (at(2028, 1, 30), [at(2028, 2, 29), at(2028, 3, 30)]),
        (at(2028, 2, 29, 23, 59, 59), [at(2028, 3, 29, 23, 59, 59)]),
        (at(2027, 12, 31), [at(2028, 1, 31), at(2028, 2, 29)]),
        (at(2099, 12, 31), [at(2100, 1, 31), at(2100, 2, 28), at(2100, 3, 31)]),
    ],
)
def test_the_ends_of_months(w: World, calendar: Contract, first: int, rounds: list[int]) -> None:
    since: Callable[[int], Any] = lambda t: w.see(calendar, "monthsSince", [first], [t])[0]  # noqa: E731
    for months, due in enumerate(rounds, 1):
        assert w.see(calendar, "addMonths", [first], [months]) == [due]
        assert (since(due - 1), since(due)) == (months - 1, months)


def test_the_29th_of_february_comes_round_each_year(w: World, calendar: Contract) -> None:
    first = at(2028, 2, 29)
    found = w.see(calendar, "addMonths", [first] * 5, [0, 12, 24, 36, 48])
    years = zip(range(2028, 2033), (29, 28, 28, 28, 29), strict=True)
    assert found == [at(year, 2, day) for year, day in years]
