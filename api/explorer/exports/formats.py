r"""How rows are written. CSV and JSON Lines here, Parquet beside it; the same words, rows and order in each.

Bytes are hex with 0x, in lower case, in all three: one spelling to search for and to join by. Amounts are whole base
units: decimal digits in CSV, a string in JSON (its readers know no whole numbers above 2^53), int64 in Parquet.

CSV: comma, \n, and quotes where RFC 4180 needs them. An empty field is NULL, an empty text is "". A text that a
spreadsheet would run as a formula gets an apostrophe in front, and so does one that begins with an apostrophe: so
taking one leading apostrophe away gives exactly what is on the chain. Only texts are so guarded, and only in exports:
a bundle, JSON Lines and Parquet have every text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from typing import Any, Protocol, TypeAlias

import msgspec

from api.tables.words import Words

Column: TypeAlias = Sequence[Any]
Rows: TypeAlias = Sequence[Sequence[Any]]

_QUOTED = re.compile(r'[",\r\n]')
_FORMULA = tuple("=+-@\t\r\n'＝＋－＠")
"""With what a text must not begin in a spreadsheet; the wide ones count for = + - @ in East Asian versions."""


MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
"""The forms, by how their files' names end."""


class Form(Protocol):
    """A format: what stands at the beginning, how rows are written, what stands at the end."""

    def begin(self) -> bytes:
        """Return the beginning."""

    def rows(self, rows: Rows) -> bytes:
        """Return these rows, or nothing yet."""

    def end(self) -> bytes:
        """Return what is left, and the end."""

    def cut(self, reason: str) -> bytes:
        """Return what is written last when it cannot go on: nobody must take it for whole."""


def _given(convert: Callable[[Any], str]) -> Callable[[Column], list[str]]:
    return lambda column: ["" if value is None else convert(value) for value in column]


def _same(column: Column) -> Column:
    return column


def hexed(column: Column) -> list[str | None]:
    """Return bytes as hex."""
    return [None if value is None else "0x" + value.hex() for value in column]


def _quote(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if not text or _QUOTED.search(text) else text


def _guard(text: str) -> str:
    return _quote("'" + text if text.startswith(_FORMULA) else text)


class Csv:
    """Comma-separated values. `exact`: texts as they are, for programs; else guarded from spreadsheets."""

    def __init__(self, fields: Sequence[Words], *, exact: bool = False) -> None:
        self._names = [field.name for field in fields]
        write: dict[str, Callable[[Any], str]] = {
            "bytes": lambda value: "0x" + value.hex(),
            "flag": lambda value: "true" if value else "false",
            "text": _quote if exact else _guard,
        }
        self._columns = [_given(write.get(field.kind, str)) for field in fields]

    def begin(self) -> bytes:
        """Return the line of the columns' names."""
        return (",".join(self._names) + "\n").encode()

    def rows(self, rows: Rows) -> bytes:
        """Return a line for each row."""
        if not rows:
            return b""
        columns = [write(column) for write, column in zip(self._columns, zip(*rows, strict=True), strict=True)]
        return ("\n".join(map(",".join, zip(*columns, strict=True))) + "\n").encode()

    def end(self) -> bytes:
        """Return nothing: a CSV has no end."""
        return b""

    def cut(self, reason: str) -> bytes:
        """Return a line that is none of the table's."""
        return f"\nTHIS FILE IS NOT WHOLE: {reason}\n".encode()


class JsonLines:
    """One JSON object a line."""

    def __init__(self, fields: Sequence[Words]) -> None:
        self._struct = msgspec.defstruct("Row", [(field.name, Any) for field in fields])
        self._encoder = msgspec.json.Encoder()
        write: dict[str, Callable[[Column], Iterable[Any]]] = {
            "amount": lambda column: [None if value is None else str(value) for value in column],
            "bytes": hexed,
        }
        self._columns = [write.get(field.kind, _same) for field in fields]

    def begin(self) -> bytes:
        """Return nothing: there is no beginning."""
        return b""

    def rows(self, rows: Rows) -> bytes:
        """Return a line for each row."""
        if not rows:
            return b""
        columns = [write(column) for write, column in zip(self._columns, zip(*rows, strict=True), strict=True)]
        return self._encoder.encode_lines(list(starmap(self._struct, zip(*columns, strict=True))))

    def end(self) -> bytes:
        """Return nothing: there is no end."""
        return b""

    def cut(self, reason: str) -> bytes:
        """Return a line that is none of the table's."""
        return msgspec.json.encode({"error": "this file is not whole", "reason": reason}) + b"\n"
