"""The Solidity ABI's layout: a log taken apart into its event's values, a view's call and its answer.

Each indexed value is one topic; the others stand in the data as 32-byte words, the dynamic ones (string, bytes, an
array) behind an offset. A log that is longer or shorter than its event is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from .tree import keccak
from .words import ENUMS, EVENTS, VIEWS

WORD = 32
Reader = Callable[[bytes, int], Any]
Field = tuple[str, str, bool]
"""Kind, name, whether it is indexed."""


def fields_of(text: str) -> list[Field]:
    """Return the parameters of a signature in Solidity's words."""
    found = []
    for part in filter(None, (p.strip() for p in text.strip().removeprefix("(").removesuffix(")").split(","))):
        kind, *rest = part.split()
        found.append((kind, rest[-1] if rest else "", "indexed" in rest))
    return found


class Event:
    """One event, and how a log of it is taken apart."""

    def __init__(self, name: str, fields: list[Field]) -> None:
        """Take an event's parameters."""
        self.name = name
        self.topic = keccak(f"{name}({','.join('uint8' if k in ENUMS else k for k, _, _ in fields)})".encode())
        self._topics = [(name, reader(kind)) for kind, name, indexed in fields if indexed]
        self._words = [(name, WORD * i, reader(kind)) for i, (kind, name) in enumerate(
            (kind, name) for kind, name, indexed in fields if not indexed)]  # fmt: skip
        self._dynamic = any(kind in _DYNAMIC for kind, _, _ in fields)

    def decode(self, topics: list[bytes], data: bytes) -> dict[str, Any]:
        """Return the values by name.

        Raises:
            ValueError: The log is not one of this event.

        """
        head = WORD * len(self._words)
        if len(topics) != 1 + len(self._topics):
            raise ValueError(f"it has {len(topics)} topics, not {1 + len(self._topics)}")
        if len(data) < head or (len(data) > head and not self._dynamic) or len(data) % WORD:
            raise ValueError(f"it has {len(data)} bytes of data")
        found = {name: read(topics[i], 0) for i, (name, read) in enumerate(self._topics, 1)}
        for name, at, read in self._words:
            found[name] = read(data, at)
        return found


def _uint(bits: int, count: int | None = None) -> Reader:
    end = count or 1 << bits

    def read(data: bytes, at: int) -> int:
        value = int.from_bytes(data[at : at + WORD], "big")
        if value >= end:
            raise ValueError(f"a number above {end - 1}")
        return value

    return read


def _bool(data: bytes, at: int) -> bool:
    value = int.from_bytes(data[at : at + WORD], "big")
    if value > 1:
        raise ValueError("neither true nor false")
    return value == 1


def _address(data: bytes, at: int) -> bytes:
    if any(data[at : at + 12]):
        raise ValueError("more than 20 bytes in an address")
    return data[at + 12 : at + WORD]


def _bytes4(data: bytes, at: int) -> bytes:
    if any(data[at + 4 : at + WORD]):
        raise ValueError("more than 4 bytes")
    return data[at : at + 4]


def _bytes32(data: bytes, at: int) -> bytes:
    return data[at : at + WORD]


def _behind(data: bytes, at: int, unit: int) -> bytes:
    """Return what stands behind an offset: a count of units, then they."""
    offset = int.from_bytes(data[at : at + WORD], "big")
    if offset + WORD > len(data) or offset % WORD:
        raise ValueError("an offset that leads nowhere")
    first = offset + WORD
    end = first + unit * int.from_bytes(data[offset:first], "big")
    if end > len(data):
        raise ValueError("bytes that run over the end")
    return data[first:end]


def _bytes(data: bytes, at: int) -> bytes:
    return _behind(data, at, 1)


def text(data: bytes) -> str:
    """Return a stranger's UTF-8 as the index has it: U+FFFD for what is none, and for NUL, which few databases take."""
    return data.decode("utf-8", "replace").replace("\0", "\ufffd")


def name_of(word: bytes) -> str:
    """Return a name that stands in 32 bytes."""
    return text(word.rstrip(b"\0"))


def _string(data: bytes, at: int) -> str:
    return text(_behind(data, at, 1))


def _array(data: bytes, at: int) -> list[bytes]:
    found = _behind(data, at, WORD)
    return [found[i : i + WORD] for i in range(0, len(found), WORD)]


_DYNAMIC: dict[str, Reader] = {"bytes": _bytes, "string": _string, "bytes32[]": _array}
_STATIC: dict[str, Reader] = {"address": _address, "bool": _bool, "bytes32": _bytes32, "bytes4": _bytes4}


def reader(kind: str) -> Reader:
    """Return what reads a value of a kind from a word."""
    if kind in ENUMS:
        return _uint(8, ENUMS[kind])
    return _DYNAMIC.get(kind) or _STATIC.get(kind) or _uint(int(kind.removeprefix("uint")))


@cache
def events_of(contract: str) -> dict[bytes, Event]:
    """Return a contract's events by their first topic."""
    found = re.findall(r"(\w+)\(([^)]*)\)", EVENTS[contract])
    events = [Event(name, fields_of(fields)) for name, fields in found]
    return {event.topic: event for event in events}


@cache
def _view(signature: str) -> tuple[bytes, list[tuple[str, Reader]], bool]:
    text = " ".join(VIEWS[signature].split())
    fields = [(name, reader(kind)) for kind, name, _ in fields_of(text.removesuffix("[]"))]
    return keccak(signature.rpartition(".")[2].encode())[:4], fields, text.endswith("[]")


def call_of(signature: str, *arguments: int | bytes) -> str:
    """Return the calldata of a view; an address is 20 bytes."""
    words = [a.to_bytes(WORD, "big") if isinstance(a, int) else a.rjust(WORD, b"\0") for a in arguments]
    return "0x" + (_view(signature)[0] + b"".join(words)).hex()


def answer_of(signature: str, data: bytes) -> Any:
    """Return what a view answered: its values by name, a list of such, or the value itself if there is one only.

    Raises:
        ValueError: The answer is not one of this view.

    """
    _, fields, many = _view(signature)
    size = WORD * len(fields)
    rows = _behind(data, 0, size) if many else data
    if len(rows) % size or (not many and len(rows) != size):
        raise ValueError(f"{len(data)} bytes")
    found = [
        {name: read(rows, at + WORD * i) for i, (name, read) in enumerate(fields)} for at in range(0, len(rows), size)
    ]
    if many:
        return found
    return found[0] if len(fields) > 1 else found[0][fields[0][0]]
