"""One gift's receipt, from the chain alone: its entry, its proof, and where its money went."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .deployment import Deployment
from .forms import hexed, way
from .node import Node
from .out import CannotCheckError, Report
from .state import Pool, State
from .tape import Gift
from .trace import trace
from .tree import ENTRY, climbs, keccak, proof_of, seed_of

_VERIFY = keccak(b"verifyEntry((bytes32,uint256,uint64,bytes32,bytes32[]))")[:4]


@dataclass(frozen=True)
class Receipts:
    """Checks single gifts against the fund's storage at a block."""

    state: State
    node: Node
    deployment: Deployment
    block: int
    report: Report

    def check(self, name: str) -> list[str]:
        """Check the gift of a name, as 1-0: its pool and its place in line; return its receipt in lines.

        Raises:
            CannotCheckError: There is no such gift.

        """
        pool, gift = self._find(name)
        donor = hexed(gift.donor) if any(gift.donor) else "nobody that it names"
        lines = [
            f"Gift {name}: {gift.amount} base units from {donor}, paid at {gift.paid_at} ({way(gift)})",
            f"  recorded in log {gift.place.log} of block {gift.place.block}, transaction 0x{gift.place.tx.hex()}",
        ]
        lines += self._look_up(name, pool, gift) if gift.batch is None else self._prove(name, pool, gift, gift.batch)
        spent, back, waiting = trace(self.state, pool, gift)
        where = [f"  {end - start} went to milestone {number} ({start} to {end})" for start, end, number in spent]
        return [*lines, *where, f"  {back} came back, {waiting} waits"]

    def _find(self, name: str) -> tuple[Pool, Gift]:
        found = re.fullmatch(r"([0-9]{1,10})-([0-9]{1,20})", name, re.ASCII)
        if not found:
            raise CannotCheckError("--receipt is a pool's number and a place in its line, as 1-0")
        number, start = int(found[1]), int(found[2])
        gift = self.state.pools[number - 1].gifts.find(start) if 0 < number <= len(self.state.pools) else None
        if gift is None:
            raise CannotCheckError(f"there is no gift {number}-{start} up to block {self.block}")
        return self.state.pools[number - 1], gift

    def _look_up(self, name: str, pool: Pool, gift: Gift) -> list[str]:
        fund = self.deployment.addresses["PooledFund"]
        [stored] = self.node.views([(fund, "giftAt(uint256,uint64)", (pool.number, gift.start))], self.block)
        self.report.same(f"gift {name}, donor", storage=stored["donor"], logs=gift.donor)
        self.report.same(f"gift {name}, amount", storage=stored["amount"], logs=gift.amount)
        return ["  it stands in the fund's storage by itself"]

    def _prove(self, name: str, pool: Pool, gift: Gift, batch: bytes) -> list[str]:
        fund, first = self.deployment.addresses["PooledFund"], self.state.batches[batch].stored["start"]
        entries = pool.gifts.entries(first)
        seed = seed_of(self.deployment.chain_id, fund, pool.number, batch)
        leaf, siblings = proof_of(seed, entries, first, gift.position)
        [stored] = self.node.views([(fund, "batchOf(bytes32)", (batch,))], self.block)
        leads = climbs(stored["root"], stored["count"], gift.position, leaf, siblings)
        self.report.same(f"receipt of gift {name}, leads to the stored root", its_proof=leads, the_rule=True)
        entry = entries[ENTRY * gift.position :][:ENTRY]
        words = [batch, gift.position.to_bytes(32), gift.start.to_bytes(32), entry, (160).to_bytes(32)]
        data = _VERIFY + b"".join([(32).to_bytes(32), *words, len(siblings).to_bytes(32), *siblings])
        answer = self.node.call("eth_call", {"to": "0x" + fund.hex(), "data": "0x" + data.hex()}, hex(self.block))
        says = answer == "0x" + (1).to_bytes(32).hex()
        self.report.same(f"receipt of gift {name}, the fund's verifyEntry", its_proof=leads, the_fund=says)
        return [
            f"  entry {gift.position} of {stored['count']} of the batch 0x{batch.hex()}",
            f"  entry 0x{entry.hex()}, leaf 0x{leaf.hex()}",
            *(f"  sibling 0x{sibling.hex()}" for sibling in siblings),
            f"  root 0x{stored['root'].hex()}: the fund's own verifyEntry says {'yes' if says else 'no'}",
        ]
