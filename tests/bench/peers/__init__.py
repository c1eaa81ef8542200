"""Others of the same kind beside Moa on the same chain, each installed on demand into a folder under .moa."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.ledger import environment

PROJECTS = Path(__file__).parent.parent / "projects"
LONGEST = 1800.0
"""Seconds that one of them may take."""


def lay(name: str, home: Path) -> None:
    """Copy a project's files to where it runs."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copytree(PROJECTS / name, home, dirs_exist_ok=True)


def call(command: list[str], home: Path, **settings: str) -> None:
    """Run a command to its end; what it says is kept, and shown if it fails."""
    with (home / "log").open("w") as log:
        done = subprocess.run(command, cwd=home, env=environment(**settings), stdout=log, stderr=log, check=False)
    if done.returncode:
        sys.exit(f"✗ {' '.join(command[:3])} failed: {(home / 'log').read_text()[-2000:]}")


@contextmanager
def running(command: list[str], home: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command and all that it starts until the block ends; what it says is in `log`."""
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=home, env=environment(**settings), stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, every: float = 0.05) -> None:
    """Wait until something is so.

    Raises:
        RuntimeError: The process ended, or it took too long.

    """
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        if ready():
            return
        if process.poll() is not None:
            break
        time.sleep(every)
    raise RuntimeError(f"it did not become ready: {log.read_text()[-1000:] if log.exists() else log}")
