"""release, and what passes on the clock. What was given back and is spent again stands in test_giving_back.py.

release
├── when the pool is unknown, funding, frozen or completed; when the milestone is unknown or not approved: refused
├── when it was paid: AlreadyReleased
├── when the objection window is not over: TooEarly; in its last second still; after it: paid
└── else the payee gets exactly the amount, whoever calls, and the line is spent from its front
the clock
├── threshold unmet after the funding deadline: frozen
├── evidence missing after its deadline: frozen
├── verdict missing after the attestation window: frozen
└── what is frozen never thaws; what is completed never freezes
"""

from __future__ import annotations

import pytest
from refusals import reverts
from world import DAY, UNIT, World, evidence_of

FUNDING, ACTIVE, FROZEN, COMPLETED = range(1, 5)
PLANNED, SUBMITTED, APPROVED, DISPUTED, REJECTED, RELEASED = range(6)


def release(w: World, pool: int, milestone: int = 0, at: int | None = None, sender: str | None = None) -> dict:
    """Release a milestone, as its NGO if nobody else is named."""
    return w.do(sender or w.ngo, w.fund, "release", pool, milestone, at=at)


class TestRelease:
    def test_the_payee_gets_exactly_the_amount(self, w: World, funded: int) -> None:
        w.approve(funded)
        w.node.wait(DAY)
        [(name, event), spent, (moved, deadline)] = w.events(release(w, funded))
        assert (name, moved) == ("Released", "DeadlineMoved")
        said = {"pool": funded, "milestone": 0, "payee": w.payee, "token": w.token.address}
        assert event == said | {"amount": 100 * UNIT, "caller": w.ngo}
        assert spent == ("Spent", {"pool": funded, "milestone": 0, "start": 0, "amount": 100 * UNIT})
        assert deadline["defaultsAt"] == w.milestone(funded, 1)["evidenceDeadline"]
        assert w.see(w.fund, "spentOf", funded, 0) == [{"start": 0, "amount": 100 * UNIT}]
        assert w.milestone(funded)["releasedAt"] == w.node.now
        assert (w.balance(w.payee), w.balance(w.fund.address)) == (100 * UNIT, 20 * UNIT)
        stored = w.pool(funded)
        assert (stored["raised"], stored["released"], stored["milestonesReleased"]) == (120 * UNIT, 100 * UNIT, 1)
        assert w.see(w.fund, "heldOf", funded) == 20 * UNIT

    @pytest.mark.parametrize("who", ["stranger", "ngo", "payee", "donor1", "operator"])
    def test_anyone_may_call_it_and_the_payee_is_paid(self, w: World, funded: int, who: str) -> None:
        before = w.balance(w.payee)
        w.approve(funded)
        w.node.wait(DAY)
        (_, event), *_ = w.events(release(w, funded, sender=getattr(w, who)))
        assert event["caller"] == getattr(w, who)
        assert w.balance(w.payee) - before == 100 * UNIT

    def test_the_window_must_be_over(self, w: World, funded: int) -> None:
        w.approve(funded)
        end = w.node.now + DAY
        with reverts("TooEarly", end):
            release(w, funded)
        with reverts("TooEarly", end):
            release(w, funded, at=end - 1)
        release(w, funded, at=end)

    def test_it_is_paid_once(self, w: World, funded: int) -> None:
        w.approve(funded)
        w.node.wait(DAY)
        release(w, funded)
        with reverts("AlreadyReleased", funded, 0):
            release(w, funded)

    def test_a_milestone_that_is_not_approved(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT)
        with reverts("MilestoneIs", funded, 0, PLANNED):
            release(w, funded)
        w.do(w.ngo, w.judgement, "submitEvidence", funded, 0, evidence_of("x"), "")
        with reverts("MilestoneIs", funded, 0, SUBMITTED):
            release(w, funded)
        w.reject(funded, 1)
        with reverts("MilestoneIs", funded, 1, REJECTED):
            release(w, funded, 1)

    def test_a_milestone_that_is_disputed(self, w: World, funded: int) -> None:
        evidence = w.approve(funded)
        w.do(w.donor1, w.judgement, "object", funded, 0, evidence, [0])
        w.node.wait(DAY)
        with reverts("MilestoneIs", funded, 0, DISPUTED):
            release(w, funded)

    def test_an_unknown_pool_or_milestone(self, w: World, funded: int) -> None:
        with reverts("UnknownPool", 0):
            release(w, 0)
        with reverts("UnknownMilestone", funded, 2):
            release(w, funded, 2)

    def test_a_pool_below_its_threshold_pays_nothing(self, w: World, pool: int) -> None:
        w.give(pool, 50 * UNIT - 1)
        with reverts("PoolIs", pool, FUNDING):
            release(w, pool)

    def test_exactly_what_is_held_is_paid(self, w: World, pool: int) -> None:
        w.give(pool, 100 * UNIT)
        w.approve(pool)
        w.node.wait(DAY)
        release(w, pool)
        assert w.see(w.fund, "heldOf", pool) == 0

    def test_a_pool_that_holds_less_pays_nothing(self, w: World, funded: int) -> None:
        """No evidence is taken for more than is there (test_evidence.py), and before it comes to that the fund says no:
        what was released is not there twice, and neither other pools' money nor tokens sent by mistake help."""
        w.give(w.open_pool(), 500 * UNIT)
        w.do(w.donor2, w.token, "transfer", w.fund.address, 500 * UNIT)
        with reverts("NotEnoughHeld", 120 * UNIT, 200 * UNIT):
            release(w, funded, 1)
        w.approve(funded)
        w.node.wait(DAY)
        release(w, funded)
        with reverts("NotEnoughHeld", 20 * UNIT, 200 * UNIT):
            release(w, funded, 1)

    def test_releases_spend_the_line_in_the_order_of_their_calls(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT)
        w.approve(funded, 1)
        w.approve(funded, 0)
        w.node.wait(DAY)
        starts = [w.events(release(w, funded, m))[1][1]["start"] for m in (1, 0)]
        assert starts == [0, 200 * UNIT]
        assert (w.balance(w.payee), w.balance(w.payee2)) == (100 * UNIT, 200 * UNIT)

    def test_the_last_one_completes_the_pool(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT)
        for milestone in (0, 1):
            assert w.state(funded) == "active"
            w.approve(funded, milestone)
            w.node.wait(DAY)
            release(w, funded, milestone)
        assert (w.state(funded), w.pool(funded)["acceptsUntil"]) == ("completed", 0)
        assert w.see(w.fund, "heldOf", funded) == 20 * UNIT
        with reverts("PoolIs", funded, COMPLETED):
            release(w, funded, 1)

    def test_an_open_ended_pool_is_never_completed(self, w: World) -> None:
        tranche = (w.payee, 60 * UNIT, w.node.now + 60 * DAY)
        pool = w.open_pool(openEnded=True, fundingDeadline=0, milestones=[tranche])
        w.give(pool, 70 * UNIT)
        w.approve(pool)
        w.node.wait(DAY)
        release(w, pool)
        idle = w.node.now + 180 * DAY
        assert (w.state(pool), w.pool(pool)["acceptsUntil"]) == ("active", idle)
        w.give(pool, UNIT, at=idle)

    def test_a_pause_does_not_stop_it(self, w: World, funded: int) -> None:
        w.approve(funded)
        w.node.wait(DAY)
        w.do(w.pauser, w.fund, "pause", funded)
        release(w, funded)
        assert w.pool(funded)["acceptsUntil"] == 0

    def test_revoking_everyone_does_not_stop_it(self, w: World, funded: int) -> None:
        w.approve(funded)
        for who in (w.ngo, w.attestor1, w.attestor2, w.token.address):
            w.do(w.registrar, w.register, "revoke", who)
        w.node.wait(DAY)
        release(w, funded)

    def test_a_frozen_pool_pays_nothing_even_if_approved(self, w: World, funded: int) -> None:
        """Milestone 0 was approved and waits; milestone 1 misses its deadline."""
        w.approve(funded)
        with reverts("PoolIs", funded, FROZEN):
            release(w, funded, at=w.milestone(funded, 1)["evidenceDeadline"] + 1)

    def test_in_the_last_second_before_the_freeze_it_pays(self, w: World, funded: int) -> None:
        w.approve(funded)
        release(w, funded, at=w.milestone(funded, 1)["evidenceDeadline"])


class TestClock:
    def test_below_the_threshold_after_the_funding_deadline(self, w: World, pool: int) -> None:
        w.give(pool, 50 * UNIT - 1)
        end = w.pool(pool)["fundingDeadline"]
        w.node.go_to(end)
        assert w.state(pool) == "funding"
        w.node.go_to(end + 1)
        assert w.state(pool) == "frozen"

    def test_the_threshold_met_in_the_last_second(self, w: World, pool: int) -> None:
        end = w.pool(pool)["fundingDeadline"]
        w.give(pool, 50 * UNIT, at=end)
        w.node.go_to(end + 1)
        assert w.state(pool) == "active"

    def test_evidence_that_is_missing(self, w: World, funded: int) -> None:
        due = w.milestone(funded)["evidenceDeadline"]
        w.node.go_to(due)
        assert w.state(funded) == "active"
        w.node.go_to(due + 1)
        assert w.state(funded) == "frozen"

    def test_a_verdict_that_is_missing(self, w: World, funded: int) -> None:
        w.do(w.ngo, w.judgement, "submitEvidence", funded, 0, evidence_of("x"), "")
        end = w.node.now + 2 * DAY
        w.node.go_to(end)
        assert w.state(funded) == "active"
        w.node.go_to(end + 1)
        assert w.state(funded) == "frozen"

    def test_a_rejection_that_is_not_cured(self, w: World, funded: int) -> None:
        w.reject(funded)
        w.node.go_to(w.milestone(funded)["evidenceDeadline"])
        assert w.state(funded) == "active"
        w.node.wait(1)
        assert w.state(funded) == "frozen"

    def test_a_second_milestone_counts_as_the_first(self, w: World, funded: int) -> None:
        w.approve(funded, 0)
        w.node.go_to(w.milestone(funded, 1)["evidenceDeadline"] + 1)
        assert w.state(funded) == "frozen"

    def test_an_approved_milestone_that_nobody_releases(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT)
        w.approve(funded, 1)
        w.approve(funded, 0)
        due = w.milestone(funded, 1)["decidedAt"] + DAY + 90 * DAY
        assert w.pool(funded)["defaultsAt"] == due
        with reverts("PoolIs", funded, FROZEN):
            release(w, funded, at=due + 1)
        assert w.state(funded) == "frozen"

    def test_in_its_last_second_it_is_released(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT)
        w.approve(funded, 1)
        w.approve(funded, 0)
        release(w, funded, 1, at=w.milestone(funded, 1)["decidedAt"] + DAY + 90 * DAY)
        release(w, funded, 0)

    def test_gifts_end_with_the_earlier_of_both_deadlines(self, w: World) -> None:
        now = w.node.now
        for funding, due in ((10, 20), (20, 10)):
            tranche = (w.payee, 60 * UNIT, now + due * DAY)
            pool = w.open_pool(fundingDeadline=now + funding * DAY, milestones=[tranche])
            assert w.pool(pool)["acceptsUntil"] == now + 10 * DAY

    def test_what_is_frozen_never_thaws(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT)
        w.approve(funded, 1)
        w.node.go_to(w.milestone(funded, 0)["evidenceDeadline"] + 1)
        assert w.state(funded) == "frozen"
        for call in (
            lambda: release(w, funded, 1),
            lambda: w.approve(funded, 0),
            lambda: w.do(w.pauser, w.fund, "pause", funded),
            lambda: w.do(w.operator, w.fund, "unpause", funded),
            lambda: w.do(w.ngo, w.fund, "cancel", funded),
            lambda: w.do(w.attestor3, w.judgement, "attest", funded, 1, evidence_of("done"), False),
        ):
            with reverts("PoolIs", funded, FROZEN):
                call()
        with reverts("NotAccepting", funded, w.pool(funded)["acceptsUntil"]):
            w.give(funded, 1000 * UNIT)

    def test_what_is_completed_never_freezes(self, w: World) -> None:
        pool = w.open_pool(milestones=[(w.payee, 60 * UNIT, w.node.now + 60 * DAY)])
        w.give(pool, 60 * UNIT)
        w.approve(pool)
        w.node.wait(DAY)
        release(w, pool)
        w.node.wait(1000 * DAY)
        assert w.state(pool) == "completed"
