"""The events of Moa's contracts, by their ABI files, and the decoding of one log. Pure.

The layout is the Solidity ABI's: each indexed value of a fixed size is one topic, the others stand in the data as
32-byte words, the dynamic ones (string, bytes, an array) behind an offset. A log longer or shorter than its event is
refused.

A log's words are taken apart in one go where all of them are as they should be; else one by one, to say what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from struct import Struct
from typing import Any, TypeAlias

import numpy as np
from sha3 import keccak_256

from api.errors import UnknownLogError

ABI = Path(__file__).parent / "abi"
WORD = 32

UNWATCHED = {"SettlementToken": ("Approval", "AuthorizationCanceled", "AuthorizationUsed", "Transfer")}
"""What holders of the token do with it is their own affair: no money of a pool moves without an event of the fund."""

Value: TypeAlias = int | bool | bytes | str | list[bytes]
Reader: TypeAlias = Callable[[bytes, int], Value]


def _uint(bits: int) -> Reader:
    def read(data: bytes, at: int) -> int:
        value = int.from_bytes(data[at : at + WORD], "big")
        if value >> bits:
            raise ValueError(f"{value} is more than {bits} bits")
        return value

    return read


def _left(size: int) -> Reader:
    """Return the reader of bytesN: the value stands at the left, zeros behind it."""

    def read(data: bytes, at: int) -> bytes:
        if any(data[at + size : at + WORD]):
            raise ValueError(f"more than {size} bytes")
        return data[at : at + size]

    return read


def _address(data: bytes, at: int) -> bytes:
    if any(data[at : at + 12]):
        raise ValueError("more than 20 bytes in an address")
    return data[at + 12 : at + WORD]


def _bool(data: bytes, at: int) -> bool:
    return bool(_uint(1)(data, at))


def _bytes(data: bytes, at: int) -> bytes:
    offset = int.from_bytes(data[at : at + WORD], "big")
    length = int.from_bytes(data[offset : offset + WORD], "big")
    end = offset + WORD + length
    if offset % WORD or offset + WORD > len(data) or end > len(data):
        raise ValueError("bytes that run over the end")
    return data[offset + WORD : end]


def text(data: bytes) -> str:
    """Return a stranger's UTF-8 as a text that every database takes: U+FFFD for what is none, and for NUL."""
    return data.decode("utf-8", "replace").replace("\0", "\ufffd")


def _string(data: bytes, at: int) -> str:
    return text(_bytes(data, at))


def _words(data: bytes, at: int) -> list[bytes]:
    """Return an array of bytes32: its count stands where a string has its length."""
    offset = int.from_bytes(data[at : at + WORD], "big")
    first = offset + WORD
    end = first + WORD * int.from_bytes(data[offset:first], "big")
    if offset % WORD or first > len(data) or end > len(data):
        raise ValueError("an array that runs over the end")
    return [data[i : i + WORD] for i in range(first, end, WORD)]


def _shape(kind: str) -> tuple[str, int]:
    """Return how a word of a kind is taken apart, and how many zeros stand before its value. Empty: one by one."""
    if kind == "address":
        return "12s20s", 12
    if kind == "bytes32":
        return "0s32s", 0
    bits = kind.removeprefix("uint")
    sizes = {"8": "31sB", "16": "30sH", "32": "28sI", "64": "24sQ", "256": "24sQ"}  # a number of 256 bits is small here
    return (sizes[bits], int(sizes[bits][:2])) if bits in sizes else ("", 0)


def reader(kind: str) -> Reader:
    """Return what reads a value of a kind out of words."""
    named: dict[str, Reader] = {
        "address": _address, "bool": _bool, "bytes": _bytes, "bytes32[]": _words, "string": _string,
    }  # fmt: skip
    if kind in named:
        return named[kind]
    if kind.startswith("uint") and kind[4:].isdigit():
        return _uint(int(kind[4:]))
    if kind.startswith("bytes") and kind[5:].isdigit():
        return _left(int(kind[5:]))
    raise ValueError(f"no reader for {kind}")


@dataclass(frozen=True)
class Event:
    """One event of one contract."""

    name: str
    topics: tuple[tuple[str, Reader], ...]
    words: tuple[tuple[str, Reader], ...]
    dynamic: bool
    names: tuple[str, ...]
    head: int  # bytes of all topics
    quick: Struct
    size: int  # bytes that it takes apart; 0: it cannot
    zeros: tuple[bytes, ...]
    layout: np.dtype[np.void]  # the same for NumPy: each value, and before it `0` and its name, the zeros

    def decode(self, topics: bytes, data: bytes) -> dict[str, Value]:
        """Return the values by name: int, bool, str; addresses and bytes as bytes.

        Args:
            topics: All topics, one after the other, the event's own first.
            data: The log's data.

        Raises:
            ValueError: The log is not whole.

        """
        whole = topics + data
        if len(whole) == self.size and len(topics) == self.head:
            parts = self.quick.unpack(whole)
            if parts[::2] == self.zeros:
                return dict(zip(self.names, parts[1::2]))  # noqa: B905 -- as many as the layout has
        if len(topics) != self.head:
            raise ValueError(f"{len(topics) // WORD} topics in place of {1 + len(self.topics)}")
        head = WORD * len(self.words)
        if len(data) < head or (len(data) != head and not self.dynamic):
            raise ValueError(f"{len(data)} bytes of data in place of {head}")
        values = {name: read(topics, WORD * (i + 1)) for i, (name, read) in enumerate(self.topics)}
        values.update({name: read(data, WORD * i) for i, (name, read) in enumerate(self.words)})
        return values

    def columns(self, logs: Sequence[tuple[bytes, bytes]]) -> dict[str, list[Value]] | None:
        """Return the values of many logs, by name, all at once.

        Args:
            logs: The topics and the data of each.

        Returns:
            None where a log is not whole, or the event is not one that can be read so: `decode` says what is wrong.

        """
        if {(len(topics), len(data)) for topics, data in logs} != {(self.head, self.size - self.head)}:
            return None
        read = np.frombuffer(b"".join(chain.from_iterable(logs)), self.layout)
        zeros = [read[name].tobytes() for name in self.layout.names or () if name[0] == "0" and name[1:] in self.names]
        if any(each != bytes(len(each)) for each in zeros):
            return None
        return {name: read[name].tolist() for name in self.names}


@cache
def events_of(contract: str) -> dict[bytes, Event]:
    """Return a contract's events by their first topic."""
    found = {}
    for entry in json.loads((ABI / f"{contract}.json").read_text()):
        if entry["type"] == "event":
            event = _event(entry)
            signature = f"{entry['name']}({','.join(i['type'] for i in entry['inputs'])})"
            found[keccak_256(signature.encode()).digest()] = event
    return found


def watched(contract: str) -> list[bytes] | None:
    """Return the first topics of the events that are asked for. None: whatever the contract says, known or not."""
    left = UNWATCHED.get(contract)
    return [topic for topic, event in events_of(contract).items() if event.name not in left] if left else None


def _event(entry: dict[str, Any]) -> Event:
    fields = [(i["name"], i["type"], i["indexed"]) for i in entry["inputs"]]
    ordered = sorted(fields, key=lambda each: not each[2])
    taken = [_shape(kind) for _, kind, _ in ordered]
    quick = Struct(">32x" + "".join(how for how, _ in taken))
    names = tuple(name for name, _, _ in ordered)
    whole = all(how for how, _ in taken)
    return Event(
        name=entry["name"],
        topics=tuple((name, reader(kind)) for name, kind, indexed in fields if indexed),
        words=tuple((name, reader(kind)) for name, kind, indexed in fields if not indexed),
        dynamic=any(kind in ("bytes", "bytes32[]", "string") for _, kind, indexed in fields if not indexed),
        names=names,
        head=WORD * (1 + sum(indexed for _, _, indexed in fields)),
        quick=quick,
        size=quick.size if whole else 0,
        zeros=tuple(bytes(zeros) for _, zeros in taken),
        layout=_layout(names, [zeros for _, zeros in taken]) if whole else np.dtype([]),
    )


def _layout(names: Sequence[str], zeros: Sequence[int]) -> np.dtype[np.void]:
    """Return how NumPy takes a log apart: each value by its name, and the zeros before it by `0` and its name."""
    fields: list[tuple[str, str]] = [("0", f"V{WORD}")]
    for name, before in zip(names, zeros, strict=True):
        size = WORD - before
        fields += [(f"0{name}", f"V{before}")] if before else []
        fields += [(name, f">u{size}" if size <= 8 else f"V{size}")]
    return np.dtype(fields)


def find(contract: str, topics: bytes) -> Event:
    """Return the event of a contract's log.

    Raises:
        UnknownLogError: The contract has none with this first topic.

    """
    event = events_of(contract).get(topics[:WORD])
    if event is None:
        raise UnknownLogError(f"{contract} has no event with the topic 0x{topics[:WORD].hex() or '(none)'}")
    return event
