"""Parquet: row groups are written as they come, and nothing older is held. Loaded only when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from api.explorer.exports.formats import Rows, hexed
from api.tables.words import UNITS, Words

GROUP_ROWS = 50_000
GROUP_BYTES = 16 * 2**20
"""A row group is written when it has so many rows or bytes: large enough to be read fast, small enough to be held."""

_TYPES = {"flag": pa.bool_(), "bytes": pa.string(), "text": pa.string()}


class _Sink:
    """A file for the writer, from which the bytes are taken as they come."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._place = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._place += len(part)
        return len(part)

    def tell(self) -> int:
        return self._place

    def flush(self) -> None:
        """There is nothing behind it."""

    def close(self) -> None:
        """There is nothing to close."""

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


class Parquet:
    """Apache Parquet, compressed with Zstandard. Units and meanings stand in the columns' metadata."""

    def __init__(self, fields: Sequence[Words], notes: dict[str, str]) -> None:
        columns = [
            pa.field(
                field.name,
                _TYPES.get(field.kind, pa.int64()),
                metadata={"description": field.says, "unit": UNITS[field.kind]},
            )
            for field in fields
        ]
        self._kinds = [field.kind for field in fields]
        self._schema = pa.schema(columns, metadata=notes)
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._held: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def begin(self) -> bytes:
        """Return the beginning."""
        return self._sink.take()

    def rows(self, rows: Rows) -> bytes:
        """Take rows, and return their row group once it is full."""
        if not rows:
            return b""
        arrays = [
            pa.array(hexed(column) if kind == "bytes" else column, field.type)
            for kind, column, field in zip(self._kinds, zip(*rows, strict=True), self._schema, strict=True)
        ]
        batch = pa.record_batch(arrays, schema=self._schema)
        self._held.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        return self._write() if self._rows >= GROUP_ROWS or self._bytes >= GROUP_BYTES else b""

    def end(self) -> bytes:
        """Return the last row group and the footer, without which no reader takes the file."""
        last = self._write()
        self._writer.close()
        return last + self._sink.take()

    def cut(self, reason: str) -> bytes:  # noqa: ARG002
        """Return nothing: without its footer it is no Parquet file."""
        return b""

    def _write(self) -> bytes:
        if self._held:
            table = pa.Table.from_batches(self._held, self._schema)
            self._writer.write_table(table, row_group_size=table.num_rows)
        self._held, self._rows, self._bytes = [], 0, 0
        return self._sink.take()
