"""The contracts' raw logs, for those who want to read the ledger themselves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from sqlalchemy import Row, Select, func, select

from api import events, tables
from api.explorer import shapes, text
from api.explorer.queries import bounds, paging
from api.explorer.queries.reader import Reader
from api.settings import CONTRACTS

_LOG = tables.logs.c
_LONG = 1024
"""Bytes longer than this (a batch's entries) stand in `data` only."""


def page(
    read: Reader,
    *,
    event: str | None,
    tx: bytes | None,
    from_block: int | None,
    to_block: int | None,
    at: paging.At,
) -> shapes.Page[shapes.Event]:
    """Return logs, the newest first. A page ends where the logs' data would be more than `bounds.DATA_BYTES`."""
    query = select(tables.logs)
    if tx is not None:  # it has few logs, whatever else is asked for
        query = query.where(_LOG.tx == tx, *([] if event is None else [_LOG.event == event]))
    equal = {} if event is None or tx is not None else {_LOG.event: event}
    key = paging.decode("l", at, 1)
    if to_block is not None:
        end = (to_block + 1) << tables.LOG_BITS
        key = (min(end, *(key or ()), 2**63 - 1),)
    since = None if from_block is None else (from_block << tables.LOG_BITS,)
    query = paging.newest(query, equal, [_LOG.log], key, since)
    at = at._replace(limit=_fitting(read, query.limit(at.limit)))
    rows = read.rows(query.limit(at.limit + 1))
    return paging.page(rows, at, lambda row: paging.encode("l", (row.log,)), lambda kept: _shapes(read, kept))


def _fitting(read: Reader, query: Select[Any]) -> int:
    """Return how many of some logs a page has room for: one at least."""
    sizes = [row.size for row in read.rows(query.with_only_columns(func.length(_LOG.data).label("size")))]
    return max(1, bisect_right(list(accumulate(sizes)), bounds.DATA_BYTES))


def _shapes(read: Reader, rows: Sequence[Row[Any]]) -> list[shapes.Event]:
    read.load(logs=[row.log for row in rows])
    return [
        {
            "id": row.log,
            "event": row.event,
            "address": text.hexed(row.address),
            "topics": [text.hexed(row.topics[i : i + 32]) for i in range(0, len(row.topics), 32)],
            "data": text.hexed(row.data),
            "args": _args(row.topics, row.data),
            "place": read.place(row.log),
        }
        for row in rows
    ]


def _args(topics: bytes, data: bytes) -> dict[str, object] | None:
    for contract in CONTRACTS:
        found = events.events_of(contract).get(topics[:32])
        if found is not None:
            values = found.decode(topics, data)
            return {name: _shown(value) for name, value in values.items() if not _is_long(value)}
    return None


def _is_long(value: events.Value) -> bool:
    return isinstance(value, bytes | list) and len(b"".join(value) if isinstance(value, list) else value) > _LONG


def _shown(value: events.Value) -> object:
    """Return a value as JSON has it. Whole numbers are strings: a uint256 does not fit JSON's number."""
    if isinstance(value, bytes):
        return text.hexed(value)
    if isinstance(value, list):
        return [text.hexed(word) for word in value]
    return value if isinstance(value, bool | str) else str(value)
