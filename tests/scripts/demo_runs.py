"""Runs of the demo, as its user sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import requests

from scripts.node import command_of, port_is_free
from tests.ledger import ROOT, environment, free_port

if TYPE_CHECKING:
    from pathlib import Path


def ignore_interrupts() -> None:
    """As a shell has it for what it puts in the background; Ctrl-C's signal must stop the demo all the same."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Runs:
    """Runs of the demo on one folder of state and one pair of ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "demo"
        self.port, self.rpc = free_port(), free_port()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "scripts.demo", "--state", str(self.state), *arguments],
            cwd=ROOT,
            env=environment(MOA_PORT=str(self.port), MOA_RPC_PORT=str(self.rpc), COLUMNS="160"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=ignore_interrupts,  # noqa: PLW1509 -- no threads here
        )

    def whole(self, *arguments: str) -> tuple[int, str]:
        process = self.start(*arguments, "--no-wait")
        said, _ = process.communicate(timeout=200)
        return process.returncode, said

    def month(self) -> list[str]:
        """Play the month, stopped and killed on its way, and return the places that it says are worth a look."""
        process = self._until_day(4)
        said = self._interrupt(process)
        assert "make demo goes on from here" in said

        process = self._until_day(9)
        process.kill()
        process.communicate()
        ganache = int((self.state / "ganache.pid").read_text())
        assert str(self.state) in command_of(ganache)
        os.kill(ganache, signal.SIGKILL)

        process = self.start()
        lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if "The explorer is at" in line:
                break
        assert process.poll() is None, lines
        places = [process.stdout.readline() for _ in range(6)]
        assert requests.get(f"http://127.0.0.1:{self.port}/", timeout=20).ok
        self._interrupt(process)
        return places

    def _until_day(self, day: int) -> subprocess.Popen[str]:
        process = self.start()
        while self.month_days() < day:
            assert process.poll() is None
            time.sleep(0.1)
        return process

    def _interrupt(self, process: subprocess.Popen[str]) -> str:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert self.nothing_is_left()
        return said

    def month_days(self) -> int:
        path = self.state / "journal.json"
        return int(json.loads(path.read_text())["month_days"]) if path.exists() else 0

    def nothing_is_left(self) -> bool:
        return port_is_free("127.0.0.1", self.port) and port_is_free("127.0.0.1", self.rpc)
