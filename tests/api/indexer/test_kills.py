"""Kill -9 at random moments, with reorgs going on: in the end the index is, byte for byte, what one built in peace is.

20 kills a day, 500 with MOA_LONG=1.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from api import tables
from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from tests.api.indexer.conftest import catch_up
from tests.api.stores import SQLITE_BY_DAY
from tests.ledger import DAY, ROOT, USD, Ledger, environment

if TYPE_CHECKING:
    from pathlib import Path

    from api.settings import Deployment

KILLS = 500 if os.environ.get("MOA_LONG") else 20


def digest(path: Path) -> dict[str, str]:
    """Return the hash of each table's rows in their keys' order, the notes about the node left out."""
    found = {}
    with sqlite3.connect(path) as connection:
        for name, table in tables.metadata.tables.items():
            if name != "meta":
                keys = ", ".join(column.name for column in table.primary_key)
                rows = connection.execute(f"SELECT * FROM {name} ORDER BY {keys}")  # noqa: S608
                found[name] = hashlib.sha256(repr(rows.fetchall()).encode()).hexdigest()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return found


class Life:
    """Gifts, batches, releases and refunds at random, and now and then the chain goes back and on another way."""

    def __init__(self, ledger: Ledger, seed: int) -> None:
        self.ledger, self.random = ledger, random.Random(seed)  # noqa: S311
        self.pools = [ledger.open_pool(f"Pool {n}", milestones=(20 * USD, 10**9)) for n in range(2)]
        self.snapshots = [ledger.node.rpc("evm_snapshot")]
        self.rewinds = 0

    def go_on(self) -> None:
        r, ledger = self.random, self.ledger
        pool = r.choice(self.pools)
        match r.randrange(8):
            case 0 | 1 | 2:
                ledger.give(pool, r.randrange(1, 9) * USD, r.choice(ledger.donors))
            case 3 | 4:
                ledger.record(pool, r.randrange(1, 40))
            case 5:
                ledger.node.rpc("evm_mine")
            case 6:
                self.snapshots.append(ledger.node.rpc("evm_snapshot"))
            case 7:
                # Any depth: the newest way-mark, or one far back.
                kept = r.randrange(len(self.snapshots)) if r.random() < 0.3 else len(self.snapshots) - 1
                ledger.node.rpc("evm_revert", self.snapshots[kept])
                self.snapshots[kept:] = [ledger.node.rpc("evm_snapshot")]
                self.rewinds += 1


@pytest.fixture(params=SQLITE_BY_DAY)
def store_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.timeout(300 if KILLS == 20 else 7200)
def test_an_index_that_is_killed_again_and_again_is_what_one_built_in_peace_is(
    ledger: Ledger, deployment: Deployment, tmp_path: Path
) -> None:
    life = Life(ledger, KILLS)
    path = ledger.write_deployment(tmp_path / "deployment.json")
    database = tmp_path / "killed.db"
    env = environment(MOA_RPC=ledger.node.url, MOA_DEPLOYMENT=str(path), MOA_DATABASE=str(database))
    command = [sys.executable, "-m", "api", "index"]
    for kill in range(KILLS):
        process = subprocess.Popen([*command, "--follow", "--every", "0.01"], cwd=ROOT, env=env, stderr=subprocess.PIPE)
        end = time.monotonic() + life.random.uniform(0.2, 1.2)
        while time.monotonic() < end:
            life.go_on()
        assert process.poll() is None, process.stderr and process.stderr.read()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if kill % 7 == 6:
            ledger.wait(DAY)
    done = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert life.rewinds > KILLS // 10  # how many fit in depends on the machine

    peace = Store(tmp_path / "peace.db")
    catch_up(Sync(Node(ledger.node.url), peace, deployment))
    peace.close()
    assert digest(database) == digest(tmp_path / "peace.db")
