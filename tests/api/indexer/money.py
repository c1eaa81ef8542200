"""All that moves money, once each: gifts, batches, orders, sponsors, releases, rounds, vouchers, refunds, a pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_account import Account

from tests.beneficiaries import PayList
from tests.ledger import DAY, USD
from tests.signatures import BILL, VOUCHER, sign, sign_by

if TYPE_CHECKING:
    from tests.ledger import Ledger

EVIDENCE = b"e" * 32
KEY = Account.from_key(b"\5" * 32)
FOREVER = 2**32 - 1
OPEN = 7


def play(ledger: Ledger) -> None:
    """Play: pool 1 gives back, 2 stops, 3 pays beneficiaries, 4 is matched, 5 pays vouchers, 6 is paused.

    Pool 7 still takes gifts.
    """
    _give_and_give_back(ledger)
    _stop(ledger)
    _hand_out(ledger)
    _match(ledger)
    _pay_bills(ledger)
    _pause(ledger)
    ledger.open_pool("Goes on", milestones=(500 * USD,))
    ledger.give(OPEN, 9 * USD)


def _give_and_give_back(ledger: Ledger) -> None:
    pool = ledger.open_pool(milestones=(100 * USD, 50 * USD))
    ledger.give(pool, 60 * USD)
    ledger.record(pool, 25)
    ledger.give(pool, 7 * USD, ledger.donors[1])
    ledger.record(pool, 3, ledger.other_gateway)
    ledger.pay(pool, 0, EVIDENCE)
    ledger.give_back(pool, 0, 30 * USD)
    ledger.give_back(pool, 0, 5 * USD)


def _stop(ledger: Ledger) -> None:
    pool = ledger.open_pool("Wells", milestones=(20 * USD, 900 * USD))
    ledger.give(pool, 15 * USD, ledger.donors[1])
    ledger.give(pool, 25 * USD, ledger.donors[2])
    reference = b"statement 1".ljust(32, b"\0")
    ledger.record(pool, 4, reference=reference)
    ledger.pay(pool, 0, EVIDENCE)
    ledger.send(ledger.fund.functions.cancel(pool), ledger.ngo)
    ledger.refund(pool, 15 * USD, ledger.donors[2])
    ledger.wait(31 * DAY)
    ledger.take_batch(reference)


def _hand_out(ledger: Ledger) -> None:
    amounts = [(2 + i % 3) * USD for i in range(20)]
    later = ledger.now() + 90 * DAY
    milestones = [(ledger.payouts.address, sum(amounts), later), (ledger.payouts.address, 8 * USD, later + 1)]
    pool = ledger.open_pool("Cash for food", milestones=milestones)
    ledger.give(pool, 70 * USD)
    first, second = PayList(ledger, pool, 0, amounts), PayList(ledger, pool, 1, [3 * USD, 5 * USD])
    first.seal(8 * DAY)
    first.seal(9 * DAY)
    second.seal(80 * DAY)
    ledger.pay(pool, 0, EVIDENCE)
    first.deliver(17, 0, 5, to=ledger.w3.eth.accounts[16])
    ledger.wait(10 * DAY)
    ledger.send(ledger.payouts.functions.expire(pool, 0), ledger.donors[2])
    ledger.pay(pool, 1, EVIDENCE)
    second.deliver(1, to=ledger.w3.eth.accounts[16])


def _match(ledger: Ledger) -> None:
    pool, book = ledger.open_pool("Matched"), ledger.sponsors.functions
    for sponsor, budget in ((ledger.donors[3], 50), (ledger.donors[4], 40)):
        ledger.send(book.invite(pool, sponsor, True), ledger.ngo)
        ledger.send(book.lock(pool, budget * USD, 100, 3 * USD, ledger.now() + budget * DAY), sponsor)
    ledger.give(pool, 4 * USD)
    ledger.record(pool, 6)
    terms = (pool, 2 * USD, 0, ledger.now(), 0, 10, 20 * USD, 0)
    ledger.send(ledger.pledges.functions.pledge(terms), ledger.donors[0])
    ledger.send(ledger.pledges.functions.collect([1]), ledger.donors[1])
    ledger.wait(41 * DAY)
    ledger.send(book.withdraw(pool, 2, ledger.donors[4]), ledger.donors[4])


def _pay_bills(ledger: Ledger) -> None:
    provider, book = ledger.w3.eth.accounts[15], ledger.vouchers
    ledger.accredit(provider, 5, "Riverside Clinic")
    later = ledger.now() + 60 * DAY
    milestones = [(book.address, 30 * USD, later), (book.address, 5 * USD, later + 300 * DAY)]
    pool = ledger.open_pool("Clinic", milestones=milestones, limits=(bytes(32), 0, 20 * USD, 7 * DAY))
    ledger.give(pool, 40 * USD)

    def redeem(milestone: int, salt: int, own: int, part: int) -> None:
        voucher = (pool, milestone, KEY.address, 10 * USD, FOREVER, salt.to_bytes(32, "big"))
        identity = bytes(book.functions.idOf(voucher).call())
        bill = (provider, own, part, EVIDENCE, FOREVER)
        signatures = (
            sign_by(ledger, ledger.ngo, book, "VoucherBook", VOUCHER, *voucher),
            sign(KEY.key, book, "VoucherBook", BILL, identity, *bill),
        )
        ledger.send(book.functions.redeem(voucher, signatures[0], bill, signatures[1]), ledger.donors[0])

    ledger.pay(pool, 0, EVIDENCE)
    redeem(0, 1, 2 * USD, 9 * USD)
    redeem(0, 2, 0, 3 * USD)
    ledger.wait(181 * DAY)
    ledger.send(book.functions.expire(pool, 0), ledger.donors[1])
    ledger.pay(pool, 1, EVIDENCE)
    redeem(1, 3, 0, USD)


def _pause(ledger: Ledger) -> None:
    pool = ledger.open_pool("Paused")
    ledger.give(pool, 3 * USD)
    ledger.send(ledger.fund.functions.pause(pool), ledger.admin)
    ledger.wait(2 * DAY)
    ledger.send(ledger.fund.functions.unpause(pool), ledger.admin)
    ledger.wait(40 * DAY)
    ledger.send(ledger.fund.functions.pause(pool), ledger.admin)
