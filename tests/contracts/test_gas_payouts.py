"""What a payout round costs, to the unit of gas, against gas_payouts.json. `MOA_GAS_WRITE=1` writes it.

Gas is all that a transaction pays: its base, its data, its execution.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_utils import keccak
from rounds import PayList, crowd, open_round, release, seal
from world import UNIT, ZERO32, World

SNAPSHOT = Path(__file__).parent / "gas_payouts.json"
COUNT, MANY = 1000, 50
PER_CLAIM = 60_000


def used(receipt: dict[str, Any]) -> int:
    """Return what a call cost."""
    return int(receipt["gasUsed"], 16)


def fresh(pool: int, i: int) -> str:
    """Return an address that never had tokens."""
    return "0x" + keccak(text=f"fresh {pool} {i}")[12:].hex()


def measure(w: World, capped: bool) -> dict[str, int]:
    """Return the cost of everything in the life of a round of 1,000 rows."""
    limits = (b"programme".ljust(32), 10**4 * UNIT, 0, 0) if capped else (ZERO32, 0, 0, 0)
    lists = open_round(w, crowd(COUNT, "a", capped=capped), crowd(MANY, "b", capped=capped), limits=limits)
    costs: dict[str, int] = {}
    costs["seal, per row of 1000"] = used(seal(w, replace(lists[0], people=lists[0].people[::-1]))) // COUNT
    costs["seal another list, per row of 1000"] = used(seal(w, lists[0])) // COUNT
    seal(w, lists[1])
    costs["release"] = used(release(w, lists[0]))
    release(w, lists[1])
    w.mint(w.stranger, 1)
    claims(w, lists[0], costs)
    if capped:
        args = lists[1].claim(2, w.stranger).args  # the same person once more
        costs["claim, of a person paid before"] = used(w.do(w.relayer, w.payouts, "claim", args))
    w.node.wait(31 * 86400)
    costs["expire"] = used(w.do(w.stranger, w.payouts, "expire", lists[0].pool, 0))
    return costs


def claims(w: World, lst: PayList, costs: dict[str, int]) -> None:
    """Note what claims cost, one by one and many at once. No row's sheet is ever fresh: its root stands in it."""
    one = "claim, the round's first"
    for position, name in ((0, one), (1, "claim"), (2, "claim"), (500, "claim"), (777, "claim")):
        cost = used(w.do(w.relayer, w.payouts, "claim", lst.claim(position, w.stranger).args))
        costs[name] = max(costs.get(name, 0), cost)
    costs["claim, fresh receiver"] = used(w.do(w.relayer, w.payouts, "claim", lst.claim(3, fresh(lst.pool, 0)).args))
    many = [lst.claim(100 + i, fresh(lst.pool, i + 1)).args for i in range(MANY)]
    costs[f"claimMany, each of {MANY}, fresh receivers"] = used(w.do(w.relayer, w.payouts, "claimMany", many)) // MANY
    many = [lst.claim(200 + i, fresh(lst.pool, i + 1)).args for i in range(MANY)]
    costs[f"claimMany, each of {MANY}"] = used(w.do(w.relayer, w.payouts, "claimMany", many)) // MANY
    many = [lst.claim(300 + i, w.stranger).args for i in range(MANY)]
    costs[f"claimMany, each of {MANY}, one agent"] = used(w.do(w.relayer, w.payouts, "claimMany", many)) // MANY


def test_gas_is_what_the_snapshot_says(w: World) -> None:
    """Any change fails, to the better too, so that each is seen in a commit."""
    costs = {name: measure(w, capped) for name, capped in (("no cap", False), ("cap", True))}
    if os.environ.get("MOA_GAS_WRITE"):
        SNAPSHOT.write_text(json.dumps(costs, indent=2) + "\n")
    assert costs == json.loads(SNAPSHOT.read_text())


def test_the_budget_holds() -> None:
    """A claim all in, by a beneficiary who has tokens already."""
    costs = json.loads(SNAPSHOT.read_text())["no cap"]
    assert costs["claim"] <= PER_CLAIM
