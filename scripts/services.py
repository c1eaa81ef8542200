"""The index and the explorer as child processes, and what the demo asks them over HTTP."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from scripts.node import Child, ProcessError, start, stop_left_over

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT_SECONDS = 120
PAGE_SIZE = 200
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- compared with, not bound to


@dataclass(frozen=True)
class Explorer:
    """Where the explorer listens, and where a browser finds it."""

    host: str
    port: int

    @classmethod
    def from_environment(cls) -> Explorer:
        """Read MOA_HOST and MOA_PORT."""
        return cls(os.environ.get("MOA_HOST", "127.0.0.1"), port_of("MOA_PORT", 8000))

    @property
    def url(self) -> str:
        """Return its address."""
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        return f"http://{host}:{self.port}"


def port_of(variable: str, usual: int) -> int:
    """Read a port from the environment."""
    text = os.environ.get(variable, str(usual))
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**16):
        raise ProcessError(f"{variable} is {text!r}, which is not a port.")
    return int(text)


def stop_old(state: Path) -> None:
    """Stop an index and an explorer that a killed demo left behind."""
    for name in ("serve", "index"):
        stop_left_over(state / f"{name}.pid", f"api {name}")


def start_services(
    state: Path, deployment: Path, rpc: str, explorer: Explorer, started: Callable[[Child], None]
) -> None:
    """Start the index and the explorer; `started` hears of each."""
    told = {
        "MOA_RPC": rpc,
        "MOA_PUBLIC_RPC": os.environ.get("MOA_PUBLIC_RPC", rpc),
        "MOA_DEPLOYMENT": str(deployment),
        "MOA_DATABASE": str(state / "index.db"),
        "MOA_CONTENT": str(state / "content"),
        "MOA_HOST": explorer.host,
        "MOA_PORT": str(explorer.port),
    }
    for name, options in (("index", ["--follow"]), ("serve", [])):
        command = [sys.executable, "-m", "api", name, *options]
        log = state / "logs" / f"{name}.log"
        started(start(command, state / f"{name}.pid", log, os.environ | told))


def demand_alive(children: list[Child]) -> None:
    """Raise if one of them has ended; its last line says why."""
    for child in children:
        if child.process.poll() is not None:
            name = child.note.stem
            log = child.note.parent / "logs" / f"{name}.log"
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            last = lines[-1].strip() if lines else "it said nothing"
            raise ProcessError(f"{name} has ended: {last[:300]} (see {log}). make demo goes on from here.")


def wait_for(head: int, explorer: Explorer, children: list[Child], told: Callable[[int], None]) -> None:
    """Wait until the index has the chain's head and the front page answers; `told` hears the index's block."""
    limit = time.monotonic() + WAIT_SECONDS
    why = "it does not answer"
    while time.monotonic() < limit:
        demand_alive(children)
        try:
            health = requests.get(f"{explorer.url}/api/v1/health", timeout=5).json()
            if health.get("halted"):
                raise ProcessError(f"The index has stopped: {health['halted']}")
            block = health.get("block")
            why = f"the index is at block {block} of {head}"
            if block is not None:
                told(block)
                if block >= head:
                    front = requests.get(explorer.url, timeout=20)
                    if front.ok:
                        return
                    why = f"the front page answers {front.status_code}"
        except (requests.RequestException, ValueError):
            pass
        time.sleep(0.1)
    raise ProcessError(f"The explorer at {explorer.url} is not ready: {why}.")


def indexed_sums(explorer: Explorer) -> dict[int, int]:
    """Return what the explorer says that each pool has raised: the numbers that its pages show."""
    sums: dict[int, int] = {}
    cursor: str | None = None
    while True:
        asked: dict[str, Any] = {"limit": PAGE_SIZE} | ({"cursor": cursor} if cursor else {})
        answer = requests.get(f"{explorer.url}/api/v1/pools", params=asked, timeout=30)
        if not answer.ok:
            raise ProcessError(f"The explorer does not list the pools: {answer.status_code} {answer.text[:200]}")
        page = answer.json()
        sums |= {item["pool"]: int(item["raised"]) for item in page["items"]}
        cursor = page["next"]
        if not cursor:
            return sums
