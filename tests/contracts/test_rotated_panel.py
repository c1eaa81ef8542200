"""Who judges what after a rotation.

├── evidence that is in stays with those who sat when it came, a dispute of it included
├── new evidence, also after a rejection or in a dispute, is the new panel's
└── who left never speaks on new evidence, who joined never on old
"""

from __future__ import annotations

import pytest
from judging import (
    EVIDENCE,
    OTHER,
    WEEK,
    accredit,
    approved_pool,
    attest,
    confirm,
    disputed_pool,
    hand_in,
    objecting,
    replaced,
    rotate,
    say,
    signed_attestation,
    submit,
)
from refusals import reverts
from world import DAY, UNIT, World

pytestmark = pytest.mark.swift


class TestWhoJudges:
    def test_evidence_that_is_in_stays_with_those_who_sat(self, w: World) -> None:
        pool = w.open_pool(attestationWindow=30 * DAY)
        w.give(pool, 320 * UNIT)
        submit(w, pool)
        replaced(w, pool)
        with reverts("NotAnAttestor", pool, w.attestor4):
            attest(w, 4, pool)
        attest(w, 1, pool)
        hand_in(w, signed_attestation(w, pool, attestor=w.attestor2, key=w.keys["attestor2"]))
        assert w.milestone_state(pool) == "approved"

    def test_new_evidence_is_the_new_panels(self, w: World, funded: int) -> None:
        replaced(w, funded)
        submit(w, funded)
        assert w.milestone(funded)["rotations"] == 1
        with reverts("NotAnAttestor", funded, w.attestor1):
            attest(w, 1, funded)
        with reverts("NotAnAttestor", funded, w.attestor1):
            hand_in(w, signed_attestation(w, funded))
        for seat in (2, 4):
            attest(w, seat, funded)
        assert w.milestone_state(funded) == "approved"

    def test_evidence_after_a_rejection_is_the_new_panels(self, w: World, funded: int) -> None:
        w.reject(funded)
        replaced(w, funded)
        submit(w, funded)
        with reverts("NotAnAttestor", funded, w.attestor1):
            attest(w, 1, funded)
        attest(w, 4, funded)

    def test_who_joins_has_not_spoken_where_the_seat_had(self, w: World, funded: int) -> None:
        w.approve(funded)
        replaced(w, funded)
        spoken = [w.see(w.judgement, "hasAttested", funded, 0, who) for who in w.attestors]
        assert spoken == [True, True, False, False]

    def test_a_disputed_round_is_confirmed_by_those_who_sat(self, w: World) -> None:
        pool = disputed_pool(w, attestationWindow=30 * DAY)
        replaced(w, pool)
        with reverts("NotAnAttestor", pool, w.attestor4):
            attest(w, 4, pool)
        confirm(w, pool, 1, 2, 3)
        assert w.milestone_state(pool) == "approved"

    def test_new_evidence_in_a_dispute_too(self, w: World) -> None:
        """So nobody who doubts is replaced in the middle of a dispute."""
        pool = disputed_pool(w, attestationWindow=30 * DAY)
        attest(w, 1, pool)
        replaced(w, pool)
        submit(w, pool, evidence=OTHER)
        with reverts("NotAnAttestor", pool, w.attestor4):
            attest(w, 4, pool, evidence=OTHER)
        confirm(w, pool, 1, 3)
        assert w.milestone_state(pool) == "approved"

    def test_after_a_rejection_the_new_panel_judges(self, w: World, funded: int) -> None:
        w.reject(funded)
        replaced(w, funded)
        submit(w, funded, evidence=OTHER)
        with reverts("NotAnAttestor", funded, w.attestor1):
            attest(w, 1, funded, evidence=OTHER)
        confirm(w, funded, 3, 4)
        assert w.milestone_state(funded) == "approved"

    def test_each_milestone_has_the_panel_of_its_own_evidence(self, w: World) -> None:
        pool = w.open_pool(attestationWindow=30 * DAY)
        w.give(pool, 320 * UNIT)
        submit(w, pool, 0)
        replaced(w, pool)
        submit(w, pool, 1, OTHER)
        with reverts("NotAnAttestor", pool, w.attestor1):
            attest(w, 1, pool, milestone=1, evidence=OTHER)
        attest(w, 1, pool)
        attest(w, 4, pool, milestone=1, evidence=OTHER)

    def test_the_seat_may_change_hands_again(self, w: World, funded: int) -> None:
        accredit(w, w.stranger)
        replaced(w, funded)
        for who in (w.attestor2, w.attestor3):
            say(w, funded, who, leaving=w.attestor4, joining=w.stranger)
        w.node.wait(WEEK)
        rotate(w, funded, leaving=w.attestor4, joining=w.stranger)
        submit(w, funded)
        for who in (w.attestor1, w.attestor4):
            with reverts("NotAnAttestor", funded, who):
                w.do(who, w.judgement, "attest", funded, 0, EVIDENCE, True)
        w.do(w.stranger, w.judgement, "attest", funded, 0, EVIDENCE, True)
        attest(w, 3, funded)
        assert w.milestone_state(funded) == "approved"

    def test_of_many_open_milestones_only_the_open_payees_are_looked_at(self, w: World) -> None:
        pool, _ = approved_pool(w, [(w.donor1, 320 * UNIT)])
        w.approve(pool, 1)
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "release", pool, 1)
        accredit(w, w.payee2)
        with reverts("BadRotation", "who joins is a payee"):  # milestone 0 is open, so those behind it count
            say(w, pool, w.attestor2, joining=w.payee2)
        w.do(w.ngo, w.fund, "release", pool, 0)
        say(w, pool, w.attestor2, joining=w.payee2)

    def test_a_donor_may_object_whoever_sits(self, w: World) -> None:
        pool, _ = approved_pool(w, [(w.donor1, 120 * UNIT)], objectionWindow=30 * DAY)
        replaced(w, pool)
        objecting(w, pool, 0)
        assert w.milestone_state(pool) == "disputed"
