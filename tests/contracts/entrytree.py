"""The Merkle tree of a batch, written from RFC 9162 (section 2.1) alone, with nothing taken from the contract."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from eth_abi import encode
from eth_utils import keccak


def entry_of(donor: bytes | str, paid_at: int, amount: int) -> bytes:
    """Return the 32 bytes of one gift."""
    who = bytes.fromhex(donor.removeprefix("0x")) if isinstance(donor, str) else donor
    return who + paid_at.to_bytes(4) + amount.to_bytes(8)


def amount_of(entry: bytes) -> int:
    """Return what an entry gives."""
    return int.from_bytes(entry[24:])


def seed_of(chain: int, fund: str, pool: int, batch: bytes) -> bytes:
    """Return what ties the leaves to one batch."""
    return keccak(encode(["uint256", "address", "uint256", "bytes32"], [chain, fund, pool, batch]))


def leaf_of(seed: bytes, position: int, start: int, entry: bytes) -> bytes:
    """Return the hash of an entry in its place."""
    return keccak(seed + position.to_bytes(16) + start.to_bytes(16) + entry)


def split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def root_of(leaves: list[bytes]) -> bytes:
    """Return the hash of a list, as in section 2.1.1."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return keccak(root_of(leaves[:k]) + root_of(leaves[k:]))


def path_of(leaves: list[bytes], position: int) -> list[bytes]:
    """Return the inclusion proof of a leaf, from the leaf up, as in section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if position < k:
        return [*path_of(leaves[:k], position), root_of(leaves[k:])]
    return [*path_of(leaves[k:], position - k), root_of(leaves[:k])]


@dataclass(frozen=True)
class Tree:
    """A batch of entries that starts somewhere in a pool's line."""

    seed: bytes
    start: int
    entries: tuple[bytes, ...]

    @cached_property
    def starts(self) -> list[int]:
        """Where each entry starts."""
        places = [self.start]
        for entry in self.entries:
            places.append(places[-1] + amount_of(entry))
        return places[:-1]

    @property
    def total(self) -> int:
        """What the entries add up to."""
        return sum(map(amount_of, self.entries))

    @cached_property
    def leaves(self) -> list[bytes]:
        """The leaves of the tree."""
        places = enumerate(zip(self.starts, self.entries, strict=True))
        return [leaf_of(self.seed, i, start, entry) for i, (start, entry) in places]

    @cached_property
    def root(self) -> bytes:
        """The root of the tree."""
        return root_of(self.leaves)

    def path(self, position: int) -> list[bytes]:
        """Return the proof of one entry."""
        return path_of(self.leaves, position)
