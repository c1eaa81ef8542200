"""One export: its bytes as they come, and the manifest of what came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table

from api.explorer import text
from api.explorer.database import Database
from api.explorer.exports import payers, ways
from api.explorer.exports.formats import Csv, Form, JsonLines
from api.explorer.exports.pins import Pin
from api.explorer.exports.reading import Page, Reading
from api.explorer.exports.ways import Filters
from api.explorer.failures import RewoundError, UnavailableError
from api.tables import words

CHUNK = 2**18
"""Bytes that are handed on at once, at most."""


@dataclass
class Tally:
    """What was written so far."""

    rows: int = 0
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes) -> None:
        """Count bytes."""
        self.size += len(data)
        self.digest.update(data)


@dataclass(frozen=True)
class Asked:
    """What is exported: a table, its filters, the form, up to which block."""

    table: Table
    filters: Filters
    form: str
    pin: Pin

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what two questions have in common that have the same answer."""
        return (self.table_name, self.form, self.pin.hash, *sorted(self.filters.items()))

    @property
    def table_name(self) -> str:
        """Return the table's name, as a plain string."""
        return str(self.table.name)

    @property
    def name(self) -> str:
        """Return the name of the file."""
        part = "-part" if self.filters else ""
        return f"moa-{self.pin.chain_id}-{self.pin.number}-{self.table_name}{part}.{self.form}"

    @property
    def said(self) -> dict[str, str | int]:
        """Return the filters as they are written in an address."""
        return {name: text.hexed(v) if isinstance(v, bytes) else v for name, v in sorted(self.filters.items())}

    def make(self) -> Form:
        """Return the writer of the form."""
        fields = ways.fields_of(self.table)
        if self.form == "csv":
            return Csv(fields)
        if self.form == "jsonl":
            return JsonLines(fields)
        from api.explorer.exports.parquet import Parquet  # 60 MB of memory that only this needs

        filters = "&".join(f"{name}={value}" for name, value in self.said.items())
        notes = {
            "moa.table": self.table_name,
            "moa.filters": filters,
            "moa.chain_id": str(self.pin.chain_id),
            "moa.block": str(self.pin.number),
            "moa.block_hash": text.hexed(self.pin.hash),
        }
        return Parquet(fields, notes)

    def manifest(self, tally: Tally) -> dict[str, Any]:
        """Return what a stranger needs to check a file that was exported whole."""
        return {
            "format": "moa-export/1",
            "file": self.name,
            "table": self.table_name,
            "filters": self.said,
            "chain_id": self.pin.chain_id,
            "genesis": text.hexed(self.pin.genesis),
            "block": {"number": self.pin.number, "hash": text.hexed(self.pin.hash), "time": self.pin.time},
            "rows": tally.rows,
            "bytes": tally.size,
            "sha256": tally.digest.hexdigest(),
            "columns": columns(self.table),
        }


def columns(table: Table) -> list[dict[str, str]]:
    """Return what an export of a table has in each column."""
    return [
        {"name": word.name, "kind": word.kind, "unit": words.UNITS[word.kind], "says": word.says}
        for word in ways.fields_of(table)
    ]


def write(database: Database, asked: Asked, tally: Tally) -> Iterator[bytes]:
    """Yield an export's bytes and count them in the tally, which is right when all were taken.

    Raises:
        RewoundError: The chain no longer has the block. What was yielded ends with a line that says so.
        UnavailableError: The index cannot be read any more; likewise.

    """
    form = asked.make()
    try:
        yield from _pieces(form.begin(), tally)
        for page in _pages(database, asked):
            tally.rows += len(page)
            yield from _pieces(form.rows(page), tally)
        yield from _pieces(form.end(), tally)
    except (RewoundError, UnavailableError) as error:
        yield form.cut(str(error))
        raise


def _pages(database: Database, asked: Asked) -> Iterator[Page]:
    if asked.table is ways.PAYERS:
        return payers.pages(database, asked.pin, asked.filters)
    return Reading(database, asked.pin, asked.table, asked.filters).pages()


def _pieces(data: bytes, tally: Tally) -> Iterator[bytes]:
    """Yield bytes in pieces, at least one: whoever drives this wants to look up now and then."""
    tally.add(data)
    yield data[:CHUNK]
    for start in range(CHUNK, len(data), CHUNK):
        yield data[start : start + CHUNK]
