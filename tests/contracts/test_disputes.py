"""What follows a dispute: everybody confirms, or new evidence comes, once; a second time there is none.

a disputed milestone
├── when every attestor says yes again: approved, with a new objection window
├── when some say yes, or one says no: it waits, for them or for new evidence
├── when the NGO submits new evidence: the quorum judges it; what was said before counts no more
│   ├── when the quorum says yes: approved
│   └── when it is out of reach: rejected for good
├── when it is not settled within the attestation window: the pool freezes
└── when objections pass the threshold again: rejected for good (test_rejected_for_good.py)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judging import (
    APPROVED,
    DISPUTED,
    EVIDENCE,
    FROZEN,
    OTHER,
    SUBMITTED,
    approved_pool,
    attest,
    confirm,
    disputed_pool,
    finish_window,
    give,
    hand_in,
    names,
    objecting,
    release,
    signed_attestation,
    submit,
)
from refusals import reverts
from world import DAY, UNIT, World

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.swift
BIG = 120 * UNIT  # where donor2's gift of 60 stands in a disputed pool


class TestConfirming:
    def test_all_attestors_approve_it_again(self, w: World) -> None:
        pool = disputed_pool(w)
        for seat in (1, 2):
            assert names(w, attest(w, seat, pool)) == ["Attested"]
            assert w.milestone_state(pool) == "disputed"
        receipt = attest(w, 3, pool)
        assert names(w, receipt) == ["Attested", "MilestoneApproved", "DeadlineMoved"]
        now = w.node.now
        assert w.events(receipt)[1][1]["releasableAt"] == now + DAY
        stored = w.milestone(pool)
        assert stored | {"state": APPROVED, "decidedAt": now, "round": 2, "disputed": True} == stored
        assert (stored["lineAtEvidence"], stored["rotations"]) == (180 * UNIT, 0)

    def test_a_new_window_opens_and_then_it_is_paid(self, w: World) -> None:
        pool = disputed_pool(w)
        confirm(w, pool)
        end = w.node.now + DAY
        with reverts("TooEarly", end):
            release(w, pool, at=end - 1)
        release(w, pool)
        assert w.balance(w.payee) == 100 * UNIT

    def test_what_was_said_before_the_dispute_does_not_count(self, w: World) -> None:
        pool = disputed_pool(w)
        assert [w.see(w.judgement, "hasAttested", pool, 0, who) for who in w.attestors[:3]] == [False] * 3
        assert w.see(w.judgement, "hasObjected", pool, 0, BIG) is False
        with reverts("BadSignature", w.attestor3):
            hand_in(w, signed_attestation(w, pool, attestor=w.attestor3, key=w.keys["attestor3"]))
        hand_in(w, signed_attestation(w, pool, attestor=w.attestor3, key=w.keys["attestor3"], round=2))

    def test_one_no_leaves_it_disputed(self, w: World) -> None:
        """All can no longer confirm; only new evidence settles it."""
        pool = disputed_pool(w)
        for seat, approved in ((1, True), (2, False), (3, True)):
            assert names(w, attest(w, seat, pool, approved)) == ["Attested"]
        assert w.milestone_state(pool) == "disputed"
        with reverts("AlreadyAttested", pool, 0, w.attestor2):
            attest(w, 2, pool)

    def test_even_all_saying_no_leaves_it_to_the_ngo(self, w: World) -> None:
        pool = disputed_pool(w)
        for seat in (1, 2, 3):
            attest(w, seat, pool, approved=False)
        assert (w.milestone_state(pool), w.state(pool)) == ("disputed", "active")
        submit(w, pool, evidence=OTHER)
        confirm(w, pool, 1, 2)
        assert w.milestone_state(pool) == "approved"

    def test_only_the_evidence_that_stands_and_only_attestors(self, w: World) -> None:
        pool = disputed_pool(w)
        with reverts("OtherEvidence", EVIDENCE):
            attest(w, 1, pool, evidence=OTHER)
        with reverts("NotAnAttestor", pool, w.attestor4):
            attest(w, 4, pool)

    def test_a_sole_attestor_is_all(self, w: World) -> None:
        pool = w.open_pool(attestors=[w.attestor1], quorum=1)
        w.give(pool, 120 * UNIT)
        w.approve(pool, yes=1)
        objecting(w, pool, 0)
        attest(w, 1, pool)
        assert w.milestone_state(pool) == "approved"

    def test_gifts_after_the_evidence_still_have_no_say(self, w: World) -> None:
        pool = disputed_pool(w)
        late = give(w, pool, 100 * UNIT)
        confirm(w, pool)
        with reverts("GaveLater", late, 180 * UNIT):
            objecting(w, pool, late)

    def test_it_is_not_released_while_disputed(self, w: World) -> None:
        pool = disputed_pool(w)
        finish_window(w)
        with reverts("MilestoneIs", pool, 0, DISPUTED):
            release(w, pool)


class TestNewEvidence:
    def test_the_quorum_judges_it(self, w: World) -> None:
        pool = disputed_pool(w)
        attest(w, 3, pool, approved=False)
        w.give(pool, UNIT)
        receipt = submit(w, pool, evidence=OTHER)
        assert names(w, receipt) == ["EvidenceSubmitted", "DeadlineMoved"]
        stored = w.milestone(pool)
        said = {"state": SUBMITTED, "round": 3, "evidence": OTHER, "yes": 0, "no": 0, "disputed": True}
        assert stored | said | {"lineAtEvidence": 181 * UNIT} == stored
        confirm(w, pool, 1, 3)
        assert w.milestone_state(pool) == "approved"
        finish_window(w)
        release(w, pool)

    def test_it_comes_once(self, w: World) -> None:
        pool = disputed_pool(w)
        submit(w, pool, evidence=OTHER)
        with reverts("MilestoneIs", pool, 0, SUBMITTED):
            submit(w, pool, evidence=EVIDENCE)

    def test_the_evidence_that_is_disputed_is_not_new(self, w: World) -> None:
        """Else the quorum would do where all must confirm."""
        pool = disputed_pool(w)
        with reverts("SameEvidence", EVIDENCE):
            submit(w, pool)

    def test_those_who_gave_since_may_object_to_it(self, w: World) -> None:
        pool = disputed_pool(w)
        start = give(w, pool, 100 * UNIT)
        submit(w, pool, evidence=OTHER)
        confirm(w, pool, 1, 2)
        objecting(w, pool, start, evidence=OTHER)
        assert (w.milestone_state(pool), w.state(pool)) == ("rejected", "frozen")

    def test_its_money_stays_reserved_and_is_not_reserved_twice(self, w: World) -> None:
        pool = disputed_pool(w)
        submit(w, pool, evidence=OTHER)
        assert w.see(w.judgement, "panelOf", pool)["reserved"] == 100 * UNIT
        w.give(pool, 120 * UNIT)
        submit(w, pool, 1)

    def test_after_the_evidence_deadline_too(self, w: World) -> None:
        due = w.node.now + 10 * DAY
        pool, (_, start) = approved_pool(
            w,
            [(w.donor1, 120 * UNIT), (w.donor2, 60 * UNIT)],
            milestones=[(w.payee, 100 * UNIT, due)],
            objectionWindow=30 * DAY,
        )
        w.node.go_to(due + DAY)
        objecting(w, pool, start, donor=w.donor2)
        submit(w, pool, evidence=OTHER)
        confirm(w, pool, 1, 2)
        assert w.milestone_state(pool) == "approved"

    @pytest.mark.parametrize("who", ["stranger", "payee", "attestor1", "donor2"])
    def test_only_by_the_ngo_and_not_while_paused(self, w: World, who: str) -> None:
        pool = disputed_pool(w)
        with reverts("NotTheNgo", pool, getattr(w, who)):
            submit(w, pool, evidence=OTHER, sender=getattr(w, who))
        w.do(w.pauser, w.fund, "pause", pool)
        with reverts("PauseIs", pool, True):
            submit(w, pool, evidence=OTHER)


class TestUnsettled:
    def test_it_freezes_after_the_attestation_window(self, w: World) -> None:
        pool = disputed_pool(w)
        end = w.milestone(pool)["decidedAt"] + 2 * DAY
        for seat in (1, 2):
            attest(w, seat, pool)
        w.node.go_to(end)
        assert w.state(pool) == "active"
        with reverts("PoolIs", pool, FROZEN):
            attest(w, 3, pool, at=end + 1)
        with reverts("PoolIs", pool, FROZEN):
            submit(w, pool, evidence=OTHER)

    def test_in_its_last_second_it_is_settled(self, w: World) -> None:
        pool = disputed_pool(w)
        end = w.milestone(pool)["decidedAt"] + 2 * DAY
        for seat in (1, 2):
            attest(w, seat, pool)
        attest(w, 3, pool, at=end)
        assert w.state(pool) == "active"
        other = disputed_pool(w)
        submit(w, other, evidence=OTHER, at=w.milestone(other)["decidedAt"] + 2 * DAY)
        assert w.pool(other)["defaultsAt"] == w.node.now + 2 * DAY


class TestBeforeAnyDispute:
    def test_a_rejected_one_may_come_again_until_its_deadline_and_be_disputed_later(self, w: World) -> None:
        pool = w.open_pool()
        w.give(pool, 120 * UNIT)
        for text in ("one", "two", "three"):
            w.reject(pool, text=text)
        w.approve(pool)
        objecting(w, pool, 0)
        assert (w.milestone_state(pool), w.milestone(pool)["round"]) == ("disputed", 5)

    def test_objections_to_a_milestone_that_was_approved_later_do_not_carry_over(self, w: World) -> None:
        """Each milestone has its own dispute."""
        pool, (_, start) = approved_pool(w, [(w.donor1, 320 * UNIT), (w.donor2, 160 * UNIT)])
        w.approve(pool, 1)
        objecting(w, pool, start, donor=w.donor2)
        objecting(w, pool, start, donor=w.donor2, milestone=1)
        assert [w.milestone_state(pool, i) for i in (0, 1)] == ["disputed", "disputed"]
        assert w.state(pool) == "active"
