"""From raw logs to events; a batch's entries become whole arrays. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from api import events
from api.errors import UnknownLogError
from api.indexer.chain import RawLog
from api.tables import LOG_BITS
from api.types import ENTRY_BYTES

ENTRY = np.dtype([("donor", "V20"), ("paid_at", ">u4"), ("amount", ">u8")])
"""The 32 bytes of one entry (DESIGN section 3)."""


@dataclass(frozen=True)
class Log:
    """A log and what it says."""

    place: int
    tx: bytes
    address: bytes
    topics: bytes
    data: bytes
    event: str
    values: dict[str, Any]

    @property
    def block(self) -> int:
        """Return the number of the log's block."""
        return self.place >> LOG_BITS


def decode(raw: Iterable[RawLog], contracts: dict[bytes, str]) -> list[Log]:
    """Decode logs.

    Args:
        raw: The node's logs.
        contracts: Contract names by address.

    Raises:
        UnknownLogError: One is unknown or not whole; the message says where it stands.

    """
    return [_decode(log, contracts) for log in raw]


def _decode(raw: RawLog, contracts: dict[bytes, str]) -> Log:
    address = bytes.fromhex(raw.address[2:])
    topics = bytes.fromhex("".join(topic[2:] for topic in raw.topics))
    data = bytes.fromhex(raw.data[2:])
    block, index = int(raw.block_number, 16), int(raw.log_index, 16)
    try:
        event = events.find(contracts[address], topics)
        values = event.decode(topics, data)
        if event.name == "BatchRecorded":
            _check_entries(values)
    except (UnknownLogError, ValueError, KeyError) as error:
        where = f"log {index} of block {block}, transaction {raw.transaction_hash}, contract {raw.address}"
        raise UnknownLogError(f"{where}: {error}") from error
    return Log(
        place=(block << LOG_BITS) | index,
        tx=bytes.fromhex(raw.transaction_hash[2:]),
        address=address,
        topics=topics,
        data=data,
        event=event.name,
        values=values,
    )


def _check_entries(values: dict[str, Any]) -> None:
    """Check that a batch's log agrees with itself: so many entries, so much money."""
    if len(values["entries"]) != ENTRY_BYTES * values["count"]:
        raise ValueError(f"{len(values['entries'])} bytes of entries for {values['count']} entries")
    total = int(entries_of(values["entries"])["amount"].sum(dtype=np.uint64))
    if total != values["amount"]:
        raise ValueError(f"the entries add up to {total}, the batch says {values['amount']}")


def entries_of(data: bytes) -> npt.NDArray[np.void]:
    """Return a batch's entries as a structured array of ENTRY."""
    return np.frombuffer(data, ENTRY)
