"""How somebody could misuse the Judgement, tried. What holds, and, told as it is, what does not.

held off
├── an NGO that puts the disputed evidence in again, so that one friend is enough where all must confirm
├── an NGO that uses up the rounds, so that no dispute can follow
├── a relayer that brings a part of an objection, so that the rest of it is refused
├── a relayer that turns one donor's word into another's
├── one attestor of a pair who replaces the other
└── a panel that seats a payee, or itself twice (test_rotation.py)
what donors must know: the rules as they are do not hold it off (docs/trust.md)
├── a friend of the NGO, rich for a day, makes the objectors too few
├── of two that are judged at once, the first can spend what came after its evidence
├── a rich stranger ends a pool, at no cost
├── with a threshold of 0 everybody can
├── a friendly quorum needs no one else for evidence that differs by a byte
└── anonymous gifts count for the line, and nobody speaks for them
"""

from __future__ import annotations

import pytest
from entrytree import entry_of
from eth_abi import encode
from eth_utils import keccak
from judging import (
    EVIDENCE,
    OTHER,
    WEEK,
    accredit,
    approved_pool,
    attest,
    confirm,
    disputed_pool,
    finish_window,
    give,
    hand_in,
    names,
    objecting,
    record,
    release,
    rotate,
    say,
    signed_objection,
    submit,
)
from refusals import reverts
from world import DAY, HOUR, UNIT, ZERO, World

pytestmark = pytest.mark.swift


def be_in_round(w: World, pool: int, number: int) -> None:
    """Let milestone 0 have been judged so often, as a patient NGO on a chain without fees could bring about."""
    array = int.from_bytes(keccak(encode(["uint256", "uint256"], [pool, 3])))
    place = hex(int.from_bytes(keccak(array.to_bytes(32))) + 1)
    word = int(w.node.rpc("eth_getStorageAt", w.judgement.address, place, "latest"), 16)
    word = word & ~(0xFFFF << 16) | number << 16
    method = "anvil_setStorageAt" if type(w.node).__name__ == "Anvil" else "evm_setAccountStorageAt"
    w.node.rpc(method, w.judgement.address, place, f"0x{word:064x}")
    assert w.milestone(pool)["round"] == number


class TestHeldOff:
    def test_the_rounds_do_not_run_out_before_a_dispute(self, w: World, funded: int) -> None:
        """Rounds fit 16 bits. Were the last one approved, an objection could not begin the next, and would revert."""
        be_in_round(w, funded, 2**16 - 3)
        w.reject(funded, text="the last but two")
        assert w.milestone(funded)["round"] == 2**16 - 2
        with reverts("NoRoundLeft", funded, 0):
            submit(w, funded)

    def test_in_the_last_round_that_the_ngo_can_begin_donors_dispute(self, w: World, funded: int) -> None:
        be_in_round(w, funded, 2**16 - 3)
        w.approve(funded)
        objecting(w, funded, 0)
        assert (w.milestone(funded)["round"], w.milestone_state(funded)) == (2**16 - 1, "disputed")
        with reverts("NoRoundLeft", funded, 0):
            submit(w, funded, evidence=OTHER)
        confirm(w, funded)
        objecting(w, funded, 0)
        assert (w.milestone_state(funded), w.state(funded)) == ("rejected", "frozen")

    def test_the_disputed_evidence_is_not_put_in_again(self, w: World) -> None:
        pool = w.open_pool(quorum=1)
        w.give(pool, 120 * UNIT)
        w.approve(pool, yes=1)
        objecting(w, pool, 0)
        with reverts("SameEvidence", EVIDENCE):
            submit(w, pool)
        attest(w, 1, pool)
        assert w.milestone_state(pool) == "disputed"

    def test_a_part_of_an_objection_does_not_stop_the_rest(self, w: World) -> None:
        """Whoever sees a signed objection on its way may hand in a part of it first, at the window's very end."""
        pool, (_, *starts) = approved_pool(w, [(w.donor2, 100 * UNIT), *[(w.donor1, 30 * UNIT)] * 3])
        args = signed_objection(w, pool, *starts)
        closes = w.milestone(pool)["decidedAt"] + DAY
        hand_in(w, (*args[:4], starts[:1], *args[5:]), at=closes - 2)
        hand_in(w, args)
        assert w.milestone_state(pool) == "disputed"

    def test_nor_does_the_same_with_receipts(self, w: World, pool: int) -> None:
        w.give(pool, 120 * UNIT)
        receipts = record(w, pool, *[entry_of(w.donor3, i, 30 * UNIT) for i in range(2)])
        w.approve(pool)
        said = {"donor": w.donor3, "key": w.keys["donor3"]}
        hand_in(w, signed_objection(w, pool, receipts=receipts[:1], **said))
        hand_in(w, signed_objection(w, pool, receipts=receipts, **said))
        assert w.milestone_state(pool) == "disputed"

    def test_an_empty_objection_changes_nothing(self, w: World, funded: int) -> None:
        w.approve(funded)
        *_, deadline, signature = args = signed_objection(w, funded, 0)
        hand_in(w, (*args[:4], [], [], deadline, signature))
        hand_in(w, args)
        assert w.milestone_state(funded) == "disputed"

    def test_one_attestor_of_a_pair_cannot_replace_the_other(self, w: World) -> None:
        """A quorum of two of two stays one of two people: fewer than approve cannot change who approves."""
        pool = w.open_pool(attestors=w.attestors[:2], quorum=2)
        assert names(w, say(w, pool, w.attestor2)) == ["RotationConsented"]
        w.node.wait(WEEK)
        with reverts("BadRotation", "not agreed"):
            rotate(w, pool)
        say(w, pool, w.attestor1)  # who leaves agrees
        w.node.wait(WEEK)
        rotate(w, pool)


class TestKnown:
    """Each is a rule of the plan that an NGO and its donors choose; the pages must say so."""

    def test_a_rich_friend_of_the_ngo_makes_the_objectors_too_few_and_gets_everything_back(self, w: World) -> None:
        """Gifts before the evidence count, also those that no milestone can spend. Four times the others' is enough."""
        tranche = (w.payee, 100 * UNIT, w.node.now + 60 * DAY)
        pool = w.open_pool(milestones=[tranche])
        w.give(pool, 100 * UNIT)
        friend = give(w, pool, 400 * UNIT, w.donor2)
        w.approve(pool)
        objecting(w, pool, 0)  # all of the honest money
        assert w.milestone_state(pool) == "approved"
        finish_window(w)
        release(w, pool)
        before = w.balance(w.donor2)
        w.do(w.donor2, w.fund, "refund", pool, friend, w.donor2)
        assert w.balance(w.donor2) - before == 400 * UNIT

    def test_a_gift_is_spent_on_a_milestone_whose_evidence_came_before_it(self, w: World) -> None:
        """Two are judged at once, and the later one is paid first: it spends the places of those who had a say."""
        tranches = [(w.payee, 100 * UNIT, w.node.now + days * DAY) for days in (60, 61)]
        pool = w.open_pool(milestones=tranches)
        w.give(pool, 100 * UNIT)
        w.approve(pool)
        late = give(w, pool, 100 * UNIT, w.donor2)
        w.approve(pool, 1)
        with reverts("GaveLater", late, late):
            objecting(w, pool, late, donor=w.donor2)
        finish_window(w)
        release(w, pool, 1)
        release(w, pool, 0)
        assert w.see(w.fund, "spentOf", pool, 0)[0]["start"] == late

    def test_a_rich_stranger_ends_a_pool_and_gets_everything_back(self, w: World, funded: int) -> None:
        stranger = give(w, funded, 31 * UNIT, w.donor2)
        w.approve(funded)
        objecting(w, funded, stranger, donor=w.donor2)
        confirm(w, funded)
        objecting(w, funded, stranger, donor=w.donor2)
        assert w.state(funded) == "frozen"
        before = w.balance(w.donor2)
        w.do(w.donor2, w.fund, "refund", funded, stranger, w.donor2)
        assert w.balance(w.donor2) - before == 31 * UNIT

    def test_with_a_threshold_of_0_a_single_unit_does(self, w: World) -> None:
        pool, (_, unit) = approved_pool(w, [(w.donor1, 120 * UNIT), (w.donor2, 1)], objectionThreshold=0)
        objecting(w, pool, unit, donor=w.donor2)
        confirm(w, pool)
        objecting(w, pool, unit, donor=w.donor2)
        assert w.state(pool) == "frozen"

    def test_who_gives_after_the_evidence_can_do_neither(self, w: World, funded: int) -> None:
        submit(w, funded)
        late = give(w, funded, 1000 * UNIT, w.donor2)
        for seat in (1, 2):
            attest(w, seat, funded)
        with reverts("GaveLater", late, 120 * UNIT):
            objecting(w, funded, late, donor=w.donor2)
        objecting(w, funded, 0)
        assert w.milestone_state(funded) == "disputed"

    def test_a_quorum_of_one_replaces_everybody_else_and_then_all_confirm(self, w: World) -> None:
        accredit(w, w.stranger)
        pool = w.open_pool(quorum=1)
        w.give(pool, 120 * UNIT)
        for leaving, joining in ((w.attestor1, w.attestor4), (w.attestor2, w.stranger)):
            say(w, pool, w.attestor3, leaving=leaving, joining=joining)
            w.node.wait(WEEK)
            rotate(w, pool, leaving=leaving, joining=joining)
        assert [w.see(w.judgement, "isAttestor", pool, who) for who in w.attestors] == [False, False, True, True]

    def test_after_a_dispute_a_friendly_quorum_approves_evidence_that_differs_by_a_byte(self, w: World) -> None:
        """Its donors must object again, in a window that may be an hour; then it is rejected for good."""
        pool = w.open_pool(quorum=1, objectionWindow=HOUR)
        w.give(pool, 120 * UNIT)
        w.approve(pool, yes=1)
        objecting(w, pool, 0)
        submit(w, pool, evidence=OTHER)
        attest(w, 1, pool, evidence=OTHER)
        w.node.wait(HOUR)
        release(w, pool)
        assert w.balance(w.payee) == 100 * UNIT

    def test_nobody_speaks_for_anonymous_gifts(self, w: World, pool: int) -> None:
        record(w, pool, entry_of(ZERO, 1, 96 * UNIT))
        start = give(w, pool, 24 * UNIT)
        w.approve(pool)
        objecting(w, pool, start)
        assert w.milestone_state(pool) == "approved"

    @pytest.mark.parametrize("said", [True, False])
    def test_an_attestor_who_is_silent_in_a_dispute_leaves_it_to_new_evidence(self, w: World, said: bool) -> None:
        pool = disputed_pool(w)
        confirm(w, pool, 1, 2)
        if said:
            attest(w, 3, pool, approved=False)
        w.node.wait(DAY)
        submit(w, pool, evidence=OTHER)
        assert w.state(pool) == "active"
