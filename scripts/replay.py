"""Replay a file of gifts: one pool per distinct title, recorded in batches, every cent compared at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts import plans, receipts
from scripts.content import document, uri
from scripts.gifts import name_of
from scripts.ledger import Ledger, LedgerError, topic_of
from scripts.members import (
    ATTESTOR_KIND,
    GATEWAY_KIND,
    NGO_KIND,
    REPLAY_ATTESTORS,
    REPLAY_GATEWAY,
    REPLAY_NGO,
    Cast,
)
from scripts.recorder import UNDER_WAY, Column, Recorder, column
from scripts.rpc import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scripts.gifts import Gifts

YEARS = 5 * 365 * plans.DAY
GAS_POOL = 1_200_000
READS_UNDER_WAY = 4
ABOUT_POOL = "The gifts of this pool were replayed from a file that a payment gateway handed in."
ABOUT_NGO = "Stands for the programmes whose gifts were replayed from a file."
ABOUT_GATEWAY = "Records the gifts of a file in batches, and mints what they add up to."
ABOUT_ATTESTOR = "An independent verifier of the replayed pools."


@dataclass(frozen=True)
class Sums:
    """What one pool has, in base units, as each source says by itself."""

    pool: int
    title: str
    file: int
    others: int  # on the ledger, but not from this file
    token: int
    contract: int

    def equal(self, index: int) -> bool:
        """Tell whether all sources agree."""
        return self.file + self.others == self.token == self.contract == index


class Replay:
    """One file of gifts on one ledger."""

    def __init__(self, ledger: Ledger, cast: Cast, gifts: Gifts) -> None:
        self.ledger = ledger
        self.cast = cast
        self.gifts = gifts

    def prepare(self) -> None:
        """Enter the NGO, the attestors and the gateway."""
        cast = self.cast
        cast.appoint_gateway(REPLAY_GATEWAY)
        cast.accredit(REPLAY_GATEWAY, GATEWAY_KIND, "Gift file gateway", ABOUT_GATEWAY)
        cast.accredit(REPLAY_NGO, NGO_KIND, "Programmes of the gift file", ABOUT_NGO)
        for number, place in enumerate(REPLAY_ATTESTORS, 1):
            cast.accredit(place, ATTESTOR_KIND, f"Replay attestor {number}", ABOUT_ATTESTOR)

    def pools(self) -> dict[bytes, int]:
        """Return the replay's pools by the hash of their description, which is how a title is found again."""
        opened = self.ledger.events(self.ledger.fund, "PoolOpened", None, topic_of(self.cast[REPLAY_NGO]))
        return {event["descriptionHash"]: event["pool"] for event in opened}

    def open_pools(self, begun: Callable[[int], None], done: Callable[[int], None]) -> list[int]:
        """Open the pools that are not there yet; returns the pool's number of every title."""
        totals = self._totals()
        hashes = [self.cast.content.text(title, ABOUT_POOL) for title in self.gifts.titles]
        there = self.pools()
        todo = [number for number, digest in enumerate(hashes) if digest not in there]
        begun(len(todo))
        if todo:
            node, ngo = self.ledger.node, self.cast[REPLAY_NGO]
            nonce = int(node.call("eth_getTransactionCount", ngo, "latest"), 16)
            requests = map(self.ledger.signer.request, self._transactions(todo, hashes, totals, nonce))
            for answer in node.many(requests, UNDER_WAY):
                if isinstance(answer, NodeError):
                    raise LedgerError(f"A pool could not be opened: {answer}")
                done(1)
            there = self.pools()
        if lost := [number for number in todo if hashes[number] not in there]:
            made = next(self._transactions(lost[:1], hashes, totals, None))
            title, why = self.gifts.titles[lost[0]], self.ledger.why(made)
            raise LedgerError(f"{len(lost)} pools could not be opened, the first is {title!r}: {why}.")
        return [there[digest] for digest in hashes]

    def _totals(self) -> list[int]:
        totals = [0] * len(self.gifts.titles)
        for pool, amount in zip(self.gifts.pools, self.gifts.amounts, strict=True):
            totals[pool] += amount
        return totals

    def _transactions(
        self, todo: list[int], hashes: list[bytes], totals: list[int], nonce: int | None
    ) -> Iterator[dict[str, Any]]:
        ledger, ngo = self.ledger, self.cast[REPLAY_NGO]
        now = int(ledger.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        for place, number in enumerate(todo):
            plan = self._plan(self.gifts.titles[number], hashes[number], totals[number], now)
            at = None if nonce is None else nonce + place
            yield ledger.transaction(ngo, ledger.fund, "openPool", plan, gas=GAS_POOL, nonce=at)

    def _plan(self, title: str, digest: bytes, total: int, now: int) -> tuple[Any, ...]:
        attestors = [self.cast[place] for place in REPLAY_ATTESTORS]
        panel = plans.Panel(attestors, len(attestors))
        milestones = [plans.Milestone(self.cast[REPLAY_NGO], total, now + YEARS)]
        text = name_of(title), digest, uri(digest)
        return plans.Plan(self.ledger.token.address, *text, panel, milestones, open_ended=True).words()

    def column(self, pools: list[int], secret: bytes) -> Column:
        """Make the entries of all gifts."""
        gifts = self.gifts
        ids = b"".join(receipts.donor_id(secret, name) for name in gifts.names)
        donors = np.frombuffer(ids, dtype=np.uint8).reshape(-1, 20)
        whose = np.frombuffer(gifts.donors, dtype=np.int64)
        where = np.array(pools, dtype=np.int64)[np.frombuffer(gifts.pools, dtype=np.int64)]
        times, amounts = (np.frombuffer(a, dtype=np.int64) for a in (gifts.times, gifts.amounts))
        return column(where, donors[whose], times, amounts)

    def record(
        self, wanted: Column, pools: list[int], begun: Callable[[int], None], done: Callable[[int], None]
    ) -> int:
        """Record what is not on the ledger yet; returns how many gifts that were."""
        keys = {pool: document(title, ABOUT_POOL) for pool, title in zip(pools, self.gifts.titles, strict=True)}
        return Recorder(self.ledger, self.cast[REPLAY_GATEWAY]).record(wanted, keys, begun, done)

    def sums(self, pools: list[int]) -> list[Sums]:
        """Add up every pool of the file, each source by itself; the index is asked elsewhere."""
        ledger = self.ledger
        said, pool_of = self._logged()
        token = dict.fromkeys(pools, 0)
        for log in ledger.logs(ledger.token, "Transfer", None, topic_of(ledger.fund.address)):
            pool = pool_of.get(log["transactionHash"])
            if pool in token:
                token[pool] += int(log["data"], 16)
        calls = [
            ("eth_call", [{"to": ledger.fund.address, "data": ledger.fund.data("poolOf", pool)}, "latest"])
            for pool in pools
        ]
        found = []
        answers = ledger.node.many(calls, READS_UNDER_WAY)
        for pool, title, file, answer in zip(pools, self.gifts.titles, self._totals(), answers, strict=True):
            if isinstance(answer, NodeError):
                raise answer
            raised = ledger.fund.result("poolOf", answer)["raised"]
            found.append(Sums(pool, title, file, said.get(pool, 0) - file, token[pool], raised))
        return found

    def _logged(self) -> tuple[dict[int, int], dict[str, int]]:
        """Return what the logs say came into each pool, and each such transaction's pool."""
        said: dict[int, int] = {}
        pool_of: dict[str, int] = {}
        for event in ("BatchRecorded", "Contributed"):
            for log in self.ledger.logs(self.ledger.fund, event):
                found = self.ledger.fund.event(event, log)
                said[found["pool"]] = said.get(found["pool"], 0) + found["amount"]
                pool_of[log["transactionHash"]] = found["pool"]
        return said, pool_of


def secret_for(path: Path, ledger: Ledger) -> bytes:
    """Return the gateways' secret; without the old one, what is on the ledger could not be recognised."""
    try:
        secret, fresh = receipts.load_secret(path)
    except receipts.SecretError as error:
        raise LedgerError(str(error)) from None
    if fresh and any(True for _ in ledger.logs(ledger.fund, "BatchRecorded")):
        path.unlink()
        raise LedgerError(f"The gateway's secret {path.name} is gone, and its gifts are on the chain: make demo-reset.")
    return secret
