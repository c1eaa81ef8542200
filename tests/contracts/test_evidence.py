"""submitEvidence.

submitEvidence
├── when the pool is unknown, funding, frozen or completed: UnknownPool, PoolIs
├── when the milestone is unknown: UnknownMilestone
├── when the caller is not the pool's NGO: NotTheNgo
├── when the pool is paused: PauseIs; once the pause is over by itself: taken
├── when evidence stands, is approved, or the milestone is released: MilestoneIs
├── when the evidence is all zero: NoEvidence
├── when the pool does not hold the amount beside what is under judgement: NotCovered (see test_reserve)
└── when the milestone is planned or rejected, until its last second: a new round begins
"""

from __future__ import annotations

import pytest
from judging import (
    APPROVED,
    COMPLETED,
    EVIDENCE,
    FROZEN,
    FUNDING,
    OTHER,
    RELEASED,
    SUBMITTED,
    attest,
    release,
    submit,
)
from refusals import reverts
from world import DAY, UNIT, ZERO32, World

pytestmark = pytest.mark.swift


class TestSubmitEvidence:
    def test_it_stands_and_is_told(self, w: World, funded: int) -> None:
        receipt = submit(w, funded)
        now = w.node.now
        [(name, event), (moved, deadline)] = w.events(receipt)
        assert (name, moved) == ("EvidenceSubmitted", "DeadlineMoved")
        who = {"pool": funded, "milestone": 0, "ngo": w.ngo}
        assert event == who | {"round": 1, "evidence": EVIDENCE, "uri": "content:x", "line": 120 * UNIT}
        assert deadline["defaultsAt"] == now + 2 * DAY
        stored = w.milestone(funded)
        said = {"evidence": EVIDENCE, "state": SUBMITTED, "round": 1, "submittedAt": now, "lineAtEvidence": 120 * UNIT}
        assert stored | said == stored

    def test_it_waits_until_the_threshold_is_met(self, w: World) -> None:
        pool = w.open_pool(fundingThreshold=150 * UNIT)
        w.give(pool, 150 * UNIT - 1)
        with reverts("PoolIs", pool, FUNDING):
            submit(w, pool)
        w.give(pool, 1)
        submit(w, pool)
        assert (w.state(pool), w.milestone_state(pool)) == ("active", "submitted")

    def test_milestones_are_judged_in_any_order(self, w: World, funded: int) -> None:
        w.give(funded, 180 * UNIT)
        submit(w, funded, 1)
        submit(w, funded, 0)
        assert [w.milestone_state(funded, i) for i in (0, 1)] == ["submitted", "submitted"]

    def test_an_unknown_pool_or_milestone(self, w: World, funded: int) -> None:
        with reverts("UnknownPool", 9):
            submit(w, 9)
        with reverts("UnknownMilestone", funded, 2):
            submit(w, funded, 2)

    @pytest.mark.parametrize("who", ["stranger", "ngo2", "payee", "attestor1", "operator", "registrar", "admin"])
    def test_only_the_pools_own_ngo_may(self, w: World, funded: int, who: str) -> None:
        with reverts("NotTheNgo", funded, getattr(w, who)):
            submit(w, funded, sender=getattr(w, who))

    def test_an_ngo_that_was_revoked_keeps_its_open_pools(self, w: World, funded: int) -> None:
        w.do(w.registrar, w.register, "revoke", w.ngo)
        submit(w, funded)

    def test_a_paused_pool_takes_none_until_the_pause_is_over_by_itself(self, w: World, funded: int) -> None:
        w.do(w.pauser, w.fund, "pause", funded)
        end = w.pool(funded)["pausedUntil"]
        with reverts("PauseIs", funded, True):
            submit(w, funded, at=end - 1)
        submit(w, funded, at=end)
        assert w.pool(funded)["paused"]

    def test_evidence_that_is_all_zero(self, w: World, funded: int) -> None:
        with reverts("NoEvidence"):
            submit(w, funded, evidence=ZERO32)

    def test_evidence_that_stands_cannot_be_changed(self, w: World, funded: int) -> None:
        submit(w, funded)
        with reverts("MilestoneIs", funded, 0, SUBMITTED):
            submit(w, funded, evidence=OTHER)
        attest(w, 1, funded)
        with reverts("MilestoneIs", funded, 0, SUBMITTED):
            submit(w, funded, evidence=OTHER)
        attest(w, 2, funded)
        with reverts("MilestoneIs", funded, 0, APPROVED):
            submit(w, funded, evidence=OTHER)
        w.node.wait(DAY)
        release(w, funded)
        with reverts("MilestoneIs", funded, 0, RELEASED):
            submit(w, funded, evidence=OTHER)

    def test_the_last_second_counts(self, w: World, pool: int) -> None:
        w.give(pool, 100 * UNIT)
        due = w.milestone(pool)["evidenceDeadline"]
        submit(w, pool, at=due)
        assert w.milestone(pool)["submittedAt"] == due

    def test_a_second_later_the_pool_is_frozen(self, w: World, funded: int) -> None:
        due = w.milestone(funded)["evidenceDeadline"]
        with reverts("PoolIs", funded, FROZEN):
            submit(w, funded, at=due + 1)

    def test_a_pool_frozen_for_want_of_money_takes_none(self, w: World, pool: int) -> None:
        with reverts("PoolIs", pool, FROZEN):
            submit(w, pool, at=w.pool(pool)["fundingDeadline"] + 1)

    def test_a_completed_pool_takes_none(self, w: World) -> None:
        pool = w.open_pool(milestones=[(w.payee, 60 * UNIT, w.node.now + 60 * DAY)])
        w.give(pool, 70 * UNIT)
        w.approve(pool)
        w.node.wait(DAY)
        release(w, pool)
        with reverts("PoolIs", pool, COMPLETED):
            submit(w, pool)

    def test_after_a_rejection_a_new_round_begins(self, w: World, funded: int) -> None:
        w.reject(funded)
        w.give(funded, UNIT)
        submit(w, funded, evidence=OTHER)
        stored = w.milestone(funded)
        said = {"round": 2, "yes": 0, "no": 0, "evidence": OTHER, "state": SUBMITTED, "lineAtEvidence": 121 * UNIT}
        assert stored | said == stored
        assert [w.see(w.judgement, "hasAttested", funded, 0, who) for who in w.attestors] == [False] * 4

    def test_no_vote_of_an_earlier_round_counts_in_a_new_one(self, w: World, funded: int) -> None:
        """One yes and two no; then a yes alone is not the quorum of two, nor a no alone a rejection."""
        submit(w, funded)
        for seat, approved in ((1, True), (2, False), (3, False)):
            attest(w, seat, funded, approved=approved)
        submit(w, funded, evidence=OTHER)
        assert (w.milestone(funded)["yes"], w.milestone(funded)["no"]) == (0, 0)
        for seat, approved in ((1, True), (2, False)):
            attest(w, seat, funded, approved=approved, evidence=OTHER)
        assert w.milestone_state(funded) == "submitted"

    def test_a_rejection_is_cured_until_the_deadline(self, w: World, funded: int) -> None:
        w.reject(funded)
        due = w.milestone(funded)["evidenceDeadline"]
        submit(w, funded, evidence=OTHER, at=due)
        for seat in (1, 2):
            attest(w, seat, funded, evidence=OTHER)
        assert w.milestone_state(funded) == "approved"

    def test_a_rejection_after_the_deadline_is_final(self, w: World, funded: int) -> None:
        due = w.milestone(funded)["evidenceDeadline"]
        submit(w, funded, at=due)
        attest(w, 1, funded, approved=False)
        attest(w, 2, funded, approved=False)
        assert w.state(funded) == "frozen"
        with reverts("PoolIs", funded, FROZEN):
            submit(w, funded, evidence=OTHER)

    def test_votes_are_counted_anew_in_each_of_many_rounds(self, w: World) -> None:
        pool = w.open_pool(attestors=[w.attestor1], quorum=1)
        w.give(pool, 100 * UNIT)
        for i in range(20):
            submit(w, pool)
            attest(w, 1, pool, approved=False)
            assert w.milestone(pool)["round"] == i + 1
        submit(w, pool)
        attest(w, 1, pool)
        assert w.milestone_state(pool) == "approved"
