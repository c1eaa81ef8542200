"""VoucherBook: bills that a beneficiary pays in part and a pool's milestone for the rest.

redeem
├── when the voucher is used or revoked, of another pool, book, chain or signer: refused
├── when the bill is of another voucher or signer, or changed by whoever hands it in: refused
├── when the provider is not accredited (any more), or pays itself: refused
├── when the milestone is not this book's, not released, or its 180 days are over: refused
├── limits: the voucher's part, the period's cap over the pool, the milestone's rest, to the unit and to the second
└── else the provider gets both parts in one call, or neither
revoke: by the pool's NGO, before the voucher is redeemed
expire: by anyone, after 180 days, once; the rest goes back to the places in line that it was spent from
"""

from __future__ import annotations

import random
from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any

import pytest
from refusals import reverts
from vouching import (
    CAP,
    FUNDED,
    LIFETIME,
    PERIOD,
    REDEEMED,
    REVOKED,
    UNUSED,
    Bill,
    Office,
    Voucher,
    address_of,
    check_vouchers,
    key_of,
    open_office,
    provider,
    wallet_of,
)
from world import DAY, MAX63, NEVER, NGO_KIND, TOKEN_KIND, UNIT, ZERO, ZERO32, RefusedError, World, b32, evidence_of

if TYPE_CHECKING:
    from world import Contract


pytestmark = pytest.mark.swift


@pytest.fixture
def office(w: World) -> Office:
    """The book and its people."""
    return open_office(w)


@pytest.fixture
def ready(office: Office) -> int:
    """A pool with 100 units for vouchers, of which 60 may be paid in a week."""
    return office.ready()


def test_the_book_knows_its_fund(w: World, office: Office) -> None:
    book = office.book
    assert (w.see(book, "FUND"), w.see(book, "REGISTER")) == (w.fund.address, w.register.address)
    assert w.see(book, "LIFETIME") == LIFETIME


class TestRedeem:
    def test_the_provider_gets_both_parts(self, w: World, office: Office, ready: int) -> None:
        voucher, bill = office.voucher(ready), Bill(w.payee, own=3 * UNIT, from_pool=7 * UNIT)
        assert office.state(voucher) == UNUSED
        assert w.see(office.book, "idOf", astuple(voucher)) == office.id_of(voucher)
        receipt = office.redeem(voucher, bill)
        said = {"pool": ready, "milestone": 0, "provider": w.payee, "voucher": office.id_of(voucher)}
        said |= {"token": w.token.address, "own": 3 * UNIT, "fromPool": 7 * UNIT, "evidence": bill.evidence}
        assert w.events(receipt, office.book) == [("VoucherRedeemed", {**said, "payer": w.relayer})]
        assert w.balance(w.payee) == 10 * UNIT
        assert w.balance(w.relayer) == 997 * UNIT
        assert w.balance(office.book.address) == office.left(ready) == FUNDED - 7 * UNIT
        assert office.period_left(ready) == CAP - 7 * UNIT
        assert office.state(voucher) == REDEEMED
        check_vouchers(office, ready)

    def test_who_can_pay_nothing_pays_nothing(self, w: World, office: Office, ready: int) -> None:
        """Then anyone may hand it in, without a token and without an allowance; also the provider itself."""
        for salt, who in enumerate((w.stranger, w.payee)):
            office.redeem(office.voucher(ready, salt=bytes([salt]) * 32), Bill(w.payee), who)
        assert w.balance(w.payee) == 20 * UNIT

    def test_a_provider_does_not_pay_itself(self, w: World, office: Office, ready: int) -> None:
        with reverts("PaysItself", w.payee):
            office.redeem(office.voucher(ready), Bill(w.payee, own=1), w.payee)

    def test_once(self, w: World, office: Office, ready: int) -> None:
        voucher = office.voucher(ready)
        office.redeem(voucher, Bill(w.payee, from_pool=1))
        for bill in (Bill(w.payee, from_pool=1), Bill(w.payee, from_pool=2)):
            with reverts("VoucherIs", office.id_of(voucher), REDEEMED):
                office.redeem(voucher, bill)
        office.redeem(replace(voucher, salt=b32("another")), Bill(w.payee))
        check_vouchers(office, ready)

    def test_once_whatever_the_form_of_its_signature(self, w: World, office: Office, ready: int) -> None:
        """The other of the two valid s of ECDSA is no second voucher."""
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        voucher, bill = office.voucher(ready), Bill(w.payee)
        issued, accepted = office.issue(voucher), office.accept(voucher, bill)
        s = (order - int.from_bytes(issued[32:64])).to_bytes(32)
        other = issued[:32] + s + bytes([55 - issued[64]])
        with reverts("BadSignature", w.ngo):
            office.hand_in(voucher, other, bill, accepted)
        office.hand_in(voucher, issued, bill, accepted)

    def test_a_bill_without_money_or_evidence(self, w: World, office: Office, ready: int) -> None:
        voucher = office.voucher(ready)
        with reverts("ZeroAmount"):
            office.redeem(voucher, Bill(w.payee, from_pool=0, own=5))
        with reverts("NoEvidence"):
            office.redeem(voucher, Bill(w.payee, evidence=ZERO32))
        for own in (MAX63 + 1, 2**64 - 1):
            with reverts("OverMax", own):
                office.redeem(voucher, Bill(w.payee, own=own))
        assert office.state(voucher) == UNUSED

    def test_both_parts_or_neither(self, w: World, office: Office, ready: int) -> None:
        voucher = office.voucher(ready)
        for payer, has in ((w.donor3, 0), (w.relayer, 1000 * UNIT)):
            w.do(w.donor3, w.token, "approve", office.book.address, 2**256 - 1)
            with reverts("ERC20InsufficientBalance", payer, has, 1000 * UNIT + 1):
                office.redeem(voucher, Bill(w.payee, own=1000 * UNIT + 1), payer)
        with reverts("ERC20InsufficientAllowance", office.book.address, 0, 1):
            office.redeem(voucher, Bill(w.payee, own=1), w.donor1)
        assert (w.balance(w.payee), office.state(voucher), office.left(ready)) == (0, UNUSED, FUNDED)
        office.redeem(voucher, Bill(w.payee, own=1000 * UNIT))

    def test_the_own_part_is_the_callers_and_nobody_elses(self, w: World, office: Office, ready: int) -> None:
        """The NGO, the donor and the provider let the book take all they have: it takes nothing of theirs."""
        for who in (w.ngo, w.donor1, w.payee):
            w.do(who, w.token, "approve", office.book.address, 2**256 - 1)
        w.mint(w.ngo, UNIT)
        before = [w.balance(who) for who in (w.ngo, w.donor1)]
        office.redeem(office.voucher(ready), Bill(w.payee, own=UNIT))
        assert [w.balance(who) for who in (w.ngo, w.donor1)] == before
        assert w.balance(w.relayer) == 999 * UNIT


class TestProviders:
    def test_only_accredited_ones_are_paid(self, w: World, office: Office, ready: int) -> None:
        """Being something else in the register is not enough, and who was revoked is paid no more."""
        for who in (w.stranger, w.ngo, w.attestor1, w.token.address, ZERO, office.book.address):
            with reverts("NotAccredited", who):
                office.redeem(office.voucher(ready), Bill(who))
        w.do(w.registrar, w.register, "revoke", w.payee)
        with reverts("NotAccredited", w.payee):
            office.redeem(office.voucher(ready), Bill(w.payee))
        provider(w, w.payee)
        office.redeem(office.voucher(ready), Bill(w.payee))

    def test_the_book_itself_cannot_be_one(self, w: World, office: Office, ready: int) -> None:
        provider(w, office.book.address)
        with reverts("WrongAmountReceived", 10 * UNIT, 0):
            office.redeem(office.voucher(ready), Bill(office.book.address))


class TestSignatures:
    def test_the_voucher_is_the_ngos(self, w: World, office: Office, ready: int) -> None:
        voucher, bill = office.voucher(ready), Bill(w.payee)
        accepted = office.accept(voucher, bill)
        for name in ("ngo2", "stranger", "payee", "operator", "admin", "attestor1"):
            with reverts("BadSignature", w.ngo):
                office.hand_in(voucher, office.issue(voucher, w.keys[name]), bill, accepted)
        for signature in (b"", b"\0" * 65, office.issue(voucher)[:64], accepted):
            with reverts("BadSignature", w.ngo):
                office.hand_in(voucher, signature, bill, accepted)

    @pytest.mark.parametrize(
        "change",
        [
            {"max_part": 11 * UNIT},
            {"valid_until": NEVER - 1},
            {"salt": b32("x")},
            {"milestone": 1},
            {"key": address_of(key_of("other"))},
        ],
    )
    def test_nothing_of_a_voucher_can_be_changed(self, w: World, office: Office, change: dict[str, Any]) -> None:
        pool = office.ready(amounts=(FUNDED, FUNDED))
        voucher, bill = office.voucher(pool), Bill(w.payee)
        forged = replace(voucher, **change)
        accepted = office.accept(forged, bill, key_of("other") if "key" in change else None)
        with reverts("BadSignature", w.ngo):
            office.hand_in(forged, office.issue(voucher), bill, accepted)
        office.hand_in(forged, office.issue(forged), bill, accepted)

    @pytest.mark.parametrize(
        "change",
        [
            {"provider": "payee2"},
            {"own": 1},
            {"own": 4},
            {"from_pool": 5},
            {"from_pool": 7},
            {"evidence": b32("x")},
            {"deadline": NEVER - 1},
        ],
    )
    def test_nothing_of_a_bill_can_be_changed(self, w: World, office: Office, ready: int, change: Any) -> None:
        """Whoever sees it on its way cannot pay another provider, or other amounts."""
        provider(w, w.payee2)
        voucher, bill = office.voucher(ready), Bill(w.payee, own=3, from_pool=6)
        forged = replace(bill, **{k: w.payee2 if k == "provider" else v for k, v in change.items()})
        with reverts("BadSignature", voucher.key):
            office.hand_in(voucher, office.issue(voucher), forged, office.accept(voucher, bill))
        office.redeem(voucher, forged)

    def test_the_bill_is_the_keys(self, w: World, office: Office, ready: int) -> None:
        voucher, bill = office.voucher(ready), Bill(w.payee)
        issued = office.issue(voucher)
        for key in (key_of("guess"), w.keys["ngo"], w.keys["payee"]):
            with reverts("BadSignature", voucher.key):
                office.hand_in(voucher, issued, bill, office.accept(voucher, bill, key))
        for signature in (b"", b"\0" * 65, issued):
            with reverts("BadSignature", voucher.key):
                office.hand_in(voucher, issued, bill, signature)

    def test_a_bill_of_another_voucher(self, w: World, office: Office, ready: int) -> None:
        """Also of the same key: each bill is for one voucher."""
        voucher, other, bill = office.voucher(ready), office.voucher(ready, salt=b32("x")), Bill(w.payee)
        with reverts("BadSignature", voucher.key):
            office.hand_in(voucher, office.issue(voucher), bill, office.accept(other, bill))

    @pytest.mark.parametrize("signature", [b"", b"\0" * 65, b"\xff" * 65, b"\0" * 64 + b"\x1b"])
    def test_no_key_at_all(self, w: World, office: Office, ready: int, signature: bytes) -> None:
        """A signature that recovers to nothing is not the signature of address 0."""
        voucher, bill = office.voucher(ready, key=ZERO), Bill(w.payee)
        with reverts("BadSignature", ZERO):
            office.hand_in(voucher, office.issue(voucher), bill, signature)

    def test_replayed_in_another_pool(self, w: World, office: Office, ready: int) -> None:
        """The same NGO, the same terms, another pool."""
        other = office.ready()
        voucher, bill = office.voucher(ready), Bill(w.payee)
        moved = replace(voucher, pool=other)
        with reverts("BadSignature", w.ngo):
            office.hand_in(moved, office.issue(voucher), bill, office.accept(moved, bill))
        with reverts("BadSignature", voucher.key):
            office.hand_in(moved, office.issue(moved), bill, office.accept(voucher, bill))

    def test_replayed_in_another_book_or_on_another_chain(self, w: World, office: Office, ready: int) -> None:
        other = Office(w, w.deploy("VoucherBook", w.fund.address), office.ngo_key)
        voucher, bill = office.voucher(ready), Bill(w.payee)
        elsewhere = (other.domain(), office.domain(chain=1), office.domain(book=w.fund.address))
        for domain in elsewhere:
            with reverts("BadSignature", w.ngo):
                office.hand_in(voucher, office.issue(voucher, domain=domain), bill, office.accept(voucher, bill))
            accepted = office.accept(voucher, bill, domain=domain)
            with reverts("BadSignature", voucher.key):
                office.hand_in(voucher, office.issue(voucher), bill, accepted)
        with reverts("NotForVouchers", ready, 0):
            other.redeem(voucher, bill)

    def test_an_unknown_pool_has_no_ngo(self, w: World, office: Office, ready: int) -> None:
        for pool in (0, ready + 1):
            voucher = office.voucher(pool)
            with reverts("UnknownPool", pool):
                office.hand_in(voucher, b"", Bill(w.payee), office.accept(voucher, Bill(w.payee)))

    def test_contract_accounts_sign(self, w: World, office: Office) -> None:
        """An NGO and a key that are contracts (ERC-1271): their owners sign."""
        wallet, key = wallet_of(w, w.payee2), wallet_of(w, w.donor3)
        w.do(w.registrar, w.register, "accredit", wallet.address, NGO_KIND, b32("Wallet"), ZERO32, "")
        pool = self.open_as(w, office, wallet.address)
        office.ngo_key, office.key = w.keys["payee2"], w.keys["donor3"]
        voucher, bill = office.voucher(pool, key=key.address), Bill(w.payee)
        for signer in ("ngo", "payee"):
            with reverts("BadSignature", wallet.address):
                issued = office.issue(voucher, w.keys[signer])
                office.hand_in(voucher, issued, bill, office.accept(voucher, bill))
            with reverts("BadSignature", key.address):
                accepted = office.accept(voucher, bill, w.keys[signer])
                office.hand_in(voucher, office.issue(voucher), bill, accepted)
        office.redeem(voucher, bill)
        assert w.balance(w.payee) == 10 * UNIT

    def open_as(self, w: World, office: Office, ngo: str) -> int:
        """Open a pool for an NGO that is a contract (the node lets us call in its name), and release its milestone."""
        w.node.speak_for(ngo)
        usual, w.addresses["ngo"] = w.ngo, ngo
        try:
            pool = office.ready()
        finally:
            w.addresses["ngo"] = usual
        assert w.pool(pool)["ngo"] == ngo
        return pool


class TestLimits:
    def test_the_part_of_a_voucher(self, w: World, office: Office, ready: int) -> None:
        voucher = office.voucher(ready, max_part=5)
        with reverts("OverMaxPart", 5, 6):
            office.redeem(voucher, Bill(w.payee, from_pool=6))
        office.redeem(voucher, Bill(w.payee, from_pool=5))

    def test_a_pool_without_vouchers(self, w: World, office: Office) -> None:
        pool = office.ready(cap=0, period=0)
        with reverts("NoVouchers", pool):
            office.redeem(office.voucher(pool), Bill(w.payee, from_pool=1))
        assert office.period_left(pool) == 0

    def test_the_cap_of_a_period_to_the_unit(self, w: World, office: Office, ready: int) -> None:
        voucher = office.voucher(ready, max_part=MAX63)
        with reverts("OverPeriodCap", CAP, CAP + 1):
            office.redeem(voucher, Bill(w.payee, from_pool=CAP + 1))
        office.redeem(voucher, Bill(w.payee, from_pool=CAP - 1))
        assert office.period_left(ready) == 1
        voucher = replace(voucher, salt=b32("second"))
        with reverts("OverPeriodCap", 1, 2):
            office.redeem(voucher, Bill(w.payee, from_pool=2))
        office.redeem(voucher, Bill(w.payee, from_pool=1))
        with reverts("OverPeriodCap", 0, 1):
            office.redeem(replace(voucher, salt=b32("third")), Bill(w.payee, from_pool=1))
        assert office.period_left(ready) == 0
        check_vouchers(office, ready)

    def test_the_cap_of_a_period_to_the_second(self, w: World, office: Office, ready: int) -> None:
        """Periods are counted from 1970: the last second of one, the first of the next."""
        vouchers = [office.voucher(ready, max_part=CAP, salt=bytes([n]) * 32) for n in range(3)]
        turn = (w.node.now // PERIOD + 1) * PERIOD
        office.redeem(vouchers[0], Bill(w.payee, from_pool=CAP), at=turn - 2)
        with reverts("OverPeriodCap", 0, 1):
            office.redeem(vouchers[1], Bill(w.payee, from_pool=1), at=turn - 1)
        office.redeem(vouchers[1], Bill(w.payee, from_pool=1), at=turn)
        assert office.period_left(ready) == CAP - 1
        w.node.go_to(turn + PERIOD - 1)
        assert office.period_left(ready) == CAP - 1
        w.node.wait(1)
        assert office.period_left(ready) == CAP

    def test_what_a_period_left_is_not_added_to_the_next(self, w: World, office: Office, ready: int) -> None:
        w.node.wait(3 * PERIOD)
        with reverts("OverPeriodCap", CAP, CAP + 1):
            office.redeem(office.voucher(ready, max_part=FUNDED), Bill(w.payee, from_pool=CAP + 1))

    def test_the_cap_is_the_pools_over_all_its_milestones(self, w: World, office: Office) -> None:
        pool, other = office.ready(amounts=(FUNDED, FUNDED)), office.ready()
        w.node.go_to((w.node.now // PERIOD + 1) * PERIOD)
        office.redeem(office.voucher(pool, 0, max_part=CAP), Bill(w.payee, from_pool=40 * UNIT))
        with reverts("OverPeriodCap", 20 * UNIT, 20 * UNIT + 1):
            office.redeem(office.voucher(pool, 1, max_part=CAP), Bill(w.payee, from_pool=20 * UNIT + 1))
        office.redeem(office.voucher(pool, 1, max_part=CAP), Bill(w.payee, from_pool=20 * UNIT))
        office.redeem(office.voucher(other, 0, max_part=CAP), Bill(w.payee, from_pool=CAP))
        assert [office.left(pool, n) for n in (0, 1)] == [60 * UNIT, 80 * UNIT]
        check_vouchers(office, pool, other)

    def test_what_a_milestone_has_left(self, w: World, office: Office) -> None:
        """Never more than its own, though the book holds more."""
        pool = office.ready(amounts=(30 * UNIT, FUNDED), cap=MAX63)
        big = {"max_part": MAX63}
        with reverts("NotEnoughLeft", 30 * UNIT, 30 * UNIT + 1):
            office.redeem(office.voucher(pool, **big), Bill(w.payee, from_pool=30 * UNIT + 1))
        office.redeem(office.voucher(pool, **big), Bill(w.payee, from_pool=29 * UNIT))
        second = office.voucher(pool, salt=b32("second"), **big)
        with reverts("NotEnoughLeft", UNIT, UNIT + 1):
            office.redeem(second, Bill(w.payee, from_pool=UNIT + 1))
        office.redeem(second, Bill(w.payee, from_pool=UNIT))
        assert (office.left(pool, 0), office.left(pool, 1)) == (0, FUNDED)
        with reverts("NotEnoughLeft", 0, 1):
            office.redeem(office.voucher(pool, salt=b32("third"), **big), Bill(w.payee, from_pool=1))
        check_vouchers(office, pool)

    def test_the_last_second_of_a_voucher_and_of_a_bill(self, w: World, office: Office, ready: int) -> None:
        last = w.node.now + 100
        voucher, bill = office.voucher(ready, valid_until=last), Bill(w.payee)
        with reverts("DeadlinePassed", last):
            office.redeem(voucher, bill, at=last + 1)
        voucher, bill = office.voucher(ready), Bill(w.payee, deadline=last + 100)
        with reverts("DeadlinePassed", last + 100):
            office.redeem(voucher, bill, at=last + 101)
        last += 200
        voucher, bill = office.voucher(ready, valid_until=last), Bill(w.payee, deadline=last)
        office.redeem(voucher, bill, at=last)

    def test_a_milestone_that_is_not_released(self, w: World, office: Office) -> None:
        """It holds nothing yet, whatever the book holds for others."""
        pool = office.open(amounts=(FUNDED, FUNDED))
        office.fund(pool, 0)
        with reverts("NotForVouchers", pool, 1):
            office.redeem(office.voucher(pool, 1), Bill(w.payee))
        assert office.left(pool, 1) == 0
        with reverts("UnknownMilestone", pool, 2):
            office.redeem(office.voucher(pool, 2), Bill(w.payee))
        with reverts("UnknownMilestone", pool, 2):
            office.left(pool, 2)

    def test_a_milestone_of_another_payee(self, w: World, office: Office) -> None:
        office.ready()
        pool = office.ready(payee=w.payee2)
        with reverts("NotForVouchers", pool, 0):
            office.redeem(office.voucher(pool), Bill(w.payee))
        with reverts("NotForVouchers", pool, 0):
            w.do(w.stranger, office.book, "expire", pool, 0)
        assert office.left(pool) == 0

    def test_a_frozen_pool_does_not_matter(self, w: World, office: Office) -> None:
        pool = office.open(amounts=(FUNDED, FUNDED))
        office.fund(pool, 0)
        w.do(w.ngo, w.fund, "cancel", pool)
        assert w.state(pool) == "frozen"
        office.redeem(office.voucher(pool), Bill(w.payee))


class TestRevoke:
    def test_the_ngo_takes_it_back(self, w: World, office: Office, ready: int) -> None:
        voucher = office.voucher(ready)
        receipt = w.do(w.ngo, office.book, "revoke", astuple(voucher))
        said = {"pool": ready, "milestone": 0, "voucher": office.id_of(voucher), "ngo": w.ngo}
        assert w.events(receipt, office.book) == [("VoucherRevoked", said)]
        assert office.state(voucher) == REVOKED
        with reverts("VoucherIs", office.id_of(voucher), REVOKED):
            office.redeem(voucher, Bill(w.payee))
        with reverts("VoucherIs", office.id_of(voucher), REVOKED):
            w.do(w.ngo, office.book, "revoke", astuple(voucher))
        office.redeem(replace(voucher, salt=b32("other")), Bill(w.payee))
        check_vouchers(office, ready)

    def test_nobody_else_does(self, w: World, office: Office, ready: int) -> None:
        voucher = office.voucher(ready)
        for who in (w.ngo2, w.operator, w.admin, w.registrar, w.payee, w.stranger):
            with reverts("NotTheNgo", ready, who):
                w.do(who, office.book, "revoke", astuple(voucher))
        with reverts("NotTheNgo", ready + 1, w.ngo):
            w.do(w.ngo, office.book, "revoke", astuple(replace(voucher, pool=ready + 1)))

    def test_a_milestone_that_is_not_there(self, w: World, office: Office, ready: int) -> None:
        for number in (w.pool(ready)["milestones"], 2**256 - 1):
            with reverts("UnknownMilestone", ready, number):
                w.do(w.ngo, office.book, "revoke", astuple(replace(office.voucher(ready), milestone=number)))

    def test_not_once_it_is_redeemed(self, w: World, office: Office, ready: int) -> None:
        voucher = office.voucher(ready)
        office.redeem(voucher, Bill(w.payee))
        with reverts("VoucherIs", office.id_of(voucher), REDEEMED):
            w.do(w.ngo, office.book, "revoke", astuple(voucher))


class TestExpire:
    def test_the_rest_goes_back_to_its_places(self, w: World, office: Office) -> None:
        pool = office.open(amounts=(FUNDED, FUNDED))
        until = office.fund(pool, 0) + LIFETIME
        office.redeem(office.voucher(pool), Bill(w.payee))
        for at in (until - 1, until):
            with reverts("TooEarly", until + 1):
                w.do(w.stranger, office.book, "expire", pool, 0, at=at)
        held = w.see(w.fund, "heldOf", pool)
        receipt = w.do(w.stranger, office.book, "expire", pool, 0)
        rest = FUNDED - 10 * UNIT
        said = {"pool": pool, "milestone": 0, "token": w.token.address, "amount": rest, "caller": w.stranger}
        assert w.events(receipt, office.book) == [("VouchersExpired", said)]
        assert w.see(w.fund, "heldOf", pool) - held == rest
        assert w.see(w.fund, "returnedOf", pool) == [{"start": 10 * UNIT, "amount": rest}]
        assert (w.balance(office.book.address), office.left(pool)) == (0, 0)
        assert w.see(w.token, "allowance", office.book.address, w.fund.address) == 0
        check_vouchers(office, pool)
        with reverts("NothingLeft", pool, 0):
            w.do(w.stranger, office.book, "expire", pool, 0)
        before = w.balance(w.donor1)
        w.do(w.stranger, w.fund, "refund", pool, 0, w.donor1)
        assert w.balance(w.donor1) - before == rest

    def test_vouchers_are_good_until_the_last_second(self, w: World, office: Office) -> None:
        pool = office.open()
        until = office.fund(pool) + LIFETIME
        office.redeem(office.voucher(pool), Bill(w.payee), at=until)
        with reverts("DeadlinePassed", until):
            office.redeem(office.voucher(pool, salt=b32("late")), Bill(w.payee))

    def test_it_leaves_the_others_money(self, w: World, office: Office) -> None:
        """Another milestone of the pool, and another pool, in the same token."""
        pool, other = office.open(amounts=(FUNDED, FUNDED)), office.open()
        until = office.fund(pool, 0) + LIFETIME
        office.fund(pool, 1)
        office.fund(other)
        w.do(w.stranger, office.book, "expire", pool, 0, at=until + 1)
        assert [office.left(pool, 0), office.left(pool, 1), office.left(other)] == [0, FUNDED, FUNDED]
        with reverts("TooEarly", w.milestone(pool, 1)["releasedAt"] + LIFETIME + 1):
            w.do(w.stranger, office.book, "expire", pool, 1)
        office.redeem(office.voucher(pool, 1), Bill(w.payee))
        check_vouchers(office, pool, other)

    def test_nothing_left_to_give_back(self, w: World, office: Office) -> None:
        pool = office.ready(amounts=(10 * UNIT,))
        office.redeem(office.voucher(pool), Bill(w.payee))
        w.node.wait(LIFETIME)
        with reverts("NothingLeft", pool, 0):
            w.do(w.stranger, office.book, "expire", pool, 0)

    def test_not_released(self, w: World, office: Office) -> None:
        pool = office.open()
        w.node.wait(LIFETIME)
        with reverts("NotForVouchers", pool, 0):
            w.do(w.stranger, office.book, "expire", pool, 0)
        with reverts("UnknownMilestone", pool, 1):
            w.do(w.stranger, office.book, "expire", pool, 1)
        with reverts("UnknownPool", pool + 1):
            w.do(w.stranger, office.book, "expire", pool + 1, 0)

    def test_also_without_a_cap(self, w: World, office: Office) -> None:
        """A pool that planned vouchers and forgot the cap gets its money back."""
        pool = office.ready(cap=0, period=0)
        w.node.wait(LIFETIME)
        w.do(w.stranger, office.book, "expire", pool, 0)
        assert w.see(w.fund, "heldOf", pool) == FUNDED


class TestOddTokens:
    """What goes wrong with one provider or one token is felt by no other."""

    def accept(self, w: World, office: Office, kind: str) -> Contract:
        """Deploy a token, accredit it and give it to a donor and to the payer."""
        token = w.deploy(kind)
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32(kind), ZERO32, "")
        for who, spender in ((w.donor1, w.fund.address), (w.relayer, office.book.address)):
            w.do(who, token, "mint", who, 10**12)
            w.do(who, token, "approve", spender, 2**255)
        return token

    def check(self, office: Office, ready: int) -> None:
        """The pool in the good token pays as ever."""
        office.redeem(office.voucher(ready), Bill(office.w.payee, own=1))
        check_vouchers(office, ready)

    def test_a_barred_provider_stops_only_itself(self, w: World, office: Office, ready: int) -> None:
        token = self.accept(w, office, "BarringToken")
        provider(w, w.payee2)
        pool = office.ready(token=token)
        voucher = office.voucher(pool)
        w.do(w.stranger, token, "bar", w.payee, True)
        for own in (0, 1):
            with reverts("Barred", w.payee):
                office.redeem(voucher, Bill(w.payee, own=own))
        assert office.state(voucher) == UNUSED
        office.redeem(voucher, Bill(w.payee2, own=1))
        assert w.balance(w.payee2, token) == 10 * UNIT + 1
        self.check(office, ready)

    def test_a_barred_payer_stops_only_the_own_part(self, w: World, office: Office, ready: int) -> None:
        token = self.accept(w, office, "BarringToken")
        pool = office.ready(token=token)
        w.do(w.stranger, token, "bar", w.relayer, True)
        with reverts("Barred", w.relayer):
            office.redeem(office.voucher(pool), Bill(w.payee, own=1))
        office.redeem(office.voucher(pool), Bill(w.payee))
        self.check(office, ready)

    def test_a_barred_book(self, w: World, office: Office, ready: int) -> None:
        token = self.accept(w, office, "BarringToken")
        pool = office.ready(token=token)
        w.do(w.stranger, token, "bar", office.book.address, True)
        with reverts("Barred", office.book.address):
            office.redeem(office.voucher(pool), Bill(w.payee))
        self.check(office, ready)

    def test_a_token_that_answers_false(self, w: World, office: Office, ready: int) -> None:
        token = self.accept(w, office, "FalseToken")
        pool = office.ready(token=token)
        w.do(w.stranger, token, "refuse", True)
        for own in (0, 1):
            with reverts("SafeERC20FailedOperation", token.address):
                office.redeem(office.voucher(pool), Bill(w.payee, own=own))
        self.check(office, ready)

    def test_a_token_that_returns_nothing_is_plain_enough(self, w: World, office: Office, ready: int) -> None:
        token = self.accept(w, office, "SilentToken")
        pool = office.ready(token=token)
        office.redeem(office.voucher(pool), Bill(w.payee, own=1))
        self.check(office, ready)
        w.node.wait(LIFETIME)
        w.do(w.stranger, office.book, "expire", pool, 0)
        assert w.balance(office.book.address, token) == 0

    def test_a_balance_that_shrank_is_the_loss_of_its_own_token(self, w: World, office: Office, ready: int) -> None:
        token = self.accept(w, office, "RebasingToken")
        pool = office.ready(token=token)
        w.do(w.stranger, token, "shrink", office.book.address, FUNDED - 5 * UNIT)
        with reverts("ERC20InsufficientBalance", office.book.address, 5 * UNIT, 10 * UNIT):
            office.redeem(office.voucher(pool), Bill(w.payee))
        office.redeem(office.voucher(pool), Bill(w.payee, from_pool=5 * UNIT))
        self.check(office, ready)

    def test_calling_back_in_gains_nothing(self, w: World, office: Office, ready: int) -> None:
        """A provider that is told of each transfer hands in its bill once more from inside."""
        token, mallory = self.accept(w, office, "HookToken"), w.deploy("Reentrant")
        provider(w, mallory.address)
        pool = office.ready(token=token)
        voucher, bill = office.voucher(pool), Bill(mallory.address)
        again = (astuple(voucher), office.issue(voucher), astuple(bill), office.accept(voucher, bill))
        w.do(w.stranger, mallory, "arm", office.book.address, office.book.data("redeem", *again))
        office.redeem(voucher, bill)
        assert (w.see(mallory, "passed"), w.see(mallory, "refused")) == (0, 1)
        assert w.node.refusal(w.see(mallory, "reason")).name == "VoucherIs"
        assert w.balance(mallory.address, token) == 10 * UNIT
        other = office.voucher(pool, salt=b32("other"))
        again = (astuple(other), office.issue(other), astuple(bill), office.accept(other, bill))
        w.do(w.stranger, mallory, "arm", office.book.address, office.book.data("redeem", *again))
        with reverts("WrongAmountReceived", 10 * UNIT, 20 * UNIT):
            office.redeem(office.voucher(pool, salt=b32("third")), bill)
        self.check(office, ready)
        check_vouchers(office, pool, token=token)


class Model:
    """The book in Python: why a voucher is refused, or what is left."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.left: dict[tuple[int, int], int] = {}
        self.until: dict[tuple[int, int], int] = {}
        self.cap: dict[int, tuple[int, int]] = {}
        self.spent: dict[tuple[int, int], int] = {}
        self.used: dict[Voucher, int] = {}

    def redeem(self, v: Voucher, b: Bill, now: int) -> str:
        """Pay a voucher and return "", or why not."""
        place = (v.pool, v.milestone)
        cap, period = self.cap[v.pool]
        spent = self.spent.get((v.pool, now // period), 0)
        refusals = {
            "VoucherIs": v in self.used,
            "DeadlinePassed": now > min(v.valid_until, b.deadline, self.until[place]),
            "OverMaxPart": b.from_pool > v.max_part,
            "OverPeriodCap": spent + b.from_pool > cap,
            "NotEnoughLeft": b.from_pool > self.left[place],
        }
        for name, refused in refusals.items():
            if refused:
                return name
        self.used[v] = REDEEMED
        self.spent[v.pool, now // period] = spent + b.from_pool
        self.left[place] -= b.from_pool
        return ""

    def expire(self, place: tuple[int, int], now: int) -> str:
        """Give the rest back and return "", or why not."""
        if now <= self.until[place]:
            return "TooEarly"
        if self.left[place] == 0:
            return "NothingLeft"
        self.left[place] = 0
        return ""


def attempt(call: Any) -> str:
    """Return "" if a call goes through, or the name of its refusal."""
    try:
        call()
    except RefusedError as refused:
        return refused.name
    return ""


def test_any_order_of_vouchers_keeps_the_limits(w: World, office: Office) -> None:
    """Random vouchers, bills, waits and expiries beside the model; seeded, the same in each run."""
    rng = random.Random(7)  # noqa: S311
    model, seen = Model(w), set()
    pools = [office.open(cap=c, period=p, amounts=(90, 40)) for c, p in ((50, 1000), (25, 30 * DAY), (MAX63, 1))]
    for pool, limits in zip(pools, ((50, 1000), (25, 30 * DAY), (MAX63, 1)), strict=True):
        model.cap[pool] = limits
        office.fund(pool)
        for number, amount in ((0, 90), (1, 40)):
            model.left[pool, number] = amount
            model.until[pool, number] = w.milestone(pool, number)["releasedAt"] + LIFETIME
    for step in range(220):
        place = (rng.choice(pools), rng.randint(0, 1))
        now = w.node.now + 1
        late = step >= 170
        action = rng.choice(["redeem"] * (2 if late else 8) + ["again", "revoke", "wait", "wait", "expire"])
        if action == "wait":
            w.node.wait(rng.choice([1, 300, 1000, DAY, 9 * DAY] if not late else [30 * DAY]))
            continue
        if action == "expire":
            outcome = attempt(lambda p=place: w.do(w.stranger, office.book, "expire", *p))
            assert outcome == model.expire(place, now)
        else:
            voucher = office.voucher(*place, max_part=rng.choice([5, 30, 80]), salt=step.to_bytes(32))
            if rng.random() < 0.1:
                voucher = replace(voucher, valid_until=now + rng.randint(-1, 0))
            if action == "again" and model.used:
                voucher = rng.choice(list(model.used))
            bill = Bill(w.payee, rng.choice([0, 0, 7]), rng.choice([1, 5, 10, 24, 30]), evidence_of(str(step)))
            if action == "revoke":
                w.do(w.ngo, office.book, "revoke", astuple(voucher))
                model.used[voucher] = REVOKED
                now += 1
            outcome = attempt(lambda v=voucher, b=bill: office.redeem(v, b))
            assert outcome == model.redeem(voucher, bill, now)
        seen.add((action, outcome))
        for (pool, number), left in model.left.items():
            assert office.left(pool, number) == left
        for pool, (cap, period) in model.cap.items():
            assert office.period_left(pool) == cap - model.spent.get((pool, w.node.now // period), 0)
    for (pool, _), spent in model.spent.items():
        assert spent <= model.cap[pool][0]
    refusals = ("", "DeadlinePassed", "OverMaxPart", "OverPeriodCap", "NotEnoughLeft")
    expected = {("redeem", name) for name in refusals} | {("expire", n) for n in ("", "TooEarly", "NothingLeft")}
    assert expected | {("again", "VoucherIs"), ("revoke", "VoucherIs")} <= seen
    check_vouchers(office, *pools)
