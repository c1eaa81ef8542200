"""The Merkle tree of a batch, as contracts/libraries/EntryTree.sol builds it. Pure.

The tree is that of RFC 9162 with Keccak-256. A leaf is keccak256(seed ‖ position · 2^128 + start ‖ entry), 96 bytes; an
inner node keccak256(left ‖ right), 64 bytes. The index keeps the roots of its subtrees, so that whoever asks for one
leaf's proof hashes one subtree's leaves.
"""

from __future__ import annotations

from itertools import starmap
from struct import iter_unpack
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sha3 import keccak_256

from api.types import ENTRY_BYTES

WIDTH = 64
"""Leaves of a subtree whose root is kept; a power of two."""

NODE_BYTES = 32

_LEAF = np.dtype(
    [("seed", "V32"), ("", "V8"), ("position", ">u8"), ("", "V8"), ("start", ">u8"), ("entry", f"V{ENTRY_BYTES}")]
)


def seed(chain_id: int, fund: bytes, pool: int, batch: bytes) -> bytes:
    """Return what binds every leaf to one batch of one pool of one contract on one chain."""
    words = chain_id.to_bytes(32, "big") + fund.rjust(32, b"\0") + pool.to_bytes(32, "big") + batch
    digest: bytes = keccak_256(words).digest()
    return digest


def starts(entries: bytes, start: int) -> NDArray[np.uint64]:
    """Return where each entry of a batch starts in the pool's line."""
    table = np.frombuffer(entries, np.uint8).reshape(-1, ENTRY_BYTES)
    amounts = np.ascontiguousarray(table[:, 24:]).view(">u8").ravel().astype(np.uint64)
    result: NDArray[np.uint64] = np.uint64(start) + np.cumsum(amounts, dtype=np.uint64) - amounts
    return result


def leaves(tree_seed: bytes, entries: bytes, places: NDArray[np.integer[Any]], first: int = 0) -> list[bytes]:
    """Return the hashes of entries that start at these places in the line, and stand from `first` on in their batch."""
    filled = np.zeros(len(places), _LEAF)
    filled["seed"] = np.void(tree_seed)
    filled["position"] = np.arange(first, first + len(places))
    filled["start"] = places
    filled["entry"] = np.frombuffer(entries, _LEAF["entry"])
    return _hashes(f"{_LEAF.itemsize}s", filled.tobytes())


def roots(bottom: list[bytes]) -> list[bytes]:
    """Return the roots of the subtrees of `WIDTH` leaves each: a tree over these is the tree over the leaves."""
    level = bottom
    for _ in range(WIDTH.bit_length() - 1):
        level = _above(level)
    return level


class Tree:
    """A tree: the leaves, then each level of parents up to the root."""

    def __init__(self, bottom: list[bytes]) -> None:
        self._levels = [bottom]
        while len(level := self._levels[-1]) > 1:
            self._levels.append(_above(level))

    @property
    def root(self) -> bytes:
        """Return the hash over all leaves."""
        return self._levels[-1][0]

    def siblings(self, position: int) -> list[bytes]:
        """Return the inclusion proof of a leaf, from the leaf up."""
        found = []
        for level in self._levels[:-1]:
            neighbour = position ^ 1
            if neighbour < len(level):
                found.append(level[neighbour])
            position >>= 1
        return found


def _above(level: list[bytes]) -> list[bytes]:
    """Return the parents of a level."""
    paired = len(level) // 2 * 2
    # A node without a neighbour rises as it is: this is RFC 9162's split at the largest power of two.
    return _hashes(f"{2 * NODE_BYTES}s", b"".join(level[:paired])) + level[paired:]


def _hashes(size: str, packed: bytes) -> list[bytes]:
    """Return the hash of each piece of a size. It is what a batch takes longest for: so it is not Python that loops."""
    return list(map(keccak_256.digest, starmap(keccak_256, iter_unpack(size, packed))))
