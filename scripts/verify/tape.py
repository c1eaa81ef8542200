"""What is too much for memory: a temporary file, and lists of rows on it that are read from either end."""

from __future__ import annotations

import marshal
import tempfile
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

from .tree import ENTRY, entries_of

_ROWS = 128
"""Rows that stand together."""

_KEPT = 512
"""Chunks of gifts and batches that are kept in memory, for those that are looked up."""

WALLET, BATCH, BROUGHT, MATCH = range(4)
"""How a gift came: by its donor's wallet, in a gateway's batch, brought by another, as a sponsor's match."""


class Spool:
    """A temporary file that nobody else sees, and that goes with the process."""

    def __init__(self) -> None:
        """Open it."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- it lives as long as this
        self._end = 0

    def put(self, data: bytes) -> int:
        """Write bytes, and return where they begin."""
        at = self._end
        self._file.seek(at)
        self._file.write(data)
        self._end += len(data)
        return at

    def get(self, at: int, size: int) -> bytes:
        """Read bytes."""
        self._file.seek(at)
        return self._file.read(size)


class Tape:
    """Rows (lists or tuples of plain values) in the order in which they came."""

    def __init__(self, spool: Spool) -> None:
        """Begin an empty tape."""
        self.count = 0
        self._spool = spool
        self._open: list[Any] = []
        self._ats, self._sizes = array("Q"), array("Q")

    def add(self, row: Any) -> None:
        """Put a row at the end."""
        self._open.append(row)
        self.count += 1
        if len(self._open) >= _ROWS:
            self._settle()

    def _settle(self) -> None:
        data = marshal.dumps(self._open)
        self._ats.append(self._spool.put(data))
        self._sizes.append(len(data))
        self._open = []

    def _chunk(self, i: int) -> list[Any]:
        if i == len(self._ats):
            return self._open
        found: list[Any] = marshal.loads(self._spool.get(self._ats[i], self._sizes[i]))  # noqa: S302 -- our own file
        return found

    def forwards(self) -> Iterator[Any]:
        """Yield the rows, the first one first."""
        for i in range(len(self._ats) + 1):
            yield from self._chunk(i)

    def backwards(self) -> Iterator[Any]:
        """Yield the rows, the last one first."""
        for i in range(len(self._ats), -1, -1):
            yield from reversed(self._chunk(i))


class Place(NamedTuple):
    """Where on the chain something was recorded: block, index of its log, transaction, time of the block."""

    block: int
    log: int
    tx: bytes
    time: int


class Gift(NamedTuple):
    """One gift. `batch` and `position`: None and -1 of a direct one; `pledge`: 0 if no standing order brought it."""

    start: int
    amount: int
    number: int
    donor: bytes
    paid_at: int
    place: Place
    via: int
    pledge: int
    batch: bytes | None
    position: int


class Gifts(Tape):
    """The gifts of one pool, by their places in line.

    A direct one is a row [start, amount, number, donor, place, via, pledge]; a whole batch is one row as well:
    [start, amount, number of its first, batch, place, count, where its entries are in the spool].
    """

    def __init__(self, spool: Spool) -> None:
        """Begin an empty line."""
        super().__init__(spool)
        self._firsts = array("Q")
        self._cache: OrderedDict[int, Any] = OrderedDict()

    def add_direct(self, start: int, amount: int, donor: bytes, place: Place, *, via: int, pledge: int) -> None:
        """Put a direct gift at the end."""
        self._open.append([start, amount, self.count + 1, donor, tuple(place), via, pledge])
        self.count += 1

    def add_batch(self, start: int, amount: int, batch: bytes, place: Place, entries: bytes) -> None:
        """Put a batch's gifts at the end."""
        count = len(entries) // ENTRY
        self._open.append([start, amount, self.count + 1, batch, tuple(place), count, self._spool.put(entries), None])
        self.count += count

    def bring(self, start: int, count: int) -> list[tuple[bytes, int]]:
        """Mark the last gifts as brought; return their donors and amounts, none if they are not so many from there."""
        last = self._open[-count:] if 0 < count <= len(self._open) else []
        if not last or last[0][0] != start or any(len(row) != 7 for row in last):
            return []
        for row in last:
            row[5] = BROUGHT
        return [(row[3], row[1]) for row in last]

    def settle(self) -> None:
        """Put away what has gathered: a block is over, and none of its gifts changes any more."""
        if len(self._open) >= _ROWS:
            self._firsts.append(self._open[0][0])
            self._settle()

    def find(self, start: int) -> Gift | None:
        """Return the gift that starts here."""
        found = self.around(start)
        return found if found is not None and found.start == start else None

    def around(self, start: int) -> Gift | None:
        """Return the gift whose places this one is among, if the line reaches so far."""
        at = bisect_right(self._firsts, start) - 1
        if self._open and self._open[0][0] <= start:
            rows = self._open
        elif at >= 0:
            rows = self._keep(-1 - at, lambda: self._chunk(at))
        else:
            return None
        row = rows[bisect_right(rows, start, key=lambda row: row[0]) - 1]
        if len(row) == 7:
            return _direct(row)
        starts = self._keep(row[6], lambda: array("Q", (s for s, *_ in entries_of(self._entries(row), row[0]))))
        position = bisect_right(starts, start) - 1
        return next(_of_batch(row, self._entries(row), position))

    def entries(self, start: int) -> bytes:
        """Return the entries of the batch that begins here."""
        for row in self._rows_at(start):
            return self._entries(row)
        return b""

    def gifts(self) -> Iterator[Gift]:
        """Yield the gifts, the first one first."""
        for row in self.forwards():
            if len(row) == 7:
                yield _direct(row)
            else:
                yield from _of_batch(row, self._entries(row))

    def newest(self) -> Iterator[Gift]:
        """Yield the gifts, the last one first."""
        for row in self.backwards():
            if len(row) == 7:
                yield _direct(row)
            else:
                yield from reversed(list(_of_batch(row, self._entries(row))))

    def since(self, place: int) -> Iterator[Gift]:
        """Yield the gifts from the one on whose places this one is among, the first one first."""
        for i in range(max(0, bisect_right(self._firsts, place) - 1), len(self._ats) + 1):
            for row in self._chunk(i):
                if row[0] + row[1] > place:
                    found = [_direct(row)] if len(row) == 7 else _of_batch(row, self._entries(row))
                    yield from (gift for gift in found if gift.start + gift.amount > place)

    def of_batch(self, start: int) -> Iterator[Gift]:
        """Yield the gifts of the batch that begins here, in their order."""
        for row in self._rows_at(start):
            yield from _of_batch(row, self._entries(row))

    def _rows_at(self, start: int) -> Iterator[Any]:
        at = bisect_right(self._firsts, start) - 1
        chunks = [self._open] if self._open and self._open[0][0] <= start else [self._chunk(at)] if at >= 0 else []
        for rows in chunks:
            yield from (row for row in rows if row[0] == start and len(row) == 8)

    def _entries(self, row: Any) -> bytes:
        return self._spool.get(row[6], ENTRY * row[5])

    def _keep(self, key: int, make: Any) -> Any:
        """Return what was made for a key, and keep the latest so many."""
        if key not in self._cache:
            self._cache[key] = make()
            if len(self._cache) > _KEPT:
                self._cache.popitem(last=False)
        self._cache.move_to_end(key)
        return self._cache[key]


def _direct(row: Any) -> Gift:
    start, amount, number, donor, place, via, pledge = row
    return Gift(start, amount, number, donor, place[3], Place(*place), via, pledge, None, -1)


def _of_batch(row: Any, entries: bytes, only: int | None = None) -> Iterator[Gift]:
    """Yield the gifts of a batch's row, or the one at a position."""
    first, _, number, batch, place, _, _, _ = row
    where = Place(*place)
    for i, (start, amount, donor, paid_at) in enumerate(entries_of(entries, first)):
        if only is None or i == only:
            yield Gift(start, amount, number + i, donor, paid_at, where, BATCH, 0, batch, i)
