"""Open-ended pools: what attestors consent to, and what is appended with their quorum.

consentToMilestone
├── when the pool is unknown or not open-ended: NotOpenEnded
├── when the caller does not sit on the panel: NotAnAttestor
├── when the caller consented to it already: AlreadyConsented
└── else counted, for exactly this plan as the next milestone, until an attestor is replaced
appendMilestone
├── when the caller is not the NGO, or the pool is over: NotTheNgo, PoolIs
├── when fewer than the quorum consented to exactly it: NoQuorum
├── when its deadline is past, or before its predecessor's, or its payee an attestor or none: BadPlan
├── when 32 are open: BadPlan (test_open_ended.py)
└── else it stands after the others, which do not change
"""

from __future__ import annotations

import pytest
from judging import FROZEN, Tranche, append, consent, consents, finish_window, names, release
from refusals import reverts
from world import DAY, MAX63, NEVER, NGO_KIND, UNIT, ZERO, ZERO32, World, b32

pytestmark = pytest.mark.swift


class TestConsent:
    def test_it_is_counted_and_told(self, w: World, endless: int, tranche: Tranche) -> None:
        receipt = w.do(w.attestor1, w.judgement, "consentToMilestone", endless, tranche)
        said = dict(zip(("payee", "amount", "evidenceDeadline"), tranche, strict=True))
        assert w.events(receipt) == [
            ("MilestoneConsented", {"pool": endless, "milestone": 1, "attestor": w.attestor1} | said)
        ]
        assert consents(w, endless, tranche) == 1
        consent(w, endless, tranche, 3)
        assert consents(w, endless, tranche) == 2

    def test_twice(self, w: World, endless: int, tranche: Tranche) -> None:
        consent(w, endless, tranche, 1)
        with reverts("AlreadyConsented", w.attestor1):
            consent(w, endless, tranche, 1)
        assert consents(w, endless, tranche) == 1

    @pytest.mark.parametrize("who", ["attestor4", "ngo", "payee2", "donor1", "operator", "admin"])
    def test_only_attestors_of_the_pool(self, w: World, endless: int, tranche: Tranche, who: str) -> None:
        with reverts("NotAnAttestor", endless, getattr(w, who)):
            w.do(getattr(w, who), w.judgement, "consentToMilestone", endless, tranche)

    def test_a_pool_that_is_not_open_ended_or_unknown(self, w: World, funded: int, tranche: Tranche) -> None:
        for pool in (funded, 99):
            with reverts("NotOpenEnded", pool):
                consent(w, pool, tranche, 1)

    @pytest.mark.parametrize(
        ("amount", "reason"), [(0, "milestones: amount is 0"), (MAX63 + 1, "milestones: more than 2^63 - 1")]
    )
    def test_an_amount_that_no_milestone_has(
        self, w: World, endless: int, tranche: Tranche, amount: int, reason: str
    ) -> None:
        with reverts("BadPlan", reason):
            consent(w, endless, (tranche[0], amount, tranche[2]), 1)
        consent(w, endless, (tranche[0], MAX63, tranche[2]), 1)

    def test_an_attestor_may_consent_to_several_that_exclude_each_other(
        self, w: World, endless: int, tranche: Tranche
    ) -> None:
        other = (w.payee, *tranche[1:])
        for plan in (tranche, other):
            consent(w, endless, plan, 1, 2)
        append(w, endless, other)
        with reverts("NoQuorum", 0, 2):
            append(w, endless, tranche)


class TestAppend:
    def test_it_stands_after_the_others_which_do_not_change(self, w: World, endless: int, tranche: Tranche) -> None:
        before = w.milestone(endless)
        consent(w, endless, tranche, 1, 2)
        receipt = append(w, endless, tranche)
        assert names(w, receipt) == ["MilestoneOpened", "DeadlineMoved"]
        said = dict(zip(("payee", "amount", "evidenceDeadline"), tranche, strict=True))
        assert w.events(receipt)[0][1] == {"pool": endless, "milestone": 1} | said
        assert w.milestone(endless) == before
        stored = w.milestone(endless, 1)
        assert stored | said | {"state": 0, "round": 0, "due": tranche[2], "releasedAt": 0} == stored
        assert w.pool(endless)["milestones"] == w.see(w.judgement, "panelOf", endless)["milestones"] == 2

    def test_it_is_judged_and_paid_like_any_other(self, w: World, endless: int, tranche: Tranche) -> None:
        consent(w, endless, tranche, 2, 3)
        append(w, endless, tranche)
        w.approve(endless, 1)
        finish_window(w)
        release(w, endless, 1)
        assert w.balance(w.payee2) == 70 * UNIT

    @pytest.mark.parametrize("quorum", [1, 2, 3])
    def test_exactly_the_quorum_is_needed(self, w: World, quorum: int) -> None:
        now = w.node.now
        first, next_ = (w.payee, 60 * UNIT, now + 60 * DAY), (w.payee2, UNIT, now + 60 * DAY)
        pool = w.open_pool(openEnded=True, milestones=[first], quorum=quorum)
        for seat in range(1, quorum + 1):
            with reverts("NoQuorum", seat - 1, quorum):
                append(w, pool, next_)
            consent(w, pool, next_, seat)
        append(w, pool, next_)

    @pytest.mark.parametrize("what", ["payee", "amount less", "amount more", "deadline later", "deadline sooner"])
    def test_only_what_was_consented_to(self, w: World, endless: int, tranche: Tranche, what: str) -> None:
        payee, amount, deadline = tranche
        other = {
            "payee": (w.ngo, amount, deadline),
            "amount less": (payee, amount - 1, deadline),
            "amount more": (payee, amount + 1, deadline),
            "deadline later": (payee, amount, deadline + 1),
            "deadline sooner": (payee, amount, deadline - 1),
        }[what]
        consent(w, endless, tranche, 1, 2, 3)
        with reverts("NoQuorum", 0, 2):
            append(w, endless, other)

    def test_a_consent_is_for_one_place_and_one_pool(self, w: World, endless: int, tranche: Tranche) -> None:
        first = (w.payee, 60 * UNIT, w.node.now + 60 * DAY)
        other = w.open_pool(openEnded=True, milestones=[first])
        consent(w, endless, tranche, 1, 2)
        with reverts("NoQuorum", 0, 2):
            append(w, other, tranche)
        append(w, endless, tranche)
        with reverts("NoQuorum", 0, 2):
            append(w, endless, tranche)
        assert consents(w, endless, tranche) == 0
        consent(w, endless, tranche, 1, 2)
        append(w, endless, tranche)
        assert w.pool(endless)["milestones"] == 3

    def test_consents_die_with_a_rotation(self, w: World, endless: int, tranche: Tranche) -> None:
        consent(w, endless, tranche, 1, 2)
        for seat in (2, 3):
            w.do(w.attestors[seat - 1], w.judgement, "consentToRotation", endless, w.attestor1, w.attestor4)
        w.node.wait(7 * DAY)
        w.do(w.stranger, w.judgement, "rotate", endless, w.attestor1, w.attestor4)
        assert consents(w, endless, tranche) == 0
        with reverts("NoQuorum", 0, 2):
            append(w, endless, tranche)
        with reverts("NotAnAttestor", endless, w.attestor1):
            consent(w, endless, tranche, 1)
        consent(w, endless, tranche, 2, 4)
        append(w, endless, tranche)

    def test_only_the_ngo_and_only_while_the_pool_lives(self, w: World, endless: int, tranche: Tranche) -> None:
        consent(w, endless, tranche, 1, 2)
        for who in (w.attestor1, w.payee2, w.ngo2, w.operator):
            with reverts("NotTheNgo", endless, who):
                append(w, endless, tranche, who)
        w.do(w.ngo, w.fund, "cancel", endless)
        with reverts("PoolIs", endless, FROZEN):
            append(w, endless, tranche)

    def test_not_to_a_pool_whose_plan_is_closed(self, w: World, funded: int, tranche: Tranche) -> None:
        with reverts("NotOpenEnded", funded):
            append(w, funded, tranche)
        w.node.speak_for(w.fund.address)
        with reverts("NotOpenEnded", funded):
            w.do(w.fund.address, w.judgement, "append", funded, tranche)

    def test_deadlines_keep_their_order_and_lie_ahead(self, w: World, endless: int) -> None:
        due = w.milestone(endless)["evidenceDeadline"]
        early, same, never = ((w.payee, UNIT, when) for when in (due - 1, due, NEVER))
        for plan in (early, same, never):
            consent(w, endless, plan, 1, 2)
        reason = "milestones: evidenceDeadline past or out of order"
        with reverts("BadPlan", reason):
            append(w, endless, early)
        with reverts("BadPlan", "milestones: evidenceDeadline never"):
            append(w, endless, never)
        w.approve(endless)
        finish_window(w)
        release(w, endless)
        with reverts("BadPlan", reason):
            append(w, endless, same, at=due)
        assert w.state(endless) == "active"

    def test_the_last_second_before_its_deadline(self, w: World, endless: int) -> None:
        w.approve(endless)
        finish_window(w)
        release(w, endless)
        due = w.milestone(endless)["evidenceDeadline"]
        plan = (w.payee, UNIT, due)
        consent(w, endless, plan, 1, 2)
        append(w, endless, plan, at=due - 1)

    @pytest.mark.parametrize("payee", ["attestor1", "attestor3", "fund", "judgement", "sponsors", "token", "nobody"])
    def test_who_cannot_be_paid(self, w: World, endless: int, payee: str) -> None:
        who = ZERO if payee == "nobody" else getattr(w, payee)
        plan = (getattr(who, "address", who), UNIT, w.node.now + 90 * DAY)
        consent(w, endless, plan, 1, 2)
        is_attestor = payee.startswith("attestor")
        with reverts("BadPlan", "milestones: payee is an attestor" if is_attestor else "milestones: payee"):
            append(w, endless, plan)

    @pytest.mark.parametrize(("amount", "reason"), [(0, "amount is 0"), (2**63, "more than 2^63 - 1")])
    def test_amounts(self, w: World, endless: int, amount: int, reason: str) -> None:
        """Nobody can consent to such a one, and the fund does not take it either."""
        with reverts("BadPlan", "milestones: " + reason):
            append(w, endless, (w.payee, amount, w.node.now + 90 * DAY))

    def test_a_revoked_ngo_and_revoked_attestors_go_on(self, w: World, endless: int, tranche: Tranche) -> None:
        for who in (w.ngo, w.attestor1, w.attestor2):
            w.do(w.registrar, w.register, "revoke", who)
        w.do(w.registrar, w.register, "accredit", w.attestor1, NGO_KIND, b32("now an NGO"), ZERO32, "")
        consent(w, endless, tranche, 1, 2)
        append(w, endless, tranche)
