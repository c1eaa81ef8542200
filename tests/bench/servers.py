"""Servers in processes of their own, started for a measurement and ended with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import urllib3

from tests.bench import peers
from tests.ledger import ROOT, free_port


@contextmanager
def serving(command: Callable[[int], list[str]], folder: Path, path: str, **settings: str) -> Iterator[str]:
    """Run a server, and yield its address once it answers a path."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    address, pool = f"http://127.0.0.1:{port}", urllib3.PoolManager(retries=False)

    def ready() -> bool:
        try:
            return pool.request("GET", address + path).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    with peers.running(command(port), folder, PYTHONPATH=str(ROOT), MOA_PORT=str(port), **settings) as process:
        peers.until(ready, process, folder / "log")
        yield address


def explorer(database: Path | str, folder: Path) -> AbstractContextManager[str]:
    """Return the explorer of an index, as a server."""
    command = [sys.executable, "-m", "api", "serve"]
    return serving(lambda _: command, folder, "/api/v1/health", MOA_DATABASE=str(database), MOA_CONTENT=str(folder))
