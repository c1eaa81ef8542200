"""Open-ended pools over the years: 32 open milestones at most, and 180 idle days.

├── from the first that is not released on, there are 32 at most; released ones fall due no more
└── with nothing open the pool freezes 180 days after its last release; whatever is appended before saves it
"""

from __future__ import annotations

import pytest
from judging import FROZEN, RELEASED, Tranche, append, consent, finish_window, release, submit
from refusals import reverts
from world import ATTESTOR_KIND, DAY, UNIT, ZERO32, World, b32

pytestmark = pytest.mark.swift


class TestMany:
    def fill(self, w: World, pool: int, count: int) -> Tranche:
        """Append so many."""
        due: int = w.milestone(pool)["evidenceDeadline"]
        plan = (w.payee, UNIT, due)
        for _ in range(count):
            consent(w, pool, plan, 1)
            append(w, pool, plan)
        return plan

    def test_32_are_open_at_most(self, w: World) -> None:
        first = (w.payee, UNIT, w.node.now + 60 * DAY)
        pool = w.open_pool(openEnded=True, quorum=1, fundingThreshold=1, milestones=[first])
        w.give(pool, 500 * UNIT)
        plan = self.fill(w, pool, 31)
        consent(w, pool, plan, 1)
        with reverts("BadPlan", "milestones: 32 are open"):
            append(w, pool, plan)
        w.approve(pool, 1, yes=1)
        w.approve(pool, 0, yes=1)
        finish_window(w)
        release(w, pool, 1)
        with reverts("BadPlan", "milestones: 32 are open"):  # counted from the first that is not released
            append(w, pool, plan)
        release(w, pool, 0)
        assert w.see(w.judgement, "panelOf", pool)["firstOpen"] == 2
        append(w, pool, plan)
        consent(w, pool, plan, 1)
        append(w, pool, plan)
        consent(w, pool, plan, 1)
        with reverts("BadPlan", "milestones: 32 are open"):
            append(w, pool, plan)

    def test_released_ones_do_not_count_nor_fall_due(self, w: World) -> None:
        first = (w.payee, UNIT, w.node.now + 60 * DAY)
        pool = w.open_pool(openEnded=True, quorum=1, fundingThreshold=1, milestones=[first])
        w.give(pool, 500 * UNIT)
        for i in range(40):
            w.approve(pool, i, yes=1)
            w.node.wait(DAY)
            release(w, pool, i)
            assert w.milestone(pool, i)["state"] == RELEASED
            plan = (w.payee, UNIT, w.node.now + 90 * DAY)
            consent(w, pool, plan, 1)
            append(w, pool, plan)
            assert w.pool(pool)["defaultsAt"] == plan[2]
        assert w.see(w.judgement, "panelOf", pool)["firstOpen"] == 40


class TestIdle:
    def idle(self, w: World, pool: int) -> int:
        """Release the only milestone, and return when the pool freezes."""
        w.approve(pool)
        finish_window(w)
        release(w, pool)
        return w.node.now + 180 * DAY

    def test_it_freezes_180_days_after_its_last_release(self, w: World, endless: int) -> None:
        end = self.idle(w, endless)
        assert (w.pool(endless)["defaultsAt"], w.state(endless)) == (end, "active")
        w.give(endless, UNIT, at=end)
        assert w.state(endless) == "active"
        w.node.wait(1)
        assert w.state(endless) == "frozen"

    def test_in_the_last_second_it_still_goes_on(self, w: World, endless: int) -> None:
        end = self.idle(w, endless)
        tranche = (w.payee2, 70 * UNIT, end + 90 * DAY)
        consent(w, endless, tranche, 1, 2)
        append(w, endless, tranche, at=end)
        assert (w.state(endless), w.pool(endless)["defaultsAt"]) == ("active", tranche[2])
        submit(w, endless, 1)

    def test_a_second_later_it_is_over(self, w: World, endless: int) -> None:
        end = self.idle(w, endless)
        tranche = (w.payee2, 70 * UNIT, end + 90 * DAY)
        consent(w, endless, tranche, 1, 2)
        with reverts("PoolIs", endless, FROZEN):
            append(w, endless, tranche, at=end + 1)
        w.do(w.stranger, w.fund, "refund", endless, 0, w.donor1)
        assert w.see(w.fund, "heldOf", endless) == 0

    def test_each_release_begins_it_anew(self, w: World, endless: int, tranche: Tranche) -> None:
        first = self.idle(w, endless)
        consent(w, endless, tranche, 1, 2)
        append(w, endless, tranche)
        w.approve(endless, 1)
        w.node.wait(20 * DAY)
        release(w, endless, 1)
        assert w.pool(endless)["defaultsAt"] == w.node.now + 180 * DAY > first

    def test_members_come_and_go_without_effect(self, w: World, endless: int) -> None:
        end = self.idle(w, endless)
        w.do(w.registrar, w.register, "accredit", w.stranger, ATTESTOR_KIND, b32("late"), ZERO32, "")
        assert w.pool(endless)["defaultsAt"] == end
