"""A gift's trace is exact: played unit by unit, by hand, it comes out the same, and its parts are always the gift."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from api.explorer.trace import Kind, Move, Part, Span, spent_spans, sums, trace


def moves(*found: tuple[Kind, int, int]) -> list[Move]:
    return [Move(i, *move) for i, move in enumerate(found)]


def spends(*amounts: int) -> list[Move]:
    found, here = [], 0
    for amount in amounts:
        found.append((Kind.SPENT, here, here + amount))
        here += amount
    return moves(*found)


def test_a_gift_that_no_release_reached_waits_whole() -> None:
    assert trace(Span(5, 9), []) == [Part(5, 9, None)]
    assert trace(Span(5, 9), spends(5)) == [Part(5, 9, None)]


def test_a_gift_is_cut_where_releases_meet() -> None:
    assert trace(Span(2, 12), spends(3, 4, 2)) == [
        Part(2, 3, 0),
        Part(3, 7, 1),
        Part(7, 9, 2),
        Part(9, 12, None),
    ]


def test_a_release_that_ends_where_the_gift_starts_has_nothing_of_it() -> None:
    assert trace(Span(3, 5), spends(3, 10)) == [Part(3, 5, 1)]


def test_what_came_back_waits_until_it_is_spent_again_or_refunded() -> None:
    story = moves(
        (Kind.SPENT, 0, 10),
        (Kind.RETURNED, 4, 10),
        (Kind.SPENT, 4, 6),
        (Kind.REFUNDED, 2, 12),
        (Kind.RETURNED, 2, 4),
        (Kind.REFUNDED, 2, 12),
    )
    gift = Span(2, 12)
    assert trace(gift, story[:2]) == [Part(2, 4, 0), Part(4, 12, None)]
    assert trace(gift, story[:3]) == [Part(2, 4, 0), Part(4, 6, 2), Part(6, 12, None)]
    assert trace(gift, story[:4]) == [Part(2, 4, 0), Part(4, 6, 2), Part(6, 12, 3)]
    assert trace(gift, story[:5])[0] == Part(2, 4, None)
    last = trace(gift, story)
    assert last == [Part(2, 4, 5), Part(4, 6, 2), Part(6, 12, 3)]
    assert sums(last, story) == (2, 8, 0)


places = st.tuples(st.integers(0, 60), st.integers(1, 40)).map(lambda p: (p[0], p[0] + p[1]))
stories = st.lists(st.tuples(st.sampled_from(Kind), places), max_size=12)


@given(stories, places)
def test_unit_by_unit_it_comes_out_the_same(story: list[tuple[Kind, tuple[int, int]]], gift: tuple[int, int]) -> None:
    told = moves(*((kind, *over) for kind, over in story))
    held: dict[int, int | None] = dict.fromkeys(range(*gift))
    for i, move in enumerate(told):
        for unit in range(move.start, move.end):
            if unit in held and (held[unit] is None or move.kind is Kind.RETURNED):
                held[unit] = None if move.kind is Kind.RETURNED else i
    parts = trace(Span(*gift), told)
    assert {unit: part.move for part in parts for unit in range(part.start, part.end)} == held
    assert [gift[0], *(part.end for part in parts)] == [*(part.start for part in parts), gift[1]]
    assert all(a.move != b.move for a, b in pairwise(parts))
    assert sum(sums(parts, told)) == gift[1] - gift[0]


@given(stories)
def test_what_is_spent_of_a_line_is_what_is_spent_of_its_gifts(story: list[tuple[Kind, tuple[int, int]]]) -> None:
    told = moves(*((kind, *over) for kind, over in story if kind is not Kind.REFUNDED))
    units = {unit for span in spent_spans(told) for unit in range(span.start, span.end)}
    parts = trace(Span(0, 100), told)
    assert units == {unit for part in parts if part.move is not None for unit in range(part.start, part.end)}
    ends = [end for span in spent_spans(told) for end in span]
    assert ends == sorted(set(ends))


@given(st.lists(st.integers(1, 2**61), min_size=1, max_size=3), st.lists(st.integers(1, 2**61), max_size=3))
def test_the_largest_amounts_stay_exact_and_add_up(gifts: list[int], released: list[int]) -> None:
    releases = spends(*released)
    line = [Span(move.start, move.end) for move in spends(*gifts)]
    parts = [part for gift in line for part in trace(gift, releases)]
    assert sum(p.end - p.start for p in parts) == sum(gifts)
    for i, amount in enumerate(released):
        taken = sum(p.end - p.start for p in parts if p.move == i)
        assert taken == max(0, min(amount, sum(gifts) - releases[i].start))
