"""A small believable ledger with a pool in each state, and the names of everything in it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eth_utils.crypto import keccak

from api.types import ANONYMOUS, NEVER, MemberKind
from tests.api.explorer.book import DAY, TOKEN, USD, Book, Entry, account

if TYPE_CHECKING:
    from pathlib import Path

    from api.indexer.store import Store

NGO, OTHER_NGO, REVOKED_NGO = account("ngo 1"), account("ngo 2"), account("ngo 3")
ATTESTORS = [account(f"attestor {i}") for i in (1, 2, 3)]
GATEWAY, OTHER_GATEWAY = account("gateway 1"), account("gateway 2")
PAYEE = account("payee")
DONOR, WALLET = account("donor"), account("wallet")
REFERENCE = keccak(text="statement 1")
DESCRIPTION = "Warm meals <script>alert(1)</script> & “more”\n\nA meal a day for a school of 300.\n".encode()
REPORT = b"meals,date\n300,2026-11-01\n298,2026-11-02\n"


@dataclass
class World:
    book: Book
    batch: bytes
    entries: list[Entry]
    other_batch: bytes
    evidence: bytes
    absent: bytes
    altered: bytes
    release_tx: bytes


def build(store: Store, content: Path, salt: str = "", now: int | None = None) -> World:
    """Pools: 1 active, 2 funding, 3 frozen by the clock, 4 completed, 5 open-ended and paused."""
    book = Book(store, content, now or int(time.time()) - 30 * DAY, salt=salt)
    description = book.write_file(DESCRIPTION)
    evidence = book.write_file(REPORT)
    altered = book.write_file(b"what was promised")
    (content / altered.hex()).write_bytes(b"what was put there later")
    absent = keccak(text="nobody has this file")

    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    book.accredit(NGO, MemberKind.NGO, "Kitchens <b>United</b>", description)
    book.accredit(OTHER_NGO, MemberKind.NGO, "Wells & Pumps")
    book.accredit(REVOKED_NGO, MemberKind.NGO, "Gone")
    for i, attestor in enumerate(ATTESTORS):
        book.accredit(attestor, MemberKind.ATTESTOR, f"Attestor {i + 1}")
    book.accredit(GATEWAY, MemberKind.GATEWAY, "Mobile Money")
    book.accredit(OTHER_GATEWAY, MemberKind.GATEWAY, "Cards")
    book.mine()
    book.revoke(REVOKED_NGO, MemberKind.NGO)
    far = book.now + 90 * DAY
    milestones = [(PAYEE, 30 * USD, far), (PAYEE, 50 * USD, far), (account("other payee"), 1000 * USD, far)]
    book.open_pool(
        1, NGO, "Warm meals", milestones,
        descriptionHash=description, descriptionURI="https://example.org/meals.txt", quorum=2, attestors=ATTESTORS,
        fundingThreshold=10 * USD, fundingDeadline=far,
    )  # fmt: skip
    book.open_pool(2, OTHER_NGO, "Wärme 50% _ für alle", [(PAYEE, 500 * USD, far)],
                   descriptionHash=absent, fundingThreshold=500 * USD)  # fmt: skip
    book.open_pool(3, OTHER_NGO, "Late wells", [(PAYEE, 500 * USD, book.now + 2 * DAY)], descriptionHash=altered)
    book.open_pool(4, NGO, "Done", [(PAYEE, 5 * USD, far)])
    book.open_pool(5, NGO, "For ever", [(PAYEE, 5 * USD, far)], openEnded=True)
    book.mine()

    book.give(1, WALLET, 12 * USD)
    book.mine()
    paid = book.now
    entries = [(DONOR if i % 3 == 0 else account(f"donor {i}"), paid + i, (1 + i % 4) * USD) for i in range(21)]
    entries[5] = (ANONYMOUS, paid + 5, 7)
    batch = book.record(1, GATEWAY, REFERENCE, entries)
    book.next_tx()
    other_batch = book.record(1, OTHER_GATEWAY, keccak(text="cards 1"), [(DONOR, paid, 2 * USD)])
    book.record(2, GATEWAY, keccak(text="statement 2"), [(DONOR, paid, 3 * USD), (ANONYMOUS, paid, USD)])
    book.record(3, GATEWAY, keccak(text="statement 3"), [(account("donor 9"), paid, 4 * USD)])
    book.give(4, WALLET, 5 * USD)
    book.pause(5)
    book.mine()

    # Milestone 0 is approved and paid, 1 rejected and handed in again, 2 only planned.
    book.submit(1, 0, 1, evidence, ngo=NGO, uri="ipfs://report")
    book.attest(1, 0, 1, evidence, approved=True, attestor=ATTESTORS[0])
    book.mine()
    book.attest(1, 0, 1, evidence, approved=True, attestor=ATTESTORS[1])
    book.approve(1, 0, evidence)
    book.submit(1, 1, 1, absent, ngo=NGO)
    book.attest(1, 1, 1, absent, approved=False, attestor=ATTESTORS[0])
    book.attest(1, 1, 1, absent, approved=False, attestor=ATTESTORS[2])
    book.reject(1, 1, absent)
    book.submit(4, 0, 1, evidence, ngo=NGO)
    book.attest(4, 0, 1, evidence, approved=True, attestor=ATTESTORS[0])
    book.approve(4, 0, evidence)
    book.mine(2 * DAY)
    release_tx = book.tx
    book.release(1, 0, PAYEE, 30 * USD)
    book.release(4, 0, PAYEE, 5 * USD)
    book.move_deadline(4, 0, NEVER)
    book.submit(1, 1, 2, altered, ngo=NGO)
    book.attest(1, 1, 2, altered, approved=True, attestor=ATTESTORS[2])
    book.mine()
    return World(book, batch, entries, other_batch, evidence, absent, altered, release_tx)
