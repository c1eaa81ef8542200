"""Every deadline at its last second and at the one after, and what a pause adds to it.

├── evidence: until its deadline; a rejection is cured until then
├── a verdict: within the attestation window; so is a dispute (test_disputes.py)
├── an approved milestone: released within 90 days after its objection window, whoever bars its payee
├── an idle open-ended pool: 180 days (test_open_ended.py)
├── of several milestones the earliest counts
└── a pause: every deadline moves by as long as it lasts, those that begin in it by the rest of it
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judging import (
    EVIDENCE,
    FROZEN,
    OTHER,
    approved_pool,
    attest,
    confirm,
    disputed_pool,
    objecting,
    release,
    submit,
)
from refusals import reverts
from world import DAY, HOUR, TOKEN_KIND, UNIT, ZERO32, World, b32

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.swift
WINDOW = 90 * DAY


def ends(w: World, pool: int, last: int) -> None:
    """The pool lives in this second, and is frozen in the next; its clock says so."""
    assert w.pool(pool)["defaultsAt"] == last
    w.node.go_to(last)
    assert w.state(pool) == "active"
    w.node.go_to(last + 1)
    assert w.state(pool) == "frozen"


class TestDeadlines:
    def test_evidence(self, w: World, funded: int) -> None:
        ends(w, funded, w.milestone(funded)["evidenceDeadline"])

    def test_a_verdict_counts_from_the_evidence_not_from_its_deadline(self, w: World, funded: int) -> None:
        submit(w, funded)
        ends(w, funded, w.node.now + 2 * DAY)

    def test_a_verdict_on_evidence_of_the_last_second(self, w: World, funded: int) -> None:
        due = w.milestone(funded)["evidenceDeadline"]
        submit(w, funded, at=due)
        attest(w, 1, funded)
        ends(w, funded, due + 2 * DAY)

    def test_a_rejection_that_is_not_cured(self, w: World, funded: int) -> None:
        w.reject(funded)
        ends(w, funded, w.milestone(funded)["evidenceDeadline"])

    def test_a_rejection_after_the_deadline_is_over_at_once(self, w: World, funded: int) -> None:
        """And not since the deadline: until now it was not over, and the donors' 30 days begin now."""
        due = w.milestone(funded)["evidenceDeadline"]
        submit(w, funded, at=due)
        attest(w, 1, funded, approved=False)
        told = w.events(attest(w, 2, funded, approved=False, at=due + DAY))
        assert next(v["last"] for name, v in told if name == "MilestoneRejected")
        assert (w.state(funded), w.pool(funded)["defaultsAt"]) == ("frozen", due + DAY - 1)

    def test_one_in_its_last_second_is_not(self, w: World, funded: int) -> None:
        due = w.milestone(funded)["evidenceDeadline"]
        submit(w, funded, at=due - 2)
        attest(w, 1, funded, approved=False)
        told = w.events(attest(w, 2, funded, approved=False, at=due))
        assert not next(v["last"] for name, v in told if name == "MilestoneRejected")
        assert (w.state(funded), w.pool(funded)["defaultsAt"]) == ("active", due)

    @pytest.mark.parametrize("began", [-1, 0, 1])
    def test_a_pause_gives_no_time_to_a_deadline_that_was_past(self, w: World, funded: int, began: int) -> None:
        """A pause that began in the deadline's last second or before moves it; a later one does not."""
        due = w.milestone(funded)["evidenceDeadline"]
        submit(w, funded, at=due - 2)
        w.do(w.pauser, w.fund, "pause", funded, at=due + began)
        attest(w, 1, funded, approved=False)
        attest(w, 2, funded, approved=False, at=due + DAY)
        ended = ("active", due + 7 * DAY) if began <= 0 else ("frozen", due + DAY - 1)
        assert (w.state(funded), w.pool(funded)["defaultsAt"]) == ended

    def test_the_earliest_milestone_counts(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT)
        first, second = (w.milestone(funded, i)["evidenceDeadline"] for i in (0, 1))
        assert w.pool(funded)["defaultsAt"] == first
        submit(w, funded, 1)
        assert w.pool(funded)["defaultsAt"] == w.node.now + 2 * DAY
        for seat in (1, 2):
            attest(w, seat, funded, milestone=1)
        assert w.pool(funded)["defaultsAt"] == first
        w.approve(funded)
        approved = w.milestone(funded, 1)["decidedAt"]
        assert w.pool(funded)["defaultsAt"] == approved + DAY + WINDOW
        w.node.wait(DAY)
        release(w, funded, 1)
        assert w.pool(funded)["defaultsAt"] == w.milestone(funded)["decidedAt"] + DAY + WINDOW
        assert second < w.pool(funded)["defaultsAt"]

    def test_an_approved_milestone_does_not_save_the_next(self, w: World, funded: int) -> None:
        w.approve(funded)
        w.node.wait(DAY)
        ends(w, funded, w.milestone(funded, 1)["evidenceDeadline"])
        with reverts("PoolIs", funded, FROZEN):
            release(w, funded)

    def test_a_completed_pool_has_none(self, w: World) -> None:
        pool, _ = approved_pool(w, [(w.donor1, 120 * UNIT)], milestones=[(w.payee, 100 * UNIT, w.node.now + 60 * DAY)])
        w.node.wait(DAY)
        release(w, pool)
        w.node.wait(3000 * DAY)
        assert w.state(pool) == "completed"


class TestUnreleased:
    """What is approved and nobody could release."""

    @pytest.fixture
    def barred(self, w: World) -> int:
        """A pool whose token bars the payee of its approved milestone."""
        token = w.deploy("BarringToken")
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("barring"), ZERO32, "")
        for donor in (w.donor1, w.donor2):
            w.do(donor, token, "mint", donor, 10**12)
            w.do(donor, token, "approve", w.fund.address, 2**255)
        tranche = (w.payee, 100 * UNIT, w.node.now + 60 * DAY)
        pool, _ = approved_pool(
            w, [(w.donor1, 70 * UNIT), (w.donor2, 50 * UNIT)], token=token.address, milestones=[tranche]
        )
        w.do(w.stranger, token, "bar", w.payee, True)
        self.token = token
        return pool

    def test_after_90_days_its_money_goes_back(self, w: World, barred: int) -> None:
        opens = w.milestone(barred)["decidedAt"] + DAY
        with reverts("Barred", w.payee):
            release(w, barred, at=opens)
        with reverts("Barred", w.payee):
            release(w, barred, at=opens + WINDOW)
        assert w.state(barred) == "active"
        with reverts("PoolIs", barred, FROZEN):
            release(w, barred, at=opens + WINDOW + 1)
        before = w.balance(w.donor1, self.token)
        w.do(w.stranger, w.fund, "refund", barred, 0, w.donor1)
        w.do(w.stranger, w.fund, "refund", barred, 70 * UNIT, w.donor2)
        assert w.balance(w.donor1, self.token) - before == 70 * UNIT
        assert w.balance(w.fund.address, self.token) == 0

    def test_in_the_last_second_it_is_still_paid(self, w: World, barred: int) -> None:
        opens = w.milestone(barred)["decidedAt"] + DAY
        w.do(w.stranger, self.token, "bar", w.payee, False)
        release(w, barred, at=opens + WINDOW)
        assert (w.state(barred), w.balance(w.payee, self.token)) == ("completed", 100 * UNIT)

    def test_a_pool_that_nobody_looks_after(self, w: World, funded: int) -> None:
        w.give(funded, 200 * UNIT)
        w.approve(funded, 1)
        w.approve(funded)
        w.node.wait(DAY)
        release(w, funded)
        ends(w, funded, w.milestone(funded, 1)["decidedAt"] + DAY + WINDOW)


def approve_now(w: World, pool: int) -> int:
    """Let the last attestor approve it: 90 days after the objection window."""
    attest(w, 2, pool)
    return DAY + WINDOW


def dispute_now(w: World, pool: int) -> int:
    """Let the donor object: an attestation window."""
    objecting(w, pool, 0)
    return 2 * DAY


def confirm_now(w: World, pool: int) -> int:
    """Let the last attestor confirm what was disputed."""
    attest(w, 3, pool)
    return DAY + WINDOW


def release_now(w: World, pool: int) -> int:
    """Release the last open milestone of an open-ended pool: 180 days."""
    release(w, pool)
    return 180 * DAY


def begun(w: World, how: Callable[[World, int], int]) -> int:
    """Return an open-ended pool in which all is ready for that call."""
    tranche = (w.payee, 60 * UNIT, w.node.now + 60 * DAY)
    pool = w.open_pool(openEnded=True, fundingDeadline=0, milestones=[tranche])
    w.give(pool, 120 * UNIT)
    submit(w, pool)
    attest(w, 1, pool)
    if how is not approve_now:
        attest(w, 2, pool)
    if how is confirm_now:
        objecting(w, pool, 0)
        confirm(w, pool, 1, 2)
    if how is release_now:
        w.node.wait(DAY)
    return pool


class TestPause:
    def test_a_deadline_moves_by_as_long_as_it_lasts(self, w: World, funded: int) -> None:
        submit(w, funded)
        end = w.node.now + 2 * DAY
        w.do(w.pauser, w.fund, "pause", funded)
        began = w.node.now
        assert w.pool(funded)["defaultsAt"] == end + 7 * DAY
        w.do(w.operator, w.fund, "unpause", funded, at=began + 5 * DAY + 17)
        ends(w, funded, end + 5 * DAY + 17)

    def test_a_pause_in_the_last_second_saves_it(self, w: World, funded: int) -> None:
        submit(w, funded)
        end = w.node.now + 2 * DAY
        w.do(w.pauser, w.fund, "pause", funded, at=end)
        ends(w, funded, end + 7 * DAY)

    def test_a_pause_comes_too_late_for_a_frozen_pool(self, w: World, funded: int) -> None:
        submit(w, funded)
        with reverts("PoolIs", funded, FROZEN):
            w.do(w.pauser, w.fund, "pause", funded, at=w.node.now + 2 * DAY + 1)

    def test_evidence_may_come_so_much_later(self, w: World, funded: int) -> None:
        due = w.milestone(funded)["evidenceDeadline"]
        w.do(w.pauser, w.fund, "pause", funded)
        submit(w, funded, at=due + 7 * DAY)
        attest(w, 1, funded, approved=False)
        attest(w, 2, funded, approved=False)
        assert (w.state(funded), w.pool(funded)["defaultsAt"]) == ("frozen", w.node.now - 1)

    @pytest.mark.parametrize("how", [approve_now, dispute_now, confirm_now, release_now])
    @pytest.mark.parametrize("lasts", [2, 100, 6 * DAY, 7 * DAY])
    def test_a_deadline_that_begins_in_a_pause_is_not_cut_short(
        self, w: World, how: Callable[[World, int], int], lasts: int
    ) -> None:
        """It counts from the end of the pause: the clock stands still until then."""
        pool = begun(w, how)
        w.do(w.pauser, w.fund, "pause", pool)
        began = w.node.now
        window = how(w, pool)
        assert w.pool(pool)["defaultsAt"] == began + 7 * DAY + window
        w.do(w.operator, w.fund, "unpause", pool, at=began + lasts)
        ends(w, pool, began + lasts + window)

    @pytest.mark.parametrize("how", [approve_now, dispute_now, confirm_now, release_now])
    def test_a_deadline_that_begins_after_a_pause_counts_from_then(
        self, w: World, how: Callable[[World, int], int]
    ) -> None:
        pool = begun(w, how)
        w.do(w.pauser, w.fund, "pause", pool)
        w.do(w.operator, w.fund, "unpause", pool, at=w.node.now + 5 * HOUR)
        window = how(w, pool)
        ends(w, pool, w.node.now + window)

    def test_one_that_is_over_by_itself_adds_no_more(self, w: World, funded: int) -> None:
        """Nobody has called unpause; its 7 days are over all the same."""
        w.do(w.pauser, w.fund, "pause", funded)
        w.node.wait(8 * DAY)
        submit(w, funded)
        end = w.node.now + 2 * DAY
        assert w.pool(funded)["defaultsAt"] == end
        w.do(w.stranger, w.fund, "unpause", funded)
        ends(w, funded, end)

    def test_a_second_pause_adds_to_the_first(self, w: World, funded: int) -> None:
        due = w.milestone(funded)["evidenceDeadline"]
        for days in (3, 5):
            w.do(w.pauser, w.fund, "pause", funded)
            w.do(w.operator, w.fund, "unpause", funded, at=w.node.now + days * DAY)
            w.node.wait(28 * DAY)
        ends(w, funded, due + 8 * DAY)

    def test_new_evidence_in_a_dispute_waits_for_its_end(self, w: World) -> None:
        pool = disputed_pool(w)
        w.do(w.pauser, w.fund, "pause", pool)
        over = w.pool(pool)["pausedUntil"]
        with reverts("PauseIs", pool, True):
            submit(w, pool, evidence=OTHER, at=over - 1)
        submit(w, pool, evidence=OTHER, at=over)
        assert w.milestone(pool)["evidence"] == OTHER != EVIDENCE
