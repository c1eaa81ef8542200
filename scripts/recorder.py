"""The gateway's recorder: gifts become batches, once, however often and from wherever it is started again.

What is on the ledger is the only memory. Each run reads back the entries that this gateway has recorded, takes them
away from what it is to record, entry by entry as often as each stands there, and records the rest. A run that was
killed, a file given twice and a file that has grown are all the same case.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.ledger import Ledger, LedgerError, topic_of
from scripts.rpc import Call, NodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ints = NDArray[np.int64]

ENTRY = 32
MOST_ENTRIES = 1000
UNDER_WAY = 1
"""Ganache can forget a transaction that comes while it mines another, until the next one comes: the last would hang.
With one under way, the next is made meanwhile, and the node is busy all the time."""

ATTEMPTS = 3
QUIET_SECONDS = 60
GAS_BATCH, GAS_ENTRY = 300_000, 1_500
WITHOUT_LIMIT = 2**256 - 1


@dataclass(frozen=True)
class Column:
    """Gifts of many pools: row by row the pool's number on chain and the entry."""

    pools: Ints
    entries: Bytes

    @property
    def amounts(self) -> Ints:
        """Each entry's amount."""
        return self.entries[:, 24:].copy().view(">i8").ravel().astype(np.int64)

    @property
    def times(self) -> Ints:
        """When each donor paid."""
        return self.entries[:, 20:24].copy().view(">u4").ravel().astype(np.int64)


@dataclass(frozen=True)
class Batch:
    """Up to 1,000 entries of one pool, and the reference that follows from them."""

    pool: int
    reference: bytes
    entries: bytes
    amount: int
    last: int

    @property
    def count(self) -> int:
        """How many entries it has."""
        return len(self.entries) // ENTRY


def column(pools: Ints, donors: Bytes, times: Ints, amounts: Ints) -> Column:
    """Make entries: donor id (20) ‖ time (4) ‖ amount (8)."""
    entries = np.empty((len(pools), ENTRY), dtype=np.uint8)
    entries[:, :20] = donors
    entries[:, 20:24] = times.astype(">u4").view(np.uint8).reshape(-1, 4)
    entries[:, 24:] = amounts.astype(">u8").view(np.uint8).reshape(-1, 8)
    return Column(pools.astype(np.int64), entries)


def recorded(ledger: Ledger, gateway: str, since: int | None = None) -> tuple[Column, int]:
    """Read back all entries that a gateway has on the ledger, as they stand in the logs; and the last block of them."""
    pools, parts, last = [np.empty(0, dtype=np.int64)], [b""], -1
    for log in ledger.logs(ledger.fund, "BatchRecorded", None, None, topic_of(gateway), since=since):
        batch = ledger.fund.event("BatchRecorded", log)
        pools.append(np.full(batch["count"], batch["pool"]))
        parts.append(batch["entries"])
        last = int(log["blockNumber"], 16)
    flat = np.frombuffer(b"".join(parts), dtype=np.uint8)
    return Column(np.concatenate(pools), flat.reshape(-1, ENTRY)), last


def missing(wanted: Column, there: Column) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
    """Return which wanted entries are not there yet, and for each the how many-th of its like it is, from 0."""
    pools = np.concatenate([there.pools, wanted.pools])
    words = np.concatenate([there.entries, wanted.entries]).view(np.uint64).reshape(-1, 4)
    known = len(there.pools)
    if len(pools) == known:
        return np.empty(0, dtype=bool), np.empty(0, dtype=np.uint32)
    # A stable sort puts what is there first among its like.
    order = np.lexsort((*words.T, pools))
    pools, words = pools[order], words[order]
    first = np.r_[True, (pools[1:] != pools[:-1]) | (words[1:] != words[:-1]).any(axis=1)]
    run = np.cumsum(first) - 1
    begins = np.flatnonzero(first)
    there_in_run = np.add.reduceat(order < known, begins, dtype=np.int64)[run]
    nth = np.arange(len(order)) - begins[run] - there_in_run
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    mine = back[known:]
    return nth[mine] >= there_in_run[mine], nth[mine].astype(np.uint32)


def plan(wanted: Column, there: Column, keys: Mapping[int, bytes]) -> list[Batch]:
    """Cut what is missing into batches, each pool's in time order, all of them by the time of their last entry.

    A reference is the hash of the pool's key and the batch's entries, each with its number among its like: no two
    batches share such a pair, so no two share a reference, and the same rows always make the same one.
    """
    left, nth = missing(wanted, there)
    rows = np.flatnonzero(left)
    times = wanted.times
    rows = rows[np.lexsort((rows, times[rows], wanted.pools[rows]))]
    pools, amounts = wanted.pools[rows], wanted.amounts[rows]
    entries, times = wanted.entries[rows], times[rows]
    numbered = np.concatenate([entries, nth[rows].astype(">u4").view(np.uint8).reshape(-1, 4)], axis=1)
    batches = []
    ends = (np.flatnonzero(np.r_[pools[1:] != pools[:-1], True]) + 1).tolist() if len(rows) else []
    begin = 0
    for end in ends:
        pool = int(pools[begin])
        for at in range(begin, end, MOST_ENTRIES):
            span = slice(at, min(at + MOST_ENTRIES, end))
            reference = hashlib.sha256(b"Moa batch 1:" + keys[pool] + numbered[span].tobytes()).digest()
            amount = sum(amounts[span].tolist())
            batches.append(Batch(pool, reference, entries[span].tobytes(), amount, int(times[span][-1])))
        begin = end
    # A stable sort keeps each pool's own order.
    return sorted(batches, key=lambda batch: batch.last)


class Recorder:
    """One gateway's account on one ledger. Only one may be at work for an account at a time."""

    def __init__(self, ledger: Ledger, gateway: str) -> None:
        self.ledger = ledger
        self.gateway = gateway
        self._there = Column(np.empty(0, dtype=np.int64), np.empty((0, ENTRY), dtype=np.uint8))
        self._since: int | None = None

    def there(self) -> Column:
        """Return the entries that are on the ledger; what was read once is not read again."""
        more, last = recorded(self.ledger, self.gateway, self._since)
        if len(more.pools):
            pools = np.concatenate([self._there.pools, more.pools])
            self._there = Column(pools, np.concatenate([self._there.entries, more.entries]))
            self._since = last + 1
        return self._there

    def record(
        self, wanted: Column, keys: Mapping[int, bytes], begun: Callable[[int], None], done: Callable[[int], None]
    ) -> int:
        """Record whatever of `wanted` is not on the ledger yet; returns how many entries that were.

        `begun` hears how many entries are to be recorded, `done` how many more were sent.
        """
        total = 0
        for attempt in range(ATTEMPTS):
            nonce = self._quiet_nonce()
            batches = plan(wanted, self.there(), keys)
            count = sum(batch.count for batch in batches)
            if attempt == 0:
                total = count
                begun(count)
            if not batches:
                return total
            if attempt:
                self._complain(batches[0])
            nonce += self._fund(batches)
            refused = ""
            answers = self.ledger.node.many(self._calls(batches, nonce), UNDER_WAY)
            for batch, answer in zip(batches, answers, strict=True):
                if isinstance(answer, NodeError):
                    refused = refused or str(answer)
                done(batch.count)
        if left := plan(wanted, self.there(), keys):
            raise LedgerError(f"{len(left)} batches could not be recorded. {refused}".strip())
        return total

    def _calls(self, batches: list[Batch], nonce: int) -> Iterator[Call]:
        """Make the requests. The explicit nonces are the lock: who else uses this account makes ours fail."""
        for place, batch in enumerate(batches):
            yield self.ledger.signer.request(self._transaction(batch, nonce + place))

    def _transaction(self, batch: Batch, nonce: int | None = None) -> dict[str, Any]:
        arguments = (batch.pool, batch.reference, batch.entries)
        gas = GAS_BATCH + GAS_ENTRY * batch.count
        fund = self.ledger.fund
        return self.ledger.transaction(self.gateway, fund, "recordBatch", *arguments, gas=gas, nonce=nonce)

    def _complain(self, batch: Batch) -> None:
        """Raise if the ledger would refuse this batch again."""
        words = self.ledger.why(self._transaction(batch))
        if "would pass" not in words and "insufficient" not in words.lower():
            raise LedgerError(f"Pool {batch.pool} does not take the batch: {words}")

    def _quiet_nonce(self) -> int:
        """Wait until nothing of this account is on its way, and return its next nonce."""
        node, limit = self.ledger.node, time.monotonic() + QUIET_SECONDS
        while True:
            mined, sent = (
                int(node.call("eth_getTransactionCount", self.gateway, at), 16) for at in ("latest", "pending")
            )
            if mined == sent:
                return mined
            if time.monotonic() > limit:
                raise LedgerError(f"Transactions of the gateway {self.gateway} are not mined. Restart the node.")
            time.sleep(0.2)

    def _fund(self, batches: list[Batch]) -> int:
        """Mint what the batches cost beyond what the gateway has: so what was minted is recorded or still there.

        The reference follows from the batches, so that a run which was killed after minting cannot mint for them again.
        Returns how many transactions that took.
        """
        ledger, gateway, sent = self.ledger, self.gateway, 0
        need = sum(batch.amount for batch in batches)
        short = need - int(ledger.view(ledger.token, "balanceOf", gateway))
        if short > 0:
            text = b"".join(batch.reference for batch in batches) + short.to_bytes(32, "big")
            reference = hashlib.sha256(b"Moa deposit 1:" + text).digest()
            ledger.send(gateway, ledger.token, "mint", gateway, short, reference, gas=200_000)
            sent += 1
        if ledger.view(ledger.token, "allowance", gateway, ledger.fund.address) < need:
            ledger.send(gateway, ledger.token, "approve", ledger.fund.address, WITHOUT_LIMIT, gas=100_000)
            sent += 1
        return sent
