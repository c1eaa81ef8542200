"""Many views in one call, by the mock `Peek`, packed by hand: a walk asks the same hundred questions at each step.

The general packer checks each address and each word again and again; that was half of a long walk's time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from eth_utils import keccak

if TYPE_CHECKING:
    from world import Contract

ALL = keccak(text="all(address[],bytes[])")[:4]
REMEMBERED = 1 << 16


@lru_cache(REMEMBERED)
def question(contract: Contract, function: str, *args: Any) -> bytes:
    """Return the bytes of a view's call."""
    return contract.data(function, *args)


@lru_cache(REMEMBERED)
def answer(contract: Contract, function: str, data: bytes) -> Any:
    """Return what a view answered. Whoever asks next gets the very same object: compare it, do not change it."""
    return contract.answer(function, data)


def pack(calls: list[tuple[Contract, Any]]) -> bytes:
    """Return the call of `all(address[] targets, bytes[] calls)`."""
    asked = [question(*call) for call in calls]
    targets = b"".join(bytes.fromhex(call[0].address[2:]).rjust(32, b"\0") for call in calls)
    offsets, tail, at = [], [], 32 * len(calls)
    for data in asked:
        offsets.append(word(at))
        padded = data.ljust(-(-len(data) // 32) * 32, b"\0")
        tail += [word(len(data)), padded]
        at += 32 + len(padded)
    count = word(len(calls))
    return b"".join([ALL, word(64), word(96 + 32 * len(calls)), count, targets, count, *offsets, *tail])


def unpack(data: bytes) -> list[bytes]:
    """Return the answers, from what `all` answered: one `bytes[]`."""
    begin = number(data, 0)
    count, begin = number(data, begin), begin + 32
    found = []
    for i in range(count):
        at = begin + number(data, begin + 32 * i)
        found.append(data[at + 32 : at + 32 + number(data, at)])
    return found


def word(value: int) -> bytes:
    """Return a number as 32 bytes."""
    return value.to_bytes(32)


def number(data: bytes, at: int) -> int:
    """Return the number that stands in 32 bytes."""
    return int.from_bytes(data[at : at + 32])
