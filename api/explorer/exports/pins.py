"""The block up to which an export tells, and whether the chain still has it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from api import tables
from api.explorer import text
from api.explorer.database import notes_of
from api.explorer.failures import NotFoundError, RewoundError, UnavailableError

_BLOCK = tables.blocks.c


@dataclass(frozen=True)
class Pin:
    """A block of a chain: all rows up to it are what is told."""

    chain_id: int
    genesis: bytes
    number: int
    hash: bytes
    time: int

    @property
    def end(self) -> int:
        """Return the first place of a log that is above the block."""
        return (self.number + 1) << tables.LOG_BITS

    def check(self, connection: Connection) -> None:
        """See that the chain still has the block, in the transaction that reads.

        Raises:
            RewoundError: It does not.

        """
        found = connection.execute(select(_BLOCK.hash).where(_BLOCK.number == self.number)).scalar()
        if found != self.hash:
            raise RewoundError(f"the chain was rewound: it no longer has block {self.number} {text.hexed(self.hash)}")


def pin(connection: Connection, number: int | None = None, block_hash: bytes | None = None) -> Pin:
    """Return the pin of a block; the newest one if no number is given.

    Raises:
        UnavailableError: Nothing is indexed yet.
        NotFoundError: The block is not indexed.
        RewoundError: The chain has another block of this number than the hash says.

    """
    meta = notes_of(connection)
    query = select(tables.blocks).order_by(_BLOCK.number.desc()).limit(1)
    tip = connection.execute(query).first()
    if tip is None or not {"chain_id", "genesis"} <= meta.keys():
        raise UnavailableError("nothing is indexed yet: the indexer has not begun")
    row = tip if number is None else connection.execute(query.where(_BLOCK.number == number)).first()
    if row is None:
        raise NotFoundError(f"block {number}: the index ends at block {tip.number}")
    found = Pin(int(meta["chain_id"]), bytes.fromhex(meta["genesis"]), row.number, row.hash, row.time)
    if block_hash is not None and block_hash != found.hash:
        raise RewoundError(f"block {found.number} of the chain is {text.hexed(found.hash)}: it was rewound")
    return found
