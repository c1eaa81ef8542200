"""Moa's index, measured in a process of its own: `python -m tests.bench.moa URL DEPLOYMENT DATABASE` prints JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import urllib3

from api import interpreter
from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from api.settings import Deployment, Settings
from tests.ledger import ROOT


@dataclass
class Measured:
    """One run from nothing to the head."""

    seconds: float
    split: dict[str, float]
    megabytes: float  # resident, at most
    gifts: int


def deployment_of(path: Path) -> Deployment:
    """Read a deployment file."""
    return Settings("", "", path, path, path, "", 1).load_deployment()


def index(url: str, deployment: Path, database: Path | str) -> Measured:
    """Index a chain from nothing in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.moa", url, str(deployment), str(database)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return Measured(**json.loads(done.stdout))


def middle(url: str, deployment: Path, databases: Sequence[Path | str], count: int) -> Measured:
    """Index a chain of so many gifts into each of these databases, and return the middle one of the runs."""
    return middle_of([index(url, deployment, each) for each in databases], count)


def middle_of(runs: Sequence[Measured], count: int) -> Measured:
    """Return the middle one of several runs over a chain of so many gifts."""
    assert {run.gifts for run in runs} == {count}, runs
    return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]


def node_alone(url: str, deployment: Path, blocks: int = 20) -> float:
    """Return the seconds in which the node hands out the fund's logs over one connection, so many blocks a request."""
    fund = "0x" + deployment_of(deployment).fund.hex()
    pool = urllib3.PoolManager(maxsize=1)
    head, started = Node(url).head(), time.perf_counter()
    for first in range(deployment_of(deployment).block, head + 1, blocks):
        wanted = {"fromBlock": hex(first), "toBlock": hex(min(first + blocks - 1, head)), "address": fund}
        pool.request("POST", url, json={"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [wanted]})
    return time.perf_counter() - started


def _most_resident() -> float:
    """Return the most megabytes that this program had resident. (The system's ru_maxrss begins with its parent's.)"""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def _main(url: str, deployment: str, database: str) -> None:
    store, node = Store(database if "://" in database else Path(database)), Node(url)
    sync = Sync(node, store, deployment_of(Path(deployment)))
    interpreter.set_up_for_indexing()
    started = time.perf_counter()
    gifts, behind = 0, 1
    while behind:
        progress = sync.step()
        gifts, behind = gifts + progress.gifts, progress.behind
    seconds = time.perf_counter() - started
    sync.close()
    store.close()
    peak = _most_resident()
    print(
        json.dumps({"seconds": seconds, "split": {**node.seconds, **sync.seconds}, "megabytes": peak, "gifts": gifts})
    )


if __name__ == "__main__":
    _main(*sys.argv[1:])
