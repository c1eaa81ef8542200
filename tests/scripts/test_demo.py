"""The demo as its user runs it: up, stopped in the middle, up again; a file of gifts; what goes wrong in one line."""

from __future__ import annotations

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import requests

from scripts import sample
from scripts.demo import DemoError, alone
from scripts.ledger import Deployment, Ledger
from scripts.members import DONORS
from scripts.month import DAYS, story
from scripts.month.gifts import GIFTS_OF_A_DONOR
from scripts.node import command_of, port_is_free
from scripts.rpc import Node
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

    def month_days(self) -> int:
        path = self.state / "journal.json"
        return int(json.loads(path.read_text())["month_days"]) if path.exists() else 0

    def nothing_is_left(self) -> bool:
        return port_is_free("127.0.0.1", self.port) and port_is_free("127.0.0.1", self.rpc)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("demo"))


def test_a_month_that_is_stopped_and_killed_is_played_to_its_end(runs: Runs) -> None:
    process = runs.start()
    while runs.month_days() < 4:
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "make demo goes on from here" in said
    assert runs.nothing_is_left()

    process = runs.start()
    while runs.month_days() < 9:
        assert process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.communicate()
    ganache = int((runs.state / "ganache.pid").read_text())
    assert str(runs.state) in command_of(ganache)
    os.kill(ganache, signal.SIGKILL)

    process = runs.start()
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if "The explorer is at" in line:
            break
    assert process.poll() is None, lines
    for pool in range(1, 7):
        assert f"/pool/{pool} " in process.stdout.readline()
    assert runs.month_days() == DAYS
    node = Node(f"http://127.0.0.1:{runs.rpc}")
    ledger = Ledger(node, Deployment.read(runs.state / "deployments" / "1337.json"))
    # As planned, whatever came between; tests/scripts/test_month.py looks closer.
    assert [ledger.view(ledger.fund, "stateOf", pool) for pool in range(1, 7)] == [2, 2, 2, 3, 4, 3]
    wallets = len(DONORS) * GIFTS_OF_A_DONOR + len(story.GIFTS)
    counts = [sum(1 for _ in ledger.logs(ledger.fund, event)) for event in ("PoolOpened", "Contributed", "Released")]
    collected = sum(len(run["rows"]) for run in ledger.events(ledger.pledges, "Collected"))
    matched = sum(1 for _ in ledger.logs(ledger.contracts["SponsorBook"], "Matched"))
    assert collected
    assert matched
    released = sum(shown.released is not None for shown in story.EVIDENCE)
    assert counts == [6, wallets + collected + matched, released]
    batches = [b["batch"] for b in ledger.events(ledger.fund, "BatchRecorded")]
    assert len(set(batches)) == len(batches)
    age = time.time() - int(node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert 0 <= age < 86_400
    assert requests.get(f"http://127.0.0.1:{runs.port}/", timeout=20).ok

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert runs.nothing_is_left()


def test_a_dirty_file_is_recorded_line_by_line(runs: Runs) -> None:
    path = runs.folder / "dirty.csv"
    with path.open("w", encoding="utf-8") as out:
        sample.write(out, dirty=True)
    code, said = runs.whole("--data", str(path))
    assert code == 2, said
    assert "Recorded 401 gifts." in said
    with (runs.state / "reports" / "dirty.report.csv").open(encoding="utf-8", newline="") as report:
        rows = list(csv.DictReader(report))
    assert [(int(row["line"]), row["outcome"]) for row in rows] == [
        (403 + i, "refused") for i in range(len(sample.DIRT))
    ]
    code, said = runs.whole("--data", str(path))
    assert code == 2, said
    assert "Recorded 0 gifts; 401 were on the ledger already." in said
    assert runs.nothing_is_left()


def test_what_goes_wrong_is_one_line(runs: Runs) -> None:
    code, said = runs.whole("--data", str(runs.folder / "none.csv"))
    assert (code, said.strip()) == (1, f"✗ There is no file {runs.folder / 'none.csv'}.")
    for port, variable in ((runs.rpc, "MOA_RPC_PORT"), (runs.port, "MOA_PORT")):
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            code, said = runs.whole()
        line = said.strip().splitlines()[-1]
        assert code == 1, said
        assert line.startswith(f"✗ Port {port}")
        assert f"{variable}={port + 1} make demo" in line
    with alone(runs.state):
        code, said = runs.whole()
        assert (code, said.strip()) == (1, f"✗ A demo is running here already (process {os.getpid()}). Stop it first.")
        assert runs.whole("--reset")[0] == 1
        with pytest.raises(DemoError), alone(runs.state):
            pass


def test_reset_leaves_nothing(runs: Runs) -> None:
    code, said = runs.whole("--reset")
    assert code == 0, said
    assert not runs.state.exists()
