"""An index in which every table has rows, drawn at random: odd texts, the largest numbers, NULL wherever it may stand.

It is no ledger that could be: only the places are right, which is all that exports go by.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, SmallInteger, create_engine, insert

from api import tables
from tests.api.explorer.book import DEPLOYMENT

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = 20
POOLS = 3
ODD = [
    "", " ", "plain", "'", "''t Huis", "=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", 'a "quoted" one',
    "a,b;c", "two\nlines", "three\r\nlines", "a\rb", "nul\0nul", "é 모아 🥣 \u202e", "\ufeffbom",
    "\ufffd", "null", "NaN", "=HYPERLINK(\"http://x\",\"y\")", "x" * 300,
]  # fmt: skip
PEOPLE = [bytes(20), *(bytes([i]) * 20 for i in range(1, 4))]

HASHES = [bytes([i]) * 32 for i in range(4)]


def fill(path: Path, seed: int = 1, blocks: int = BLOCKS) -> None:
    """Write the index. The same seed makes the same rows, whatever the number of blocks."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        notes = {"schema_version": str(tables.SCHEMA_VERSION), "chain_id": "1337", "genesis": DEPLOYMENT.genesis.hex()}
        connection.execute(insert(tables.meta), [{"key": key, "value": value} for key, value in notes.items()])
        for name, rows in Filler(seed).rows(blocks).items():
            if rows:
                connection.execute(insert(tables.metadata.tables[name]), rows)
    engine.dispose()


class Filler:
    """Draws rows, block after block."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._raised: Counter[int] = Counter()
        self._delivered: Counter[tuple[int, int]] = Counter()
        self._unique: Counter[str] = Counter()

    def rows(self, blocks: int) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of the first so many blocks, by table."""
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in tables.metadata.tables if name != "meta"}
        for number in range(blocks):
            draw = random.Random(f"{self._seed} {number}")  # noqa: S311
            block = {name: self._value(draw, column) for name, column in tables.blocks.columns.items()}
            found["blocks"].append({**block, "number": number})
            names = [name for name in found if name not in ("blocks", "logs")]
            draw.shuffle(names)
            for index, name in enumerate(names):
                log = number << tables.LOG_BITS | index * 7
                logged = {key: self._value(draw, column) for key, column in tables.logs.columns.items()}
                found["logs"].append({**logged, "log": log, "event": draw.choice(["Released", "Spent"])})
                for _ in range(draw.randrange(3) if name == "collections" else 1):
                    found[name].append(self._row(draw, name, log, -1))
                if name == "batches":
                    found["contributions"] += [
                        self._row(draw, "contributions", log, position) for position in range(draw.randrange(4))
                    ]
        return found

    def _row(self, draw: random.Random, name: str, log: int, position: int) -> dict[str, Any]:
        table = tables.metadata.tables[name]
        row = {key: self._value(draw, column) for key, column in table.columns.items()}
        row["log"] = log
        # All rows of one log are of one pool.
        if "pool" in row:
            row["pool"] = log % POOLS + 1
        if name in ("contributions", "collections"):
            row["amount"] = draw.randrange(1, 100)
            row["start"] = self._raised[f"{name} {row['pool']}"]
            self._raised[f"{name} {row['pool']}"] += row["amount"]
        if name == "contributions":
            row["position"] = position
        if name == "deliveries":
            row["start"] = self._delivered[row["pool"], row["milestone"]]
            row["amount"] = draw.randrange(1, 9)
            self._delivered[row["pool"], row["milestone"]] += row["amount"]
        if name in ("pools", "limits", "cancellations"):
            row["pool"] = self._next(name)
        if name == "pledges":
            row["pledge"] = self._next(name)
        if name == "batches":
            row["batch"] = self._next(name).to_bytes(32, "big")
        if name in ("openings", "milestones", "sponsorships"):
            row["milestone" if name != "sponsorships" else "sponsorship"] = self._next(name)
        return row

    def _next(self, name: str) -> int:
        self._unique[name] += 1
        return self._unique[name]

    def _value(self, draw: random.Random, column: Column[Any]) -> Any:
        if column.nullable and draw.random() < 0.3:
            return None
        if isinstance(column.type, Boolean):
            return draw.random() < 0.5
        if isinstance(column.type, LargeBinary):
            return self._bytes(draw, column.name)
        if isinstance(column.type, Integer):
            bits = 15 if isinstance(column.type, SmallInteger) else 63 if isinstance(column.type, BigInteger) else 31
            return draw.choice([0, 1, 2, 2**bits - 1, draw.randrange(2**bits)])
        return draw.choice(ODD)

    def _bytes(self, draw: random.Random, name: str) -> bytes:
        if name == "roots":
            return draw.randbytes(32 * draw.randrange(1, 4))
        if name == "data":
            return draw.randbytes(draw.choice([0, 32, 640]))
        if name in ("hash", "parent", "topics"):
            return draw.randbytes(32)
        if name in ("tx", "batch"):
            return draw.choice(HASHES)
        return draw.choice(PEOPLE) if draw.random() < 0.8 else draw.randbytes(32)


def stored(path: Path, table: str) -> list[dict[str, Any]]:
    """Return a table's rows as SQLite has them, in the ledger's order."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
    if table == "blocks":
        return sorted(rows, key=lambda row: row["number"])
    return sorted(rows, key=lambda row: (row["log"], row.get("position", 0), row.get("start") or 0))
