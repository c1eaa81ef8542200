"""The whole way from a real chain to the pages: Ganache, and an indexer, an index and an explorer for each store."""

from __future__ import annotations

import html
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api.explorer.app import create_app
from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from tests.api.both import Both
from tests.api.explorer.conftest import settings_in
from tests.api.stores import STORES, Databases
from tests.ledger import Ganache, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Site:
    """A chain that only goes on, and explorers that have always seen all of it, and say the same."""

    def __init__(self, folder: Path, node: Ganache, databases: Databases) -> None:
        self.ledger = Ledger(node)
        settings = [settings_in(folder, database=databases.new(kind, folder)) for kind in STORES]
        self.settings = settings[0]
        settings[0].content.mkdir()
        self.ledger.write_deployment(settings[0].deployment)
        self.stores = [Store(each.database) for each in settings]
        self.syncs = [Sync(Node(node.url), store, settings[0].load_deployment()) for store in self.stores]
        self._head = -1
        # Entered, each has one event loop for all its requests, not one for each.
        self._stack = ExitStack()
        self.client = Both([self._stack.enter_context(TestClient(create_app(each))) for each in settings])

    def close(self) -> None:
        self._stack.close()
        for store in self.stores:
            store.close()

    def index(self) -> None:
        """Bring the indexes to the head, if it moved."""
        head = self.ledger.w3.eth.block_number
        if head == self._head:
            return
        self._head = head
        for sync in self.syncs:
            while sync.step().behind:
                pass

    def get(self, path: str, **params: Any) -> Any:
        """Ask the JSON interface, and return the body of a 200."""
        self.index()
        answer = self.client.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def read(self, path: str) -> str:
        """Return a page's words, without its marks and in one line."""
        self.index()
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        main = answer.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
        words = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())
        return re.sub(r" ([.,;:])", r"\1", words)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Site]:
    node = Ganache()
    try:
        opened = Site(tmp_path_factory.mktemp("chain"), node, databases)
        yield opened
        opened.close()
    finally:
        node.stop()


@pytest.fixture(scope="session")
def ledger(site: Site) -> Ledger:
    return site.ledger
