"""PooledFund.refundBatch: the gateway takes what the donors of its batch have not claimed.

├── when the caller has recorded no such batch: NoBatch
├── when the pool is not over: PoolIs; when 30 days since its end are not: TooEarly; in the next second: paid
├── when nothing is left: NothingToRefund
└── else exactly the batch's places that are neither spent nor claimed are paid
    ├── from then on no donor of the batch is: TakenByGateway
    └── what comes back later is the gateway's too
"""

from __future__ import annotations

import pytest
from refunding import (
    ACTIVE,
    DONORS,
    MONTH,
    Recorded,
    address_of,
    claim,
    give_back,
    pay_out,
    pull,
    record,
    take,
)
from refusals import reverts
from world import DAY, GATEWAY, TOKEN_KIND, UNIT, ZERO, ZERO32, World, b32

pytestmark = pytest.mark.swift
TO, BANK = address_of(100), address_of(101)
Over = tuple[int, Recorded]


@pytest.fixture
def over(w: World) -> Over:
    """A pool that was given up, with a direct gift of 7 and a batch: 10, 20 and 30 of three donors, 40 of nobody."""
    pool = w.open_pool()
    w.give(pool, 7 * UNIT)
    gifts = [(DONORS[i], 10 * (i + 1) * UNIT) for i in range(3)]
    recorded = record(w, pool, [*gifts, (ZERO, 40 * UNIT)])
    w.do(w.ngo, w.fund, "cancel", pool)
    return pool, recorded


class TestWhen:
    def test_30_days_after_the_pool_was_given_up(self, w: World, over: Over) -> None:
        _, recorded = over
        earliest = w.node.now - 1 + MONTH
        with reverts("TooEarly", earliest):
            take(w, recorded, BANK, at=earliest - 1)
        take(w, recorded, BANK, at=earliest)
        assert w.balance(BANK) == 100 * UNIT

    def test_30_days_after_a_threshold_was_not_met(self, w: World) -> None:
        """The funding deadline counts, not the later one at which the first evidence would have been due."""
        pool = w.open_pool(fundingThreshold=300 * UNIT)
        recorded = record(w, pool, [(ZERO, UNIT)])
        earliest = w.pool(pool)["fundingDeadline"] + MONTH
        with reverts("TooEarly", earliest):
            take(w, recorded, BANK, at=earliest - 1)
        take(w, recorded, BANK, at=earliest)

    def test_30_days_after_evidence_was_missing(self, w: World) -> None:
        pool = w.open_pool()
        recorded = record(w, pool, [(ZERO, 60 * UNIT)])
        earliest = w.milestone(pool)["evidenceDeadline"] + MONTH
        with reverts("PoolIs", pool, ACTIVE):
            take(w, recorded, BANK)
        with reverts("TooEarly", earliest):
            take(w, recorded, BANK, at=earliest - 1)
        take(w, recorded, BANK, at=earliest)

    def test_30_days_after_the_last_release(self, w: World) -> None:
        pool = w.open_pool(milestones=[(w.payee, 100 * UNIT, w.node.now + 60 * DAY)])
        recorded = record(w, pool, [(ZERO, 130 * UNIT)])
        pay_out(w, pool)
        earliest = w.node.now + MONTH
        with reverts("TooEarly", earliest):
            take(w, recorded, BANK, at=earliest - 1)
        take(w, recorded, BANK, at=earliest)
        assert (w.balance(BANK), w.balance(w.fund.address)) == (30 * UNIT, 0)


class TestTaken:
    @pytest.fixture
    @staticmethod
    def late(w: World, over: Over) -> Over:
        w.node.wait(MONTH)
        return over

    def test_it_is_told_and_stored(self, w: World, late: Over) -> None:
        pool, recorded = late
        said = {"pool": pool, "batch": recorded.batch, "gateway": w.gateway, "token": w.token.address}
        told = w.events(take(w, recorded, BANK))
        assert told == [("BatchRefunded", said | {"amount": 100 * UNIT, "to": BANK})]
        stored = w.see(w.fund, "batchOf", recorded.batch)
        assert (stored["refunded"], stored["taken"]) == (100 * UNIT, True)
        assert (w.pool(pool)["refunded"], w.see(w.fund, "heldOf", pool)) == (100 * UNIT, 7 * UNIT)

    def test_what_donors_have_claimed_is_theirs(self, w: World, late: Over) -> None:
        pool, recorded = late
        claim(w, recorded, 1, TO)
        take(w, recorded, BANK)
        assert (w.balance(TO), w.balance(BANK)) == (20 * UNIT, 80 * UNIT)
        pull(w, pool, 0, w.donor1)
        assert w.see(w.fund, "heldOf", pool) == 0

    def test_after_it_no_donor_gets_the_same_money(self, w: World, late: Over) -> None:
        _, recorded = late
        claim(w, recorded, 1, TO)
        take(w, recorded, BANK)
        for i in (0, 1, 2):
            with reverts("TakenByGateway", recorded.batch):
                claim(w, recorded, i, TO)

    def test_nobody_twice(self, w: World, late: Over) -> None:
        pool, recorded = late
        take(w, recorded, BANK)
        with reverts("NothingToRefund", pool, 7 * UNIT):
            take(w, recorded, BANK)

    def test_when_all_was_claimed_nothing_is_left(self, w: World) -> None:
        pool = w.open_pool()
        recorded = record(w, pool, [(DONORS[0], UNIT), (DONORS[1], UNIT)])
        w.do(w.ngo, w.fund, "cancel", pool)
        w.node.wait(MONTH)
        for i in (0, 1):
            claim(w, recorded, i, TO)
        with reverts("NothingToRefund", pool, 0):
            take(w, recorded, BANK)
        assert not w.see(w.fund, "batchOf", recorded.batch)["taken"]

    def test_others_have_no_such_batch(self, w: World, late: Over) -> None:
        _, recorded = late
        for who in (w.gateway2, w.operator, w.ngo, w.stranger):
            batch = w.see(w.fund, "batchId", who, recorded.reference)
            with reverts("NoBatch", batch):
                take(w, recorded, BANK, sender=who)

    def test_a_gateway_without_its_role_may_still(self, w: World, late: Over) -> None:
        w.do(w.registrar, w.consortium, "revokeRole", GATEWAY, w.gateway)
        w.do(w.registrar, w.register, "revoke", w.gateway)
        take(w, late[1], BANK)
        assert w.balance(BANK) == 100 * UNIT

    def test_each_gateway_its_own(self, w: World) -> None:
        """The same reference, the same pool: two batches."""
        pool = w.open_pool()
        first = record(w, pool, [(ZERO, 5)], "same")
        second = record(w, pool, [(ZERO, 6)], "same", gateway=w.gateway2)
        w.do(w.ngo, w.fund, "cancel", pool)
        w.node.wait(MONTH)
        take(w, first, BANK)
        take(w, second, TO, sender=w.gateway2)
        assert (w.balance(BANK), w.balance(TO)) == (5, 6)

    def test_not_to_nobody_nor_to_the_fund(self, w: World, late: Over) -> None:
        for to in (ZERO, w.fund.address):
            with reverts("BadReceiver", to):
                take(w, late[1], to)
        assert not w.see(w.fund, "batchOf", late[1].batch)["taken"]

    def test_what_comes_back_later_is_the_gateways_too(self, w: World) -> None:
        pool = w.open_pool()
        recorded = record(w, pool, [(DONORS[0], 90 * UNIT), (DONORS[1], 30 * UNIT)])
        pay_out(w, pool)
        w.do(w.ngo, w.fund, "cancel", pool)
        w.node.wait(MONTH)
        claim(w, recorded, 1, TO)
        with reverts("NothingToRefund", pool, 0):
            take(w, recorded, BANK)
        give_back(w, pool, 30 * UNIT)
        w.node.wait(MONTH)
        take(w, recorded, BANK)
        give_back(w, pool, 5 * UNIT)
        with reverts("TakenByGateway", recorded.batch):
            claim(w, recorded, 0, TO)
        w.node.wait(MONTH)
        take(w, recorded, BANK)
        assert (w.balance(TO), w.balance(BANK), w.see(w.fund, "heldOf", pool)) == (20 * UNIT, 35 * UNIT, 0)

    def test_what_a_payee_gives_back_is_the_donors_first(self, w: World) -> None:
        """For 30 days, whenever it comes; but not from a payee that was paid more than 2 years ago."""
        pool = w.open_pool()
        recorded = record(w, pool, [(DONORS[0], 60 * UNIT), (DONORS[1], 40 * UNIT)])
        pay_out(w, pool)
        paid = w.node.now
        w.do(w.ngo, w.fund, "cancel", pool)
        w.do(w.payee, w.token, "approve", w.fund.address, 100 * UNIT)
        for at, waits in ((paid + 100 * DAY, True), (paid + 730 * DAY, True), (paid + 800 * DAY, False)):
            w.do(w.payee, w.fund, "giveBack", pool, 0, 10 * UNIT, at=at)
            if waits:
                with reverts("TooEarly", at + MONTH):
                    take(w, recorded, BANK, at=at + MONTH - 1)
        take(w, recorded, BANK)
        assert w.balance(BANK) == 30 * UNIT

    def test_the_gateway_waits_for_the_end_of_vouchers(self, w: World) -> None:
        pool = w.open_pool(limits=(ZERO32, 0, UNIT, DAY))
        recorded = record(w, pool, [(DONORS[0], 120 * UNIT)])
        pay_out(w, pool)
        paid = w.node.now
        w.do(w.ngo, w.fund, "cancel", pool)
        give_back(w, pool, 1)  # a crumb does not bring its turn on
        earliest = paid + 180 * DAY + MONTH
        with reverts("TooEarly", earliest):
            take(w, recorded, BANK, at=earliest - 1)
        take(w, recorded, BANK, at=earliest)

    def test_a_barred_gateway_names_another_account(self, w: World) -> None:
        token = w.deploy("BarringToken")
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("barring"), ZERO32, "")
        w.do(w.gateway, token, "mint", w.gateway, UNIT)
        w.do(w.gateway, token, "approve", w.fund.address, UNIT)
        pool = w.open_pool(token=token.address)
        recorded = record(w, pool, [(ZERO, UNIT)])
        w.do(w.ngo, w.fund, "cancel", pool)
        w.node.wait(MONTH)
        w.do(w.stranger, token, "bar", w.gateway, True)
        with reverts("Barred", w.gateway):
            take(w, recorded, w.gateway)
        take(w, recorded, BANK)
        assert w.balance(BANK, token) == UNIT
