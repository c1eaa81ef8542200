"""The only package that talks to a node: plain JSON-RPC, so that any engine will do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from api.errors import NodeAwayError, NodeRefusedError, UnsteadyChainError
from api.indexer.chain.hexed import (
    Watched,
    WireHeader,
    WireLog,
    WireReceipt,
    WireTransactions,
    block_of,
    logs_of,
    text_of,
)
from api.indexer.chain.wire import LARGEST, Wire
from api.indexer.kinds import Block, RawLog, Token

__all__ = ["Node", "Watched"]

T = TypeVar("T")


class Node:
    """A JSON-RPC node, at one of several addresses.

    Every method raises NodeAwayError when no address answers, NodeRefusedError when one answers with an error or with
    nonsense.
    """

    def __init__(self, *urls: str) -> None:
        """Make a client; nothing is sent before the first question."""
        self._wire = Wire(urls)

    @property
    def seconds(self) -> dict[str, float]:
        """Return where the time went: waiting for the node, and reading its JSON."""
        return self._wire.seconds

    @property
    def switches(self) -> int:
        """Return how often another address took over."""
        return self._wire.switches

    @property
    def answered(self) -> int:
        """Return the size in bytes of the last answer that this thread got."""
        return self._wire.answered

    def turn(self) -> None:
        """Leave the address that was asked last alone for a while, if there is another."""
        self._wire.turn()

    def chain_id(self) -> int:
        """Return the chain's id."""
        return _number(self._wire.one("eth_chainId", [], str))

    def head(self) -> int:
        """Return the number of the newest block."""
        return _number(self._wire.one("eth_blockNumber", [], str))

    def block(self, number: int) -> Block | None:
        """Return a block's header, or None where the chain is shorter."""
        [found] = self.blocks_of([number])
        return found

    def version(self) -> str:
        """Return what the node says it is."""
        return str(self._wire.one("web3_clientVersion", [], str) or "")

    def signers(self) -> int:
        """Return how many signers a Clique chain has, 0 if it is none."""
        try:
            return len(self._wire.one("clique_getSigners", [], list[str]) or [])
        except NodeRefusedError:
            return 0

    def blocks_of(self, numbers: Sequence[int]) -> list[Block | None]:
        """Return the headers of these blocks, None where the chain is shorter."""
        headers = self._wire.many([("eth_getBlockByNumber", [hex(n), False]) for n in numbers], WireHeader)
        return [None if header is None else _sound(block_of, header) for header in headers]

    def blocks(self, first: int, last: int) -> list[Block]:
        """Return the headers from `first` to `last`, both included.

        Raises:
            UnsteadyChainError: The chain does not reach that far any more.

        """
        found = []
        for number, block in zip(range(first, last + 1), self.blocks_of(range(first, last + 1)), strict=True):
            if block is None:
                raise UnsteadyChainError(f"the node has no block {number} any more")
            if block.number != number:
                raise NodeRefusedError(f"the node told of block {block.number} where block {number} was asked for")
            found.append(block)
        return found

    def logs(self, first: int, last: int, watched: Sequence[Watched]) -> list[RawLog]:
        """Return the logs of these contracts from block `first` to `last`, in the ledger's order.

        Raises:
            RangeRefusedError: The node wants a shorter range.

        """
        asked = [("eth_getLogs", [{"fromBlock": hex(first), "toBlock": hex(last), **each.asked()}]) for each in watched]
        found = self._wire.many(asked, list[WireLog], LARGEST if last > first else None)
        if None in found:  # not one that has none: that would be a list
            raise NodeRefusedError("the node told of no list of logs, not even of an empty one")
        logs = sorted(_sound(logs_of, [log for part in found for log in part]))
        for i in range(1, len(logs)):
            if logs[i].place == logs[i - 1].place:
                raise NodeAwayError("the node told of two logs at one place")
        return logs

    def has_logs(self, block: Block, watched: Sequence[Watched]) -> bool:
        """Return whether the receipts of a block's transactions hold a log of these contracts.

        Raises:
            UnsteadyChainError: The node has not got the block or a receipt of it.

        """
        found = self._wire.one("eth_getBlockByHash", ["0x" + block.hash.hex(), False], WireTransactions)
        if found is None:
            raise UnsteadyChainError(f"the node has no block {block.number} of this hash any more")
        asked = [("eth_getTransactionReceipt", [tx]) for tx in found.transactions]
        receipts = self._wire.many(asked, WireReceipt)
        if None in receipts:
            raise UnsteadyChainError(f"the node has no receipt of a transaction of block {block.number}")
        logs = _sound(logs_of, [log for receipt in receipts for log in receipt.logs])
        return any(each.wants(log) for each in watched for log in logs)

    def blocks_with_logs(self, blocks: Sequence[Block], watched: Sequence[Watched]) -> list[Block]:
        """Return the blocks in which these contracts logged, each asked for by its hash: of no other chain's."""
        asked = [("eth_getLogs", [{"blockHash": "0x" + b.hash.hex(), **w.asked()}]) for b in blocks for w in watched]
        found = self._wire.many(asked, list[WireLog])
        if None in found:
            raise UnsteadyChainError("the node has no block of this hash any more")
        each = len(watched)
        return [block for i, block in enumerate(blocks) if any(found[i * each : (i + 1) * each])]

    def views(self, number: int, calls: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Return what contracts answer at the end of a block: each call is an address and its data."""
        asked = [("eth_call", [{"to": "0x" + to.hex(), "data": "0x" + data.hex()}, hex(number)]) for to, data in calls]
        return [_sound(_bytes, answer) for answer in self._wire.many(asked, str)]

    def code(self, address: bytes) -> bytes:
        """Return a contract's code, empty where there is none."""
        return _sound(_bytes, self._wire.one("eth_getCode", ["0x" + address.hex(), "latest"], str))

    def token(self, address: bytes) -> Token:
        """Return what a token says of itself: the one thing that Moa shows and no event tells."""
        to = "0x" + address.hex()
        asked = [
            ("eth_call", [{"to": to, "data": data}, "latest"]) for data in ("0x95d89b41", "0x06fdde03", "0x313ce567")
        ]
        symbol, name, decimals = (_sound(_bytes, answer) for answer in self._wire.many(asked, str))
        if len(decimals) != 32 or any(decimals[:31]):
            raise NodeRefusedError(f"the contract {to} does not say its decimals as a token does")
        return Token(text_of(symbol), text_of(name), decimals[31])


def _sound(make: Callable[[Any], T], answer: Any) -> T:
    """Make something of an answer.

    Raises:
        NodeRefusedError: It is nonsense.

    """
    try:
        return make(answer)
    except (ValueError, TypeError) as error:
        raise NodeRefusedError(f"the node's answer makes no sense: {error}") from error


def _number(answer: str | None) -> int:
    number = _sound(lambda hexed: int(hexed, 16), answer)
    if not 0 <= number < 2**63:
        raise NodeRefusedError("the node's answer makes no sense: a number that is none")
    return number


def _bytes(answer: str) -> bytes:
    return bytes.fromhex(answer[2:])
