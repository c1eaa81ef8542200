"""attest.

attest
├── when the attestor has no seat: NotAnAttestor
├── when no evidence waits for a verdict: MilestoneIs
├── when it is about other evidence: OtherEvidence
├── when the attestor did so in this round: AlreadyAttested
├── when the quorum says yes: approved; when it cannot be reached any more: rejected
└── when the window is over: the pool is frozen
"""

from __future__ import annotations

import pytest
from judging import APPROVED, EVIDENCE, FROZEN, OTHER, PLANNED, REJECTED, attest, names, submit
from refusals import reverts
from world import ATTESTOR_KIND, DAY, UNIT, ZERO32, World, b32, evidence_of

pytestmark = pytest.mark.swift


class TestAttest:
    def test_a_vote_is_counted_and_told(self, w: World, funded: int) -> None:
        submit(w, funded)
        [(name, event)] = w.events(attest(w, 2, funded, approved=False))
        said = {"pool": funded, "milestone": 0, "attestor": w.attestor2, "round": 1}
        assert (name, event) == ("Attested", said | {"evidence": EVIDENCE, "approved": False})
        assert (w.milestone(funded)["yes"], w.milestone(funded)["no"]) == (0, 1)
        assert [w.see(w.judgement, "hasAttested", funded, 0, who) for who in w.attestors] == [False, True, False, False]

    def test_the_quorum_approves(self, w: World, funded: int) -> None:
        submit(w, funded)
        attest(w, 1, funded)
        receipt = attest(w, 3, funded)
        assert names(w, receipt) == ["Attested", "MilestoneApproved", "DeadlineMoved"]
        event = w.events(receipt)[1][1]
        releasable = w.node.now + DAY
        assert event == {"pool": funded, "milestone": 0, "evidence": EVIDENCE, "releasableAt": releasable}
        assert (w.milestone_state(funded), w.milestone(funded)["decidedAt"]) == ("approved", w.node.now)

    def test_it_rejects_once_the_quorum_is_out_of_reach(self, w: World, funded: int) -> None:
        submit(w, funded)
        attest(w, 1, funded, approved=False)
        assert w.milestone_state(funded) == "submitted"
        receipt = attest(w, 2, funded, approved=False)
        assert names(w, receipt) == ["Attested", "MilestoneRejected", "DeadlineMoved"]
        assert w.events(receipt)[1][1] == {"pool": funded, "milestone": 0, "evidence": EVIDENCE, "last": False}
        assert w.milestone_state(funded) == "rejected"

    @pytest.mark.parametrize("seats", [1, 2, 3, 4])
    def test_every_quorum_needs_exactly_its_number(self, w: World, seats: int) -> None:
        for quorum in range(1, seats + 1):
            for verdict, needed in ((True, quorum), (False, seats - quorum + 1)):
                pool = w.open_pool(attestors=w.attestors[:seats], quorum=quorum)
                w.give(pool, 100 * UNIT)
                submit(w, pool)
                for seat in range(1, needed + 1):
                    assert w.milestone_state(pool) == "submitted"
                    attest(w, seat, pool, approved=verdict)
                assert w.milestone_state(pool) == ("approved" if verdict else "rejected")

    def test_mixed_votes_are_decided_by_the_last(self, w: World, funded: int) -> None:
        submit(w, funded)
        for seat, approved in ((1, True), (2, False)):
            attest(w, seat, funded, approved=approved)
        assert w.milestone_state(funded) == "submitted"
        attest(w, 3, funded)
        assert w.milestone_state(funded) == "approved"

    def test_a_vote_after_the_verdict(self, w: World, funded: int) -> None:
        w.give(funded, 180 * UNIT)
        w.approve(funded)
        with reverts("MilestoneIs", funded, 0, APPROVED):
            attest(w, 3, funded, approved=False)
        w.reject(funded, 1)
        with reverts("MilestoneIs", funded, 1, REJECTED):
            attest(w, 3, funded, milestone=1)

    def test_nothing_to_attest_to(self, w: World, funded: int) -> None:
        with reverts("MilestoneIs", funded, 0, PLANNED):
            attest(w, 1, funded)
        with reverts("MilestoneIs", funded, 0, PLANNED):
            attest(w, 1, funded, evidence=ZERO32)
        with reverts("UnknownPool", 9):
            attest(w, 1, 9)
        with reverts("UnknownMilestone", funded, 5):
            attest(w, 1, funded, milestone=5)

    @pytest.mark.parametrize("who", ["attestor4", "ngo", "payee", "stranger", "operator", "registrar", "admin"])
    def test_only_who_has_a_seat_may(self, w: World, funded: int, who: str) -> None:
        submit(w, funded)
        with reverts("NotAnAttestor", funded, getattr(w, who)):
            w.do(getattr(w, who), w.judgement, "attest", funded, 0, EVIDENCE, True)

    def test_an_attestor_who_was_revoked_keeps_the_seat(self, w: World, funded: int) -> None:
        submit(w, funded)
        w.do(w.registrar, w.register, "revoke", w.attestor1)
        attest(w, 1, funded)

    @pytest.mark.parametrize("evidence", [OTHER, ZERO32])
    def test_other_evidence(self, w: World, funded: int, evidence: bytes) -> None:
        submit(w, funded)
        with reverts("OtherEvidence", EVIDENCE):
            attest(w, 1, funded, evidence=evidence)

    def test_evidence_of_an_earlier_round(self, w: World, funded: int) -> None:
        w.reject(funded, text="first")
        submit(w, funded)
        with reverts("OtherEvidence", EVIDENCE):
            attest(w, 1, funded, evidence=evidence_of("first"))

    @pytest.mark.parametrize("again", [True, False])
    def test_nobody_votes_twice(self, w: World, funded: int, again: bool) -> None:
        submit(w, funded)
        attest(w, 1, funded)
        with reverts("AlreadyAttested", funded, 0, w.attestor1):
            attest(w, 1, funded, approved=again)

    def test_the_same_evidence_again_is_a_new_round_with_new_votes(self, w: World, funded: int) -> None:
        w.reject(funded, text="done")
        submit(w, funded)
        attest(w, 1, funded)
        attest(w, 2, funded)
        assert w.milestone_state(funded) == "approved"

    def test_the_last_second_of_the_window_counts(self, w: World, funded: int) -> None:
        submit(w, funded)
        end = w.node.now + 2 * DAY
        attest(w, 1, funded)
        attest(w, 2, funded, at=end)
        assert (w.milestone_state(funded), w.node.now) == ("approved", end)

    def test_a_second_later_the_pool_is_frozen(self, w: World, funded: int) -> None:
        submit(w, funded)
        end = w.node.now + 2 * DAY
        attest(w, 1, funded)
        with reverts("PoolIs", funded, FROZEN):
            attest(w, 2, funded, at=end + 1)

    def test_the_32nd_seat_is_a_seat(self, w: World) -> None:
        many = [f"0x{i:040x}" for i in range(1000, 1031)]
        for i, who in enumerate(many):
            w.do(w.registrar, w.register, "accredit", who, ATTESTOR_KIND, b32(f"a{i}"), ZERO32, "")
        pool = w.open_pool(attestors=[*many, w.attestor1], quorum=1)
        w.give(pool, 100 * UNIT)
        submit(w, pool)
        attest(w, 1, pool)
        assert w.milestone_state(pool) == "approved"
        assert w.see(w.judgement, "hasAttested", pool, 0, w.attestor1)

    def test_a_pause_does_not_stop_it(self, w: World, funded: int) -> None:
        submit(w, funded)
        w.do(w.pauser, w.fund, "pause", funded)
        attest(w, 1, funded)
        attest(w, 2, funded)
        assert w.milestone_state(funded) == "approved"
