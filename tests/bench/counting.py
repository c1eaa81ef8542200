"""What counting costs a request: the same application with and without it, in turn, in one process.

`python -m tests.bench.counting [--rounds 60] [--requests 300]`
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from api.explorer.app import create_app
from api.explorer.metrics import Measured
from api.indexer.store import Store
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.world import build

if TYPE_CHECKING:
    from fastapi import FastAPI

    from api.settings import Settings

PATHS = ("/api/v1/nothing", "/health", "/api/v1/pools/1", "/pool/1")
"""The first is answered without the index: nothing is shorter."""


def without(settings: Settings) -> FastAPI:
    """Return the application without its counting."""
    app = create_app(settings)
    app.user_middleware = [each for each in app.user_middleware if each.cls is not Measured]  # type: ignore[comparison-overlap]
    return app


async def ask(app: FastAPI, path: str, count: int) -> float:
    """Ask so often, and return the seconds."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": path,
        "raw_path": path.encode(), "query_string": b"", "headers": [(b"host", b"x")], "scheme": "http", "root_path": "",
        "client": ("x", 1), "server": ("x", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Any) -> None:
        pass

    started = time.perf_counter()
    for _ in range(count):
        await app(dict(scope), receive, send)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--requests", type=int, default=300)
    chosen = parser.parse_args()
    table = Table(title=f"{chosen.rounds} rounds of {chosen.requests} requests each way")
    for heading in ("route", "without, µs", "with, µs", "slower by"):
        table.add_column(heading, justify="left" if heading == "route" else "right")
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        store = Store(settings.database)
        build(store, settings.content)
        store.close()
        apps = without(settings), create_app(settings)
        for path in PATHS:
            seconds: tuple[list[float], list[float]] = ([], [])

            async def rounds(path: str = path, seconds: Any = seconds) -> None:
                for turn in range(chosen.rounds):
                    for which in (0, 1) if turn % 2 else (1, 0):
                        seconds[which].append(await ask(apps[which], path, chosen.requests))

            asyncio.run(rounds())
            # The quickest rounds: what else the machine does only ever adds.
            off, on = (min(each) / chosen.requests * 1e6 for each in seconds)
            ratio = statistics.median(b / a for a, b in zip(*seconds, strict=True))
            table.add_row(path, f"{off:,.1f}", f"{on:,.1f}", f"{on / off - 1:.1%} (median {ratio - 1:.1%})")
    Console().print(table)


if __name__ == "__main__":
    main()
