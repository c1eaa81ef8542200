"""Keccak-256, and the Merkle tree of a batch, by the words of EntryTree.sol: RFC 9162's shape over 32-byte entries.

A leaf hashes 96 bytes, seed ‖ position · 2^128 + start ‖ entry, an inner node 64, left ‖ right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from struct import iter_unpack

ENTRY = 32
PART = 64
"""Leaves below each node of a batch's tree that an index keeps."""
SIZES = ">20sIQ"
"""Of an entry: donor id (20) ‖ time the donor paid, unix seconds (4) ‖ amount (8)."""


def _fastest() -> Callable[[bytes], bytes]:
    """Return the fastest Keccak-256 of eth_hash's backends that is installed: pysha3's takes an eighth of the time."""
    try:
        from eth_hash.backends.pysha3 import keccak256
    except ImportError:
        from eth_hash.backends.pycryptodome import keccak256
    return keccak256


keccak = _fastest()


def seed_of(chain_id: int, fund: bytes, pool: int, batch: bytes) -> bytes:
    """Return what binds every leaf to one batch of one pool of one contract on one chain."""
    words = (chain_id.to_bytes(32, "big"), fund.rjust(32, b"\0"), pool.to_bytes(32, "big"), batch)
    return keccak(b"".join(words))


def batch_id(gateway: bytes, reference: bytes) -> bytes:
    """Return a batch's id, made of its gateway and the gateway's own reference."""
    return keccak(gateway.rjust(32, b"\0") + reference)


def entries_of(entries: bytes, start: int) -> Iterator[tuple[int, int, bytes, int]]:
    """Yield each entry's start, amount, donor and time paid."""
    for donor, paid_at, amount in iter_unpack(SIZES, entries):
        yield start, amount, donor, paid_at
        start += amount


def leaves_of(seed: bytes, entries: bytes, start: int) -> list[bytes]:
    """Return the hash of each entry in its place."""
    found = []
    for i, (amount,) in enumerate(iter_unpack(">24xQ", entries)):
        place = (i << 128 | start).to_bytes(32, "big")
        found.append(keccak(seed + place + entries[ENTRY * i : ENTRY * i + ENTRY]))
        start += amount
    return found


def _above(level: Sequence[bytes]) -> list[bytes]:
    """Return the parents of a level. A node without a neighbour goes up as it is: so it is left and right of 2^k."""
    parents = [keccak(left + right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return parents + list(level[2 * len(parents) :])


def root_over(level: Sequence[bytes]) -> bytes:
    """Return the root over some leaves, or over the nodes of any level."""
    while len(level) > 1:
        level = _above(level)
    return level[0]


def root_of(seed: bytes, entries: bytes, start: int) -> bytes:
    """Return the root over the entries, of which the first starts here in the pool's line."""
    return root_over(leaves_of(seed, entries, start))


def parts_of(seed: bytes, entries: bytes, start: int) -> list[bytes]:
    """Return the roots over the first 64 of these entries, the next 64, and so on."""
    leaves = leaves_of(seed, entries, start)
    return [root_over(leaves[i : i + PART]) for i in range(0, len(leaves), PART)]


def proof_of(seed: bytes, entries: bytes, start: int, position: int) -> tuple[bytes, list[bytes]]:
    """Return a leaf, and its siblings from the leaf up."""
    level = leaves_of(seed, entries, start)
    leaf, siblings = level[position], []
    while len(level) > 1:
        if position ^ 1 < len(level):
            siblings.append(level[position ^ 1])
        level, position = _above(level), position >> 1
    return leaf, siblings


def climbs(root: bytes, count: int, position: int, leaf: bytes, siblings: Sequence[bytes]) -> bool:
    """Return whether these siblings lead from leaf `position` of `count` to the root: RFC 9162, section 2.1.3.2."""
    if not 0 <= position < count:
        return False
    node, last, made = position, count - 1, leaf
    for sibling in siblings:
        if last == 0:
            return False
        if node & 1 or node == last:
            made = keccak(sibling + made)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            made = keccak(made + sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and made == root
