"""Measure the indexing of a gift file from a running Ganache, with the split. `make bench [DATA=path]`.

Builds the chain itself, then indexes it several times from nothing, and asks for the node's logs alone as often, so
that the ratio is of one run on one machine.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from api.settings import Deployment, Settings
from scripts import gifts as gift_files
from scripts.ledger import Deployment as ScriptDeployment
from scripts.ledger import Ledger as ScriptLedger
from scripts.recorder import Recorder, column
from scripts.rpc import Node as ScriptNode
from tests.ledger import Ganache, Ledger

REAL_FILE = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "data" / "marathon_donations.csv.gz"
PARTS = ("node", "parse", "decode", "project", "write")


def record(ledger: Ledger, path: Path, deployment: Path) -> int:
    """Record a gift file's gifts, one pool a title, and return how many they are."""
    found = gift_files.read(path, int(time.time()))
    pools = np.array([ledger.open_pool(title[:20] or "pool", openEnded=True) for title in found.titles])
    donors = np.array([list(hashlib.sha256(name.encode()).digest()[:20]) for name in found.names], dtype=np.uint8)
    entries = column(
        pools[np.array(found.pools)], donors[np.array(found.donors)], np.array(found.times), np.array(found.amounts)
    )
    recorder = Recorder(ScriptLedger(ScriptNode(ledger.node.url), ScriptDeployment.read(deployment)), ledger.gateway)
    keys = {int(pool): str(pool).encode() for pool in pools}
    return recorder.record(entries, keys, lambda _: None, lambda _: None)


def index(url: str, deployment: Deployment, database: Path) -> tuple[float, dict[str, float]]:
    """Index the chain from nothing, and return the seconds of the whole and of its parts."""
    store, node = Store(database), Node(url)
    sync = Sync(node, store, deployment)
    started = time.perf_counter()
    sync.check_chain()
    while sync.step().behind:
        pass
    whole = time.perf_counter() - started
    store.close()
    return whole, {**node.seconds, **sync.seconds}


def logs_alone(url: str, deployment: Deployment) -> float:
    """Return the seconds that the node takes to hand out the same logs."""
    node = Node(url)
    started = time.perf_counter()
    node.logs(deployment.block, node.head(), list(deployment.addresses.values()))
    return time.perf_counter() - started


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=REAL_FILE)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    console = Console()
    ganache = Ganache()
    try:
        with tempfile.TemporaryDirectory() as folder:
            ledger = Ledger(ganache)
            path = ledger.write_deployment(Path(folder) / "deployment.json")
            started = time.perf_counter()
            count = record(ledger, arguments.data, path)
            seconds = time.perf_counter() - started
            console.print(f"{count:,} gifts recorded in {seconds:.1f} s ({count / seconds:,.0f} a second)")
            deployment = Settings("", "", path, path, path, "", 1).load_deployment()
            alone = [logs_alone(ganache.url, deployment) for _ in range(arguments.runs)]
            runs = [index(ganache.url, deployment, Path(folder) / f"{n}.db") for n in range(arguments.runs)]
    finally:
        ganache.stop()
    whole = [run[0] for run in runs]
    table = Table(title=f"Indexing {count:,} gifts, {os.cpu_count()} cores, Python {platform.python_version()}")
    for heading in ("part", "median s", "min s", "max s"):
        table.add_column(heading, justify="left" if heading == "part" else "right")
    table.add_row("all", *_figures(whole))
    for part in PARTS:
        table.add_row(f"· {part}", *_figures([run[1][part] for run in runs]))
    table.add_row("the node's logs alone", *_figures(alone))
    console.print(table)
    middle = statistics.median(whole)
    ratio = middle / statistics.median(alone)
    console.print(f"{count / middle:,.0f} gifts a second; {ratio:.1f} times the node's logs alone")


def _figures(seconds: list[float]) -> tuple[str, str, str]:
    return f"{statistics.median(seconds):.2f}", f"{min(seconds):.2f}", f"{max(seconds):.2f}"


if __name__ == "__main__":
    main()
