"""The demo as its user runs it: up, stopped in the middle, up again; a file of gifts; what goes wrong in one line."""

from __future__ import annotations

import csv
import os
import shutil
import socket
from typing import TYPE_CHECKING

import pytest

from scripts import sample
from scripts.demo import DemoError, alone
from scripts.month import DAYS
from tests.scripts.demo_runs import Runs

if TYPE_CHECKING:
    from pathlib import Path


def test_the_month_is_shown_and_nothing_is_left(runs: Runs, month: list[str]) -> None:
    assert [line.split()[0] for line in month] == [f"http://127.0.0.1:{runs.port}/pool/{pool}" for pool in range(1, 7)]
    assert runs.month_days() == DAYS
    assert runs.nothing_is_left()


@pytest.mark.usefixtures("month")
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


@pytest.mark.usefixtures("month")
def test_reset_leaves_nothing(runs: Runs, tmp_path: Path) -> None:
    others = Runs(tmp_path)
    shutil.copytree(runs.state, others.state)
    code, said = others.whole("--reset")
    assert code == 0, said
    assert not others.state.exists()
