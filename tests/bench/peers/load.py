"""The load generator: autocannon, which asks faster than anything here answers, from the same cores as what it asks."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

import msgspec

from tests.bench import peers
from tests.ledger import ROOT

HOME = ROOT / ".moa" / "load"
VERSION = "9.0.0"


class Request(msgspec.Struct, omit_defaults=True):
    """One request."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = {}
    body: str = ""


@dataclass(frozen=True)
class Rate:
    """What came of it: answers a second, and milliseconds until one was whole."""

    rate: float
    p50: float
    p99: float
    failed: int = 0
    codes: dict[str, int] = field(default_factory=dict)


def install() -> None:
    """Install it from npm, once."""
    peers.lay("load", HOME)
    if not (HOME / "node_modules" / "autocannon").exists():
        peers.call(["npm", "ci", "--no-audit", "--no-fund", "--silent"], HOME)


def fire(url: str, requests: list[Request], seconds: float, connections: int = 16, expect: str = "200") -> Rate:
    """Ask for all of these again and again; every answer must have the one status.

    Raises:
        AssertionError: One had not.

    """
    asked = {"url": url, "connections": connections, "seconds": seconds, "requests": requests}
    done = subprocess.run(
        ["node", "fire.js"], cwd=HOME, input=msgspec.json.encode(asked), capture_output=True, check=False
    )
    assert not done.returncode, done.stderr.decode()[-2000:]
    found = msgspec.json.decode(done.stdout, type=Rate)
    assert (found.failed, set(found.codes)) == (0, {expect}), f"{url}: {found}"
    return found
