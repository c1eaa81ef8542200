"""Ponder beside Moa on the same chain: installed, started, and timed until it is ready."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

from tests.bench import peers
from tests.ledger import ROOT, free_port

HOME = ROOT / ".moa" / "ponder"
VERSION = "0.16.10"
LIMIT = (
    f"Ponder is {VERSION}; it holds itself to 20 requests a second for each address, and a part of the ratio to it is "
    "that wait: see the rows with the limit lifted."
)


def install() -> None:
    """Install Ponder from npm, once."""
    peers.lay("ponder", HOME)
    if not (HOME / "node_modules" / ".bin" / "ponder").exists():
        peers.call(["npm", "ci", "--no-audit", "--no-fund", "--silent"], HOME)


@contextmanager
def ponder(
    url: str, deployment: Path, postgres: str = "", rate: int = 0, *, batches: bool = False, socket: bool = False
) -> Iterator[tuple[str, float]]:
    """Index a chain by Ponder from nothing, and yield its address and the seconds until it was ready.

    Args:
        url: The node.
        deployment: The deployment file.
        postgres: A database; by default Ponder's own PGlite.
        rate: Requests a second that it allows itself; 0: as it comes.
        batches: Whether it takes the gifts out of batches as well.
        socket: Whether it hears of new blocks over the node's WebSocket.

    """
    shutil.rmtree(HOME / ".ponder", ignore_errors=True)
    port = free_port()
    settings = {"MOA_RPC": url, "MOA_DEPLOYMENT": str(deployment), "PONDER_TELEMETRY_DISABLED": "true"}
    settings |= {"DATABASE_URL": postgres} if postgres else {}
    settings |= {"PONDER_RATE": str(rate)} if rate else {}
    settings |= {"MOA_BATCHES": "1"} if batches else {}
    settings |= {"MOA_WS": f"ws{url.removeprefix('http')}"} if socket else {}
    command = ["node_modules/.bin/ponder", "start", "--schema", f"bench_{port}", "--port", str(port)]
    address, log, begun = f"http://127.0.0.1:{port}", HOME / "log", 0.0
    pool = urllib3.PoolManager(retries=False)

    def ready() -> bool:
        nonlocal begun
        # From the first request for logs on: its start is not counted.
        if not begun and "Created database tables" in log.read_text():
            begun = time.monotonic()
        try:
            return bool(begun) and pool.request("GET", f"{address}/ready").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    with peers.running([*command, "--log-format", "json"], HOME, **settings) as process:
        peers.until(ready, process, log)
        yield address, time.monotonic() - begun
