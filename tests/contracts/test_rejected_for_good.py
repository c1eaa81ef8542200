"""A milestone that is rejected for good: the pool is frozen at once, and its contributors are refunded.

rejected for good
├── when the quorum is out of reach for the evidence that came in a dispute
├── when objections pass the threshold a second time: to what all confirmed, to new evidence, in a pause
└── not when they stay at or below it the second time
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from entrytree import entry_of
from judging import (
    EVIDENCE,
    FROZEN,
    OTHER,
    approved_pool,
    attest,
    confirm,
    disputed_pool,
    finish_window,
    hand_in,
    names,
    objecting,
    record,
    release,
    signed_objection,
    submit,
)
from refusals import reverts
from world import UNIT, World

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.swift
BIG = 120 * UNIT  # where donor2's gift of 60 stands in a disputed pool


def reject_the_new_evidence(w: World) -> int:
    """Let the quorum refuse what the NGO submitted in a dispute."""
    pool = disputed_pool(w)
    submit(w, pool, evidence=OTHER)
    attest(w, 1, pool, approved=False, evidence=OTHER)
    receipt = attest(w, 2, pool, approved=False, evidence=OTHER)
    assert names(w, receipt) == ["Attested", "MilestoneRejected", "DeadlineMoved"]
    assert w.events(receipt)[1][1] == {"pool": pool, "milestone": 0, "evidence": OTHER, "last": True}
    return pool


def object_again(w: World) -> int:
    """Let donors object once more to what everybody confirmed."""
    pool = disputed_pool(w)
    confirm(w, pool)
    receipt = objecting(w, pool, BIG, donor=w.donor2)
    assert names(w, receipt) == ["Objected", "MilestoneRejected", "DeadlineMoved"]
    assert w.events(receipt)[1][1] == {"pool": pool, "milestone": 0, "evidence": EVIDENCE, "last": True}
    return pool


def object_to_new_evidence(w: World) -> int:
    """Let donors object to what the quorum approved after a dispute, by signature."""
    pool = disputed_pool(w)
    submit(w, pool, evidence=OTHER)
    confirm(w, pool, 1, 2)
    said = {"donor": w.donor2, "key": w.keys["donor2"], "evidence": OTHER, "round": 3}
    hand_in(w, signed_objection(w, pool, BIG, **said))
    return pool


def object_again_in_a_pause(w: World) -> int:
    """Let donors object once more while the pool is paused."""
    pool = disputed_pool(w)
    confirm(w, pool)
    w.do(w.pauser, w.fund, "pause", pool)
    objecting(w, pool, BIG, donor=w.donor2)
    return pool


class TestForGood:
    @pytest.mark.parametrize(
        "how", [reject_the_new_evidence, object_again, object_to_new_evidence, object_again_in_a_pause]
    )
    def test_the_pool_is_frozen_at_once_and_refunds_are_open(self, w: World, how: Callable[[World], int]) -> None:
        pool = how(w)
        now = w.node.now
        assert (w.milestone_state(pool), w.state(pool)) == ("rejected", "frozen")
        assert w.pool(pool)["defaultsAt"] == now - 1
        assert w.milestone(pool)["decidedAt"] == now
        assert w.see(w.judgement, "panelOf", pool)["reserved"] == 0
        with reverts("PoolIs", pool, FROZEN):
            submit(w, pool)
        with reverts("PoolIs", pool, FROZEN):
            release(w, pool)
        with reverts("PoolIs", pool, FROZEN):
            w.do(w.operator, w.fund, "unpause", pool)
        before = [w.balance(who) for who in (w.donor1, w.donor2)]
        for start, donor in ((0, w.donor1), (BIG, w.donor2)):
            w.do(w.stranger, w.fund, "refund", pool, start, donor)
        after = [w.balance(who) for who in (w.donor1, w.donor2)]
        assert [b - a for a, b in zip(before, after, strict=True)] == [120 * UNIT, 60 * UNIT]
        assert w.see(w.fund, "heldOf", pool) == 0

    def test_up_to_the_threshold_the_second_window_lets_it_pass(self, w: World) -> None:
        gifts = [(w.donor1, 120 * UNIT), (w.donor2, 20 * UNIT), (w.donor2, 5 * UNIT), (w.donor2, UNIT)]
        pool, (_, a, b, c) = approved_pool(w, gifts, objectionThreshold=1_712)  # 24.99 of 146
        objecting(w, pool, a, b, c, donor=w.donor2)
        confirm(w, pool)
        objecting(w, pool, a, c, donor=w.donor2)
        assert (w.milestone_state(pool), w.milestone(pool)["objected"]) == ("approved", 21 * UNIT)
        finish_window(w)
        release(w, pool)

    def test_an_approved_milestone_that_nobody_released_in_time_falls_with_it(self, w: World) -> None:
        pool, (_, start) = approved_pool(w, [(w.donor1, 240 * UNIT), (w.donor2, 160 * UNIT)])
        w.approve(pool, 1)
        objecting(w, pool, start, donor=w.donor2)
        finish_window(w)
        confirm(w, pool)
        objecting(w, pool, start, donor=w.donor2)
        assert [w.milestone_state(pool, i) for i in (0, 1)] == ["rejected", "approved"]
        with reverts("PoolIs", pool, FROZEN):
            release(w, pool, 1)
        w.do(w.stranger, w.fund, "refund", pool, start, w.donor2)

    def test_a_receipt_objects_in_each_round_anew(self, w: World, pool: int) -> None:
        w.give(pool, 120 * UNIT)
        [receipt] = record(w, pool, entry_of(w.donor3, 1, 60 * UNIT))
        w.approve(pool)
        said = {"donor": w.donor3, "key": w.keys["donor3"], "receipts": [receipt]}
        hand_in(w, signed_objection(w, pool, **said))
        confirm(w, pool)
        hand_in(w, signed_objection(w, pool, round=2, **said))
        assert w.state(pool) == "frozen"
