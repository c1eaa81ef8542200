from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Progress, Sync
from api.settings import Deployment, Settings
from tests.api.stores import STORES, Databases
from tests.ledger import Ganache, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
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


@pytest.fixture(params=STORES)
def store_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(store_kind: str, databases: Databases, tmp_path: Path) -> Iterator[Callable[[str], Path | str]]:
    """Returns where an index by this name can be made, in a database of the test's kind."""
    made: list[Path | str] = []

    def make(name: str) -> Path | str:
        made.append(databases.new(store_kind, tmp_path, f"{name}.db"))
        return made[-1]

    yield make
    for where in made:
        databases.give_back(where)


@pytest.fixture
def store(place: Callable[[str], Path | str]) -> Iterator[Store]:
    opened = Store(place("index"))
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
