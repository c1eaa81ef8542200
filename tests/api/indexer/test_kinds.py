"""Every table takes every kind of value that its columns are made for, and both databases give it back as it was."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, SmallInteger, String

from api import tables
from api.indexer.kinds import Block, Token
from api.indexer.store import Store
from api.types import Via
from tests.api.stores import POSTGRES, STORES, content, query

if TYPE_CHECKING:
    from pathlib import Path

    from api.indexer.project import Rows
    from tests.api.stores import Databases

NOISE = b"".join(hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(600))
WRITTEN_BY_THEMSELVES = ("meta", "blocks", "tokens")
TEXTS = ("", "a", "%_\\/'\"", "ä ö 모아 \U0001f49a", "\ufffd", "\t\n\r\\N\\.", "x" * 10_000)
BYTES = (b"", b"\0", b"\0" * 20, bytes(range(256)), b"\\x00", b"\xff" * 32, NOISE)


def values(column: Column[Any], turn: int) -> Any:
    """Return one of the values that a column is made for; the turns go through all."""
    if column.nullable and turn % 3 == 2:
        return None
    kinds: tuple[tuple[type[Any], tuple[Any, ...]], ...] = (
        (SmallInteger, (0, 2**15 - 1, -1, Via.MATCH)),
        (BigInteger, (0, 2**63 - 1, -1, 2**31)),
        (Integer, (0, 2**31 - 1, -1, 1)),
        (Boolean, (True, False)),
        (LargeBinary, BYTES),
        (String, TEXTS),
    )
    for kind, found in kinds:
        if isinstance(column.type, kind):
            indexed = any(column in index.columns.values() for index in column.table.indexes)
            # What has no length of its own is in no index: PostgreSQL takes a few kilobytes there.
            count = len(found) - (indexed and kind in (LargeBinary, String))
            return found[turn % count]
    raise AssertionError(column)


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    """Return a table's rows: each value of each column, and keys that are all different."""
    keys = {key.name for key in table.primary_key} | {c.name for c in table.columns if c.unique}
    keys |= {c.name for index in table.indexes if index.unique for c in index.columns}
    return [
        tuple(turn + 1 if column.name in keys else values(column, turn) for column in table.columns)
        for turn in range(7)
    ]


ROWS: Rows = {
    name: rows_of(table) for name, table in tables.metadata.tables.items() if name not in WRITTEN_BY_THEMSELVES
}


def fill(where: Path | str) -> None:
    store = Store(where)
    block = Block(2**43, b"h" * 32, bytes(32), 2**32)
    store.write([block], ROWS, [(turn, b"t", Token(text, text, turn)) for turn, text in enumerate(TEXTS)], 2**43)
    store.close()


@pytest.fixture(scope="module")
def filled(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | str]:
    found = {kind: databases.new(kind, tmp_path_factory.mktemp(kind)) for kind in STORES}
    for where in found.values():
        fill(where)
    return found


def test_what_was_written_is_read_again_and_alike(filled: dict[str, Path | str]) -> None:
    sqlite, postgres = (content(filled[kind]) for kind in STORES)
    for name, rows in ROWS.items():
        assert sqlite[name] == sorted(rows, key=repr), name
        assert postgres[name] == sqlite[name], name
    assert postgres == sqlite
    assert len(postgres["tokens"]) == len(TEXTS)


def test_every_text_is_ordered_by_its_code_points(filled: dict[str, Path | str]) -> None:
    found = query(
        filled[POSTGRES],
        "SELECT table_name, column_name, collation_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type IN ('text', 'character varying') AND table_name != 'meta'",
    )
    assert len(found) == 9
    assert {collation for _, _, collation in found} == {"C"}
    order = "SELECT symbol FROM tokens ORDER BY symbol"
    assert query(filled[POSTGRES], order) == query(filled[STORES[0]], order) == [(text,) for text in sorted(TEXTS)]
