"""Two streams of rows that should be one: those of a CSV file, and those that there should be."""

from __future__ import annotations

import csv
import http.client
import io
from typing import IO, Any

from .files import LINE
from .out import Report, shown

_ENOUGH = 50
"""Rows that the chain does not have, after which a file is not read on."""


class Rows:
    """The rows of a CSV file, held against those that there should be, both in the order of their keys."""

    def __init__(
        self, name: str, file: IO[bytes], columns: list[str], report: Report, *, keys: int, source: str = "bundle"
    ) -> None:
        """Begin; the first `keys` columns, whole numbers, are the key. `source`: whose the file is."""
        csv.field_size_limit(LINE)
        self._name, self._columns, self._keys, self._report, self._source = name, columns, keys, report, source
        self._reader = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""), strict=True)
        self.count = self._extra = 0
        self._cut = False
        header = self._read()
        if header != columns:
            self._differs(f"{name}, columns", header, columns)
            self._cut = True
        self._next = self._row()

    def at(self, key: int) -> list[str] | None:
        """Return the row that is next, if it is the one of a key."""
        return self._next[1] if self._next is not None and self._next[0] == (key,) else None

    def expect(self, row: list[str]) -> None:
        """Compare the next row."""
        if self._cut:
            return
        key = tuple(map(int, row[: self._keys]))
        while self._next is not None and self._next[0] < key:
            self._add_extra()
        if self._next is None or self._next[0] != key:
            if not self._cut:
                self._differs(self._where(row), "nothing", "it is there")
            return
        found = self._next[1]
        if found != row:
            for column, one, other in zip(self._columns, found, row, strict=True):
                if one != other:
                    self._differs(f"{self._where(row)}, {column}", one, other)
        self._next = self._row()

    def finish(self) -> None:
        """Say what rows there are beyond those that should be."""
        while not self._cut and self._next is not None:
            self._add_extra()

    def _add_extra(self) -> None:
        self._extra += 1
        self._differs(self._where(self._next[1] if self._next else []), "it is there", "nothing")
        if self._extra == _ENOUGH:
            self._report.add(self._name, "has more and more rows that the chain does not have; not read on")
            self._cut = True
            return
        self._next = self._row()

    def _where(self, row: list[str]) -> str:
        keys = ", ".join(
            f"{name} {shown(value, 30)}" for name, value in zip(self._columns, row[: self._keys], strict=False)
        )
        return f"{self._name}, {keys}"

    def _differs(self, where: str, found: Any, wanted: Any) -> None:
        self._report.differs(where, **{self._source: found, "chain": wanted})

    def _read(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except (csv.Error, ValueError, OSError, http.client.HTTPException) as error:
            self._report.add(self._name, f"cannot be read after row {self.count}: {shown(repr(error))}")
            self._cut = True
            return None

    def _row(self) -> tuple[tuple[int, ...], list[str]] | None:
        row = None if self._cut else self._read()
        if row is None:
            return None
        self.count += 1
        try:
            if len(row) != len(self._columns) or not all(_is_number(value) for value in row[: self._keys]):
                raise ValueError
        except ValueError:
            self._report.add(self._name, f"row {self.count} is no row of this table; not read on")
            self._cut = True
            return None
        return tuple(map(int, row[: self._keys])), row


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 21
