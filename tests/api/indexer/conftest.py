from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Progress, Sync
from api.settings import Deployment, Settings
from tests.ledger import Ganache, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    node = Ganache()
    try:
        yield Ledger(node)
    finally:
        node.stop()


@pytest.fixture(autouse=True)
def _as_it_was(ledger: Ledger) -> Iterator[None]:
    snapshot = ledger.node.rpc("evm_snapshot")
    yield
    ledger.node.rpc("evm_revert", snapshot)


def read_deployment(path: Path) -> Deployment:
    return Settings("http://x", "http://x", path, path, path, "127.0.0.1", 1).load_deployment()


@pytest.fixture
def deployment(ledger: Ledger, tmp_path: Path) -> Deployment:
    return read_deployment(ledger.write_deployment(tmp_path / "deployment.json"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "index.db")
    yield opened
    opened.close()


@pytest.fixture
def sync(ledger: Ledger, store: Store, deployment: Deployment) -> Sync:
    return Sync(Node(ledger.node.url), store, deployment)


def catch_up(sync: Sync) -> list[Progress]:
    """Step until the head is reached, and return what each step did."""
    steps = []
    sync.check_chain()
    while True:
        steps.append(sync.step())
        if not steps[-1].behind and steps[-1].rewound_to is None:
            return steps
