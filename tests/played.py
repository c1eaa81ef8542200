"""A chain on which every movement of money has happened: for what must be right about all of them at once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from eth_account import Account

from tests.api.explorer import merkle
from tests.beneficiaries import PayList
from tests.ledger import DAY, USD
from tests.signatures import BILL, VOUCHER, sign, sign_by

if TYPE_CHECKING:
    from tests.ledger import Ledger

TEXT = "# Books for all\n\nEach child gets two.\n"
EVIDENCE, BETTER = b"e" * 32, hashlib.sha256(TEXT.encode()).digest()
CODE, KEY = Account.from_key(b"\7" * 32), Account.from_key(b"\5" * 32)
FOREVER = 2**32 - 1
REFUND = "Refund(bytes32 batch,uint256 position,uint64 refunded,address to,uint256 deadline)"
CODES = bytes.fromhex(CODE.address[2:])


def entry(donor: bytes, amount: int) -> bytes:
    """Return a batch's entry of so many dollars."""
    return donor + (1_700_000_000).to_bytes(4, "big") + (amount * USD).to_bytes(8, "big")


def play(ledger: Ledger) -> None:
    """Play a pool that goes on, two that are complete, four that stopped, each for another reason, and a new one.

    `TEXT` is the description of one and evidence in another; it belongs into the explorer's folder.
    """
    give_and_judge(ledger)
    hand_out(ledger)
    give_up(ledger)
    miss_the_goal(ledger)
    refuse(ledger)
    finish(ledger)


def give_and_judge(ledger: Ledger) -> None:
    """Gifts of every kind, an objection with a dispute, releases that spend what was given back, a panel's change."""
    donors, first = ledger.donors, ledger.donors[0]
    sponsors, pledges = ledger.sponsors.functions, ledger.pledges.functions
    due = ledger.now() + 200 * DAY
    pool = ledger.open_pool(openEnded=True, milestones=[(ledger.payee, n * USD, due) for n in (60, 30, 20)])
    for sponsor in donors[3:]:
        ledger.send(sponsors.invite(pool, sponsor, True), ledger.ngo)
        ledger.send(
            sponsors.lock(pool, (90 if sponsor == donors[3] else 9) * USD, 50, USD, ledger.now() + 20 * DAY), sponsor
        )
    ledger.give(pool, 40 * USD, first)
    ledger.record(pool, ledger.entries(7) + entry(CODES, 5) + entry(bytes(20), 3))
    terms = (pool, 2 * USD, 0, ledger.now(), 0, 9, 10 * USD, 0)
    for donor in donors[:3]:
        ledger.send(pledges.pledge(terms), donor)
    ledger.send(pledges.collect([1, 2, 1, 3]), donors[4])
    ledger.wait(DAY)
    ledger.send(pledges.pause(2), donors[1])
    ledger.send(pledges.lower(3, USD, 8 * USD), donors[2])
    ledger.send(pledges.collect([1, 2, 3, 99]), donors[4])
    ledger.send(pledges.resume(2), donors[1])
    ledger.send(pledges.skip(1, pledges.nextPeriodOf(1).call()[0]), first)
    ledger.send(pledges.pledge((*terms[:-1], 3)), donors[2])
    gifts = [bytes.fromhex(d[2:]) + bytes(4) + (n * USD).to_bytes(8, "big") for n, d in enumerate(donors, 1)]
    ledger.send(ledger.fund.functions.contributeMany(pool, gifts), ledger.gateway)
    for milestone in (0, 1):
        ledger.pay(pool, milestone, EVIDENCE)
        ledger.give_back(pool, milestone, 10 * USD)
    ledger.give_back(pool, 0, 7 * USD)
    ledger.submit(pool, 2, EVIDENCE, "content:e")
    ledger.attest(pool, 2, EVIDENCE, True, True)
    ledger.object(pool, 2, EVIDENCE, first, 0)
    ledger.submit(pool, 2, BETTER, "content:better")
    ledger.attest(pool, 2, BETTER, False, True, True)
    ledger.send(ledger.fund.functions.pause(pool), ledger.admin)
    ledger.wait(4 * DAY)
    ledger.release(pool, 2)
    ledger.send(ledger.fund.functions.unpause(pool), ledger.admin)
    joining, leaving = ledger.w3.eth.accounts[14], ledger.attestors[2]
    ledger.accredit(joining, 2, "Attestor 4")
    for attestor in ledger.attestors[:2]:
        ledger.send(ledger.judgement.functions.consentToRotation(pool, leaving, joining), attestor)
    ledger.wait(7 * DAY)
    ledger.send(ledger.judgement.functions.rotate(pool, leaving, joining), first)
    plan = (ledger.payee, 8 * USD, due + 9 * DAY)
    for attestor in ledger.attestors[:2]:
        ledger.send(ledger.judgement.functions.consentToMilestone(pool, plan), attestor)
    ledger.send(ledger.fund.functions.appendMilestone(pool, plan), ledger.ngo)
    ledger.wait(10 * DAY)
    ledger.send(sponsors.withdraw(pool, 1, donors[3]), donors[3])
    ledger.give_back(pool, 1, 3 * USD)


def hand_out(ledger: Ledger) -> None:
    """Payout rounds with and without a cap, one of which expires, and vouchers whose rest goes back."""
    provider, book, payouts = ledger.w3.eth.accounts[15], ledger.vouchers, ledger.payouts
    ledger.accredit(provider, 5, "Riverside Clinic")
    due = ledger.now() + 300 * DAY
    milestones = [(payouts.address, 8 * USD, due), (book.address, 9 * USD, due), (payouts.address, 4 * USD, due)]
    pool = ledger.open_pool("Clinic", milestones=milestones, limits=(b"p" * 32, USD, 20 * USD, 7 * DAY))
    ledger.give(pool, 30 * USD, ledger.donors[1])
    people = PayList(ledger, pool, 0, [USD] * 8, capped=True)
    people.seal(9 * DAY)
    people.seal(8 * DAY)
    PayList(ledger, pool, 2, [2 * USD] * 2, capped=True).seal(300 * DAY)
    for milestone in range(3):
        ledger.pay(pool, milestone, EVIDENCE)
        if milestone == 0:
            people.deliver(1, 0, 5, to=ledger.w3.eth.accounts[16])
    for salt in range(2):
        voucher = (pool, 1, KEY.address, 5 * USD, FOREVER, salt.to_bytes(32, "big"))
        identity, bill = bytes(book.functions.idOf(voucher).call()), (provider, USD, 2 * USD, EVIDENCE, FOREVER)
        by_ngo = sign_by(ledger, ledger.ngo, book, "VoucherBook", VOUCHER, *voucher)
        by_key = sign(KEY.key, book, "VoucherBook", BILL, identity, *bill)
        ledger.send(book.functions.redeem(voucher, by_ngo, bill, by_key), ledger.donors[0])
    ledger.send(book.functions.revoke((pool, 1, KEY.address, USD, FOREVER, b"r" * 32)), ledger.ngo)
    ledger.wait(3 * DAY)
    ledger.send(payouts.functions.expire(pool, 0), ledger.donors[2])
    ledger.wait(181 * DAY)
    ledger.send(book.functions.expire(pool, 1), ledger.donors[1])
    ledger.refund(pool, 0, ledger.donors[1])


def give_up(ledger: Ledger) -> None:
    """A pool that is cancelled: refunds to a wallet, to a receipt's code, and to the gateway, twice."""
    pool = ledger.open_pool("Wells", milestones=(10 * USD, 900 * USD))
    reference = ledger.random.randbytes(32)
    first, batch = [entry(b"\1" * 20, 8), entry(CODES, 6), entry(bytes(20), 5), entry(CODES, 4)], b""
    batch = ledger.record(pool, b"".join(first), reference=reference)
    ledger.give(pool, 11 * USD, ledger.donors[2])
    ledger.record(pool, entry(CODES, 2))
    ledger.pay(pool, 0, EVIDENCE)
    ledger.send(ledger.fund.functions.cancel(pool), ledger.ngo)
    to, deadline = ledger.donors[4], ledger.now() + 90 * DAY
    leaves = merkle.leaves(bytes(ledger_seed(ledger, pool, batch)), b"".join(first), 0)
    proof = [leaves[0], merkle.root(leaves[2:])]
    signed = sign(CODE.key, ledger.fund, "PooledFund", REFUND, batch, 1, 0, to, deadline)
    receipt = (batch, 1, 8 * USD, first[1], proof)
    ledger.send(ledger.fund.functions.refundEntry(receipt, to, deadline, signed), to)
    ledger.refund(pool, 23 * USD, ledger.donors[2])
    ledger.wait(31 * DAY)
    ledger.take_batch(reference)
    ledger.give_back(pool, 0, 7 * USD)
    ledger.wait(31 * DAY)
    ledger.take_batch(reference)
    ledger.give_back(pool, 0, 2 * USD)


def ledger_seed(ledger: Ledger, pool: int, batch: bytes) -> bytes:
    """Return the seed of a batch's tree."""
    words = (ledger.w3.eth.chain_id, int(ledger.fund.address, 16), pool)
    return bytes(ledger.w3.keccak(b"".join(n.to_bytes(32, "big") for n in words) + batch))


def miss_the_goal(ledger: Ledger) -> None:
    """A pool whose threshold is missed."""
    pool = ledger.open_pool("Roof", fundingThreshold=100 * USD, fundingDeadline=ledger.now() + 5 * DAY)
    ledger.give(pool, 30 * USD)
    ledger.give(pool, 5 * USD, ledger.donors[1])
    ledger.wait(6 * DAY)
    ledger.refund(pool, 0, ledger.donors[0])


def refuse(ledger: Ledger) -> None:
    """A pool whose evidence is rejected for good, and one whose evidence never came."""
    milestones = [(ledger.payee, 5 * USD, ledger.now() + 2 * DAY)]
    refused, slow = (ledger.open_pool(name, milestones=milestones) for name in ("Bridge", "Lamps"))
    for pool in (refused, slow):
        ledger.give(pool, 6 * USD)
    ledger.submit(refused, 0, EVIDENCE)
    ledger.wait(3 * DAY)
    ledger.attest(refused, 0, EVIDENCE, False, False)
    ledger.refund(slow, 0, ledger.donors[0])


def finish(ledger: Ledger) -> None:
    """A pool that is complete, and one that has just begun; NGOs without a pool, of which one became another member."""
    words = {"descriptionHash": BETTER, "descriptionURI": "content:books"}
    pool = ledger.open_pool("Books", milestones=(10 * USD,), **words)
    ledger.record(pool, ledger.entries(1) + entry(CODES, 10), ledger.other_gateway)
    ledger.pay(pool, 0, EVIDENCE)
    pool = ledger.open_pool("Later", fundingThreshold=USD, openEnded=True)
    leaving, joining = ledger.attestors[:2], ledger.w3.eth.accounts[13:15]
    ledger.accredit(joining[0], 2, "Attestor 5")
    consent = ledger.judgement.functions.consentToRotation
    for old, new, by in ((1, 1, 0), (0, 0, 1), (0, 0, 2)):
        ledger.send(consent(pool, leaving[old], joining[new]), ledger.attestors[by])
    plan = (ledger.payee, USD, ledger.now() + 300 * DAY)
    ledger.send(ledger.judgement.functions.consentToMilestone(pool, plan), ledger.attestors[0])
    turned, gone, newest = ledger.w3.eth.accounts[17:20]
    ledger.accredit(turned, 1, "Lake Clinics")
    ledger.accredit(gone, 1, "Hill Schools")
    for account in (turned, gone, ledger.other_gateway):
        ledger.send(ledger.contracts["Register"].functions.revoke(account), ledger.admin)
    ledger.accredit(turned, 2, "Attestor 6")
    ledger.accredit(newest, 1, "Valley Water", *words.values())
    # Tokens that somebody sends by mistake.
    ledger.send(ledger.token.functions.transfer(ledger.fund.address, 3), ledger.donors[0])
