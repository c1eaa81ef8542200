"""A donor's gifts as the ledger has them: what a wallet gave, and the entries of a donor id with their proofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api import tree
from scripts.ledger import topic_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.ledger import Ledger

ENTRY = 32


@dataclass(frozen=True)
class Receipt:
    """One entry of a batch and what proves it."""

    pool: int
    batch: bytes
    position: int
    start: int
    entry: bytes
    proof: tuple[bytes, ...]

    @property
    def amount(self) -> int:
        """Return the gift's amount in base units."""
        return int.from_bytes(self.entry[24:], "big")

    def words(self) -> tuple[Any, ...]:
        """Return the receipt as the contracts take it."""
        return self.batch, self.position, self.start, self.entry, list(self.proof)


def receipts_of(ledger: Ledger, donor: bytes, pool: int | None = None) -> Iterator[Receipt]:
    """Find the entries of a donor id, in one pool or in all, in the order of the ledger."""
    wanted = None if pool is None else "0x" + pool.to_bytes(32, "big").hex()
    fund = bytes.fromhex(ledger.fund.address[2:])
    for log in ledger.logs(ledger.fund, "BatchRecorded", wanted):
        batch = ledger.fund.event("BatchRecorded", log)
        entries: bytes = batch["entries"]
        mine = [at for at in range(0, len(entries), ENTRY) if entries.startswith(donor, at)]
        if not mine:
            continue
        seed = tree.seed(ledger.deployment.chain_id, fund, batch["pool"], batch["batch"])
        starts = tree.starts(entries, batch["start"])
        whole = tree.Tree(tree.leaves(seed, entries, starts))
        for at in mine:
            position = at // ENTRY
            entry, proof = entries[at : at + ENTRY], tuple(whole.siblings(position))
            yield Receipt(batch["pool"], batch["batch"], position, int(starts[position]), entry, proof)


def gifts_of(ledger: Ledger, donor: str, pool: int) -> list[tuple[int, int]]:
    """Return what a wallet gave to a pool directly: places in line and amounts."""
    wanted = "0x" + pool.to_bytes(32, "big").hex(), topic_of(donor)
    return [(e["start"], e["amount"]) for e in ledger.events(ledger.fund, "Contributed", *wanted)]
