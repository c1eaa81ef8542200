# ruff: noqa: S311 (seeded: the same entries in each run)
"""What each call costs, to the unit of gas, against the figures in gas.json. `MOA_GAS_WRITE=1` writes them anew.

Gas is all that a transaction pays: its base, its data, its execution.
"""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entrytree import Tree, entry_of, seed_of
from eth_utils import keccak
from signing import ATTESTATION, CHAIN, PERMIT, RECEIVE, REFUND, parts, separator, sign
from world import DAY, NEVER, UNIT, ZERO32, World, b32, evidence_of

if TYPE_CHECKING:
    from world import Contract

SNAPSHOT = Path(__file__).parent / "gas.json"
GIFT = 5 * UNIT
BATCHES = (1, 100, 1000)
BROUGHT = (1, 10, 100)
PER_ENTRY, PER_GIFT = 1150, 75_000


def entries_of(count: int) -> bytes:
    """Return made-up gifts that look like real ones: random donors, 1 to 100 units in whole cents, recent times."""
    rng = random.Random(count)
    return b"".join(
        entry_of(rng.randbytes(20), 1_700_000_000 + rng.randrange(10**8), rng.randrange(100, 10_001) * 10_000)
        for _ in range(count)
    )


class Meter:
    """Calls, and what they cost."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.costs: dict[str, int] = {}

    def pays(self, name: str, sender: str, function: str, *args: Any, contract: Contract | None = None) -> None:
        """Call the fund, or another contract, and note the cost."""
        receipt = self.w.do(sender, contract or self.w.fund, function, *args)
        self.costs[name] = int(receipt["gasUsed"], 16)


def measure(w: World) -> dict[str, int]:
    """Return the cost of everything that people do."""
    meter = Meter(w)
    plan = w.plan(milestones=[(w.payee, 10**6 * UNIT, w.node.now + 60 * DAY)])
    meter.pays("openPool, 3 attestors, 1 milestone", w.ngo, "openPool", w.words(plan))
    for part in (direct_gifts, signed_gifts, brought_gifts, batches, brake, judgement, money_back):
        part(w, meter)
    meter.pays("mint", w.gateway, "mint", w.donor3, UNIT, b32("deposit"), contract=w.token)
    return meter.costs


def direct_gifts(w: World, meter: Meter) -> None:
    """Gifts from an allowance. The fund and the donor have tokens before and after, but at the first gift."""
    meter.pays("contribute, the token's first", w.donor2, "contribute", 1, GIFT)
    allow(w, 10 * GIFT)
    meter.pays("contribute", w.donor2, "contribute", 1, GIFT)
    allow(w, GIFT)
    meter.pays("contribute, exact allowance", w.donor2, "contribute", 1, GIFT)
    allow(w, 2**256 - 1)
    meter.pays("contribute, endless allowance", w.donor2, "contribute", 1, GIFT)


def allow(w: World, amount: int) -> None:
    """Let the fund take so much of donor2's."""
    w.do(w.donor2, w.token, "approve", w.fund.address, amount)


def signed_gifts(w: World, meter: Meter) -> None:
    """Gifts by permit and by relayed authorization, each the donor's first signature."""
    domain = separator("Moa USD", w.token.address)
    permit = sign(w.keys["donor1"], domain, PERMIT, w.donor1, w.fund.address, GIFT, 0, NEVER)
    meter.pays("contributeWithPermit", w.donor1, "contributeWithPermit", 1, GIFT, NEVER, *parts(permit))
    salt = keccak(text="salt")
    nonce = w.see(w.fund, "authorizationNonce", 1, salt)
    said = sign(w.keys["donor1"], domain, RECEIVE, w.donor1, w.fund.address, GIFT, 0, NEVER, nonce)
    authorization = (w.donor1, GIFT, 0, NEVER, salt, said)
    meter.pays("contributeWithAuthorization", w.relayer, "contributeWithAuthorization", 1, authorization)


def brought_gifts(w: World, meter: Meter) -> None:
    """Gifts of many donors, brought by one who has an endless allowance."""
    rng = random.Random(7)
    for count in BROUGHT:
        gifts = [entry_of(rng.randbytes(20), 0, rng.randrange(100, 10_001) * 10_000) for _ in range(count)]
        meter.pays(f"contributeMany of {count}", w.gateway, "contributeMany", 1, gifts)


def batches(w: World, meter: Meter) -> None:
    """Batches of a gateway with an endless allowance."""
    for count in BATCHES:
        reference = keccak(text=f"batch of {count}")
        meter.pays(f"recordBatch of {count}", w.gateway, "recordBatch", 1, reference, entries_of(count))


def brake(w: World, meter: Meter) -> None:
    """A pause and its end."""
    meter.pays("pause", w.pauser, "pause", 1)
    meter.pays("unpause", w.operator, "unpause", 1)


def judgement(w: World, meter: Meter) -> None:
    """Evidence, two attestations, an objection that is too small, a release to a payee who has no tokens yet."""
    w.do(w.gateway, w.token, "mint", w.gateway, 10**12, ZERO32)
    w.do(w.gateway, w.fund, "recordBatch", 1, b32("rest"), entry_of(bytes(20), 1, 10**12))
    evidence, judge = evidence_of("done"), w.judgement
    meter.pays("submitEvidence", w.ngo, "submitEvidence", 1, 0, evidence, "content:done", contract=judge)
    meter.pays("attest", w.attestor1, "attest", 1, 0, evidence, True, contract=judge)
    said = (w.attestor2, 1, 0, 1, evidence, True, NEVER)
    signature = sign(w.keys["attestor2"], separator("Moa Judgement", judge.address), ATTESTATION, *said)
    args = (w.attestor2, 1, 0, evidence, True, NEVER, signature)
    meter.pays("attestBySignature, the deciding one", w.relayer, "attestBySignature", *args, contract=judge)
    meter.pays("object, with one gift", w.donor2, "object", 1, 0, evidence, [0], contract=judge)
    w.node.wait(DAY)
    meter.pays("release", w.ngo, "release", 1, 0)


def money_back(w: World, meter: Meter) -> None:
    """What a payee gives back; then, of a pool that was cancelled, gifts to donors who have tokens, and a batch."""
    w.do(w.payee, w.token, "approve", w.fund.address, 2**256 - 1)
    meter.pays("giveBack", w.payee, "giveBack", 1, 0, GIFT)
    pool = w.open_pool()
    w.give(pool, GIFT, w.donor2)
    w.mint(w.donor3, GIFT)
    entries = tuple(entry_of(w.donor3 if i == 700 else bytes(20), 1, GIFT) for i in range(1000))
    batch = w.see(w.fund, "batchId", w.gateway, b32("back"))
    w.do(w.gateway, w.fund, "recordBatch", pool, b32("back"), b"".join(entries))
    meter.pays("cancel", w.ngo, "cancel", pool)
    meter.pays("refund", w.relayer, "refund", pool, 0, w.donor2)
    tree = Tree(seed_of(CHAIN, w.fund.address, pool, batch), GIFT, entries)
    receipt = (batch, 700, tree.starts[700], entries[700], tree.path(700))
    fund = separator("Moa PooledFund", w.fund.address)
    signature = sign(w.keys["donor3"], fund, REFUND, batch, 700, 0, w.donor3, NEVER)
    meter.pays("refundEntry of 1000", w.relayer, "refundEntry", receipt, w.donor3, NEVER, signature)
    w.node.wait(30 * DAY)
    meter.pays("refundBatch", w.gateway, "refundBatch", b32("back"), w.gateway)


def test_gas_is_what_the_snapshot_says(w: World) -> None:
    """Any change fails, to the better too, so that each is seen in a commit."""
    costs = measure(w)
    if os.environ.get("MOA_GAS_WRITE"):
        SNAPSHOT.write_text(json.dumps(costs, indent=2) + "\n")
    assert costs == json.loads(SNAPSHOT.read_text())


def test_the_budget_holds() -> None:
    """1,000 entries at 1,150 gas each all in, a direct gift at 75,000, in any state of the allowance but the first."""
    costs = json.loads(SNAPSHOT.read_text())
    assert costs["recordBatch of 1000"] <= 1000 * PER_ENTRY
    gifts = ("contribute", "contribute, exact allowance", "contribute, endless allowance")
    assert max(costs[gift] for gift in gifts) <= PER_GIFT
