# ruff: noqa: S311 (seeded: the same entries in each run)
"""What matching and vouchers cost, to the unit of gas, against gas_books.json. `MOA_GAS_WRITE=1` writes them anew."""

from __future__ import annotations

import json
import os
import random
from dataclasses import astuple
from pathlib import Path
from typing import Any

from entrytree import entry_of
from eth_utils import keccak
from sponsoring import lock
from vouching import Bill, open_office
from world import UNIT, World, b32

SNAPSHOT = Path(__file__).parent / "gas_books.json"
GIFT = 5 * UNIT
COUNT = 1000
MATCHED_GIFT, PER_MATCHED_ENTRY, REDEEM = 80_000, 330, 180_000


def gas_of(receipt: dict[str, Any]) -> int:
    """Return what a call cost."""
    return int(receipt["gasUsed"], 16)


def batch(w: World, pool: int) -> int:
    """Record 1,000 gifts that look like real ones, and return the cost."""
    rng = random.Random(COUNT)
    entries = b"".join(
        entry_of(rng.randbytes(20), 1_700_000_000 + rng.randrange(10**8), rng.randrange(100, 10_001) * 10_000)
        for _ in range(COUNT)
    )
    return gas_of(w.do(w.gateway, w.fund, "recordBatch", pool, keccak(text=str(pool)), entries))


def measure(w: World) -> dict[str, int]:
    """Return the cost of everything that people do. The fund has tokens, and each pool has had a gift."""
    costs = {}
    sponsors = [w.donor3, w.payee2, w.attestor4, w.stranger]
    for count in (0, 1, 4):
        pool = w.open_pool()
        for sponsor in sponsors[:count]:
            lock(w, pool, sponsor, 10**11, cap=50 * UNIT)
        w.give(pool, GIFT)
        costs[f"contribute, {count} sponsors"] = gas_of(w.give(pool, GIFT))
        costs[f"recordBatch of {COUNT}, {count} sponsors"] = batch(w, pool)
    pool, book = w.open_pool(), w.sponsors
    costs["invite"] = gas_of(w.do(w.ngo, book, "invite", pool, w.relayer, True))
    w.mint(w.relayer, GIFT)
    w.do(w.relayer, w.token, "approve", book.address, 2**256 - 1)
    ends = w.node.now + 100
    costs["lock"] = gas_of(w.do(w.relayer, book, "lock", pool, GIFT, 100, UNIT, ends))
    costs["withdraw"] = gas_of(w.do(w.stranger, book, "withdraw", pool, 1, w.relayer, at=ends + 1))
    return costs | vouchers(w)


def vouchers(w: World) -> dict[str, int]:
    """Redemptions in a provider's second visit of the period; the payer's allowance is endless."""
    office, costs = open_office(w), {}
    pool = office.ready()
    office.redeem(office.voucher(pool), Bill(w.payee, own=UNIT, from_pool=UNIT))
    for name, own in (("own part and pool's part", UNIT), ("all from the pool", 0)):
        voucher = office.voucher(pool, salt=b32(name))
        costs["redeem, " + name] = gas_of(office.redeem(voucher, Bill(w.payee, own=own, from_pool=UNIT)))
    voucher = office.voucher(pool, salt=b32("revoked"))
    costs["revoke"] = gas_of(w.do(w.ngo, office.book, "revoke", astuple(voucher)))
    w.node.wait(w.see(office.book, "LIFETIME"))
    costs["expire"] = gas_of(w.do(w.stranger, office.book, "expire", pool, 0))
    return costs


def test_gas_is_what_the_snapshot_says(w: World) -> None:
    """Any change fails, to the better too, so that each is seen in a commit."""
    costs = measure(w)
    if os.environ.get("MOA_GAS_WRITE"):
        SNAPSHOT.write_text(json.dumps(costs, indent=2) + "\n")
    assert costs == json.loads(SNAPSHOT.read_text())


def test_the_budget_holds() -> None:
    """What a sponsor adds to a direct gift and to each of 1,000 entries; a redemption with both parts."""
    costs = json.loads(SNAPSHOT.read_text())
    assert costs["contribute, 1 sponsors"] - costs["contribute, 0 sponsors"] <= MATCHED_GIFT
    batches = [costs[f"recordBatch of {COUNT}, {n} sponsors"] for n in (0, 1)]
    assert batches[1] - batches[0] <= COUNT * PER_MATCHED_ENTRY
    assert costs["redeem, own part and pool's part"] <= REDEEM
