"""An SQLite file on a disk that is full or may only be read: a clear word, nothing half written, and it goes on."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from api.errors import StoreError
from api.indexer.chain import Node
from api.indexer.kinds import Block
from api.indexer.store import Store
from api.indexer.sync import Sync
from tests.api.indexer.conftest import catch_up
from tests.api.stores import content
from tests.ledger import ROOT, Ledger, environment

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.settings import Deployment

NOBODY = 65534
GENESIS = Block(0, b"0" * 32, bytes(32), 1)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """A disk without room, as far as this process sees."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def without_rights() -> Iterator[None]:
    """As somebody who may read, and no more."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that anybody can see."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def fill(store: Store, block: Block, size: int) -> None:
    rows = [(block.number << 20 | n, b"t" * 32, b"a" * 20, "Released", b"", os.urandom(1000)) for n in range(size)]
    store.write([block], {"logs": rows}, [], block.number)


def test_a_full_disk_is_told_and_the_same_indexer_goes_on_when_there_is_room(tmp_path: Path) -> None:
    store = Store(tmp_path / "index.db")
    fill(store, GENESIS, 10)
    before = content(store.where)
    with (
        no_file_larger_than(2**20),
        pytest.raises(
            StoreError, match=r"refused, nothing was written: .*(full: make room|I/O error: look after the disk), and"
        ),
    ):
        fill(store, Block(1, b"1" * 32, GENESIS.hash, 2), 5000)
    assert (store.tip(), content(store.where)) == (GENESIS, before)
    fill(store, Block(1, b"1" * 32, GENESIS.hash, 2), 5000)
    assert len(content(store.where)["logs"]) == 5010
    store.close()


def test_an_indexer_without_room_ends_with_one_line_and_another_one_goes_on(
    ledger: Ledger, deployment: Deployment, tmp_path: Path
) -> None:
    pool = ledger.open_pool()
    for _ in range(3):
        ledger.record(pool, 2000)
    path = ledger.write_deployment(tmp_path / "deployment.json")
    where = tmp_path / "index.db"
    told = environment(MOA_RPC=ledger.node.url, MOA_DEPLOYMENT=str(path), MOA_DATABASE=str(where))
    command = [sys.executable, "-m", "api", "index"]
    with no_file_larger_than(2**20):
        small = subprocess.run(command, cwd=ROOT, env=told, check=False, capture_output=True, text=True)
    assert small.returncode == 1
    assert small.stderr.startswith(f"✗ {where} refused, nothing was written: ")
    assert small.stderr.count("\n") == 1
    gifts = len(content(where)["contributions"])
    assert gifts in (0, 2000, 4000)
    assert gifts == sum(row[-1] for row in content(where)["batches"])
    subprocess.run(command, cwd=ROOT, env=told, check=True, capture_output=True)
    fresh = Store(tmp_path / "fresh.db")
    catch_up(Sync(Node(ledger.node.url), fresh, deployment))
    fresh.close()
    assert content(where) == content(fresh.where)


def test_a_folder_that_may_only_be_read_is_told(shared: Path) -> None:
    where = shared / "index.db"
    shared.chmod(0o555)
    with without_rights(), pytest.raises(StoreError, match=r"index.db cannot be written: .*Permission denied"):
        Store(where)
    shared.chmod(0o755)
    store = Store(where)
    store.write([GENESIS], {}, [], 0)
    store.close()
    # Whoever may lock it and may not write it: the file is another's.
    (shared / "index.db.lock").chmod(0o666)
    where.chmod(0o444)
    before = where.read_bytes()
    with without_rights(), pytest.raises(StoreError, match=r"nothing was written: .*: let the indexer write there"):
        Store(where).write([Block(1, b"1" * 32, GENESIS.hash, 2)], {}, [], 1)
    assert where.read_bytes() == before
    where.chmod(0o644)
    store = Store(where)
    store.write([Block(1, b"1" * 32, GENESIS.hash, 2)], {}, [], 1)
    store.close()
