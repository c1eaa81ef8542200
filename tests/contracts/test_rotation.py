"""consentToRotation and rotate: an attestor's seat passes to another, and who judges what.

consentToRotation
├── when the pool is unknown, or who leaves has no seat: NotAnAttestor
├── when who joins cannot: it sat here before, is the NGO, a payee of what is open, not accredited: refused
├── when nobody would remain: BadRotation
├── when the caller leaves (unless the quorum is everybody), or has no seat: BadRotation, NotAnAttestor
├── when the caller consented already: AlreadyConsented
└── when as many as the quorum consent: agreed, for 7 days later
rotate
├── when it is not agreed, or the panel changed since: BadRotation
├── when it is not time: TooEarly
├── when who joins cannot any more: refused
└── else, by anyone: the seat changes hands; evidence that is in stays with those who sat when it came
"""

from __future__ import annotations

import pytest
from judging import WEEK, accredit, names, replaced, rotate, say
from refusals import reverts
from world import DAY, NGO_KIND, PROVIDER_KIND, UNIT, ZERO, World

pytestmark = pytest.mark.swift


class TestConsent:
    def test_it_is_told_and_agreed_with_the_quorum(self, w: World, funded: int) -> None:
        pair = {"pool": funded, "leaving": w.attestor1, "joining": w.attestor4}
        assert w.events(say(w, funded, w.attestor2)) == [("RotationConsented", pair | {"attestor": w.attestor2})]
        assert w.see(w.judgement, "rotationConsents", funded, w.attestor1, w.attestor4) == (1, 0)
        events = w.events(say(w, funded, w.attestor3))
        at = w.node.now + WEEK
        assert events == [
            ("RotationConsented", pair | {"attestor": w.attestor3}),
            ("RotationAgreed", pair | {"at": at}),
        ]
        assert w.see(w.judgement, "rotationConsents", funded, w.attestor1, w.attestor4) == (2, at)

    @pytest.mark.parametrize("seats", [2, 3, 4])
    def test_as_many_as_the_quorum(self, w: World, seats: int) -> None:
        """Where that is all of them, also the one who leaves, in whatever order."""
        accredit(w, w.stranger)
        for quorum in range(1, seats + 1):
            pool = w.open_pool(attestors=w.attestors[:seats], quorum=quorum)
            for i, who in enumerate(w.attestors[(0 if quorum == seats else 1) : seats]):
                told = names(w, say(w, pool, who, joining=w.stranger))
                assert ("RotationAgreed" in told) == (i + 1 == quorum)

    def test_more_consents_do_not_move_the_day(self, w: World) -> None:
        pool = w.open_pool(attestors=w.attestors[:3], quorum=1)
        say(w, pool, w.attestor2)
        at = w.node.now + WEEK
        w.node.wait(DAY)
        assert names(w, say(w, pool, w.attestor3)) == ["RotationConsented"]
        assert w.see(w.judgement, "rotationConsents", pool, w.attestor1, w.attestor4) == (2, at)

    def test_twice(self, w: World, funded: int) -> None:
        say(w, funded, w.attestor2)
        with reverts("AlreadyConsented", w.attestor2):
            say(w, funded, w.attestor2)

    def test_the_leaving_one_has_no_say(self, w: World, funded: int) -> None:
        with reverts("BadRotation", "who leaves has no say"):
            say(w, funded, w.attestor1)

    @pytest.mark.parametrize("who", ["attestor4", "ngo", "payee", "stranger", "operator", "registrar", "admin"])
    def test_nor_has_who_has_no_seat(self, w: World, funded: int, who: str) -> None:
        with reverts("NotAnAttestor", funded, getattr(w, who)):
            say(w, funded, getattr(w, who))

    def test_an_unknown_pool_or_a_leaving_one_without_a_seat(self, w: World, funded: int) -> None:
        with reverts("NotAnAttestor", 9, w.attestor1):
            say(w, 9, w.attestor2)
        for nobody in (w.attestor4, w.stranger, ZERO):
            with reverts("NotAnAttestor", funded, nobody):
                say(w, funded, w.attestor2, leaving=nobody, joining=w.attestor4)

    def test_a_sole_attestor_stays(self, w: World) -> None:
        pool = w.open_pool(attestors=[w.attestor1], quorum=1)
        for who in (w.attestor1, w.attestor2):
            with reverts("BadRotation", "nobody remains"):
                say(w, pool, who)

    def test_consents_for_different_pairs_do_not_add_up(self, w: World, funded: int) -> None:
        accredit(w, w.stranger)
        say(w, funded, w.attestor2)
        say(w, funded, w.attestor3, joining=w.stranger)
        assert w.see(w.judgement, "rotationConsents", funded, w.attestor1, w.attestor4) == (1, 0)

    def test_nor_do_those_of_different_pools(self, w: World, funded: int) -> None:
        other = w.open_pool()
        say(w, funded, w.attestor2)
        say(w, other, w.attestor3)
        with reverts("BadRotation", "not agreed"):
            rotate(w, funded)


class TestWhoJoins:
    def test_not_one_who_sits_or_sat_here(self, w: World, funded: int) -> None:
        for again in (w.attestor1, w.attestor2, w.attestor3):
            with reverts("BadRotation", "who joins sat here before"):
                say(w, funded, w.attestor2, joining=again)
        replaced(w, funded)
        with reverts("BadRotation", "who joins sat here before"):
            say(w, funded, w.attestor2, leaving=w.attestor4, joining=w.attestor1)

    @pytest.mark.parametrize("who", ["stranger", "ngo2", "gateway", "nobody"])
    def test_not_one_who_is_no_accredited_attestor(self, w: World, funded: int, who: str) -> None:
        joining = ZERO if who == "nobody" else getattr(w, who)
        with reverts("NotAccredited", joining):
            say(w, funded, w.attestor2, joining=joining)

    def test_not_one_of_another_kind_or_revoked(self, w: World, funded: int) -> None:
        accredit(w, w.stranger, PROVIDER_KIND)
        w.do(w.registrar, w.register, "revoke", w.attestor4)
        for joining in (w.stranger, w.attestor4):
            with reverts("NotAccredited", joining):
                say(w, funded, w.attestor2, joining=joining)

    def test_not_the_ngo_even_if_it_became_an_attestor(self, w: World, funded: int) -> None:
        w.do(w.registrar, w.register, "revoke", w.ngo)
        accredit(w, w.ngo)
        with reverts("BadRotation", "who joins is the NGO"):
            say(w, funded, w.attestor2, joining=w.ngo)

    @pytest.mark.parametrize("payee", ["payee", "payee2"])
    def test_not_a_payee_of_an_open_milestone(self, w: World, funded: int, payee: str) -> None:
        accredit(w, getattr(w, payee))
        with reverts("BadRotation", "who joins is a payee"):
            say(w, funded, w.attestor2, joining=getattr(w, payee))

    def test_a_payee_whose_milestones_are_all_paid_may(self, w: World, funded: int) -> None:
        accredit(w, w.payee)
        w.approve(funded)
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "release", funded, 0)
        replaced(w, funded, joining=w.payee)
        assert w.see(w.judgement, "isAttestor", funded, w.payee)

    def test_it_is_looked_at_again_when_it_is_carried_out(self, w: World, funded: int) -> None:
        for who in (w.attestor2, w.attestor3):
            say(w, funded, who)
        w.node.wait(WEEK)
        w.do(w.registrar, w.register, "revoke", w.attestor4)
        with reverts("NotAccredited", w.attestor4):
            rotate(w, funded)
        accredit(w, w.attestor4, NGO_KIND)
        with reverts("NotAccredited", w.attestor4):
            rotate(w, funded)

    def test_nor_can_one_who_became_a_payee_meanwhile(self, w: World, endless: int) -> None:
        for who in (w.attestor2, w.attestor3):
            say(w, endless, who)
        tranche = (w.attestor4, UNIT, w.node.now + 90 * DAY)
        for who in (w.attestor1, w.attestor2):
            w.do(who, w.judgement, "consentToMilestone", endless, tranche)
        w.do(w.ngo, w.fund, "appendMilestone", endless, tranche)
        w.node.wait(WEEK)
        with reverts("BadRotation", "who joins is a payee"):
            rotate(w, endless)


class TestRotate:
    def test_after_seven_days_anyone_may(self, w: World, funded: int) -> None:
        with reverts("BadRotation", "not agreed"):
            rotate(w, funded)
        say(w, funded, w.attestor2)
        with reverts("BadRotation", "not agreed"):
            rotate(w, funded)
        say(w, funded, w.attestor3)
        at = w.node.now + WEEK
        with reverts("TooEarly", at):
            rotate(w, funded, at=at - 1)
        pair = {"pool": funded, "leaving": w.attestor1, "joining": w.attestor4}
        assert w.events(rotate(w, funded, at=at)) == [("AttestorReplaced", pair)]
        sitting = [w.see(w.judgement, "isAttestor", funded, who) for who in w.attestors]
        assert sitting == [False, True, True, True]
        assert w.see(w.judgement, "panelOf", funded)["rotations"] == 1
        with reverts("NotAnAttestor", funded, w.attestor1):
            rotate(w, funded)

    def test_only_the_pair_that_was_agreed(self, w: World, funded: int) -> None:
        accredit(w, w.stranger)
        for who in (w.attestor2, w.attestor3):
            say(w, funded, who)
        w.node.wait(WEEK)
        with reverts("BadRotation", "not agreed"):
            rotate(w, funded, joining=w.stranger)
        with reverts("BadRotation", "not agreed"):
            rotate(w, funded, leaving=w.attestor2)

    def test_one_rotation_ends_what_was_agreed_before_it(self, w: World) -> None:
        accredit(w, w.stranger)
        pool = w.open_pool(attestors=w.attestors[:3], quorum=1)
        say(w, pool, w.attestor3)
        say(w, pool, w.attestor3, leaving=w.attestor2, joining=w.stranger)
        w.node.wait(WEEK)
        rotate(w, pool)
        with reverts("BadRotation", "not agreed"):
            rotate(w, pool, leaving=w.attestor2, joining=w.stranger)
        assert w.see(w.judgement, "rotationConsents", pool, w.attestor2, w.stranger) == (0, 0)
