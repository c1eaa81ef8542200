"""A gift's trace is the exact overlap of intervals: cut by hand, unit by unit, it comes out the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from api.explorer.trace import Part, Span, spent, trace


def spans(amounts: list[int]) -> list[Span]:
    found, here = [], 0
    for amount in amounts:
        found.append(Span(here, here + amount))
        here += amount
    return found


def test_a_gift_that_no_release_reached_waits_whole() -> None:
    assert trace(Span(5, 9), []) == [Part(5, 9, None)]
    assert trace(Span(5, 9), spans([5])) == [Part(5, 9, None)]


def test_a_gift_is_cut_where_releases_meet() -> None:
    assert trace(Span(2, 12), spans([3, 4, 2])) == [
        Part(2, 3, 0),
        Part(3, 7, 1),
        Part(7, 9, 2),
        Part(9, 12, None),
    ]


def test_a_release_that_ends_where_the_gift_starts_has_nothing_of_it() -> None:
    assert trace(Span(3, 5), spans([3, 10])) == [Part(3, 5, 1)]


@given(
    st.lists(st.integers(1, 40), max_size=8),
    st.integers(0, 200),
    st.integers(1, 60),
)
def test_every_unit_goes_to_the_release_that_holds_it(amounts: list[int], start: int, amount: int) -> None:
    releases, gift = spans(amounts), Span(start, start + amount)
    parts = trace(gift, releases)
    for unit in range(gift.start, gift.end):
        [part] = [part for part in parts if part.start <= unit < part.end]
        holds = [i for i, release in enumerate(releases) if release.start <= unit < release.end]
        assert holds == ([] if part.release is None else [part.release])
    assert [gift.start, *(part.end for part in parts)] == [*(part.start for part in parts), gift.end]
    assert spent(gift, sum(amounts)) == sum(p.end - p.start for p in parts if p.release is not None)


@given(st.lists(st.integers(1, 2**61), min_size=1, max_size=3), st.lists(st.integers(1, 2**61), max_size=3))
def test_the_largest_amounts_stay_exact_and_add_up(gifts: list[int], released: list[int]) -> None:
    releases = spans(released)
    parts = [part for gift in spans(gifts) for part in trace(gift, releases)]
    assert sum(p.end - p.start for p in parts) == sum(gifts)
    for i, amount in enumerate(released):
        taken = sum(p.end - p.start for p in parts if p.release == i)
        assert taken == max(0, min(amount, sum(gifts) - releases[i].start))
