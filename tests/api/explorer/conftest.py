from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api.explorer.app import create_app
from api.indexer.store import Store
from api.settings import Settings
from tests.api.explorer.world import World, build
from tests.api.stores import SQLITE_BY_DAY, STORES, Databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def settings_in(folder: Path, port: int = 8640, database: Path | str | None = None) -> Settings:
    return Settings(
        rpc="http://127.0.0.1:8640",
        public_rpc="http://127.0.0.1:8640",
        deployment=folder / "deployment.json",
        database=database or folder / "index #1.db",
        content=folder / "content",
        host="127.0.0.1",
        port=port,
    )


@pytest.fixture(scope="session", params=SQLITE_BY_DAY)
def store_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Path | str]:
    """Yield where an index of one's own may be, of either kind."""
    made = databases.new(request.param, tmp_path)
    yield made
    databases.give_back(made)


@pytest.fixture(scope="session")
def settings(store_kind: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("world")
    return settings_in(folder, database=databases.new(store_kind, folder, "index #1.db"))


@pytest.fixture(scope="session")
def world(settings: Settings) -> Iterator[World]:
    store = Store(settings.database)
    yield build(store, settings.content)
    store.close()


@pytest.fixture(scope="session")
def client(settings: Settings, world: World) -> Iterator[TestClient]:  # noqa: ARG001
    with TestClient(create_app(settings)) as opened:
        yield opened


@pytest.fixture(scope="session")
def get(client: TestClient) -> Callable[..., Any]:
    """Ask the JSON interface and return the body of a 200."""

    def ask(path: str, **params: Any) -> Any:
        answer = client.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask
