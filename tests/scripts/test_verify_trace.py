"""A trace that is too long to be told in whole: its beginning and the sums of the rest are held to the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripts.verify.state import Pool, State
from scripts.verify.tape import Gift, Gifts, Place, Tape
from scripts.verify.trace import mistraced

if TYPE_CHECKING:
    from collections.abc import Callable

GIFT, PARTS = 1_600, 100
HERE = Place(1, 0, bytes(32), 0)


@pytest.fixture
def told() -> tuple[State, Pool, Gift, list[Any], dict[str, Any]]:
    """A gift of which 150 milestones spent ten places each; 40 of the others were refunded, 60 wait."""
    state = State(0)
    pool = Pool(1, HERE, {}, {}, {}, Gifts(state.spool), Tape(state.spool), {})
    pool.line.raised = GIFT
    for milestone in range(150):
        pool.line.spend(milestone, 10)
    pool.refunds[0] = 40
    shown = [{"start": str(10 * i), "end": str(10 * i + 10), "amount": "10", "milestone": i} for i in range(PARTS)]
    became = {"paid": "400", "delivered": "0", "redeemed": "0", "undelivered": "100", "refunded": "40", "waiting": "60"}
    more = {"count": 52, "start": "1000", "end": "1600", "amount": "600", "became": {**became, "fees": "0"}}
    return state, pool, Gift(0, GIFT, 1, bytes(20), 0, HERE, 0, 0, None, -1), shown, more


def test_what_is_true_is_taken(told: tuple[Any, ...]) -> None:
    assert mistraced(*told) is None


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (lambda shown, _: (shown, None), "are not the gift"),
        (lambda shown, more: (shown[:99], {**more, "start": "990", "amount": "610"}), "more behind 99 parts"),
        (lambda _, more: ([], more), "more behind 0 parts"),
        (lambda shown, more: (shown, {**more, "start": "990"}), "is not what they are"),
        (lambda shown, more: (shown, {**more, "end": "1610"}), "is not what they are"),
        (lambda shown, more: (shown, {**more, "amount": "599"}), "is not what they are"),
        (lambda shown, more: (shown, sums(more, paid="401")), "is not what they are"),
        (lambda shown, more: (shown, sums(more, paid="399", waiting="61")), "is not what they are"),
        (lambda shown, more: (shown, sums(more, refunded="39", waiting="61")), "came back"),
        (lambda shown, more: (shown, sums(more, paid=400)), "not their sums"),
        (lambda shown, more: (shown, {**more, "became": None}), "not their sums"),
        (lambda shown, _: (shown, []), "not their sums"),
        (lambda shown, more: ([{**shown[0], "milestone": 7}, *shown[1:]], more), "milestone"),
    ],
)
def test_what_is_not_true_is_noticed(told: tuple[Any, ...], lie: Callable[..., Any], said: str) -> None:
    state, pool, gift, shown, more = told
    wrong = mistraced(state, pool, gift, *lie(shown, more))
    assert wrong is not None
    assert said in wrong


def sums(more: dict[str, Any], **became: Any) -> dict[str, Any]:
    return {**more, "became": more["became"] | became}
