"""DipDup beside Moa on the same chain, into SQLite. It has an environment of its own, of Python 3.12 or later."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import time
from itertools import chain
from pathlib import Path

from tests.bench import peers
from tests.bench.moa import deployment_of
from tests.ledger import ROOT

HOME = ROOT / ".moa" / "dipdup"
VERSION = "8.6.2"
PYTHONS = ("python3.12", "python3.13")
SETTINGS = {"DIPDUP_NO_VERSION_CHECK": "1", "DIPDUP_NO_BASE": "1"}


def install() -> bool:
    """Install DipDup from PyPI, once, and return whether there is a Python for it."""
    peers.lay("dipdup", HOME)
    if not (HOME / "env" / "bin" / "dipdup").exists():
        if (python := _python()) is None:
            return False
        peers.call([python, "-m", "venv", "env"], HOME)
        peers.call(["env/bin/pip", "install", "--quiet", "--disable-pip-version-check", f"dipdup=={VERSION}"], HOME)
    return True


def _python() -> str | None:
    """Return a Python that runs: a shim may stand for one that is not chosen here."""
    versions = sorted(chain(*((Path.home() / ".pyenv" / "versions").glob(f"{v[6:]}*/bin/python") for v in PYTHONS)))
    for each in (*(shutil.which(name) for name in PYTHONS), *map(str, versions)):
        if each and not subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode:
            return each
    return None


def dipdup(url: str, deployment: Path, database: Path, head: int, count: int) -> float:
    """Index a chain by DipDup from nothing up to a block, and return the seconds from its first question to its end."""
    found = deployment_of(deployment)
    settings = {
        **SETTINGS, "MOA_RPC": url, "MOA_FUND": f"0x{found.fund.hex()}", "MOA_BLOCK": str(found.block),
        "MOA_HEAD": str(head), "MOA_SQLITE": str(database), "PATH": f"{HOME / 'env' / 'bin'}:/usr/bin:/bin",
    }  # fmt: skip
    peers.call(["env/bin/dipdup", "init"], HOME, **settings)
    log, begun, ended = HOME / "log", 0.0, 0.0

    def ready() -> bool:
        nonlocal begun, ended
        told = log.read_text()
        # Its start is not counted.
        if not begun and "Synchronizing with node" in told:
            begun = time.monotonic()
        if "Index is synchronized to level" in told:
            ended = time.monotonic()
        return bool(ended)

    with peers.running(["env/bin/dipdup", "run"], HOME, **settings) as process:
        peers.until(ready, process, log, every=0.02)
        process.wait(20)
    with sqlite3.connect(database) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM contribution").fetchone()
    assert stored == count, f"DipDup stored {stored} of {count} gifts"
    return ended - begun
