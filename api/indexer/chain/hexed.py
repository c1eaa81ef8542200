"""How a node says it: hex in JSON, and what is made of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from api.events import text
from api.indexer.kinds import Block, RawLog
from api.tables import LOG_BITS


class Watched(NamedTuple):
    """Some contracts, and which first topics of theirs are wanted; None: all."""

    addresses: tuple[bytes, ...]
    topics: tuple[bytes, ...] | None = None

    def asked(self) -> dict[str, Any]:
        """Return the members of a filter in JSON-RPC."""
        wanted: dict[str, Any] = {"address": ["0x" + address.hex() for address in self.addresses]}
        return wanted if self.topics is None else {**wanted, "topics": [["0x" + topic.hex() for topic in self.topics]]}


class WireLog(msgspec.Struct, rename="camel", gc=False):
    """A log in a node's JSON; every value is a hex string."""

    address: str
    topics: list[str]
    data: str
    block_number: str
    block_hash: str
    transaction_hash: str
    log_index: str


class WireHeader(msgspec.Struct, rename="camel", gc=False):
    """A block's header in a node's JSON, as far as Moa wants it: other members, a long extraData too, are not read."""

    number: str
    hash: str
    parent_hash: str
    timestamp: str
    logs_bloom: str = ""


class WireTransactions(msgspec.Struct):
    """The hashes of a block's transactions."""

    transactions: list[str]


class WireReceipt(msgspec.Struct):
    """A transaction's receipt, as far as Moa wants it."""

    logs: list[WireLog]


_NUMBER, _TIME = 63 - LOG_BITS, 32
"""Bits of a block's number, of which a log's place has to be made, and of its time, as the contracts keep times."""


def log_of(wire: WireLog) -> RawLog:
    """Return a log in bytes.

    Raises:
        ValueError: A value is not hex, or not as long as it must be.

    """
    number, index = int(wire.block_number, 16), int(wire.log_index, 16)
    if number >> _NUMBER or index >> LOG_BITS:  # also of what is negative
        raise ValueError("a block's number or a log's index that is no such number")
    log = RawLog(
        number << LOG_BITS | index,
        bytes.fromhex(wire.block_hash[2:]),
        bytes.fromhex(wire.transaction_hash[2:]),
        bytes.fromhex(wire.address[2:]),
        bytes.fromhex("".join([topic[2:] for topic in wire.topics])),
        bytes.fromhex(wire.data[2:]),
    )
    if len(log.block_hash) != 32 or len(log.tx) != 32 or len(log.address) != 20 or len(log.topics) % 32:
        raise ValueError("a hash, an address or a topic of another length")
    return log


def block_of(wire: WireHeader) -> Block:
    """Return a block.

    Raises:
        ValueError: A value is not hex, or not as long as it must be.

    """
    block = Block(
        int(wire.number, 16),
        bytes.fromhex(wire.hash[2:]),
        bytes.fromhex(wire.parent_hash[2:]),
        int(wire.timestamp, 16),
        int(wire.logs_bloom or "0", 16),
    )
    if block.number >> _NUMBER or block.time >> _TIME:
        raise ValueError("a block's number or time that is no such number")
    if len(block.hash) != 32 or len(block.parent) != 32:
        raise ValueError("a block's hash of another length")
    return block


def text_of(answer: bytes) -> str:
    """Return a contract's string answer; some old tokens answer with bytes32."""
    if len(answer) == 32:
        return text(answer.rstrip(b"\0"))
    length = int.from_bytes(answer[32:64], "big")
    return text(answer[64 : 64 + length])
