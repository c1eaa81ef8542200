"""Follow the chain: the only module that sees both the node and the store.

The cursor is what is stored. Each step asks the node for the next run of blocks, checks that they continue the stored
ones hash by hash, and writes them with all that follows from them. A chain that was rewound or forked is seen because
the stored tip's hash is no longer the node's; then the store forgets back to the last common block.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sha3 import keccak_256

from api import events
from api.errors import (
    BrokenLineError,
    ForkedError,
    MoaError,
    NodeAwayError,
    NodeBehindError,
    NodeRefusedError,
    OtherChainError,
    TooLargeError,
    UnknownLogError,
    UnsteadyChainError,
)
from api.indexer import agree, widths
from api.indexer.chain import Node, Watched
from api.indexer.decode import Gifts, Log, decode_together
from api.indexer.engines import Engine, engine_of
from api.indexer.fetch import Fetcher, Run
from api.indexer.kinds import Block, Token
from api.indexer.line import Line
from api.indexer.project import project
from api.indexer.store import Store
from api.settings import Deployment
from api.types import MemberKind

BACKFILL = 200
"""Blocks at once that are worth a backfill without indexes, where nothing is stored yet."""
TRIES = 2
"""Checks of a chain in a step, while other addresses take over."""
LONGEST_WAIT = 8.0
"""Seconds between two tries, at most: each failure doubles the wait."""


@dataclass
class Progress:
    """What one step did."""

    tip: int
    head: int
    logs: int = 0
    gifts: int = 0
    rewound_to: int | None = None

    @property
    def behind(self) -> int:
        """Return how many blocks are still to come."""
        return self.head - self.tip


class Sync:
    """Brings a store up to a node's head, step by step."""

    def __init__(
        self,
        node: Node,
        store: Store,
        deployment: Deployment,
        engine: Engine | None = None,
        witness: Node | None = None,
    ) -> None:
        """Make a sync; nothing is asked or written yet.

        Args:
            node: Where the blocks come from.
            store: Where they go.
            deployment: Whose logs are wanted.
            engine: As set; None: as the node says.
            witness: A second node, of somebody else at best, that must tell the same blocks.

        """
        self._node = node
        self._store = store
        self._deployment = deployment
        self._contracts = {address: name for name, address in deployment.addresses.items()}
        self._witness = witness
        self._fetcher = Fetcher(node, _watched(self._contracts), witness)
        self._set, self._engine = engine, engine or Engine("unknown", None)
        self._switches = -1  # of the node's addresses, when its chain was checked last
        self._lines: dict[int, Line] | None = None  # as stored; None: to be read again
        self.trouble: MoaError | None = None
        """Why it waits, if it does."""
        self.seconds = {"decode": 0.0, "project": 0.0, "write": 0.0, "index": 0.0}
        """Where the time went. The node keeps its own account."""

    def check_chain(self) -> None:
        """Check that the node serves the chain of the deployment, and that the index is of this chain.

        Raises:
            OtherChainError: It does not, or is not.

        """
        deployment, switches = self._deployment, self._node.switches
        chain_id = self._node.chain_id()
        if chain_id != deployment.chain_id:
            raise OtherChainError(f"the node's chain id is {chain_id}, the deployment's is {deployment.chain_id}")
        genesis = self._node.block(0)
        if genesis is None:  # every chain has one
            raise NodeRefusedError("the node does not tell its block 0")
        if genesis.hash != deployment.genesis:
            raise OtherChainError(
                f"the node's chain starts with another block (0x{genesis.hash.hex()}) than the deployment's "
                f"(0x{deployment.genesis.hex()}): it was started afresh. Deploy again, and delete the index"
            )
        self._engine = self._set or engine_of(self._node.version(), self._node.signers())
        self._store.bind(deployment, self._codes())
        self._store.engine = self._engine
        self._switches = switches

    def step(self) -> Progress:
        """Do the next piece of work: forget what is no longer true, or add a run of blocks.

        Raises:
            UnsteadyChainError: The chain changed while it was read; the next step will see it as it is then.
            NodeBehindError: The node has fewer blocks than are stored, and is not one that is ever rewound; or it has
                not got to the deployment.
            ForkedError: The node tells of another block than one that is stored and final.
            UnknownLogError, BrokenLineError, TooLargeError: A log cannot be taken as it is. Nothing was written.

        """
        for _ in range(TRIES):  # the check itself may find an address dead
            if self._switches != self._node.switches:
                self.check_chain()
        head = self._node.head()
        tip = self._store.tip()
        if tip is not None:
            common = agree.newest_common(self._node, self._store.blocks_below, tip, self._deployment.block - 1, head)
            if common != tip.number:
                return self._rewind(tip, common, head)
            head = max(head, tip.number)  # behind one address there may be several nodes, of which one lies behind
            if tip.number >= head:
                if self._witness is not None:
                    agree.hear_tip(self._witness, tip)
                self._end_backfill()
                self._store.note_head(head)
                return Progress(tip=tip.number, head=head)
        return self._add(tip, head)

    def follow(
        self,
        told: Callable[[Progress], None],
        every: float,
        stop: Callable[[], bool],
        waits: Callable[[str], None] = lambda _reason: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Step until told to stop. An absent node is waited for; what a node refuses is told, and asked again.

        `waits` hears why it waits, once for each reason. `pause` waits for the next block, at most so many seconds.

        Raises:
            UnknownLogError, BrokenLineError, TooLargeError, OtherChainError: The sync must not go on; the store
                says why.

        """
        self._store.clear_halt()
        self._switches = -1
        trouble, wait = "", every
        while not stop():
            try:
                progress = self.step()
                if trouble:
                    self._store.clear_halt()
                    trouble, wait, self.trouble = "", every, None
            except (UnknownLogError, BrokenLineError, TooLargeError, OtherChainError) as error:
                self._store.note_halt(str(error))
                raise
            except (NodeAwayError, NodeRefusedError, NodeBehindError, ForkedError, UnsteadyChainError) as error:
                self._switches = -1  # whoever answers next may be another chain
                self._fetcher.forget()
                if not isinstance(error, NodeAwayError):
                    self._node.turn()  # another address may know better
                if str(error) != trouble:
                    trouble, wait, self.trouble = str(error), every, error
                    waits(trouble)
                    if not isinstance(error, NodeAwayError | UnsteadyChainError):  # an absent node shows by its age
                        self._store.note_halt(trouble)
                time.sleep(wait)
                wait = min(2 * wait, max(every, LONGEST_WAIT))
                continue
            told(progress)
            if not progress.behind and progress.rewound_to is None:
                pause(every)

    def close(self) -> None:
        """End what works beside the sync."""
        self._fetcher.close()

    def _rewind(self, tip: Block, common: int, head: int) -> Progress:
        """Forget what is no longer true, if the engine may take back so much."""
        switches = self._switches
        self.check_chain()  # nothing is forgotten because another chain answered
        if self._node.switches != switches:
            raise UnsteadyChainError("another of the node's addresses took over while the chains were compared")
        agree.check_rewind(self._engine, tip.number, common, head)
        self._lines = None
        self._fetcher.forget()
        self._store.rewind(common)
        return Progress(tip=common, head=head, rewound_to=common)

    def _codes(self) -> dict[str, bytes]:
        """Return the hash of each contract's code, by name. A node that is still behind the deployment has none."""
        codes = {name: self._node.code(address) for name, address in self._deployment.addresses.items()}
        return {name: keccak_256(code).digest() for name, code in codes.items() if code}

    def _add(self, tip: Block | None, head: int) -> Progress:
        first = self._deployment.block if tip is None else tip.number + 1
        if first > head:
            # It may be on its way there. Where it was rewound that far, nothing is left to be wrong.
            raise NodeBehindError(f"the node is at block {head}, before the deployment's block {first}: waiting for it")
        run = self._fetcher.take(first, head)
        if tip is None and self._node.switches != self._switches:  # else the parent's hash says whose blocks they are
            raise UnsteadyChainError("another of the node's addresses took over before the first block")
        if tip is not None and run.blocks[0].parent != tip.hash:
            raise UnsteadyChainError(f"block {first} does not continue block {tip.number}")
        if tip is None and head - first > BACKFILL:
            self._store.begin_backfill()
        gifts = self._write(run, head)
        if run.last == head:
            self._end_backfill()
        return Progress(tip=run.last, head=head, logs=len(run.logs), gifts=gifts)

    def _write(self, run: Run, head: int) -> int:
        """Add a run of blocks and what follows from it, and return how many gifts are in it."""
        started = time.perf_counter()
        logs = decode_together(run.logs, self._contracts)
        decoded = time.perf_counter()
        lines, self._lines = self._lines or self._store.lines(), None
        rows = project(logs, lines, {block.number: block.time for block in run.blocks}, self._deployment.chain_id)
        widths.check(rows)
        projected = time.perf_counter()
        self._store.write(run.blocks, rows, self._new_tokens(logs), head)
        self._lines = lines
        self.seconds["decode"] += decoded - started
        self.seconds["project"] += projected - decoded
        self.seconds["write"] += time.perf_counter() - projected
        return len(rows.get("contributions", ()))

    def _end_backfill(self) -> None:
        if self._store.backfills:
            started = time.perf_counter()
            self._store.end_backfill()
            self.seconds["index"] += time.perf_counter() - started

    def _new_tokens(self, logs: list[Log | Gifts]) -> list[tuple[int, bytes, Token]]:
        accredited = {
            log.values["account"]: log.place
            for log in reversed(logs)  # the first accreditation of each counts
            if isinstance(log, Log) and log.event == "Accredited" and log.values["kind"] == MemberKind.TOKEN
        }
        if not accredited:
            return []
        new = accredited.keys() - self._store.known_tokens()
        told = {address: agree.token_of(self._node, self._witness, address) for address in new}
        return [(accredited[address], address, token) for address, token in told.items() if token is not None]


def _watched(contracts: dict[bytes, str]) -> list[Watched]:
    """Return what is asked for of the contracts: everything in one question, and what is narrowed in one each."""
    topics = {address: events.watched(name) for address, name in contracts.items()}
    whole = Watched(tuple(address for address, wanted in topics.items() if wanted is None))
    return [whole, *(Watched((address,), tuple(wanted)) for address, wanted in topics.items() if wanted is not None)]
