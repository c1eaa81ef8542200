"""Custody holds against a Judgement that lies: yes to everything, at any time, in any order.

What it decides is when a milestone is paid and when a pool is over. It cannot decide whom, how much or how often, and
no pool ever pays more than it has taken in.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest
from conftest import CANCEL, PAUSE, RECORD
from refunding import ACTIVE, MONTH, address_of, give_back, pull, record, take
from refusals import reverts
from world import CANCELLER, DAY, GATEWAY, NEVER, PAUSER, UNIT, ZERO, RefusedError, World, next_addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.swift
FROZEN, COMPLETED = 3, 4


@pytest.fixture
def lied(w: World) -> Iterator[World]:
    """A fund whose Judgement lies, with another pool in it (1) that holds 1,000 units of other people's money."""
    *_, fund = islice(next_addresses(w.node, w.deployer), 4)
    judgement = w.deploy("MockJudgement", fund)
    sponsors, payouts = w.deploy("MockFor", fund), w.deploy("MockFor", fund)
    books = (judgement.address, sponsors.address, payouts.address)
    other = w.deploy("PooledFund", w.consortium.address, w.register.address, *books)
    for selector, role in ((RECORD, GATEWAY), (PAUSE, PAUSER), (CANCEL, CANCELLER)):
        w.do(w.admin, w.consortium, "setTargetFunctionRole", other.address, [selector], role)
    truth = w.fund, w.judgement
    w.fund, w.judgement = other, judgement
    for who in (w.donor1, w.donor2, w.gateway):
        w.do(who, w.token, "approve", other.address, 2**256 - 1)
    w.open_pool()
    w.give(1, 1000 * UNIT, w.donor2)
    try:
        yield w
        # Whatever it said: the other pool's money is where it was.
        assert w.balance(other.address) >= 1000 * UNIT == w.see(other, "heldOf", 1)
    finally:
        w.fund, w.judgement = truth


def release(w: World, pool: int, milestone: int = 0) -> None:
    """Release a milestone; nobody judged it."""
    w.do(w.stranger, w.fund, "release", pool, milestone)


def say(w: World, pool: int, due: int) -> None:
    """Let the Judgement move a pool's clock."""
    w.do(w.stranger, w.judgement, "say", pool, due)


class TestRelease:
    def test_only_the_plans_payee_and_amount_and_once(self, lied: World) -> None:
        w = lied
        pool = w.open_pool()
        w.give(pool, 250 * UNIT)
        release(w, pool)
        assert w.balance(w.payee) == 100 * UNIT
        with reverts("AlreadyReleased", pool, 0):
            release(w, pool)
        with reverts("NotEnoughHeld", 150 * UNIT, 200 * UNIT):
            release(w, pool, 1)
        with reverts("UnknownMilestone", pool, 2):
            release(w, pool, 2)

    def test_not_before_the_threshold_is_met(self, lied: World) -> None:
        w = lied
        pool = w.open_pool(fundingThreshold=300 * UNIT)
        w.give(pool, 299 * UNIT)
        with reverts("PoolIs", pool, 1):
            release(w, pool)

    def test_not_twice_from_inside(self, lied: World) -> None:
        """In the midst of the release the Judgement releases the same again: all falls, or it is paid once."""
        w = lied
        pool = w.open_pool()
        w.give(pool, 250 * UNIT)
        again = w.judgement.data("act", w.fund.address, w.fund.data("release", pool, 0))
        w.do(w.stranger, w.judgement, "arm", [again])
        with reverts("AlreadyReleased", pool, 0):
            release(w, pool)
        assert w.balance(w.payee) == 0

    def test_another_from_inside_is_paid_from_what_is_left(self, lied: World) -> None:
        w = lied
        pool = w.open_pool()
        w.give(pool, 250 * UNIT)
        other = w.judgement.data("act", w.fund.address, w.fund.data("release", pool, 1))
        w.do(w.stranger, w.judgement, "arm", [other])
        with reverts("NotEnoughHeld", 150 * UNIT, 200 * UNIT):
            release(w, pool)

    def test_a_plan_that_is_closed_stays_closed(self, lied: World) -> None:
        """Not even with its NGO: nothing is appended to a pool that was not opened as open-ended."""
        w = lied
        pool = w.open_pool()
        w.give(pool, 250 * UNIT)
        with reverts("NotOpenEnded", pool):
            w.do(w.ngo, w.fund, "appendMilestone", pool, (w.stranger, 250 * UNIT, NEVER - 1))

    def test_it_holds_no_key_to_anything_else(self, lied: World) -> None:
        w = lied
        me = w.judgement.address
        calls = {
            "setMatched": ((1, True), ("OnlyFor", w.see(w.fund, "SPONSORS"))),
            "cancel": ((1,), ("NotTheNgo", 1, me)),
            "pause": ((1,), ("AccessManagedUnauthorized", me)),
            "cancelByOperator": ((1,), ("AccessManagedUnauthorized", me)),
            "giveBack": ((1, 0, 1), ("NotThePayee", 1, 0, me)),
            "refund": ((1, 0, me), ("NotTheDonor", 1, 0, me)),
        }
        for function, (args, refusal) in calls.items():
            with reverts(*refusal):
                w.do(w.stranger, w.judgement, "act", w.fund.address, w.fund.data(function, *args))


class TestClock:
    def test_what_is_over_is_not_thawed(self, lied: World) -> None:
        w = lied
        for cancelled in (True, False):
            pool = w.open_pool()
            w.give(pool, 120 * UNIT)
            if cancelled:
                w.do(w.ngo, w.fund, "cancel", pool)
            else:
                say(w, pool, w.node.now)
                w.node.wait(2)
            with reverts("PoolIs", pool, FROZEN):
                say(w, pool, NEVER)
            assert w.state(pool) == "frozen"

    def test_what_is_completed_does_not_open_again(self, lied: World) -> None:
        w = lied
        pool = w.open_pool(milestones=[(w.payee, 100 * UNIT, w.node.now + DAY)])
        w.give(pool, 120 * UNIT)
        release(w, pool)
        end = w.pool(pool)["defaultsAt"]
        with reverts("PoolIs", pool, COMPLETED):
            say(w, pool, NEVER)
        assert (w.state(pool), w.pool(pool)["defaultsAt"]) == ("completed", end)

    def test_it_hastens_no_gateway_once_the_pool_is_over(self, lied: World) -> None:
        w = lied
        pool = w.open_pool()
        recorded = record(w, pool, [(ZERO, 120 * UNIT)])
        w.do(w.ngo, w.fund, "cancel", pool)
        end = w.node.now - 1
        with reverts("PoolIs", pool, FROZEN):
            say(w, pool, 1)
        with reverts("TooEarly", end + MONTH):
            take(w, recorded, address_of(1))

    @pytest.mark.parametrize("gone", [0, 1])
    def test_frozen_and_thawed_in_the_midst_of_a_release(self, lied: World, gone: int) -> None:
        """It freezes the pool, lets a donor pull, and thaws it, all inside one release; whatever is refunded then is
        gone from the pool, and other pools do not pay for it."""
        w = lied
        pool = w.open_pool()
        gifts = (0, 120 * UNIT), (120 * UNIT, 200 * UNIT)
        for _, amount in gifts:
            w.give(pool, amount)
        start = gifts[gone][0]
        calls = [
            w.judgement.data("say", pool, 1),
            w.judgement.data("act", w.fund.address, w.fund.data("refund", pool, start, w.donor1)),
            w.judgement.data("think", NEVER),
        ]
        w.do(w.stranger, w.judgement, "arm", calls)
        before = w.balance(w.donor1) + w.balance(w.payee) + w.balance(w.payee2)
        release(w, pool)
        for sender, function, *args in (
            (w.donor1, "contribute", pool, 80 * UNIT),
            (w.stranger, "release", pool, 1),
        ):
            attempt(w, sender, function, *args)
        attempt(w, w.ngo, "cancel", pool)
        for place in (0, 120 * UNIT, 320 * UNIT):
            attempt(w, w.stranger, "refund", pool, place, w.donor1)
        held = w.balance(w.fund.address) - 1000 * UNIT
        after = w.balance(w.donor1) + w.balance(w.payee) + w.balance(w.payee2)
        assert held == w.see(w.fund, "heldOf", pool) >= 0
        assert after - before == 320 * UNIT - held


def attempt(w: World, sender: str, function: str, *args: object) -> None:
    """Try a call; whether it goes through is not what the test asks."""
    try:
        w.do(sender, w.fund, function, *args)
    except RefusedError:
        return


def test_it_cannot_make_a_payee_who_gave_back_whole_again(lied: World) -> None:
    w = lied
    pool = w.open_pool()
    w.give(pool, 120 * UNIT)
    release(w, pool)
    give_back(w, pool, 100 * UNIT)
    with reverts("AlreadyReleased", pool, 0):
        release(w, pool)
    with reverts("PoolIs", pool, ACTIVE):
        pull(w, pool, 0, w.donor1)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_no_fund_begins_with_the_books_of_another(w: World, which: int) -> None:
    """The other books answer with whoever asks: `caller`, in 32 bytes."""
    receipt = w.node.send_raw({"from": w.deployer, "data": "0x683360005260206000f360005260096017f3"})
    books = [receipt["contractAddress"]] * 3
    books[which] = (w.judgement, w.sponsors, w.payouts)[which].address
    with reverts("OfAnotherFund", books[which]):
        w.deploy("PooledFund", w.consortium.address, w.register.address, *books)
