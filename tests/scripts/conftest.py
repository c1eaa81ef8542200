"""A chain with the contracts deployed by scripts/deploy.py, once for all tests of the scripts."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from scripts.content import Content
from scripts.ledger import Deployment, Ledger
from scripts.members import Cast
from scripts.node import ROOT, start_chain
from scripts.verify import site
from tests.ledger import environment, free_port
from tests.scripts import liars
from tests.scripts.demo_runs import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scripts.rpc import Node
    from scripts.verify.__main__ import Check
    from tests.scripts.liars import Stage


@dataclass
class Chain:
    """A running chain and where its deployment was written."""

    node: Node
    deployment: Path
    folder: Path
    said: str

    def ledger(self) -> Ledger:
        return Ledger(self.node, Deployment.read(self.deployment))

    def cast(self) -> Cast:
        return Cast(self.ledger(), Content(self.folder / "content"))


def deployed(folder: Path) -> Iterator[Chain]:
    """Start a chain and deploy on it; stop it at the end."""
    child, node = start_chain(folder, free_port())
    try:
        command = [sys.executable, "-m", "scripts.deploy", "--rpc", node.url, "--yes", "--to", str(folder)]
        done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        yield Chain(node, folder / "1337.json", folder, done.stdout)
    finally:
        child.stop()


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    yield from deployed(tmp_path_factory.mktemp("chain"))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return Runs(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def month(runs: Runs) -> list[str]:
    """Play the demo's month, stopped once by Ctrl-C and killed once on its way; return what it says is worth a look."""
    return runs.month()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A chain on which everything happened, with an explorer and a bundle of it."""
    yield from liars.played(tmp_path_factory.mktemp("played"))


@pytest.fixture(scope="module")
def check(stage: Stage) -> Iterator[Check]:
    """What was recomputed of that chain."""
    found = stage.check()
    found.run()
    yield found
    found.replay.close()


@pytest.fixture(params=[2, 200])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many items a page has."""
    monkeypatch.setattr(site, "_LIMIT", request.param)
    return int(request.param)
