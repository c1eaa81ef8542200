"""The picture of a gift: it has no gap and no overlap, shows each thing that became of it, and stays small."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api.explorer.picture import LOOKS, MOST, WIDTH, bar

FATES = ("paid", "delivered", "redeemed", "undelivered")


def gift(start: int, *parts: tuple[str, int]) -> dict[str, Any]:
    """Return a contribution whose trace has these parts, each of one piece."""
    trace: list[dict[str, Any]] = []
    at = start
    for fate, amount in parts:
        places = {"start": str(at), "end": str(at + amount), "amount": str(amount)}
        at += amount
        more = {"paid": [{**places, "fate": fate}]} if fate in FATES else {"refund" if fate == "refunded" else fate: 1}
        trace.append(places | more)
    return {"start": str(start), "amount": str(at - start), "trace": trace, "more": None}


def test_each_part_has_its_share() -> None:
    shown = bar(gift(70, ("delivered", 10), ("undelivered", 20), ("paid", 30), ("waiting", 40)))
    assert shown == [("people", 0, 100), ("way", 100, 200), ("spent", 300, 300), ("held", 600, 400)]


def test_what_is_only_added_up_has_its_sums_in_a_row() -> None:
    told = gift(70, ("delivered", 10), ("waiting", 40))
    became = dict.fromkeys(LOOKS, "0") | {"waiting": "20", "paid": "30"}
    rest = {"count": 9, "start": "120", "end": "170", "amount": "50", "became": became}
    shown = bar({**told, "amount": "100", "more": rest})
    assert shown == [("people", 0, 100), ("held", 100, 400), ("spent", 500, 300), ("held", 800, 200)]


def test_neighbours_that_look_alike_are_one() -> None:
    assert bar(gift(0, ("delivered", 3), ("redeemed", 5), ("refunded", 8))) == [("people", 0, 500), ("back", 500, 500)]


def test_a_gift_of_one_unit_is_the_whole_bar() -> None:
    assert bar(gift(2**61, ("waiting", 1))) == [("held", 0, WIDTH)]


def test_what_is_very_little_still_shows() -> None:
    assert [look for look, *_ in bar(gift(0, ("refunded", 1), ("waiting", 10**9)))] == ["back", "held"]
    assert [look for look, *_ in bar(gift(0, ("waiting", 10**9), ("refunded", 1)))] == ["held", "back"]
    middle = bar(gift(0, ("waiting", 10**9), ("paid", 1), ("waiting", 10**9)))
    assert middle == [("held", 0, 499), ("spent", 499, 1), ("held", 500, 500)]


parts = st.lists(st.tuples(st.sampled_from(list(LOOKS)), st.integers(1, 2**40)), min_size=1, max_size=60)


@given(st.integers(0, 2**62), parts)
def test_it_is_the_whole_bar_and_never_wider(start: int, told: list[tuple[str, int]]) -> None:
    shown = bar(gift(start, *told))
    assert [0, *(s.x + s.width for s in shown)] == [*(s.x for s in shown), WIDTH]
    assert all(s.width > 0 for s in shown)
    assert all(a.look != b.look for a, b in pairwise(shown))
    assert {s.look for s in shown} <= {LOOKS[fate] for fate, _ in told}
    assert shown[-1].look == LOOKS[told[-1][0]]


def test_a_gift_of_very_many_parts_stays_a_small_picture() -> None:
    told = [(fate, 1 + i * i % 97) for i, fate in enumerate(["waiting", "paid"] * 5_000)]
    shown = bar(gift(5, *told, ("delivered", sum(amount for _, amount in told))))
    assert MOST // 5 < len(shown) <= MOST
    assert shown[-1] == ("people", WIDTH // 2, WIDTH // 2)
    assert {s.look for s in shown} == {"held", "spent", "people"}
