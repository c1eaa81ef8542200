"""What pledges cost, to the unit of gas, against the figures in gas_pledges.json. `MOA_GAS_WRITE=1` writes them anew.

A call collects 100 pledges of 100 donors, each with an allowance of its cap, into a pool in which gifts stand: for the
first time, for the second, and with a third of the donors for the last time, which empties what they have and allow.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from eth_keys import keys
from eth_utils import keccak
from pledging import DAY, MONTH, WEEK, Pledges, Terms
from test_pledges import DAYS, GIFT, open_ended
from world import UNIT, World

SNAPSHOT = Path(__file__).parent / "gas_pledges.json"
COUNT = 100
PER_PLEDGE = 50_000


def measure(w: World) -> dict[str, int]:
    """Return the cost of what donors and keepers do."""
    pool, pledges = open_ended(w), Pledges(w, w.deploy("PledgeBook", w.fund.address))
    w.give(pool, 7 * UNIT)
    costs: dict[str, int] = {}
    ids = []
    for number in range(COUNT):
        key = keccak(text=f"donor {number}")
        donor = keys.PrivateKey(key).public_key.to_checksum_address()
        last = number % 3 == 2
        terms = Terms(pool, GIFT, MONTH, w.node.now - number * 7 * DAYS, cap=(3 if last else 12) * GIFT)
        w.mint(donor, (3 if last else 20) * GIFT)
        receipt = pledges.hand_in(donor, terms, pledges.sign(key, donor, terms))
        costs["pledgeBySignature"] = int(receipt["gasUsed"], 16)
        ids.append(pledges.count)
    turns = ("first", "second", "third, the last of a third of the donors")
    for turn in turns:
        w.node.wait(40 * DAYS)
        receipt = w.do(w.stranger, pledges.book, "collect", ids)
        ((_, event),) = w.events(receipt, pledges.book)
        assert len(event["rows"]) == COUNT
        costs[f"collect {COUNT}, {turn}"] = int(receipt["gasUsed"], 16)
    receipt = w.do(w.stranger, pledges.book, "collect", ids)
    costs[f"collect {COUNT}, none due"] = int(receipt["gasUsed"], 16)
    w.do(w.donor1, w.token, "approve", pledges.book.address, 10**10)
    for period, word in ((DAY, "day"), (WEEK, "week"), (MONTH, "month")):
        receipt = w.do(w.donor1, pledges.book, "pledge", Terms(pool, period=period).values())
        costs["pledge"] = int(receipt["gasUsed"], 16)
        receipt = w.do(w.stranger, pledges.book, "collect", [pledges.count])
        costs[f"collect 1, by the {word}"] = int(receipt["gasUsed"], 16)
    period, _ = w.see(pledges.book, "nextPeriodOf", pledges.count)
    for call in (("pause",), ("resume",), ("skip", period), ("lower", UNIT, 30 * UNIT), ("stop",)):
        receipt = w.do(w.donor1, pledges.book, call[0], pledges.count, *call[1:])
        costs[call[0]] = int(receipt["gasUsed"], 16)
    return costs


@pytest.mark.timeout(300)
def test_gas_is_what_the_snapshot_says(w: World) -> None:
    """Any change fails, to the better too, so that each is seen in a commit."""
    costs = measure(w)
    if os.environ.get("MOA_GAS_WRITE"):
        SNAPSHOT.write_text(json.dumps(costs, indent=2) + "\n")
    assert costs == json.loads(SNAPSHOT.read_text())


def test_the_budget_holds() -> None:
    """50,000 a pledge, all in, at 100 in a call."""
    costs = json.loads(SNAPSHOT.read_text())
    turns = [cost for name, cost in costs.items() if name.startswith(f"collect {COUNT}, ")]
    assert len(turns) == 4
    assert max(turns) <= COUNT * PER_PLEDGE
