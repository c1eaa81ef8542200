"""Follow the chain: the only module that sees both the node and the store.

The cursor is what is stored. Each step asks the node for the next run of blocks, checks that they continue the stored
ones hash by hash, and writes them with all that follows from them. A chain that was rewound or forked is seen because
the stored tip's hash is no longer the node's; then the store forgets back to the last common block.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sha3 import keccak_256

from api.errors import (
    BrokenLineError,
    NodeAwayError,
    NodeRefusedError,
    OtherChainError,
    RangeRefusedError,
    TooLargeError,
    UnknownLogError,
    UnsteadyChainError,
)
from api.indexer import widths
from api.indexer.chain import Block, Node, RawLog, Token
from api.indexer.decode import Log, decode
from api.indexer.line import Line
from api.indexer.project import project
from api.indexer.store import Store
from api.settings import Deployment
from api.types import MemberKind

MAX_BLOCKS = 500  # a range whose logs fit into memory with ease, a thousand gifts a block


@dataclass
class Progress:
    """What one step did."""

    tip: int
    head: int
    logs: int = 0
    rewound_to: int | None = None

    @property
    def behind(self) -> int:
        """Return how many blocks are still to come."""
        return self.head - self.tip


class Sync:
    """Brings a store up to a node's head, step by step."""

    def __init__(self, node: Node, store: Store, deployment: Deployment) -> None:
        """Make a sync; nothing is asked or written yet."""
        self._node = node
        self._store = store
        self._deployment = deployment
        self._contracts = {address: name for name, address in deployment.addresses.items()}
        self._span = MAX_BLOCKS
        self._lines: dict[int, Line] | None = None  # as stored; None: to be read again
        self.seconds = {"decode": 0.0, "project": 0.0, "write": 0.0}
        """Where the time went: decode, project, write. The node keeps its own account."""

    def check_chain(self) -> None:
        """Check that the node serves the chain of the deployment, and that the index is of this chain.

        Raises:
            OtherChainError: It does not, or is not.

        """
        deployment = self._deployment
        chain_id = self._node.chain_id()
        if chain_id != deployment.chain_id:
            raise OtherChainError(f"the node's chain id is {chain_id}, the deployment's is {deployment.chain_id}")
        genesis = self._node.block(0)
        if genesis is None or genesis.hash != deployment.genesis:
            found = "no block 0" if genesis is None else f"0x{genesis.hash.hex()}"
            raise OtherChainError(
                f"the node's chain starts with another block ({found}) than the deployment's "
                f"(0x{deployment.genesis.hex()}): it was started afresh. Deploy again, and delete the index"
            )
        self._store.bind(deployment, self._codes())

    def step(self) -> Progress:
        """Do the next piece of work: forget what is no longer true, or add a run of blocks.

        Raises:
            UnsteadyChainError: The chain changed while it was read; the next step will see it as it is then.
            UnknownLogError, BrokenLineError, TooLargeError: A log cannot be taken as it is. Nothing was written.

        """
        head = self._node.head()
        tip = self._store.tip()
        if tip is not None:
            common = self._common(tip)
            if common != tip.number:
                self.check_chain()  # nothing is forgotten because another chain answered
                self._lines = None
                self._store.rewind(common)
                return Progress(tip=common, head=head, rewound_to=common)
            if tip.number >= head:
                self._store.note_head(head)
                return Progress(tip=tip.number, head=head)
        return self._add(tip, head)

    def follow(
        self,
        told: Callable[[Progress], None],
        every: float,
        stop: Callable[[], bool],
        waits: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        """Step until told to stop. An absent node is waited for; what a node refuses is told, and asked again.

        `waits` hears why it waits, once for each reason.

        Raises:
            UnknownLogError, BrokenLineError, TooLargeError, OtherChainError: The sync must not go on; the store
                says why.

        """
        self._store.clear_halt()
        checked, trouble = False, ""
        while not stop():
            try:
                if not checked:
                    self.check_chain()
                    checked = True
                progress = self.step()
                if trouble:
                    self._store.clear_halt()
                    trouble = ""
            except (UnknownLogError, BrokenLineError, TooLargeError, OtherChainError) as error:
                self._store.note_halt(str(error))
                raise
            except (NodeAwayError, NodeRefusedError, UnsteadyChainError) as error:
                checked = False  # whoever answers next may be another chain
                if str(error) != trouble:
                    trouble = str(error)
                    waits(trouble)
                    if isinstance(error, NodeRefusedError):  # an absent node shows by its age
                        self._store.note_halt(trouble)
                time.sleep(every)
                continue
            told(progress)
            if not progress.behind and progress.rewound_to is None:
                time.sleep(every)

    def _codes(self) -> dict[str, bytes]:
        """Return the hash of each contract's code, by name. A node that is still behind the deployment has none."""
        codes = {name: self._node.code(address) for name, address in self._deployment.addresses.items()}
        return {name: keccak_256(code).digest() for name, code in codes.items() if code}

    def _common(self, tip: Block) -> int:
        """Return the newest stored block that the node has too, or the block before the deployment."""
        stored: Block | None = tip
        while stored is not None:
            block = self._node.block(stored.number)
            if block is not None and block.hash == stored.hash:
                return stored.number
            stored = self._store.block_at_or_below(stored.number - 1)
        return self._deployment.block - 1

    def _add(self, tip: Block | None, head: int) -> Progress:
        first = self._deployment.block if tip is None else tip.number + 1
        if first > head:
            raise OtherChainError(f"the node's chain ends at block {head}, before the deployment's block {first}")
        raw, last = self._logs(first, min(first + self._span - 1, head))
        blocks = self._node.blocks(first, last)
        _check_steady(tip, blocks, raw)

        started = time.perf_counter()
        logs = decode(raw, self._contracts)
        decoded = time.perf_counter()
        lines, self._lines = self._lines or self._store.lines(), None
        rows = project(logs, lines, {block.number: block.time for block in blocks})
        widths.check(rows)
        projected = time.perf_counter()
        self._store.write(blocks, rows, self._new_tokens(logs), head)
        self._lines = lines
        self.seconds["decode"] += decoded - started
        self.seconds["project"] += projected - decoded
        self.seconds["write"] += time.perf_counter() - projected
        return Progress(tip=last, head=head, logs=len(logs))

    def _logs(self, first: int, last: int) -> tuple[list[RawLog], int]:
        """Ask for a range's logs; where the node refuses, halve the range, and keep to that."""
        while True:
            try:
                logs = self._node.logs(first, last, list(self._contracts))
            except RangeRefusedError:
                if last == first:
                    raise
                self._span = max(1, (last - first + 1) // 2)
                last = first + self._span - 1
                continue
            return sorted(logs, key=lambda log: (int(log.block_number, 16), int(log.log_index, 16))), last

    def _new_tokens(self, logs: list[Log]) -> list[tuple[int, bytes, Token]]:
        accredited = {
            log.values["account"]: log.place
            for log in reversed(logs)  # the first accreditation of each counts
            if log.event == "Accredited" and log.values["kind"] == MemberKind.TOKEN
        }
        if not accredited:
            return []
        found = []
        for address in accredited.keys() - self._store.known_tokens():
            # What does not answer like a token is one in the register's words only: shown by its address.
            with suppress(NodeRefusedError):
                found.append((accredited[address], address, self._node.token(address)))
        return found


def _check_steady(tip: Block | None, blocks: list[Block], raw: list[RawLog]) -> None:
    """Check that headers and logs are of one and the same chain, and that it continues the stored one."""
    parent = tip
    for block in blocks:
        if parent is not None and (block.parent != parent.hash or block.number != parent.number + 1):
            raise UnsteadyChainError(f"block {block.number} does not continue block {parent.number}")
        parent = block
    hashes = {block.number: block.hash for block in blocks}
    for log in raw:
        if hashes.get(int(log.block_number, 16)) != bytes.fromhex(log.block_hash[2:]):
            raise UnsteadyChainError(f"a log of block {int(log.block_number, 16)} is of another chain than the headers")
