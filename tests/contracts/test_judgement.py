"""The judgement: submitEvidence, attest, attestBySignature.

submitEvidence
├── when the pool is unknown, frozen or completed: UnknownPool, PoolIs
├── when the milestone is unknown: UnknownMilestone
├── when the caller is not the pool's NGO: NotTheNgo
├── when the pool is paused: PauseIs
├── when evidence stands, is approved, or the milestone is released: MilestoneIs
├── when the evidence is all zero: NoEvidence
└── when the milestone is planned or rejected, until its last second: a new round begins
attest
├── when the attestor has no seat: NotAnAttestor
├── when no evidence waits for a verdict: MilestoneIs
├── when it is about other evidence: OtherEvidence
├── when the attestor did so in this round: AlreadyAttested
├── when the quorum says yes: approved; when it cannot be reached any more: rejected
└── when the window is over: the pool is frozen
attestBySignature
├── when anything that was signed differs, or the domain does: BadSignature
├── when its deadline is past: DeadlinePassed
└── else as attest, whoever hands it in
"""

from __future__ import annotations

from typing import Any

import pytest
from refusals import reverts
from signing import ATTESTATION, separator, sign
from world import ATTESTOR_KIND, DAY, NEVER, UNIT, ZERO32, World, b32, evidence_of

EVIDENCE, OTHER = evidence_of("done"), evidence_of("something else")
FUNDING, ACTIVE, FROZEN, COMPLETED = range(1, 5)
PLANNED, SUBMITTED, APPROVED, REJECTED, RELEASED = range(5)


def submit(w: World, pool: int, milestone: int = 0, evidence: bytes = EVIDENCE, **how: Any) -> dict[str, Any]:
    """Let the NGO submit evidence."""
    sender, at = how.get("sender", w.ngo), how.get("at")
    return w.do(sender, w.fund, "submitEvidence", pool, milestone, evidence, "content:x", at=at)


def attest(w: World, seat: int, pool: int, approved: bool = True, **how: Any) -> dict[str, Any]:
    """Let an attestor say yes or no."""
    milestone, evidence = how.get("milestone", 0), how.get("evidence", EVIDENCE)
    return w.do(w.attestors[seat - 1], w.fund, "attest", pool, milestone, evidence, approved, at=how.get("at"))


def names(w: World, receipt: dict[str, Any]) -> list[str]:
    """Return the names of a call's events."""
    return [name for name, _ in w.events(receipt)]


def release(w: World, pool: int, milestone: int = 0, at: int | None = None) -> dict[str, Any]:
    """Let the NGO release a milestone."""
    return w.do(w.ngo, w.fund, "release", pool, milestone, at=at)


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

    def test_it_may_come_while_the_pool_is_still_funding(self, w: World, pool: int) -> None:
        submit(w, pool)
        assert (w.state(pool), w.milestone_state(pool)) == ("funding", "submitted")

    def test_milestones_are_judged_in_any_order(self, w: World, funded: int) -> None:
        submit(w, funded, 1)
        submit(w, funded, 0)
        assert [w.milestone_state(funded, i) for i in (0, 1)] == ["submitted", "submitted"]

    def test_an_unknown_pool_or_milestone(self, w: World, pool: int) -> None:
        with reverts("UnknownPool", 9):
            submit(w, 9)
        with reverts("UnknownMilestone", pool, 2):
            submit(w, pool, 2)

    @pytest.mark.parametrize("who", ["stranger", "ngo2", "payee", "attestor1", "operator", "registrar", "admin"])
    def test_only_the_pools_own_ngo_may(self, w: World, pool: int, who: str) -> None:
        with reverts("NotTheNgo", pool, getattr(w, who)):
            submit(w, pool, sender=getattr(w, who))

    def test_an_ngo_that_was_revoked_keeps_its_open_pools(self, w: World, pool: int) -> None:
        w.do(w.registrar, w.register, "revoke", w.ngo)
        submit(w, pool)

    def test_a_paused_pool_takes_none(self, w: World, pool: int) -> None:
        w.do(w.pauser, w.fund, "pause", pool)
        with reverts("PauseIs", pool, True):
            submit(w, pool)

    def test_evidence_that_is_all_zero(self, w: World, pool: int) -> None:
        with reverts("NoEvidence"):
            submit(w, pool, evidence=ZERO32)

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
        w.give(pool, 50 * UNIT)
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
        assert [w.see(w.fund, "hasAttested", funded, 0, who) for who in w.attestors] == [False] * 4

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

    def test_the_255th_round_is_the_last(self, w: World) -> None:
        """Rounds fit one byte; nobody can make them start again from 0."""
        pool = w.open_pool(attestors=[w.attestor1], quorum=1)
        for _ in range(255):
            submit(w, pool)
            attest(w, 1, pool, approved=False)
        with reverts("Panic", "overflow"):
            submit(w, pool)


class TestAttest:
    def test_a_vote_is_counted_and_told(self, w: World, funded: int) -> None:
        submit(w, funded)
        [(name, event)] = w.events(attest(w, 2, funded, approved=False))
        said = {"pool": funded, "milestone": 0, "attestor": w.attestor2, "round": 1}
        assert (name, event) == ("Attested", said | {"evidence": EVIDENCE, "approved": False})
        assert (w.milestone(funded)["yes"], w.milestone(funded)["no"]) == (0, 1)
        assert [w.see(w.fund, "hasAttested", funded, 0, who) for who in w.attestors] == [False, True, False, False]

    def test_the_quorum_approves(self, w: World, funded: int) -> None:
        submit(w, funded)
        attest(w, 1, funded)
        receipt = attest(w, 3, funded)
        assert names(w, receipt) == ["Attested", "MilestoneApproved", "DeadlineMoved"]
        event = w.events(receipt)[1][1]
        releasable = w.node.now + DAY
        assert event == {"pool": funded, "milestone": 0, "evidence": EVIDENCE, "releasableAt": releasable}
        assert (w.milestone_state(funded), w.milestone(funded)["approvedAt"]) == ("approved", w.node.now)

    def test_it_rejects_once_the_quorum_is_out_of_reach(self, w: World, funded: int) -> None:
        submit(w, funded)
        attest(w, 1, funded, approved=False)
        assert w.milestone_state(funded) == "submitted"
        receipt = attest(w, 2, funded, approved=False)
        assert names(w, receipt) == ["Attested", "MilestoneRejected", "DeadlineMoved"]
        assert w.events(receipt)[1][1] == {"pool": funded, "milestone": 0, "evidence": EVIDENCE}
        assert w.milestone_state(funded) == "rejected"

    @pytest.mark.parametrize("seats", [1, 2, 3, 4])
    def test_every_quorum_needs_exactly_its_number(self, w: World, seats: int) -> None:
        for quorum in range(1, seats + 1):
            for verdict, needed in ((True, quorum), (False, seats - quorum + 1)):
                pool = w.open_pool(attestors=w.attestors[:seats], quorum=quorum)
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
            w.do(getattr(w, who), w.fund, "attest", funded, 0, EVIDENCE, True)

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
        submit(w, pool)
        attest(w, 1, pool)
        assert w.milestone_state(pool) == "approved"
        assert w.see(w.fund, "hasAttested", pool, 0, w.attestor1)

    def test_a_pause_does_not_stop_it(self, w: World, funded: int) -> None:
        submit(w, funded)
        w.do(w.pauser, w.fund, "pause", funded)
        attest(w, 1, funded)
        attest(w, 2, funded)
        assert w.milestone_state(funded) == "approved"


def signed(w: World, pool: int, **changes: Any) -> tuple[Any, ...]:
    """Return attestor1's signed yes to the evidence, as it is handed in."""
    said = {"attestor": w.attestor1, "milestone": 0, "round": 1, "evidence": EVIDENCE, "approved": True}
    said |= {"deadline": NEVER, "key": w.keys["attestor1"], "domain": separator("Moa PooledFund", w.fund.address)}
    said |= changes
    values = (said["attestor"], pool, *(said[k] for k in ("milestone", "round", "evidence", "approved", "deadline")))
    signature = sign(said["key"], said["domain"], ATTESTATION, *values)
    return (said["attestor"], pool, *(said[k] for k in ("milestone", "evidence", "approved", "deadline")), signature)


def hand_in(w: World, args: tuple[Any, ...], at: int | None = None) -> dict[str, Any]:
    """Let a stranger hand in a signed attestation."""
    return w.do(w.stranger, w.fund, "attestBySignature", *args, at=at)


class TestAttestBySignature:
    def test_it_counts_as_the_attestors_own(self, w: World, funded: int) -> None:
        submit(w, funded)
        [(name, event)] = w.events(hand_in(w, signed(w, funded)))
        assert (name, event["attestor"], event["approved"]) == ("Attested", w.attestor1, True)
        with reverts("AlreadyAttested", funded, 0, w.attestor1):
            attest(w, 1, funded)

    def test_two_signatures_decide(self, w: World, funded: int) -> None:
        submit(w, funded)
        for name in ("attestor1", "attestor2"):
            hand_in(w, signed(w, funded, attestor=getattr(w, name), key=w.keys[name], approved=False))
        assert w.milestone_state(funded) == "rejected"

    @pytest.mark.parametrize(("index", "value"), [(2, 1), (3, OTHER), (4, False), (5, NEVER - 1)])
    def test_nothing_that_was_signed_can_be_changed(self, w: World, funded: int, index: int, value: Any) -> None:
        submit(w, funded)
        submit(w, funded, 1)
        args = list(signed(w, funded))
        args[index] = value
        with reverts("BadSignature", w.attestor1):
            hand_in(w, tuple(args))

    def test_it_is_for_one_pool(self, w: World, funded: int) -> None:
        other = w.open_pool()
        submit(w, funded)
        submit(w, other)
        attestor, _, *rest = signed(w, funded)
        with reverts("BadSignature", w.attestor1):
            hand_in(w, (attestor, other, *rest))

    def test_it_is_for_one_round_even_of_the_same_evidence(self, w: World, funded: int) -> None:
        submit(w, funded)
        yes = signed(w, funded)
        attest(w, 2, funded, approved=False)
        attest(w, 3, funded, approved=False)
        submit(w, funded)
        with reverts("BadSignature", w.attestor1):
            hand_in(w, yes)
        hand_in(w, signed(w, funded, round=2))

    @pytest.mark.parametrize("wrong", ["signer", "other attestor", "name", "version", "chain", "contract", "garbage"])
    def test_another_signer_or_domain(self, w: World, funded: int, wrong: str) -> None:
        submit(w, funded)
        fund = w.fund.address
        changes: dict[str, dict[str, Any]] = {
            "signer": {"key": w.keys["stranger"]},
            "other attestor": {"key": w.keys["attestor2"]},
            "name": {"domain": separator("Moa", fund)},
            "version": {"domain": separator("Moa PooledFund", fund, version="2")},
            "chain": {"domain": separator("Moa PooledFund", fund, chain=1)},
            "contract": {"domain": separator("Moa PooledFund", w.token.address)},
        }
        args = signed(w, funded, **changes.get(wrong, {}))
        if wrong == "garbage":
            args = (*args[:-1], b"")
        with reverts("BadSignature", w.attestor1):
            hand_in(w, args)

    def test_a_twin_of_a_signature_is_none(self, w: World, funded: int) -> None:
        """The same signature with the other s does not pass for a second one."""
        submit(w, funded)
        *args, signature = signed(w, funded)
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        twin = (order - int.from_bytes(signature[32:64])).to_bytes(32)
        with reverts("BadSignature", w.attestor1):
            hand_in(w, (*args, signature[:32] + twin + bytes([55 - signature[64]])))

    def test_somebody_without_a_seat_signs_for_nothing(self, w: World, funded: int) -> None:
        submit(w, funded)
        with reverts("NotAnAttestor", funded, w.stranger):
            hand_in(w, signed(w, funded, attestor=w.stranger, key=w.keys["stranger"]))

    def test_it_works_once(self, w: World, funded: int) -> None:
        submit(w, funded)
        hand_in(w, signed(w, funded))
        with reverts("AlreadyAttested", funded, 0, w.attestor1):
            hand_in(w, signed(w, funded))

    def test_before_the_evidence_it_is_for_no_round(self, w: World, funded: int) -> None:
        with reverts("MilestoneIs", funded, 0, PLANNED):
            hand_in(w, signed(w, funded, round=0))

    def test_an_unknown_pool_or_milestone(self, w: World, funded: int) -> None:
        with reverts("UnknownPool", 9):
            hand_in(w, signed(w, 9))
        with reverts("UnknownMilestone", funded, 2):
            hand_in(w, signed(w, funded, milestone=2))

    def test_the_last_second_of_its_deadline_counts(self, w: World, funded: int) -> None:
        submit(w, funded)
        deadline = w.node.now + 100
        with reverts("DeadlinePassed", deadline - 50):
            hand_in(w, signed(w, funded, deadline=deadline - 50), at=deadline - 49)
        hand_in(w, signed(w, funded, deadline=deadline), at=deadline)

    def test_a_contract_attests_by_erc_1271(self, w: World) -> None:
        wallet = w.deploy("MockWallet", w.donor3).address
        w.do(w.registrar, w.register, "accredit", wallet, ATTESTOR_KIND, b32("wallet"), ZERO32, "")
        pool = w.open_pool(attestors=[wallet], quorum=1)
        submit(w, pool)
        with reverts("BadSignature", wallet):
            hand_in(w, signed(w, pool, attestor=wallet, key=w.keys["stranger"]))
        hand_in(w, signed(w, pool, attestor=wallet, key=w.keys["donor3"]))
        assert w.milestone_state(pool) == "approved"

    def test_one_signature_fills_one_seat(self, w: World) -> None:
        """Though the same key signs for an account and for the wallet that it owns."""
        wallet = w.deploy("MockWallet", w.attestor1).address
        w.do(w.registrar, w.register, "accredit", wallet, ATTESTOR_KIND, b32("wallet"), ZERO32, "")
        pool = w.open_pool(attestors=[w.attestor1, wallet], quorum=2)
        submit(w, pool)
        args = signed(w, pool)
        with reverts("BadSignature", wallet):
            hand_in(w, (wallet, *args[1:]))
        hand_in(w, args)
        assert w.milestone_state(pool) == "submitted"
