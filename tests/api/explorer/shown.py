"""The small ledger of the interface's examples: everything happens in it, most of it twice, at fixed times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_utils.crypto import keccak

from api import reconciled
from api.indexer.engines import Engine
from api.types import NEVER, MemberKind
from tests.api.explorer.book import (
    DAY,
    FUND,
    NOTHING,
    PAYOUTS,
    PLEDGES,
    SPONSORS,
    TOKEN,
    USD,
    VOUCHERS,
    Book,
    account,
)
from tests.api.stores import change

if TYPE_CHECKING:
    from pathlib import Path

    from api.indexer.store import Store

BEGAN = 1_795_392_000
"""2026-11-23."""

NGO, GATEWAY, DONOR, WALLET, PAYEE, KEEPER, SPONSOR, PROVIDER = (
    account(f"example {name}")
    for name in ("ngo", "gateway", "donor", "wallet", "payee", "keeper", "sponsor", "provider")
)
ATTESTORS = [account(f"example attestor {i}") for i in range(2)]
MEALS, SCHOOL, WELL, WINTER = 1, 2, 3, 4
"""Its pools: one that is done, one with payouts and vouchers, one that stopped, and one that nobody gave to yet."""


@dataclass
class Shown:
    book: Book
    batch: bytes
    tx: bytes
    """In which several releases are."""


def build(store: Store, content: Path) -> Shown:
    """Write it."""
    store.engine = Engine("Besu", 0)
    book = Book(store, content, BEGAN)
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    book.accredit(account("example other ngo"), MemberKind.NGO, "Wells for All")
    book.accredit(NGO, MemberKind.NGO, "Kitchens United", book.write_file(b"Kitchens United\n\nWe cook.\n"))
    for name, attestor in zip(("Audit Desk", "Village Council"), ATTESTORS, strict=True):
        book.accredit(attestor, MemberKind.ATTESTOR, name)
    book.accredit(GATEWAY, MemberKind.GATEWAY, "Mobile Money")
    book.accredit(PROVIDER, MemberKind.PROVIDER, "School of Kisumu")
    book.mine()
    _open(book)
    batch = _give(book)
    _collect(book)
    tx = _pay(book)
    _hand_on(book)
    _go_back(book)
    head = book.blocks[-1]
    note: Any = {**reconciled.nothing(), "block": head.number, "hash": "0x" + head.hash.hex(), "at": book.now}
    store.note_reconciled({**note, "pools": 4, "tokens": 1, "figures": 60})
    # What the store takes from the wall clock.
    change(store.where, f"UPDATE meta SET value = '{book.now}' WHERE key = 'node_seen_at'")  # noqa: S608
    return Shown(book, batch, tx)


def _open(book: Book) -> None:
    far = book.now + 90 * DAY
    text = book.write_file(b"Warm meals\n\nA meal a day for a school of 300.\n")
    plan = {"descriptionHash": text, "descriptionURI": "https://example.org/meals.txt"}
    book.open_pool(MEALS, NGO, "Warm meals", [(PAYEE, 5 * USD, far)], attestors=ATTESTORS, quorum=2, **plan)
    payees = [(PAYOUTS, 8), (VOUCHERS, 9), (PAYEE, 6), (PAYOUTS, 4), (PAYEE, 5), (PAYEE, 90)]
    milestones = [(payee, amount * USD, far) for payee, amount in payees]
    book.open_pool(SCHOOL, NGO, "A year of school", milestones, attestors=ATTESTORS)
    book.open_pool(WELL, account("example other ngo"), "A well", [(PAYEE, 500 * USD, book.now + 5 * DAY)])
    book.open_pool(WINTER, NGO, "A warm winter", [(PAYEE, 70 * USD, far)])
    book.mine()
    for number in (1, 2):
        terms = {"budget": 20 * USD, "ratioPercent": 50, "capPerGift": USD, "endsAt": far}
        book.log(SPONSORS, "Locked", pool=SCHOOL, sponsorship=number, sponsor=SPONSOR, token=TOKEN, **terms)
        when = {"firstDue": book.now, "lastDue": NEVER, "times": 12, "cap": 24 * USD, "replaces": 0}
        what = {"token": TOKEN, "amount": number * USD, "period": 2}
        book.log(PLEDGES, "Pledged", pledge=number, donor=DONOR, pool=SCHOOL, caller=DONOR, **what, **when)
    for milestone, amount, count in ((0, 8 * USD, 8), (3, 4 * USD, 2)):
        rows = {"amount": amount, "count": count, "claimWindow": 30 * DAY, "rows": bytes(32 * count)}
        book.log(PAYOUTS, "RoundSealed", pool=SCHOOL, milestone=milestone, ngo=NGO, version=1, **rows)
    book.mine()


def _give(book: Book) -> bytes:
    paid = book.now - 60
    entries = [(DONOR if i != 1 else bytes(20), paid + i, (3 + i) * USD) for i in range(5)]
    batch = book.record(SCHOOL, GATEWAY, keccak(text="statement 1"), entries)
    book.record(SCHOOL, GATEWAY, keccak(text="statement 2"), [(DONOR, paid, 2 * USD)])
    book.next_tx()
    book.give(SCHOOL, WALLET, 10 * USD)
    told = {"pool": SCHOOL, "sponsorship": 1, "sponsor": SPONSOR, "token": TOKEN}
    book.log(SPONSORS, "Matched", **told, amount=USD, gifts=1)
    book.give(SCHOOL, SPONSOR, USD)
    book.next_tx()
    book.give(MEALS, WALLET, 5 * USD)
    for amount in (2 * USD, 3 * USD):
        book.give(WELL, DONOR, amount)
    book.mine()
    return batch


def _collect(book: Book) -> None:
    """Bring the first standing order's first two amounts."""
    for period in range(2):
        start = book.give(SCHOOL, DONOR, USD)
        here = {"pool": SCHOOL, "token": TOKEN, "amount": USD, "start": start}
        book.log(FUND, "ContributionsBrought", bearer=PLEDGES, count=1, **here)
        row = b"".join(n.to_bytes(size, "big") for n, size in ((1, 14), (period, 2), (start, 8), (USD, 8)))
        book.log(PLEDGES, "Collected", keeper=KEEPER, rows=[row], **here)
        book.mine(DAY)


def _pay(book: Book) -> bytes:
    """Have all but the last milestone judged and paid; the last is objected to."""
    report = book.write_file(b"meals,date\n300,2026-11-24\n298,2026-11-25\n")
    judged = [(MEALS, 0), *((SCHOOL, milestone) for milestone in range(5))]
    for pool, milestone in judged:
        book.submit(pool, milestone, 1, report, ngo=NGO, uri="https://example.org/report.csv")
        for attestor in ATTESTORS[: 2 if pool == MEALS else 1]:
            book.attest(pool, milestone, 1, report, approved=True, attestor=attestor)
        book.approve(pool, milestone, report)
    book.submit(SCHOOL, 5, 1, report, ngo=NGO)
    book.mine()
    for start, amount in ((0, 3 * USD), (7 * USD, 5 * USD)):
        book.object(SCHOOL, 5, 1, report, donor=DONOR, start=start, amount=amount)
    book.mine(2 * DAY)
    book.release(MEALS, 0, PAYEE, 5 * USD)
    book.move_deadline(MEALS, 0, NEVER)
    book.release(SCHOOL, 0, PAYOUTS, 8 * USD)
    opened = {"token": TOKEN, "claimsUntil": book.now + 30 * DAY, "beneficiaryCap": 0, "scope": NOTHING}
    book.log(PAYOUTS, "RoundOpened", pool=SCHOOL, milestone=0, amount=8 * USD, **opened)
    book.next_tx()
    tx = book.tx
    for milestone, payee, amount in ((1, VOUCHERS, 9), (2, PAYEE, 6), (4, PAYEE, 5)):
        book.release(SCHOOL, milestone, payee, amount * USD)
    book.mine()
    return tx


def _hand_on(book: Book) -> None:
    for i in range(3):
        paid = {"position": i, "token": TOKEN, "amount": USD, "start": i * USD}
        book.log(PAYOUTS, "Delivered", pool=SCHOOL, milestone=0, to=account(f"somebody {i}"), caller=KEEPER, **paid)
    for i in range(2):
        bill = {"voucher": keccak(text=f"voucher {i}"), "token": TOKEN, "own": USD // 2, "fromPool": USD}
        bill |= {"evidence": keccak(text=f"bill {i}"), "payer": KEEPER}
        book.log(VOUCHERS, "VoucherRedeemed", pool=SCHOOL, milestone=1, provider=PROVIDER, **bill)
    book.mine()


def _go_back(book: Book) -> None:
    for milestone in (2, 4):
        book.give_back(SCHOOL, milestone, PAYEE, USD)
    book.mine(4 * DAY)
    for start, amount in ((0, 2 * USD), (2 * USD, 3 * USD)):
        book.refund(WELL, DONOR, start, amount)
    book.mine()
