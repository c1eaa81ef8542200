"""Batched gifts: Moa's backfill beside what SQLite and PostgreSQL alone take of the very same rows, in one run.

Alone means: the rows that Moa wrote, into the same tables with the same indexes (made afterwards, as Moa makes them),
in runs of as many rows, with nothing else: no node, no decoding, no checks. SQLite takes them by executemany of ready
tuples with Moa's own settings, PostgreSQL by COPY of ready bytes.
"""

from __future__ import annotations

import itertools
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from api import tables
from tests import postgres
from tests.bench import chains, moa
from tests.bench.results import Chosen, Result

AT_ONCE = 64_000
"""Rows of a transaction: about what Moa writes at once."""
PIECE = 2**20
"""Bytes of one write to a COPY."""
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-32000", "threads=2")
ENOUGH = 250_000


def sqlite_alone(source: Path, target: Path) -> float:
    """Return the seconds in which SQLite takes over all rows of an index."""
    spent = 0.0
    with sqlite3.connect(source) as old, sqlite3.connect(target, isolation_level=None) as new:
        for pragma in PRAGMAS:
            new.execute(f"PRAGMA {pragma}")
        for table in tables.metadata.sorted_tables:
            new.execute(_sql(CreateTable(table), sqlite.dialect))
        for table in tables.metadata.sorted_tables:
            statement = _sql(insert(table), sqlite.dialect)
            rows = old.execute(_sql(select(table), sqlite.dialect))
            while some := list(itertools.islice(rows, AT_ONCE if table.name == "contributions" else 8)):
                # As quick as it can: the driver takes a bytearray at once, for bytes it looks for an adapter.
                ready = [tuple(bytearray(v) if isinstance(v, bytes) else v for v in row) for row in some]
                started = time.perf_counter()
                new.execute("BEGIN IMMEDIATE")
                new.executemany(statement, ready)
                new.execute("COMMIT")
                spent += time.perf_counter() - started
        started = time.perf_counter()
        for index in _indexes(sqlite.dialect):
            new.execute(index)
        return spent + time.perf_counter() - started


def postgres_alone(source: str, target: str) -> float:
    """Return the seconds in which PostgreSQL takes over all rows of an index."""
    spent = 0.0
    with psycopg.connect(source) as old, psycopg.connect(target) as new:
        new.execute("SET synchronous_commit = off")  # as for Moa
        for table in tables.metadata.sorted_tables:
            new.execute(_sql(CreateTable(table), postgresql.dialect).encode())
        new.commit()
        for table in tables.metadata.sorted_tables:
            names = ", ".join(f'"{column.name}"' for column in table.columns).encode()
            name = table.name.encode()
            with old.cursor().copy(b"COPY %b (%b) TO STDOUT (FORMAT BINARY)" % (name, names)) as out:
                ready = bytearray().join(bytes(piece) for piece in out)
            started = time.perf_counter()
            with new.cursor().copy(b"COPY %b (%b) FROM STDIN (FORMAT BINARY)" % (name, names)) as copy:
                for at in range(0, len(ready), PIECE):
                    copy.write(memoryview(ready)[at : at + PIECE])
            new.commit()
            spent += time.perf_counter() - started
        started = time.perf_counter()
        for index in _indexes(postgresql.dialect):
            new.execute(index.encode())
            new.commit()
        return spent + time.perf_counter() - started


def _sql(wanted: Any, dialect: Any) -> str:
    return str(wanted.compile(dialect=dialect()))


def _indexes(dialect: Any) -> list[str]:
    made = (index for table in tables.metadata.sorted_tables for index in sorted(table.indexes, key=str))
    return [_sql(CreateIndex(index), dialect) for index in made]


def run(chosen: Chosen) -> Result:
    """Build the chain, index it, and let the databases take the same rows by themselves."""
    count = chosen.size(1_000_000, 20_000)
    result = Result("batches", f"Backfill: {count:,} gifts in batches of 4,000, from Anvil")
    result.headings = ["what", "gifts a second", "of the database alone", "peak MB"]
    result.notes.append("Wanted is half of what the database alone takes, or 250,000 a second, whichever is lower.")
    with tempfile.TemporaryDirectory() as folder, chains.anvil() as ledger, postgres.server() as server:
        path = ledger.write_deployment(Path(folder) / "deployment.json")
        chains.give_in_batches(ledger, chains.open_pools(ledger), count)

        def compare(name: str, place: Callable[[str], Any], take_over: Callable[[Any, Any], float]) -> None:
            runs: list[moa.Measured] = []
            alone: list[float] = []
            for n in range(chosen.runs):
                # In turn: a machine is faster now, and slower then.
                database = place(f"{n}.db")
                runs.append(moa.index(ledger.node.url, path, database))
                alone.append(take_over(database, place(f"alone-{n}.db")))
            measured = moa.middle_of(runs, count)
            ours, theirs = count / measured.seconds, count / statistics.median(alone)
            result.add(f"{name} alone", f"{theirs:,.0f}", "100%", "")
            result.add(f"Moa into {name}", f"{ours:,.0f}", f"{ours / theirs:.0%}", f"{measured.megabytes:,.0f}")
            print("  ", {part: round(seconds, 2) for part, seconds in measured.split.items()})
            result.want(f"Moa into {name}", min(ENOUGH, theirs / 2), ours, "a second")

        compare("SQLite", lambda name: Path(folder) / name, sqlite_alone)
        compare("PostgreSQL", lambda _: server.database(), postgres_alone)
    return result
