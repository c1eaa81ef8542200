"""A gift's trace is exact: painted move by move, by hand, it comes out the same, and its parts are always the gift."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from api.explorer.trace import Kind, Line, Move, Part, Span
from tests.api.explorer.painter import Story, paint, stories

if TYPE_CHECKING:
    from collections.abc import Sequence

SPENT, REFUNDED, WAITING = Kind.SPENT, Kind.REFUNDED, Kind.WAITING


def moves(*found: tuple[Kind, int, int, int]) -> list[Move]:
    return [Move(i, *move) for i, move in enumerate(found, 1)]


def spends(*amounts: int) -> list[Move]:
    found, here = [], 0
    for milestone, amount in enumerate(amounts):
        found.append((SPENT, milestone, here, here + amount))
        here += amount
    return moves(*found)


def test_a_gift_that_no_release_reached_waits_whole() -> None:
    assert Line([]).trace(Span(5, 9)) == [Part(5, 9, WAITING)]
    assert Line(spends(5)).trace(Span(5, 9)) == [Part(5, 9, WAITING)]


def test_a_gift_is_cut_where_releases_meet() -> None:
    assert Line(spends(3, 4, 2)).trace(Span(2, 12)) == [
        Part(2, 3, SPENT, 1, 0, 2),
        Part(3, 7, SPENT, 2, 1, 0),
        Part(7, 9, SPENT, 3, 2, 0),
        Part(9, 12, WAITING),
    ]


def test_a_release_that_ends_where_the_gift_starts_has_nothing_of_it() -> None:
    assert Line(spends(3, 10)).trace(Span(3, 5)) == [Part(3, 5, SPENT, 2, 1, 0)]


def test_what_came_back_waits_until_it_is_spent_again_or_refunded() -> None:
    story = moves((SPENT, 0, 0, 10), (Kind.RETURNED, 0, 4, 10), (SPENT, 1, 4, 6), (Kind.RETURNED, 0, 2, 4))
    gift = Span(2, 12)
    assert Line(story[:2]).trace(gift) == [Part(2, 4, SPENT, 1, 0, 2), Part(4, 12, WAITING)]
    third = [Part(2, 4, SPENT, 1, 0, 2), Part(4, 6, SPENT, 3, 1, 0)]
    assert Line(story[:3]).trace(gift) == [*third, Part(6, 12, WAITING)]
    # Refunded at 3.5, so to speak, before milestone 0 gave its last places back, and once more afterwards.
    late = [*story[:3], story[3]._replace(log=5)]
    assert Line(story[:3]).trace(gift, [4]) == [*third, Part(6, 12, REFUNDED, 4)]
    assert Line(late).trace(gift, [4]) == [Part(2, 4, WAITING), third[1], Part(6, 12, REFUNDED, 4)]
    assert Line(late).trace(gift, [4, 6]) == [Part(2, 4, REFUNDED, 6), third[1], Part(6, 12, REFUNDED, 4)]
    assert Line(late).sums(gift, [4, 6]) == (2, 8, 0)


def test_a_part_knows_where_it_begins_in_its_release() -> None:
    """What came back is spent first: the release of 9 is 4 places of a hole, then 5 from the front."""
    story = moves((SPENT, 0, 0, 10), (Kind.RETURNED, 0, 6, 10), (SPENT, 1, 6, 10), (SPENT, 1, 10, 15))
    line = Line(story)
    assert line.trace(Span(8, 14)) == [Part(8, 10, SPENT, 3, 1, 2), Part(10, 14, SPENT, 4, 1, 4)]
    assert line.of(1) == (Part(6, 10, SPENT, 3, 1, 0), Part(10, 15, SPENT, 4, 1, 4))
    assert line.of(0) == (Part(0, 6, SPENT, 1, 0, 0),)
    assert line.of(7) == ()


@given(stories())
def test_painted_move_by_move_it_comes_out_the_same(story: Story) -> None:
    line = Line(story.moves)
    for gift in story.gifts:
        refunds = story.refunds.get(gift, [])
        parts = line.trace(gift, refunds)
        assert [(part.start, part.end, part.log) for part in parts] == paint(gift, story.of(gift))
        edges = [gift.start, *(part.end for part in parts)]
        assert edges == [*(part.start for part in parts), gift.end]
        assert all((a.kind, a.log) != (b.kind, b.log) for a, b in pairwise(parts))
        sums = {kind: sum(p.end - p.start for p in parts if p.kind is kind) for kind in (SPENT, REFUNDED, WAITING)}
        assert line.sums(gift, refunds) == tuple(sums.values())
        assert sum(sums.values()) == gift.end - gift.start


@given(stories())
def test_the_gifts_parts_are_what_each_release_paid_and_was_not_given_back(story: Story) -> None:
    line = Line(story.moves)
    parts = [part for gift in story.gifts for part in line.trace(gift, story.refunds.get(gift, []))]
    for milestone, amount in story.paid.items():
        kept = [unit for part in parts if part.milestone == milestone for unit in _units(part)]
        assert len(kept) == amount - story.back[milestone]
        assert sorted(kept) == sorted(unit for part in line.of(milestone) for unit in _units(part))
        # What was not given back is the release's beginning, in the order in which it was paid.
        assert sorted(at for at, _ in kept) == list(range(len(kept)))
        told = [move for move in story.moves if move.kind is SPENT and move.milestone == milestone]
        in_order = [place for move in told for place in range(move.start, move.end)]
        assert all(in_order[at] == place for at, place in kept)


def _units(part: Part) -> list[tuple[int, int]]:
    """Return every unit of a part: where it is in the release, and in the line."""
    return [(part.at + i, part.start + i) for i in range(part.end - part.start)]


@given(stories(), st.integers(0, 80), st.integers(1, 80))
def test_what_is_spent_of_any_places_is_what_is_spent_of_the_line(story: Story, start: int, width: int) -> None:
    line = Line(story.moves)
    units = {unit for span in line.spans() for unit in range(span.start, span.end)}
    ends = [end for span in line.spans() for end in span]
    assert ends == sorted(set(ends))
    assert units == {unit for part in paint(Span(0, 400), story.moves) if part.log for unit in range(*part[:2])}
    assert line.spent(Span(start, start + width)) == len(units & set(range(start, start + width)))


@given(st.lists(st.integers(1, 2**61), min_size=1, max_size=3), st.lists(st.integers(1, 2**61), max_size=3))
def test_the_largest_amounts_stay_exact_and_add_up(gifts: list[int], released: list[int]) -> None:
    releases = spends(*released)
    spans = [Span(move.start, move.end) for move in spends(*gifts)]
    parts = [part for gift in spans for part in Line(releases).trace(gift)]
    assert sum(p.end - p.start for p in parts) == sum(gifts)
    for i, amount in enumerate(released):
        taken = sum(p.end - p.start for p in parts if p.milestone == i)
        assert taken == max(0, min(amount, sum(gifts) - releases[i].start))


class Counted(list[int]):
    """A list that counts how often it is looked at."""

    looks = 0

    def __getitem__(self, i: int) -> int:  # type: ignore[override]
        self.looks += 1
        return super().__getitem__(i)


def test_a_gift_is_found_without_looking_at_the_whole_line() -> None:
    looks = [_looks(spends(*[3] * count)) for count in (1 << 6, 1 << 12)]
    assert 0 < looks[0] < looks[1] <= looks[0] + 3 * 6 + 2  # a bisection for the trace, two for sums


def _looks(story: Sequence[Move]) -> int:
    line = Line(story)
    counted = Counted(line._starts)
    line._starts = counted  # type: ignore[assignment]
    middle = 3 * len(story) // 2
    line.trace(Span(middle, middle + 4))
    line.sums(Span(middle, middle + 4))
    return counted.looks
