"""From raw logs to events; a batch's entries become whole arrays. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from api import events
from api.errors import UnknownLogError
from api.indexer.kinds import RawLog
from api.tables import LOG_BITS
from api.types import ENTRY_BYTES

ENTRY = np.dtype([("donor", "V20"), ("paid_at", ">u4"), ("amount", ">u8")])
"""The 32 bytes of one entry (DESIGN section 3)."""


GIFT = "Contributed"
MANY = 16
"""Direct gifts in a row that are worth to be taken apart all at once."""


class Log(NamedTuple):
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


class Gifts(NamedTuple):
    """Direct gifts that follow each other, and what they say, by name: most of many a chain, one log each."""

    logs: list[RawLog]
    values: dict[str, list[Any]]

    def each(self) -> Iterator[Log]:
        """Yield them one by one."""
        for (place, _, tx, address, topics, data), *values in zip(self.logs, *self.values.values(), strict=True):
            yield Log(place, tx, address, topics, data, GIFT, dict(zip(self.values, values, strict=True)))


def decode(raw: Iterable[RawLog], contracts: dict[bytes, str]) -> list[Log]:
    """Decode logs.

    Args:
        raw: The node's logs.
        contracts: Contract names by address.

    Raises:
        UnknownLogError: One is unknown or not whole; the message says where it stands.

    """
    return [_decode(log, contracts) for log in raw]


def decode_together(raw: Iterable[RawLog], contracts: dict[bytes, str]) -> list[Log | Gifts]:
    """Decode logs as `decode` does, but leave together the direct gifts that follow each other."""
    found: list[Log | Gifts] = []
    for (address, topic), group in groupby(raw, lambda log: (log.address, log.topics[: events.WORD])):
        logs = list(group)
        event = events.events_of(contracts[address]).get(topic) if len(logs) >= MANY and address in contracts else None
        values = event.columns([(log.topics, log.data) for log in logs]) if event and event.name == GIFT else None
        found += decode(logs, contracts) if values is None else [Gifts(logs, values)]
    return found


def _decode(raw: RawLog, contracts: dict[bytes, str]) -> Log:
    place, _, tx, address, topics, data = raw
    try:
        event = events.find(contracts[address], topics)
        values = event.decode(topics, data)
        if event.name == "BatchRecorded":
            _check_entries(values)
    except (UnknownLogError, ValueError, KeyError) as error:
        where = f"log {place & (2**LOG_BITS - 1)} of block {place >> LOG_BITS}, transaction 0x{tx.hex()}"
        raise UnknownLogError(f"{where}, contract 0x{address.hex()}: {error}") from error
    return Log(place, tx, address, topics, data, event.name, values)


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
