"""The blocks of a bundle, held against the node's: those with logs of Moa's all, of the others some by chance."""

from __future__ import annotations

import csv
import io
import random
from typing import IO

from .node import Header, Node
from .out import Report, shown

COLUMNS = ["number", "hash", "parent", "time"]
_SOME = 2_000
"""Blocks without logs whose headers are asked for."""


class Blocks:
    """The rows of blocks.csv, read along with the logs."""

    def __init__(self, file: IO[bytes], report: Report) -> None:
        """Begin to read."""
        self._reader = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""), strict=True)
        self._report = report
        self.count = 0
        self._last: list[str] | None = None
        self._cut = False
        self._heard = -1
        self._others: list[list[str]] = []
        self._chance = random.SystemRandom()
        if (header := self._read()) != COLUMNS:
            report.differs("bundle, blocks, columns", bundle=header, chain=COLUMNS)
            self._cut = True
        self._next = self._row()

    def hear(self, number: int, block_hash: bytes, time: int) -> None:
        """Compare the row of a block of which hash and time are known."""
        self._skip_to(number)
        if self._cut:
            return
        if self._next is None or int(self._next[0]) != number:
            self._report.differs(f"bundle, block {number}", bundle="nothing", chain="it is there")
            return
        self._compare(self._next, block_hash, None, time)
        self._heard = number
        self._next = self._row()

    def finish(self, node: Node, last: Header) -> None:
        """Compare the rest: it ends with the bundle's block, and some of those between are asked for by chance."""
        self._skip_to(last.number)
        if self._next is not None and int(self._next[0]) == last.number:
            self._others.append(self._next)
            self._next = self._row()
        elif not self._cut and self._heard != last.number:
            self._report.differs(f"bundle, block {last.number}", bundle="nothing", chain="it is there")
        if self._next is not None:
            self._report.differs(
                f"bundle, block {shown(self._next[0])}", bundle="it is there", chain="after the bundle's"
            )
        found = node.headers([int(row[0]) for row in self._others])
        for row, header in zip(self._others, found, strict=True):
            self._compare(row, header.hash, header.parent, header.time)

    def _skip_to(self, number: int) -> None:
        while self._next is not None and int(self._next[0]) < number:
            if len(self._others) < _SOME:
                self._others.append(self._next)
            elif (at := self._chance.randrange(self.count)) < _SOME:
                self._others[at] = self._next
            self._next = self._row()

    def _compare(self, row: list[str], block_hash: bytes, parent: bytes | None, time: int) -> None:
        wanted = {1: "0x" + block_hash.hex(), 3: str(time)} | ({2: "0x" + parent.hex()} if parent is not None else {})
        for column, value in wanted.items():
            self._report.same(f"bundle, block {row[0]}, {COLUMNS[column]}", bundle=row[column], chain=value)

    def _read(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except (csv.Error, ValueError) as error:
            self._report.add("bundle, blocks", f"is no CSV after row {self.count}: {shown(str(error))}")
            self._cut = True
            return None

    def _row(self) -> list[str] | None:
        row = None if self._cut else self._read()
        if row is None:
            return None
        self.count += 1
        number = row[0] if row else ""
        before = int(self._last[0]) if self._last else -1
        if len(row) != 4 or not (number.isascii() and number.isdigit() and len(number) < 16) or int(number) <= before:
            self._report.add(
                "bundle, blocks", f"row {self.count} is no row of this table, or not in order; not read on"
            )
            self._cut = True
            return None
        if self._last is not None and int(number) == before + 1 and row[2] != self._last[1]:
            self._report.differs(f"bundle, block {number}, parent", bundle=row[2], block_before=self._last[1])
        self._last = row
        return row
