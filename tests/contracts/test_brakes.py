"""The brake: pause, unpause.

pause
├── when the pool is unknown or over: PoolIs; when it is paused: PauseIs
├── when the last pause ended less than 28 days ago: TooEarly; in that second: paused
└── else gifts and evidence stop for 7 days, and nothing else does
    ├── every deadline that was running moves by what the pause lasted, to the second
    ├── a deadline that begins in a pause moves by what is left of it
    └── a deadline that had passed does not come back
unpause
├── when the pool is over: PoolIs; when it is not paused: PauseIs
├── before the 7 days are over: the operator alone; then: anyone
└── else gifts go on
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from refusals import reverts
from world import DAY, HOUR, UNIT, World, evidence_of

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.swift
NONE, FROZEN, COMPLETED = 0, 3, 4
WEEK = 7 * DAY
EVIDENCE = evidence_of("done")
Staged = tuple[int, int]
"""A pool, and the last second before it freezes if there is no pause."""


def pause(w: World, pool: int, at: int | None = None) -> int:
    """Pause a pool; return when that was."""
    w.do(w.pauser, w.fund, "pause", pool, at=at)
    return w.node.now


def unpause(w: World, pool: int, at: int, who: str | None = None) -> None:
    """End a pause, as a stranger if nobody else is named."""
    w.do(who or w.stranger, w.fund, "unpause", pool, at=at)


def single(w: World, **changes: object) -> int:
    """Open a pool with one milestone of 100 that is all there."""
    pool = w.open_pool(**{"milestones": [(w.payee, 100 * UNIT, w.node.now + 60 * DAY)]} | changes)
    w.give(pool, 100 * UNIT)
    return pool


def dispute(w: World, pool: int) -> int:
    """Let the donor of everything object; return when that was."""
    w.do(w.donor1, w.judgement, "object", pool, 0, EVIDENCE, [0])
    assert w.milestone_state(pool) == "disputed"
    return w.node.now


def funding(w: World) -> Staged:
    """A threshold that is not met."""
    pool = w.open_pool()
    return pool, w.pool(pool)["fundingDeadline"]


def evidence_due(w: World) -> Staged:
    """Evidence that does not come."""
    pool = single(w)
    return pool, w.milestone(pool)["evidenceDeadline"]


def verdict_due(w: World) -> Staged:
    """Attestors who say nothing."""
    pool = single(w)
    w.do(w.ngo, w.judgement, "submitEvidence", pool, 0, EVIDENCE, "")
    return pool, w.node.now + 2 * DAY


def dispute_due(w: World) -> Staged:
    """A dispute that nobody settles."""
    pool = single(w)
    w.approve(pool)
    return pool, dispute(w, pool) + 2 * DAY


def release_due(w: World) -> Staged:
    """An approved milestone that nobody releases."""
    pool = single(w)
    w.approve(pool)
    return pool, w.node.now + DAY + 90 * DAY


def next_due(w: World) -> Staged:
    """An open-ended pool in which nothing is open."""
    pool = single(w, openEnded=True)
    w.approve(pool)
    w.node.wait(DAY)
    w.do(w.ngo, w.fund, "release", pool, 0)
    return pool, w.node.now + 180 * DAY


DEADLINES = [funding, evidence_due, verdict_due, dispute_due, release_due, next_due]


def freezes_after(w: World, pool: int, last: int) -> None:
    """The pool is live in this second, and frozen in the next."""
    w.node.go_to(last)
    assert w.state(pool) in ("funding", "active")
    w.node.go_to(last + 1)
    assert w.state(pool) == "frozen"


class TestClockStandsStill:
    @pytest.mark.parametrize(("ended", "lasted"), [(2 * DAY, 2 * DAY), (WEEK, WEEK), (WEEK + HOUR, WEEK), (None, WEEK)])
    @pytest.mark.parametrize("stage", DEADLINES)
    def test_every_deadline_moves_by_what_the_pause_lasted(
        self, w: World, stage: Callable[[World], Staged], ended: int | None, lasted: int
    ) -> None:
        pool, last = stage(w)
        begun = pause(w, pool, at=w.node.now + HOUR)
        if ended is not None:
            unpause(w, pool, begun + ended, w.operator if ended < WEEK else w.stranger)
        freezes_after(w, pool, last + lasted)

    def test_two_pauses_add_up(self, w: World) -> None:
        pool, last = evidence_due(w)
        unpause(w, pool, pause(w, pool) + DAY, w.operator)
        pause(w, pool, at=w.node.now + 28 * DAY)
        assert w.pool(pool)["clockShift"] == 8 * DAY
        freezes_after(w, pool, last + 8 * DAY)

    def test_no_pause_moves_what_nobody_waits_for(self, w: World) -> None:
        """A plan without a funding deadline has none after a pause."""
        pool = single(w, openEnded=True, fundingDeadline=0)
        unpause(w, pool, pause(w, pool) + WEEK)
        stored = w.pool(pool)
        assert stored["acceptsUntil"] == stored["defaultsAt"]

    @pytest.mark.parametrize("lasted", [DAY, WEEK])
    def test_funding_that_was_over_stays_over(self, w: World, lasted: int) -> None:
        pool = single(w)
        over = w.pool(pool)["fundingDeadline"]
        begun = pause(w, pool, at=over + 1)
        unpause(w, pool, begun + lasted, w.operator)
        with reverts("NotAccepting", pool, over + lasted):
            w.give(pool, 1, at=begun + lasted + 1)

    @pytest.mark.parametrize("lasted", [DAY, WEEK])
    @pytest.mark.parametrize("what", ["a verdict", "a dispute", "a release"])
    def test_what_begins_in_a_pause_moves_by_the_rest_of_it(self, w: World, what: str, lasted: int) -> None:
        pool = single(w, openEnded=True)
        if what == "a verdict":
            w.do(w.ngo, w.judgement, "submitEvidence", pool, 0, EVIDENCE, "")
        else:
            w.approve(pool)
        if what == "a release":
            w.node.wait(DAY)
        begun = pause(w, pool)
        w.node.wait(HOUR)
        if what == "a verdict":
            for attestor in w.attestors[:2]:
                w.do(attestor, w.judgement, "attest", pool, 0, EVIDENCE, True)
            window = DAY + 90 * DAY
        elif what == "a dispute":
            dispute(w, pool)
            window = 2 * DAY
        else:
            w.do(w.ngo, w.fund, "release", pool, 0)
            window = 180 * DAY
        rest = begun + lasted - w.node.now
        last = w.node.now + window + rest
        unpause(w, pool, begun + lasted, w.operator)
        freezes_after(w, pool, last)

    def test_a_last_rejection_in_a_pause_freezes_at_once(self, w: World) -> None:
        pool, _ = dispute_due(w)
        for attestor in w.attestors[:3]:
            w.do(attestor, w.judgement, "attest", pool, 0, EVIDENCE, True)
        pause(w, pool)
        w.do(w.donor1, w.judgement, "object", pool, 0, EVIDENCE, [0])
        assert (w.milestone_state(pool), w.state(pool)) == ("rejected", "frozen")
        assert w.pool(pool)["defaultsAt"] == w.node.now - 1


class TestPause:
    def test_it_is_told_and_stored(self, w: World, pool: int) -> None:
        planned = w.pool(pool)
        receipt = w.do(w.pauser, w.fund, "pause", pool)
        until = w.node.now + WEEK
        due = planned["defaultsAt"] + WEEK
        assert w.events(receipt) == [
            ("Paused", {"pool": pool, "account": w.pauser, "until": until, "clockShift": WEEK}),
            ("DeadlineMoved", {"pool": pool, "acceptsUntil": 0, "defaultsAt": due}),
        ]
        told = {"paused": True, "pausedUntil": until, "clockShift": WEEK, "acceptsUntil": 0, "defaultsAt": due}
        assert w.pool(pool) == planned | told

    def test_its_end_is_told_and_stored(self, w: World, pool: int) -> None:
        planned = w.pool(pool)
        begun = pause(w, pool)
        receipt = w.do(w.operator, w.fund, "unpause", pool, at=begun + 5)
        until, due = planned["acceptsUntil"] + 5, planned["defaultsAt"] + 5
        assert w.events(receipt) == [
            ("Unpaused", {"pool": pool, "account": w.operator, "clockShift": 5}),
            ("DeadlineMoved", {"pool": pool, "acceptsUntil": until, "defaultsAt": due}),
        ]
        told = {"pausedUntil": begun + 5, "clockShift": 5, "acceptsUntil": until, "defaultsAt": due}
        assert w.pool(pool) == planned | told
        w.give(pool, UNIT)

    def test_twice(self, w: World, pool: int) -> None:
        with reverts("PauseIs", pool, False):
            w.do(w.operator, w.fund, "unpause", pool)
        begun = pause(w, pool)
        for later in (1, WEEK):
            with reverts("PauseIs", pool, True):
                pause(w, pool, at=begun + later)

    @pytest.mark.parametrize(("ended", "lasted"), [(DAY, DAY), (WEEK, WEEK), (WEEK + DAY, WEEK)])
    def test_the_next_comes_28_days_after_the_end(self, w: World, ended: int, lasted: int) -> None:
        pool, _ = evidence_due(w)
        begun = pause(w, pool)
        unpause(w, pool, begun + ended, w.operator)
        earliest = begun + lasted + 28 * DAY
        with reverts("TooEarly", earliest):
            pause(w, pool, at=earliest - 1)
        pause(w, pool, at=earliest)

    def test_early_the_operator_alone_ends_it_and_then_anyone(self, w: World, pool: int) -> None:
        begun = pause(w, pool)
        for who in (w.stranger, w.pauser, w.ngo, w.admin, w.registrar):
            with reverts("AccessManagedUnauthorized", who):
                unpause(w, pool, w.node.now + 1, who)
        with reverts("AccessManagedUnauthorized", w.stranger):
            unpause(w, pool, begun + WEEK - 1)
        unpause(w, pool, begun + WEEK)
        w.give(pool, UNIT)

    def test_it_stops_one_pool_only(self, w: World, pool: int) -> None:
        other = w.open_pool()
        pause(w, pool)
        w.give(other, UNIT)
        with reverts("NotAccepting", pool, 0):
            w.give(pool, UNIT)

    def test_what_is_over_is_not_paused_nor_thawed(self, w: World) -> None:
        with reverts("PoolIs", 7, NONE):
            pause(w, 7)
        pool, last = evidence_due(w)
        pause(w, pool)
        w.node.go_to(last + WEEK + 1)
        for who, function in ((w.pauser, "pause"), (w.operator, "unpause")):
            with reverts("PoolIs", pool, FROZEN):
                w.do(who, w.fund, function, pool)
        done = single(w)
        w.approve(done)
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "release", done, 0)
        with reverts("PoolIs", done, COMPLETED):
            pause(w, done)


class TestMeanwhile:
    """What a pause stops, and what it does not."""

    def test_evidence_waits_for_the_end_of_the_7_days(self, w: World) -> None:
        pool = single(w)
        begun = pause(w, pool)
        call = (w.judgement, "submitEvidence", pool, 0, EVIDENCE, "")
        with reverts("PauseIs", pool, True):
            w.do(w.ngo, *call, at=begun + WEEK - 1)
        w.do(w.ngo, *call, at=begun + WEEK)

    def test_verdicts_and_objections_and_releases_go_on(self, w: World) -> None:
        pool = w.open_pool()
        w.give(pool, 240 * UNIT)
        w.give(pool, 60 * UNIT, w.donor2)
        w.do(w.ngo, w.judgement, "submitEvidence", pool, 0, EVIDENCE, "")
        pause(w, pool)
        for attestor in w.attestors[:2]:
            w.do(attestor, w.judgement, "attest", pool, 0, EVIDENCE, True)
        w.do(w.donor2, w.judgement, "object", pool, 0, EVIDENCE, [240 * UNIT])
        w.node.wait(DAY)
        w.do(w.ngo, w.fund, "release", pool, 0)
        assert (w.milestone_state(pool), w.pool(pool)["acceptsUntil"]) == ("released", 0)
        w.do(w.payee, w.token, "approve", w.fund.address, UNIT)
        w.do(w.payee, w.fund, "giveBack", pool, 0, UNIT)

    def test_the_ngo_may_cancel_and_refunds_go_on(self, w: World, funded: int) -> None:
        pause(w, funded)
        w.do(w.ngo, w.fund, "cancel", funded)
        w.do(w.stranger, w.fund, "refund", funded, 0, w.donor1)
        assert w.see(w.fund, "heldOf", funded) == 0
