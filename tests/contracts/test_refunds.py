"""PooledFund.refund: a direct contribution pulls what nobody spent of it. Entries: test_refunds_by_receipt.py.

├── when there is no gift at this place: NoGift
├── when neither the caller nor the receiver is the donor: NotTheDonor
├── when the pool is not over: PoolIs; frozen for whatever reason, or completed: paid
├── when all of it is spent, or was refunded: NothingToRefund
├── when the receiver is nobody, or the fund: BadReceiver
└── else the donor gets exactly its places that are not spent
    ├── and once more, when a payee gives back later
    └── one who cannot be paid blocks no other
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from refunding import ACTIVE, FUNDING, address_of, ended, give_back, pay_out, pull, record
from refusals import reverts
from world import DAY, TOKEN_KIND, UNIT, ZERO, ZERO32, World, b32

if TYPE_CHECKING:
    from collections.abc import Callable


def two_gifts(w: World, **changes: Any) -> int:
    """Open a pool to which donor1 and donor2 give 60 each."""
    pool = w.open_pool(**changes)
    for who in (w.donor1, w.donor2):
        w.give(pool, 60 * UNIT, who)
    return pool


def one_milestone(w: World) -> Any:
    """Return a plan's one milestone, of 100."""
    return [(w.payee, 100 * UNIT, w.node.now + 60 * DAY)]


def unmet(w: World) -> int:
    pool = two_gifts(w, fundingThreshold=300 * UNIT)
    w.node.go_to(w.pool(pool)["fundingDeadline"] + 1)
    return pool


def no_evidence(w: World) -> int:
    pool = two_gifts(w)
    w.node.go_to(w.milestone(pool)["evidenceDeadline"] + 1)
    return pool


def no_verdict(w: World) -> int:
    pool = two_gifts(w)
    w.do(w.ngo, w.judgement, "submitEvidence", pool, 0, b"\1" * 32, "")
    w.node.wait(2 * DAY + 1)
    return pool


def rejected(w: World) -> int:
    pool = two_gifts(w)
    w.reject(pool)
    w.node.go_to(w.milestone(pool)["evidenceDeadline"] + 1)
    return pool


def rejected_for_good(w: World) -> int:
    pool = two_gifts(w)
    evidence = w.approve(pool)
    w.do(w.donor1, w.judgement, "object", pool, 0, evidence, [0])
    for attestor in w.attestors[:3]:
        w.do(attestor, w.judgement, "attest", pool, 0, evidence, True)
    w.do(w.donor1, w.judgement, "object", pool, 0, evidence, [0])
    return pool


def unsettled(w: World) -> int:
    pool = two_gifts(w)
    w.do(w.donor1, w.judgement, "object", pool, 0, w.approve(pool), [0])
    w.node.wait(2 * DAY + 1)
    return pool


def unreleased(w: World) -> int:
    pool = two_gifts(w, milestones=one_milestone(w))
    w.approve(pool)
    w.node.wait(91 * DAY + 1)
    return pool


def cancelled(w: World) -> int:
    pool = two_gifts(w)
    w.do(w.ngo, w.fund, "cancel", pool)
    return pool


def idle(w: World) -> int:
    pool = two_gifts(w, openEnded=True, milestones=one_milestone(w))
    pay_out(w, pool)
    give_back(w, pool, 100 * UNIT)
    w.node.wait(180 * DAY + 1)
    return pool


REASONS = [
    *(unmet, no_evidence, no_verdict, rejected, rejected_for_good),
    *(unsettled, unreleased, cancelled, idle),
]


class TestWhen:
    @pytest.mark.parametrize("reason", REASONS)
    def test_whatever_froze_the_pool(self, w: World, reason: Callable[[World], int]) -> None:
        pool = reason(w)
        assert w.state(pool) == "frozen"
        before = [w.balance(who) for who in (w.donor1, w.donor2)]
        pull(w, pool, 60 * UNIT, w.donor2)
        pull(w, pool, 0, w.donor1)
        assert [w.balance(who) for who in (w.donor1, w.donor2)] == [amount + 60 * UNIT for amount in before]
        assert (w.see(w.fund, "heldOf", pool), w.balance(w.fund.address)) == (0, 0)

    def test_not_before_the_end(self, w: World) -> None:
        pool = two_gifts(w, fundingThreshold=130 * UNIT)
        last = w.pool(pool)["fundingDeadline"]
        with reverts("PoolIs", pool, FUNDING):
            pull(w, pool, 0, w.donor1)
        w.node.go_to(last)
        with reverts("PoolIs", pool, FUNDING):
            w.see(w.fund, "refund", pool, 0, w.donor1)
        pull(w, pool, 0, w.donor1)
        active = two_gifts(w)
        with reverts("PoolIs", active, ACTIVE):
            pull(w, active, 0, w.donor1, w.donor1)

    def test_what_is_left_of_a_completed_pool(self, w: World) -> None:
        pool = two_gifts(w, milestones=one_milestone(w))
        pay_out(w, pool)
        assert w.state(pool) == "completed"
        before = w.balance(w.donor2)
        with reverts("NothingToRefund", pool, 0):
            pull(w, pool, 0, w.donor1)
        pull(w, pool, 60 * UNIT, w.donor2)
        assert w.balance(w.donor2) - before == 20 * UNIT
        assert w.balance(w.fund.address) == 0

    def test_a_gift_of_which_a_part_is_spent(self, w: World) -> None:
        pool = two_gifts(w)
        pay_out(w, pool)
        w.do(w.ngo, w.fund, "cancel", pool)
        assert [w.see(w.fund, "unspentOf", pool, i * 60 * UNIT, 60 * UNIT) for i in (0, 1)] == [0, 20 * UNIT]
        with reverts("NothingToRefund", pool, 0):
            pull(w, pool, 0, w.donor1)
        pull(w, pool, 60 * UNIT, w.donor2)
        assert w.see(w.fund, "heldOf", pool) == 0

    def test_what_a_payee_gives_back_later(self, w: World) -> None:
        pool = two_gifts(w)
        pay_out(w, pool)
        w.do(w.ngo, w.fund, "cancel", pool)
        pull(w, pool, 60 * UNIT, w.donor2)
        give_back(w, pool, 50 * UNIT)
        before = [w.balance(who) for who in (w.donor1, w.donor2)]
        pull(w, pool, 60 * UNIT, w.donor2)
        pull(w, pool, 0, w.donor1)
        after = [w.balance(who) for who in (w.donor1, w.donor2)]
        assert [b - a for a, b in zip(before, after, strict=True)] == [10 * UNIT, 40 * UNIT]
        with reverts("NothingToRefund", pool, 0):
            pull(w, pool, 0, w.donor1)


class TestWho:
    @pytest.fixture
    @staticmethod
    def over(w: World) -> int:
        return ended(w, (w.donor1, 60), (w.donor2, 60))

    def test_anyone_for_the_donor(self, w: World, over: int) -> None:
        told = w.events(pull(w, over, 60 * UNIT, w.donor2))
        said = {"pool": over, "donor": w.donor2, "batch": ZERO32, "token": w.token.address, "amount": 60 * UNIT}
        assert told == [("Refunded", said | {"start": 60 * UNIT, "to": w.donor2, "caller": w.stranger})]
        assert (w.pool(over)["refunded"], w.see(w.fund, "refundedOf", over, 60 * UNIT)) == (60 * UNIT, 60 * UNIT)
        assert (w.see(w.fund, "refundedOf", over, 0), w.see(w.fund, "heldOf", over)) == (0, 60 * UNIT)
        gift = {"donor": w.donor2, "amount": 60 * UNIT}
        assert w.see(w.fund, "giftAt", over, 60 * UNIT) == gift  # its place stays its own

    def test_only_the_donor_to_another_address(self, w: World, over: int) -> None:
        for who in (w.stranger, w.donor2, w.ngo, w.operator, w.gateway):
            with reverts("NotTheDonor", over, 0, who):
                pull(w, over, 0, w.stranger, who)
        pull(w, over, 0, address_of(1), w.donor1)
        assert w.balance(address_of(1)) == 60 * UNIT

    def test_nobody_twice(self, w: World, over: int) -> None:
        pull(w, over, 0, w.donor1)
        for who, to in ((w.stranger, w.donor1), (w.donor1, w.donor1), (w.donor1, w.payee)):
            with reverts("NothingToRefund", over, 0):
                pull(w, over, 0, to, who)

    def test_no_place_but_a_gifts_own_start(self, w: World, over: int) -> None:
        for pool, start in ((over, 1), (over, 60 * UNIT - 1), (over, 120 * UNIT), (over + 1, 0), (0, 0)):
            for who, to in ((w.stranger, ZERO), (w.donor1, w.donor1)):
                with reverts("NoGift", pool, start):
                    pull(w, pool, start, to, who)

    def test_an_entry_of_a_batch_is_no_direct_gift(self, w: World) -> None:
        pool = w.open_pool()
        record(w, pool, [(w.donor1, 5)])
        w.do(w.ngo, w.fund, "cancel", pool)
        with reverts("NoGift", pool, 0):
            pull(w, pool, 0, w.donor1, w.donor1)

    def test_not_to_nobody_nor_to_the_fund(self, w: World, over: int) -> None:
        for to in (ZERO, w.fund.address):
            with reverts("BadReceiver", to):
                pull(w, over, 0, to, w.donor1)
        pull(w, over, 0, w.donor1)

    def test_a_barred_donor_blocks_nobody_and_may_name_another_account(self, w: World) -> None:
        token = w.deploy("BarringToken")
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("barring"), ZERO32, "")
        for who in (w.donor1, w.donor2):
            w.do(who, token, "mint", who, 60 * UNIT)
            w.do(who, token, "approve", w.fund.address, 60 * UNIT)
        pool = two_gifts(w, token=token.address)
        w.do(w.ngo, w.fund, "cancel", pool)
        w.do(w.stranger, token, "bar", w.donor1, True)
        with reverts("Barred", w.donor1):
            pull(w, pool, 0, w.donor1)
        pull(w, pool, 60 * UNIT, w.donor2)
        assert w.balance(w.donor2, token) == 60 * UNIT
        pull(w, pool, 0, address_of(2), w.donor1)
        assert w.balance(address_of(2), token) == 60 * UNIT

    def test_a_donor_that_calls_back_in_gets_no_more(self, w: World) -> None:
        token, mallory = w.deploy("HookToken"), w.deploy("Reentrant")
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("hook"), ZERO32, "")
        for who in (w.donor1, mallory.address):
            w.do(w.stranger, token, "mint", who, 120 * UNIT)
        w.do(w.donor1, token, "approve", w.fund.address, 120 * UNIT)
        pool = w.open_pool(token=token.address)
        for call, target in (
            (token.data("approve", w.fund.address, 120 * UNIT), token),
            (w.fund.data("contribute", pool, 60 * UNIT), w.fund),
        ):
            w.do(w.stranger, mallory, "act", target.address, call)
        w.give(pool, 60 * UNIT)
        w.do(w.ngo, w.fund, "cancel", pool)
        again = w.fund.data("refund", pool, 0, mallory.address)
        w.do(w.stranger, mallory, "arm", w.fund.address, again)
        pull(w, pool, 0, mallory.address)
        assert (w.see(mallory, "passed"), w.see(mallory, "refused")) == (0, 1)
        assert (w.balance(mallory.address, token), w.see(w.fund, "heldOf", pool)) == (120 * UNIT, 60 * UNIT)
