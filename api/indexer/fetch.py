"""Runs of blocks with their logs, the next ones fetched ahead while the last one is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from api.errors import NodeRefusedError, UnsteadyChainError
from api.indexer import agree
from api.indexer.bloom import bits_of, is_crowded, may_hold
from api.indexer.chain import Node, Watched
from api.indexer.kinds import Block, RawLog
from api.indexer.ranges import Ranges
from api.tables import LOG_BITS

WANTED = 3 * 2**20
"""Bytes of a node's answer about logs: enough that its start-up does not count, few enough to keep in memory."""
AHEAD = 2
"""Runs on the way beside the one that is written: the node works on one while the other's answer is read."""
START = 4
"""Blocks of the first one: nobody knows yet how much is in them, and it is all in memory at once."""


@dataclass(frozen=True)
class Run:
    """Some blocks in a row, and all their logs in the ledger's order."""

    first: int
    last: int
    blocks: list[Block]
    logs: list[RawLog]


class _Ahead(NamedTuple):
    """A run on the way."""

    first: int
    last: int  # or less, if the node refuses so much
    run: Future[Run]


class Fetcher:
    """Fetches runs that the node is willing to answer."""

    def __init__(self, node: Node, watched: Sequence[Watched], witness: Node | None = None) -> None:
        """Make a fetcher of these contracts' logs; its threads start with the first run.

        `witness`: a second node, of somebody else at best, that must tell the same.
        """
        self._node, self._ranges = node, Ranges(node, watched)
        self._witness = None if witness is None else Ranges(witness, watched)
        self._watched = watched
        self._bits = [bits for each in watched for bits in _bits_of(each)]
        self._span = START
        self._threads = ThreadPoolExecutor(AHEAD, "fetch")
        self._ahead: deque[_Ahead] = deque()  # each continues the one before

    def take(self, first: int, head: int) -> Run:
        """Return the run that begins with block `first`, and go on with those after it.

        Raises:
            NodeAwayError, NodeRefusedError: As the node's.
            UnsteadyChainError: Headers and logs are not of one and the same chain.
            NodeBehindError, ForkedError: The second node has not got that far, or tells otherwise.

        """
        if not self._ahead or self._ahead[0].first != first:
            self.forget()
            self._send(first, head)
        run = self._ahead.popleft().run.result()
        while len(self._ahead) < AHEAD:
            after = 1 + (self._ahead[-1].last if self._ahead else run.last)
            if after > head:
                break
            self._send(after, head)
        return run

    def _send(self, first: int, head: int) -> None:
        last = min(first + min(self._span, self._ranges.most) - 1, head)
        self._ahead.append(_Ahead(first, last, self._threads.submit(self._fetch, first, last)))

    def forget(self) -> None:
        """Drop what was fetched ahead: the chain is another one now."""
        ahead, self._ahead = self._ahead, deque()
        for each in ahead:
            if not each.run.cancel():
                each.run.exception()  # waits: what is asked from now on is not asked beside it

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _fetch(self, first: int, last: int) -> Run:
        """Ask for a run's logs and headers, or for as many of its blocks as the node answers for."""
        last, logs = self._ranges.logs(first, last)
        self._adapt(last - first + 1)
        run = Run(first, last, self._node.blocks(first, last), logs)
        _check_steady(run)
        self._check_whole(run)
        if self._witness is not None:
            agree.hear_witness(self._witness, run.blocks, run.logs)
        return run

    def _check_whole(self, run: Run) -> None:
        """Check that the node left out no block's logs: the headers' filters know of them.

        Raises:
            NodeRefusedError: It did.

        """
        told = {log.place >> LOG_BITS for log in run.logs}
        suspect = [b for b in run.blocks if b.number not in told and may_hold(b.bloom, self._bits)]
        for block in suspect:
            if not is_crowded(block.bloom) and self._node.has_logs(block, self._watched):
                raise NodeRefusedError(f"the node left out logs of block {block.number}: its receipts have them")
        # Their receipts would be very many. But the logs were asked for by number, maybe of another chain's block.
        crowded = [block for block in suspect if is_crowded(block.bloom)]
        for block in self._node.blocks_with_logs(crowded, self._watched):
            raise NodeRefusedError(f"the node left out logs of block {block.number}: asked by its hash, it has them")

    def _adapt(self, blocks: int) -> None:
        """Choose the next run's length by the size of the answer about this one's logs."""
        fitting = blocks * WANTED // max(1, self._node.answered)
        if blocks >= min(self._span, self._ranges.most):
            self._span = max(1, min(fitting, 2 * blocks))


def _bits_of(watched: Watched) -> list[int]:
    """Return what a block's filter must have set, any of them, if the block may have such a log."""
    topics = [0] if watched.topics is None else [bits_of(topic) for topic in watched.topics]
    return [bits_of(address) | bits for address in watched.addresses for bits in topics]


def _check_steady(run: Run) -> None:
    """Check that headers and logs are of one and the same chain."""
    for before, block in zip(run.blocks, run.blocks[1:], strict=False):
        if block.parent != before.hash or block.number != before.number + 1:
            raise UnsteadyChainError(f"block {block.number} does not continue block {before.number}")
    hashes = {block.number: block.hash for block in run.blocks}
    for log in run.logs:
        if hashes.get(log.place >> LOG_BITS) != log.block_hash:
            raise UnsteadyChainError(f"a log of block {log.place >> LOG_BITS} is of another chain than the headers")
