"""Ponder beside Moa on the same chain: installed into a folder of its own, started, and timed until it is ready."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3

from tests.ledger import ROOT, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = ROOT / ".moa" / "ponder"
SOURCE = Path(__file__).parent / "ponder"
LONGEST = 1800.0


def install_ponder() -> None:
    """Install Ponder from npm, once."""
    HOME.mkdir(parents=True, exist_ok=True)
    for path in SOURCE.rglob("*"):
        if path.is_file():
            target = HOME / path.relative_to(SOURCE)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    if not (HOME / "node_modules" / ".bin" / "ponder").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=HOME, check=True)


@contextmanager
def ponder(url: str, deployment: Path, postgres: str = "", rate: int = 0) -> Iterator[tuple[str, float]]:
    """Index a chain by Ponder from nothing, and yield its address and the seconds until it was ready.

    Args:
        url: The node.
        deployment: The deployment file.
        postgres: A database; by default Ponder's own PGlite.
        rate: Requests a second that it allows itself; 0: as it comes.

    """
    shutil.rmtree(HOME / ".ponder", ignore_errors=True)
    port = free_port()
    settings = {"MOA_RPC": url, "MOA_DEPLOYMENT": str(deployment), "PONDER_TELEMETRY_DISABLED": "true"}
    if postgres:
        settings["DATABASE_URL"] = postgres
    if rate:
        settings["PONDER_RATE"] = str(rate)
    command = ["node_modules/.bin/ponder", "start", "--schema", f"bench_{port}", "--port", str(port)]
    with (HOME / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--log-format", "json"],
            cwd=HOME, env={**os.environ, **settings}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}", _until_ready(process, port, HOME / "log")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> float:
    """Wait until Ponder says that it has caught up, and return the seconds since it had its tables."""
    pool, begun, end = urllib3.PoolManager(retries=False), 0.0, time.monotonic() + LONGEST
    while time.monotonic() < end and process.poll() is None:
        # From the first request for logs on: its start is not counted.
        if not begun and "Created database tables" in log.read_text():
            begun = time.monotonic()
        try:
            if begun and pool.request("GET", f"http://127.0.0.1:{port}/ready").status == 200:
                return time.monotonic() - begun
        except urllib3.exceptions.HTTPError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"Ponder did not become ready: see {log}")
