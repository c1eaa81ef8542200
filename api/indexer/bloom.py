"""The bloom filter in a block's header: whether a contract may have logged in it. Pure.

2,048 bits, three of them set for each address and topic (Ethereum's yellow paper, 4.3.1). It never says no wrongly, so
a node that hands out no log of a block whose filter says yes may have left some out.
"""

from __future__ import annotations

from collections.abc import Iterable

from sha3 import keccak_256

CROWDED = 2048 // 3
"""Bits set beyond which the filter says yes to almost everything."""
FULL = 2**2048 - 1
"""What stands for the filter that a node does not tell."""


def bits_of(value: bytes) -> int:
    """Return the three bits that an address or a topic sets."""
    found = keccak_256(value).digest()
    bits = 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(found[at : at + 2], "big") & 2047)
    return bits


def may_hold(bloom: int, wanted: Iterable[int]) -> bool:
    """Return whether a block with this filter may have logs of what sets any of these bits."""
    return any(bloom & bits == bits for bits in wanted)


def is_crowded(bloom: int) -> bool:
    """Return whether a filter says yes to so much that its yes means little."""
    return bloom.bit_count() > CROWDED
