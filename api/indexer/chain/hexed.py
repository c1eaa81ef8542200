"""How a node says it: hex in JSON, and what is made of it."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from api.events import text
from api.indexer import bloom
from api.indexer.kinds import Block, RawLog
from api.tables import LOG_BITS

T = TypeVar("T")


class Watched(NamedTuple):
    """Some contracts, and which first topics of theirs are wanted; None: all."""

    addresses: tuple[bytes, ...]
    topics: tuple[bytes, ...] | None = None

    def asked(self) -> dict[str, Any]:
        """Return the members of a filter in JSON-RPC."""
        wanted: dict[str, Any] = {"address": ["0x" + address.hex() for address in self.addresses]}
        return wanted if self.topics is None else {**wanted, "topics": [["0x" + topic.hex() for topic in self.topics]]}

    def wants(self, log: RawLog) -> bool:
        """Return whether a log is one of them."""
        return log.address in self.addresses and (self.topics is None or log.topics[:32] in self.topics)


class WireLog(msgspec.Struct, rename="camel", gc=False):
    """A log in a node's JSON; every value is a hex string."""

    address: str
    topics: msgspec.Raw  # read with those of other logs
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


_TOPIC = f'"0x{64 * "0"}"'
"""How a topic is written."""

_NUMBER, _TIME = 63 - LOG_BITS, 32
"""Bits of a block's number, of which a log's place has to be made, and of its time, as the contracts keep times."""


def logs_of(wires: Sequence[WireLog]) -> list[RawLog]:
    """Return logs in bytes. Values of one length are read all at once, and those that many have in common once.

    Raises:
        ValueError: A value is not hex, or not as long as it must be.

    """
    if not wires:
        return []
    addresses, topics, data, numbers, hashes, txs, indexes = zip(*map(msgspec.structs.astuple, wires), strict=True)
    blocks, places = _shared(numbers, _numbers, _NUMBER), _shared(indexes, _numbers, LOG_BITS)
    columns = (
        [block << LOG_BITS | place for block, place in zip(blocks, places, strict=True)],
        _shared(hashes, _hashes, 32),
        _hashes(txs, 32),
        _shared(addresses, _hashes, 20),
        _topics(topics),
        _data(data),
    )
    return list(map(RawLog._make, zip(*columns, strict=True)))


def _shared(values: Sequence[str], read: Callable[[Sequence[str], int], list[T]], size: int) -> list[T]:
    """Return what these values say, of which many are the same."""
    different = [*{*values}]
    said = dict(zip(different, read(different, size), strict=True))
    return [said[value] for value in values]


def _numbers(values: Sequence[str], bits: int) -> list[int]:
    """Return what these values say, so many bits each."""
    numbers = [int(value, 16) for value in values]
    if any(number >> bits for number in numbers):  # also of what is negative
        raise ValueError(f"a number of more than {bits} bits")
    return numbers


def _hashes(values: Sequence[str], size: int) -> list[bytes]:
    """Return what these values say, so many bytes each."""
    if {*map(len, values)} != {2 + 2 * size}:
        raise ValueError(f"a value that is not of {size} bytes")
    return _cut("".join(values).encode("ascii"), 2 + 2 * size, [2], size)


def _data(values: Sequence[str]) -> list[bytes]:
    sizes = {*map(len, values)}
    if len(sizes) > 1 or 2 in sizes:
        return [unhexlify(value[2:]) for value in values]
    return _hashes(values, sizes.pop() // 2 - 1)


def _topics(values: Sequence[msgspec.Raw]) -> list[bytes]:
    """Return each log's topics, 32 bytes each, one after the other."""
    lines = list(map(bytes, values))
    width, each = len(lines[0]), len(_TOPIC) + 1
    starts = [*range(4, width, each)]
    usual = f"[{','.join(len(starts) * [_TOPIC])}]".encode()
    if starts and {*map(len, lines)} == {len(usual)}:
        text, between = b"".join(lines), [at for at in range(width) if (at - 4) % each >= 64]
        if all(text[at::width] == usual[at : at + 1] * len(lines) for at in between):
            return _cut(text, width, starts, 32)
    # Not as many in each, or not written as most nodes do.
    return [b"".join(_hashes(found, 32)) if (found := _strings(line)) else b"" for line in lines]


def _strings(value: bytes) -> list[str]:
    try:
        return msgspec.json.decode(value, type=list[str])
    except msgspec.MsgspecError as error:
        raise ValueError(f"topics that are none: {error}") from error


def _cut(lines: bytes, width: int, starts: list[int], size: int) -> list[bytes]:
    """Return what stands in hex at some places of each line, so many bytes from each place, one after the other."""
    names = [str(at) for at in starts]
    fields: Any = {"names": names, "formats": [f"V{2 * size}"] * len(names), "offsets": starts, "itemsize": width}
    table: npt.NDArray[np.void] = np.frombuffer(lines, np.dtype(fields))
    whole = np.empty((len(table), len(names)), f"V{size}")
    for i, name in enumerate(names):
        whole[:, i] = np.frombuffer(unhexlify(table[name].tobytes()), whole.dtype)
    words: list[bytes] = whole.view(f"V{size * len(names)}")[:, 0].tolist()
    return words


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
        int(wire.logs_bloom, 16) if wire.logs_bloom else bloom.FULL,
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
