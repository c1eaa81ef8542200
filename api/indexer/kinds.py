"""What a node tells: blocks, logs and tokens."""

from __future__ import annotations

from typing import NamedTuple


class Block(NamedTuple):
    """A block: its number, hashes (32 bytes) and time (unix seconds)."""

    number: int
    hash: bytes
    parent: bytes
    time: int
    bloom: int = 0  # the header's filter of its logs (api.indexer.bloom)


class RawLog(NamedTuple):
    """A log as the node gave it, in bytes: its place, its block's hash, and what it says."""

    place: int
    block_hash: bytes
    tx: bytes
    address: bytes
    topics: bytes  # 32 bytes each, one after the other
    data: bytes


class Token(NamedTuple):
    """What a token says of itself."""

    symbol: str
    name: str
    decimals: int
