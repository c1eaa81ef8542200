"""The index's editions: what is read of one stays true until the indexer commits something new."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select

from api import tables

PASSING = ("node_seen_at", "node_head")
"""Notes that tell of the node. They change with every look at it, and the ledger does not."""


class Head(NamedTuple):
    """The newest indexed block."""

    number: int
    hash: bytes
    time: int


@dataclass(frozen=True, eq=False)
class Edition:
    """One state of the ledger as it is indexed: the newest block, and the notes that are not in passing."""

    head: Head | None
    final: int | None
    """The newest indexed block that is final; None: none is."""
    tag: str
    """Names it, on every server alike."""


def read_notes(connection: Connection) -> dict[str, str]:
    """Return the index's own notes."""
    return {row.key: row.value for row in connection.execute(select(tables.meta))}


def read_edition(connection: Connection, notes: Mapping[str, str]) -> Edition:
    """Return the edition that a snapshot shows."""
    block = tables.blocks.c
    newest = select(block.number, block.hash, block.time).order_by(block.number.desc()).limit(1)
    row = connection.execute(newest).first()
    head = None if row is None else Head(*row)
    digest = hashlib.blake2b(digest_size=8)
    for part in (repr(head), *(f"{key}={notes[key]}" for key in sorted(notes) if key not in PASSING)):
        digest.update(part.encode() + b"\0")
    final = notes.get("final_block")
    return Edition(head, int(final) if final else None, f"{head.number if head else 0}-{digest.hexdigest()}")
