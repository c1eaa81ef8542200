"""The whole way from a real chain to the pages: Ganache, the indexer, the index, the explorer."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api.explorer.app import create_app
from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from tests.api.explorer.conftest import settings_in
from tests.ledger import Ganache, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Site:
    """A chain that only goes on, and an explorer that has always seen all of it."""

    def __init__(self, folder: Path, node: Ganache) -> None:
        self.ledger = Ledger(node)
        self.settings = settings_in(folder)
        self.settings.content.mkdir()
        self.ledger.write_deployment(self.settings.deployment)
        self.store = Store(self.settings.database)
        self.sync = Sync(Node(node.url), self.store, self.settings.load_deployment())
        self.sync.check_chain()
        self.client = TestClient(create_app(self.settings))

    def index(self) -> None:
        """Bring the index to the head."""
        while self.sync.step().behind:
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
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    node = Ganache()
    try:
        opened = Site(tmp_path_factory.mktemp("chain"), node)
        yield opened
        opened.store.close()
    finally:
        node.stop()


@pytest.fixture(scope="session")
def ledger(site: Site) -> Ledger:
    return site.ledger
