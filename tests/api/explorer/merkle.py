"""RFC 9162's tree by its own words, to hold against the explorer's: another shape of code, another Keccak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from collections.abc import Sequence


def leaf(seed: bytes, position: int, start: int, entry: bytes) -> bytes:
    return keccak(seed + ((position << 128) | start).to_bytes(32, "big") + entry)


def leaves(seed: bytes, entries: bytes, start: int) -> list[bytes]:
    found = []
    for position in range(len(entries) // 32):
        entry = entries[32 * position : 32 * position + 32]
        found.append(leaf(seed, position, start, entry))
        start += int.from_bytes(entry[24:], "big")
    return found


def root(nodes: Sequence[bytes]) -> bytes:
    """Section 2.1.1: split at the largest power of two below the number of leaves."""
    if len(nodes) == 1:
        return nodes[0]
    split = 1 << ((len(nodes) - 1).bit_length() - 1)
    return keccak(root(nodes[:split]) + root(nodes[split:]))


def verifies(wanted: bytes, count: int, position: int, node: bytes, proof: Sequence[bytes]) -> bool:
    """Section 2.1.3.2."""
    if position >= count:
        return False
    fn, sn, r = position, count - 1, node
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = keccak(p + r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = keccak(r + p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == wanted
