"""Measure exports of a million gifts: rows a second, the server's memory by form, and what a slow reader holds.

`python -m tests.bench.exports [--rows N]`. Builds the index itself, without a chain: what is measured only reads it.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, create_engine, insert

from api import tables
from api.types import Via
from tests.ledger import environment, free_port

BATCH = 1_000
POOLS = 10
FORMS = ("csv", "jsonl", "parquet")
MIB = 2**20


def build(path: Path, rows: int) -> None:
    """Write an index of so many gifts, a thousand a batch, a batch a block."""
    engine = create_engine(f"sqlite:///{path}")
    draw = random.Random(1)  # noqa: S311
    token, ngo, gateway = (draw.randbytes(20) for _ in range(3))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        notes = {"schema_version": str(tables.SCHEMA_VERSION), "chain_id": "1337", "genesis": "00" * 32, "fund": ""}
        connection.execute(insert(tables.meta), [{"key": key, "value": value} for key, value in notes.items()])
        for pool in range(1, POOLS + 1):
            values = {"log": pool, "pool": pool, "ngo": ngo, "token": token, "name": f"Pool {pool}"}
            rules = dict.fromkeys(("funding_threshold", "funding_deadline", "objection_window", "quorum"), 1)
            more = {"attestation_window": 1, "objection_threshold": 1, "open_ended": True}
            texts = {"description_hash": bytes(32), "description_uri": ""}
            connection.execute(insert(tables.pools).values(**values, **rules, **more, **texts))
    _write_blocks(engine, rows, draw, gateway)
    engine.dispose()


def _write_blocks(engine: Engine, rows: int, draw: random.Random, gateway: bytes) -> None:
    raised = dict.fromkeys(range(1, POOLS + 1), 0)
    counted = dict.fromkeys(range(1, POOLS + 1), 0)
    for first in range(0, rows // BATCH, 50):
        given, batches, logs, blocks = [], [], [], []
        for number in range(first + 1, min(first + 50, rows // BATCH) + 1):
            log, pool = number << tables.LOG_BITS, number % POOLS + 1
            start = raised[pool]
            for position in range(BATCH):
                amount = draw.randrange(1, 21) * 10**6
                counted[pool] += 1
                given.append(
                    {
                        "pool": pool, "start": raised[pool], "amount": amount, "number": counted[pool],
                        "donor": draw.randbytes(20), "paid_at": 1_700_000_000 + number, "log": log,
                        "position": position, "via": Via.BATCH,
                    }
                )  # fmt: skip
                raised[pool] += amount
            id_, other = draw.randbytes(32), draw.randbytes(32)
            batches.append(
                {
                    "log": log, "batch": id_, "pool": pool, "gateway": gateway, "reference": other, "root": id_,
                    "start": start, "amount": raised[pool] - start, "count": BATCH, "number": counted[pool] // BATCH,
                }
            )  # fmt: skip
            logs.append(
                {
                    "log": log, "tx": id_, "address": bytes(20), "event": "BatchRecorded", "topics": bytes(96),
                    "data": draw.randbytes(32 * BATCH),
                }
            )  # fmt: skip
            blocks.append({"number": number, "hash": id_, "parent": other, "time": 1_700_000_000 + number})
        with engine.begin() as connection:
            for table, found in (
                (tables.contributions, given),
                (tables.batches, batches),
                (tables.logs, logs),
                (tables.blocks, blocks),
            ):
                connection.execute(insert(table), found)


class Server:
    """An explorer in a process of its own."""

    def __init__(self, database: Path) -> None:
        self.port = free_port()
        folder = str(database.parent)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve"],
            env=environment(MOA_DATABASE=str(database), MOA_PORT=str(self.port), MOA_CONTENT=folder),
        )
        for _ in range(200):
            try:
                self.ask("/api/v1/health").read()
                break
            except OSError:
                time.sleep(0.1)
        self.before = self.memory("VmHWM")

    def ask(self, path: str) -> http.client.HTTPResponse:
        """Ask for a path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request("GET", path)
        return connection.getresponse()

    def memory(self, what: str) -> float:
        """Return the process's memory in MiB: VmRSS now, VmHWM at its peak."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(what))
        return int(line.split()[1]) / 1024

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(20)


def drain(answer: http.client.HTTPResponse) -> int:
    """Read all of an answer and return its size."""
    size = 0
    while part := answer.read(MIB):
        size += len(part)
    return size


def measure(database: Path, form: str, name: str, rows: int) -> tuple[str, ...]:
    """Return a row of the table: one export by a server that did nothing before."""
    server = Server(database)
    try:
        started = time.perf_counter()
        size = drain(server.ask(f"/api/v1/export/{name}.{form}"))
        seconds = time.perf_counter() - started
        peak = server.memory("VmHWM")
    finally:
        server.stop()
    return (
        f"{name}.{form}", f"{size / MIB:,.0f}", f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{server.before:.0f}",
        f"{peak:.0f}",
    )  # fmt: skip


def slow(database: Path, form: str, seconds: float) -> tuple[float, float]:
    """Return the server's memory before and after it has waited so long for a reader that reads 64 KiB at a time."""
    server = Server(database)
    try:
        before = server.memory("VmRSS")
        answer = server.ask(f"/api/v1/export/contributions.{form}")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            answer.read(2**16)
            time.sleep(0.2)
        after = server.memory("VmRSS")
    finally:
        server.stop()
    return before, after


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--slow", type=float, default=20, help="seconds for which a slow reader reads")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "index.db"
        build(database, arguments.rows)
        console.print(f"an index of {database.stat().st_size / MIB:,.0f} MiB")
        table = Table(min_width=100, title=f"Exports, {os.cpu_count()} cores, Python {platform.python_version()}")
        for heading in ("file", "MiB", "s", "rows a second", "server's MiB before", "at its peak"):
            table.add_column(heading, justify="left" if heading == "file" else "right")
        for form in FORMS:
            table.add_row(*measure(database, form, "contributions", arguments.rows))
        for form in FORMS:
            table.add_row(*measure(database, form, "logs", arguments.rows // BATCH))
        console.print(table)
        for form in FORMS:
            before, after = slow(database, form, arguments.slow)
            console.print(f"a slow reader of {form}: {before:.0f} MiB before, {after:.0f} after {arguments.slow:.0f} s")


if __name__ == "__main__":
    main()
