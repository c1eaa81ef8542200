"""What the routes and the command ask of exports: to find what is meant, to write it, to tell what was written."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec
from fastapi import Response
from sqlalchemy import ColumnElement, Connection, Table, select

from api import tables
from api.explorer import text
from api.explorer.database import Database
from api.explorer.exports import body, pins, ways
from api.explorer.exports.answers import LongAnswer, Places
from api.explorer.exports.body import Asked, Tally
from api.explorer.exports.formats import MEDIA_TYPES
from api.explorer.exports.ways import Filters
from api.explorer.failures import BadParameterError, NotFoundError
from api.tables import words

REMEMBERED = 1_000
"""Manifests of exports that were sent whole, kept so that whoever asks for one next need not wait for it."""


class Exports:
    """Exports of one index."""

    def __init__(self, database: Database, places: Places) -> None:
        self._database = database
        self._places = places
        self._manifests: OrderedDict[tuple[Any, ...], dict[str, Any]] = OrderedDict()

    def ask(self, name: str, filters: Filters, block: int | None = None, block_hash: bytes | None = None) -> Asked:
        """Return what a file's name and filters mean: `<table>.<form>`, up to the newest block or the given one.

        Raises:
            NotFoundError: There is no such table, form, block, pool, milestone or batch.
            BadParameterError: The table has no such filter, or needs another; a block's hash comes without its number.
            RewoundError: The chain has another block of this number.
            UnavailableError: There is no index.

        """
        stem, _, form = name.rpartition(".")
        table = ways.EXPORTS.get(stem)
        if table is None or form not in MEDIA_TYPES:
            raise NotFoundError(f"export {name}")
        if block is None and block_hash is not None:
            raise BadParameterError("hash", "a block's hash without `block`, its number")
        ways.check(table, filters)
        with self._database.snapshot() as connection:
            pin = pins.pin(connection, block, block_hash)
            _check_named(connection, table, filters)
        return Asked(table, filters, form, pin)

    def headers(self, asked: Asked, path: str) -> dict[str, str]:
        """Return the headers that say what a file is, and where its manifest is."""
        pinned = urlencode({**asked.said, "block": asked.pin.number, "hash": text.hexed(asked.pin.hash)})
        return {
            "Cache-Control": "no-cache",
            "Content-Disposition": f'attachment; filename="{asked.name}"',
            "Link": f'<{path}/manifest.json?{pinned}>; rel="describedby"',
            "Moa-Block": str(asked.pin.number),
            "Moa-Block-Hash": text.hexed(asked.pin.hash),
        }

    def head(self, asked: Asked, path: str) -> Response:
        """Return the answer to whoever asks for the headers only."""
        answer = Response(media_type=MEDIA_TYPES[asked.form], headers=self.headers(asked, path))
        del answer.headers["content-length"]
        return answer

    def file(self, asked: Asked, path: str) -> LongAnswer:
        """Return the answer that is the file."""
        return LongAnswer(self._places, self._write(asked, Tally()), MEDIA_TYPES[asked.form], self.headers(asked, path))

    def manifest(self, asked: Asked) -> LongAnswer:
        """Return the answer that is the manifest. It may take as long as the file, which is then made for it."""
        known, tally = self._manifests.get(asked.key), Tally()
        return LongAnswer(
            self._places,
            self._write(asked, tally) if known is None else iter(()),
            "application/json",
            {"Cache-Control": "no-cache"},
            last=lambda: msgspec.json.encode(asked.manifest(tally) if known is None else known),
        )

    def _write(self, asked: Asked, tally: Tally) -> Iterator[bytes]:
        yield from body.write(self._database, asked, tally)
        self._manifests[asked.key] = asked.manifest(tally)
        while len(self._manifests) > REMEMBERED:
            self._manifests.popitem(last=False)

    def tell(self) -> dict[str, Any]:
        """Return what can be exported, and from where."""
        return {
            "forms": list(MEDIA_TYPES),
            "tables": [
                {
                    "table": name,
                    "says": words.TABLES[name],
                    "filters": list(ways.filters_of(table)),
                    "columns": body.columns(table),
                }
                for name, table in sorted(ways.EXPORTS.items())
            ],
        }


def _check_named(connection: Connection, table: Table, filters: Filters) -> None:
    """See that the pool, its milestone and the batch that are asked for are there."""

    def must(column: ColumnElement[Any], value: Any, what: str, *also: ColumnElement[bool]) -> None:
        if connection.execute(select(column).where(column == value, *also).limit(1)).first() is None:
            raise NotFoundError(what)

    pool, batch = filters.get("pool"), filters.get("batch")
    if isinstance(pool, int):
        must(tables.pools.c.pool, pool, f"pool {pool}")
    if table is ways.PAYERS:
        known, number = tables.milestones.c, filters["milestone"]
        must(known.milestone, number, f"milestone {pool!r}-{number!r}", known.pool == pool)
    if table is tables.contributions and isinstance(batch, bytes):
        must(tables.batches.c.batch, batch, f"batch {text.hexed(batch)}")
