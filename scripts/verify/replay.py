"""Reads the chain: the logs of Moa's contracts, in order, each once, and hashes every batch with all cores."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from . import abi, tree
from .books import Books
from .deployment import Deployment
from .flows import Flows
from .fund import Fund
from .judged import Judged
from .node import Log, Node
from .out import CannotCheckError, Progress, Report
from .state import Batch, BrokenError, State, Values
from .tape import Place
from .words import HOLDERS

_BY_HAND = 20_000
"""Entries that are hashed here, before it pays to start other processes."""

_MOVES = (
    *("Contributed", "BatchRecorded", "Released", "Returned", "Refunded", "BatchRefunded", "Delivered", "Locked"),
    *("VoucherRedeemed", "Pledged", "MilestoneDisputed", "Cancelled", "EvidenceSubmitted", "Attested", "PoolOpened"),
)
_LISTED = ("Attested", "Released", "Returned", "Refunded", "Objected")


Grown = Callable[[Batch, list[bytes]], None]
"""Hears of each batch's tree, in the ledger's order: the roots of its parts of 64 entries."""


def _leave_to_the_first() -> None:
    """Let Ctrl-C, which every process of a terminal hears, be the first process's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Workers:
    """Recomputes the root of each batch; many are under way at once."""

    def __init__(self, chain_id: int, fund: bytes, report: Report) -> None:
        """Begin; processes are started once it pays."""
        self.watch: list[Grown] = []
        self._chain_id, self._fund, self._report = chain_id, fund, report
        self._cores = os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._waiting: deque[tuple[str, Batch, Future[list[bytes]]]] = deque()
        self._entries = 0

    def check(self, where: str, pool: int, batch: Batch, entries: bytes) -> None:
        """Take a batch on; where too many are under way, wait for the first."""
        self._entries += batch.stored["count"]
        seed = tree.seed_of(self._chain_id, self._fund, pool, batch.identity)
        if self._pool is None and (self._entries <= _BY_HAND or self._cores == 1):
            self._compare(where, batch, tree.parts_of(seed, entries, batch.stored["start"]))
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self._cores, get_context("spawn"), _leave_to_the_first)
        self._waiting.append((where, batch, self._pool.submit(tree.parts_of, seed, entries, batch.stored["start"])))
        while len(self._waiting) > 4 * self._cores:
            self._take()

    def finish(self) -> None:
        """Wait for all that are under way."""
        while self._waiting:
            self._take()

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _take(self) -> None:
        where, batch, future = self._waiting.popleft()
        try:
            self._compare(where, batch, future.result())
        except BrokenProcessPool as error:
            raise CannotCheckError("a process that hashes batches was ended from outside") from error

    def _compare(self, where: str, batch: Batch, parts: list[bytes]) -> None:
        name = f"batch 0x{batch.identity.hex()} ({where})"
        self._report.same(f"{name}, root", its_log=batch.stored["root"], its_entries=tree.root_over(parts))
        for hear in self.watch:
            hear(batch, parts)


Watch = Callable[[Log, str, Values, State], None]
"""Hears of each log when it is taken in: the name of its event, and its values."""


class Replay:
    """The state of the contracts as their logs tell it, up to a block."""

    def __init__(self, node: Node, deployment: Deployment, report: Report, progress: Progress, sample: int) -> None:
        """Begin before the deployment's first block."""
        self.state = State(sample)
        self.at = deployment.block - 1
        self._node, self._report, self._progress = node, report, progress
        self._contracts = {address: name for name, address in deployment.addresses.items()}
        self._workers = Workers(deployment.chain_id, deployment.addresses["PooledFund"], report)
        flows = Flows(deployment.addresses["SettlementToken"], set(self._contracts), report)
        self._fund = Fund(self.state, report, self._workers, flows, deployment.addresses)
        self._judged = Judged(self.state, report)
        books = Books(self.state, report, flows, deployment.addresses)
        by_contract: dict[str, Any] = {"PooledFund": self._fund, "Judgement": self._judged}
        self._rules = {
            (address, topic): (event, getattr(by_contract.get(name, books), event.name, None))
            for address, name in self._contracts.items()
            for topic, event in abi.events_of(name).items()
        }
        self.watch: list[Watch] = []
        self.watch_trees = self._workers.watch

    def read(self, last: int) -> None:
        """Take in the logs up to a block.

        Raises:
            CannotCheckError: A log cannot be read, or the node does not answer.

        """
        first, block = self.at + 1, -1
        self._progress.begin()
        for end, logs in self._node.logs(list(self._contracts), first, last):
            for log in logs:
                if log.block != block:
                    self._fund.check_told(block)
                    block = log.block
                self._take(log)
            self._progress.tell(
                f"reading block {end:,} of {last:,}, {self.state.gifts:,} gifts", end - first + 1, last - first + 1
            )
        self._fund.check_told(block)
        self._workers.finish()
        self.at = last

    def close(self) -> None:
        """End what runs beside."""
        self._workers.close()

    def _take(self, log: Log) -> None:
        self.state.logs += 1
        event, rule = self._rules.get((log.address, log.topics[0] if log.topics else b""), (None, None))
        name = self._contracts[log.address]
        if event is None:
            topic = log.topics[0].hex() if log.topics else "(none)"
            raise CannotCheckError(
                f"{log.where} is an event of {name} that this program does not know (topic 0x{topic}): the contracts "
                "are of another version, or the deployment file is another's"
            )
        try:
            values = event.decode(log.topics, log.data)
        except ValueError as error:
            raise CannotCheckError(f"{log.where} is no whole {event.name} of {name}: {error}") from error
        at = Place(log.block, log.index, log.tx, log.time)
        try:
            self._check_named(values, log.where)
            if rule is not None:
                rule(values, at, log.where)
            if event.name == "Released":
                self._judged.released(values, at, log.where)
        except BrokenError as error:
            self._report.add(f"{log.where} ({event.name} of {name})", str(error))
        if event.name not in HOLDERS:
            self.state.last_log = log.block << 20 | log.index
        self._note(event.name, at, values)
        self._tell(log, event.name, values)

    def _check_named(self, v: Values, where: str) -> None:
        """Check that a log of a pool names the pool's own token and NGO."""
        if 0 < v.get("pool", 0) <= len(self.state.pools):
            stored = self.state.pools[v["pool"] - 1].stored
            for name in ("token", "ngo"):
                if v.get(name, stored[name]) != stored[name]:
                    self._report.add(where, f"it names another {name} than pool {v['pool']}'s")

    def _note(self, name: str, at: Place, values: Values) -> None:
        """Keep what lists show, the newest first."""
        short = {key: value for key, value in values.items() if key not in ("entries", "rows")}
        if name in _MOVES:
            self.state.movements.append((at, name, short))
        if name in _LISTED or name in ("BatchRefunded", "RoundSealed", "Locked"):
            which = {"BatchRefunded": "Refunded", "RoundSealed": "Sealed"}.get(name, name)
            self.state.lists[which].add((tuple(at), short))

    def _tell(self, log: Log, name: str, values: Values) -> None:
        for watch in self.watch:
            watch(log, name, values, self.state)
