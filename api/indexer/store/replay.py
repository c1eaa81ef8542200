"""Make anew all that follows from the stored logs, without a node: the general means of a migration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, select
from sqlalchemy.schema import CreateTable

from api import tables
from api.indexer import widths
from api.indexer.decode import decode_together
from api.indexer.kinds import RawLog
from api.indexer.line import Line
from api.indexer.project import project

Add: TypeAlias = Callable[[Connection, Any, Sequence[tuple[Any, ...]]], None]

KEPT = (tables.meta, tables.blocks, tables.logs, tables.tokens)
"""What only a node can tell."""

WANTED = 4 * 2**20
"""Bytes of logs that are taken at once, about."""


def replay(connection: Connection, notes: dict[str, str], add: Add) -> int:
    """Drop every table that follows from the logs, make it as it is today and fill it again; return how many logs.

    Raises:
        UnknownLogError, BrokenLineError, TooLargeError: As when a log comes from a node.

    """
    made = [table for table in tables.metadata.sorted_tables if table not in KEPT]
    for table in made:
        table.drop(connection, checkfirst=True)
        connection.execute(CreateTable(table))
    prefix = "address of "
    contracts = {bytes.fromhex(of): key[len(prefix) :] for key, of in notes.items() if key.startswith(prefix)}
    lines: dict[int, Line] = {}
    count = 0
    for run in _runs(connection):
        first, last = (log.place >> tables.LOG_BITS for log in (run[0], run[-1]))
        block = tables.blocks.c
        query = select(block.number, block.time).where(block.number >= first, block.number <= last)
        times = {row.number: row.time for row in connection.execute(query)}
        rows = project(decode_together(run, contracts), lines, times, int(notes["chain_id"]))
        widths.check(rows)
        for table in made:
            if found := rows.get(table.name):
                add(connection, table, found)
        count += len(run)
    for index in (index for table in made for index in table.indexes):
        index.create(connection)
    return count


def _runs(connection: Connection) -> Iterator[list[RawLog]]:
    """Yield the stored logs in their order, always those of whole blocks."""
    log, count, after = tables.logs.c, 100, -1
    query = select(log.log, log.tx, log.address, log.topics, log.data).order_by(log.log)
    while rows := list(connection.execute(query.where(log.log > after).limit(count)).all()):
        last = rows[-1].log
        end = last | 2**tables.LOG_BITS - 1
        rows += connection.execute(query.where(log.log > last, log.log <= end)).all()
        after = end
        yield [RawLog(row.log, b"", row.tx, row.address, row.topics, row.data) for row in rows]
        size = sum(len(row.data) for row in rows)
        count = max(1, min(2 * count, 10_000, len(rows) * WANTED // max(1, size)))
