"""The Merkle tree of a batch, as contracts/libraries/EntryTree.sol builds it, from the entries in the batch's log.

The tree is that of RFC 9162 with Keccak-256. A leaf is keccak256(seed ‖ position · 2^128 + start ‖ entry), 96 bytes; an
inner node keccak256(left ‖ right), 64 bytes.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sha3 import keccak_256

from api.types import ENTRY_BYTES

Bytes = NDArray[np.uint8]

WIDTH = 64
"""Leaves of a subtree whose inside is not kept; a power of two."""
KEPT = 2_048
"""Batches whose upper trees are kept: a batch of 4,000 gifts has 8 KB of them."""

_WORD = 32
_ENTRIES_WORD = 6
"""Where BatchRecorded's data has the offset of its entries: after token, reference, root, start, amount and count."""


def entries_of_log(data: bytes) -> bytes:
    """Return the entries in the data of a BatchRecorded log, one after the other.

    Raises:
        ValueError: The data is not that of such a log.

    """
    offset = int.from_bytes(data[_ENTRIES_WORD * _WORD : (_ENTRIES_WORD + 1) * _WORD], "big")
    length = int.from_bytes(data[offset : offset + _WORD], "big")
    entries = data[offset + _WORD : offset + _WORD + length]
    if not length or length % ENTRY_BYTES or len(entries) != length:
        raise ValueError("not the data of a batch")
    return entries


def _keccak(data: bytes) -> bytes:
    digest: bytes = keccak_256(data).digest()
    return digest


def seed(chain_id: int, fund: bytes, pool: int, batch: bytes) -> bytes:
    """Return what binds every leaf to one batch of one pool of one contract on one chain."""
    words = chain_id.to_bytes(_WORD, "big") + fund.rjust(_WORD, b"\0") + pool.to_bytes(_WORD, "big") + batch
    return _keccak(words)


def starts(entries: bytes, start: int) -> NDArray[np.uint64]:
    """Return where each entry of a batch starts in the pool's line."""
    table = np.frombuffer(entries, np.uint8).reshape(-1, ENTRY_BYTES)
    amounts = np.ascontiguousarray(table[:, 24:]).view(">u8").ravel().astype(np.uint64)
    result: NDArray[np.uint64] = np.uint64(start) + np.cumsum(amounts, dtype=np.uint64) - amounts
    return result


def leaves(tree_seed: bytes, entries: bytes, start: int, over: slice = slice(None)) -> list[bytes]:
    """Return the hashes of entries in their places; `over`: of these alone."""
    table = np.frombuffer(entries, np.uint8).reshape(-1, ENTRY_BYTES)
    positions = np.arange(len(table), dtype=np.uint64)[over]
    filled: Bytes = np.zeros((len(positions), 3 * _WORD), np.uint8)
    filled[:, :32] = np.frombuffer(tree_seed, np.uint8)
    filled[:, 40:48] = _big_endian(positions)
    filled[:, 56:64] = _big_endian(starts(entries, start)[over])
    filled[:, 64:] = table[over]
    packed = filled.tobytes()
    return [keccak_256(packed[i : i + 96]).digest() for i in range(0, len(packed), 96)]


def _big_endian(numbers: NDArray[np.uint64]) -> Bytes:
    return numbers.astype(">u8").view(np.uint8).reshape(-1, 8)


class Tree:
    """A batch's tree: the leaves, then each level of parents up to the root."""

    def __init__(self, bottom: list[bytes]) -> None:
        self._levels = [bottom]
        while len(level := self._levels[-1]) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            parents = [keccak_256(left + right).digest() for left, right in pairs]
            # A node without a neighbour rises as it is: this is RFC 9162's split at the largest power of two.
            self._levels.append(parents + level[len(parents) * 2 :])

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


class Proof(NamedTuple):
    """That a leaf stands in a batch: hashed up with `siblings`, from the leaf up, it comes to `root`."""

    leaf: bytes
    siblings: list[bytes]
    root: bytes


def proof_of(tree_seed: bytes, entries: bytes, start: int, position: int) -> Proof:
    """Return the proof of an entry.

    Of the last batches that were asked for the upper part of the tree is kept: then it takes `WIDTH` leaves to hash.
    """
    key = tree_seed, hashlib.blake2b(entries, digest_size=16, salt=start.to_bytes(16, "big")).digest()
    first = position // WIDTH * WIDTH
    near, upper = slice(first, first + WIDTH), _UPPER.pop(key, None)
    if upper is None:
        whole = leaves(tree_seed, entries, start)
        # A tree over the roots of whole subtrees is the tree over their leaves.
        upper = Tree([Tree(whole[i : i + WIDTH]).root for i in range(0, len(whole), WIDTH)])
        bottom = whole[near]
    else:
        bottom = leaves(tree_seed, entries, start, near)
    _UPPER[key] = upper
    if len(_UPPER) > KEPT:
        _UPPER.pop(next(iter(_UPPER)), None)
    siblings = Tree(bottom).siblings(position - first) + upper.siblings(position // WIDTH)
    return Proof(bottom[position - first], siblings, upper.root)


_UPPER: dict[tuple[bytes, bytes], Tree] = {}
