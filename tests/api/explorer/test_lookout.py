"""The stream's look-out: whoever listens is told what comes, or to load anew, whatever went wrong meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry, Gauge

from api.explorer import live
from api.explorer.content import ContentFolder
from api.explorer.database import Database
from api.explorer.live import Live
from api.explorer.queries import Queries, base
from api.indexer.store import Store
from tests.api.explorer.world import WALLET, build

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.api.explorer.book import Book


class Heard:
    """Listens, and remembers."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream

    async def next(self) -> dict[str, str]:
        """Return the next message that has an id."""
        while True:
            message = (await asyncio.wait_for(anext(self._stream), 5)).decode()
            fields = dict(line.split(": ", 1) for line in message.strip().splitlines())
            if "id" in fields:
                return fields


@asynccontextmanager
async def looking(path: Path, content: Path) -> AsyncIterator[Live]:
    database = Database(path)
    watched = Live(Queries(database, ContentFolder(content)), Gauge("clients", "-", registry=CollectorRegistry()))
    yield watched
    await watched.stop()
    database.close()


def give(book: Book, amount: int) -> None:
    book.give(1, WALLET, amount)
    book.mine()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(live, "AGAIN_SECONDS", 0.05, raising=False)


@pytest.mark.parametrize("another_comes", [False, True])
def test_who_came_before_the_index_hears_of_it(tmp_path: Path, another_comes: bool) -> None:
    async def run() -> None:
        async with looking(tmp_path / "index.db", tmp_path) as watched:
            early = Heard(watched.stream(None))
            assert (await early.next())["event"] == "reload"
            store = Store(tmp_path / "index.db")
            book = build(store, tmp_path).book
            if another_comes:
                assert "event" not in await Heard(watched.stream(None)).next()
            assert (await early.next())["event"] == "reload"
            give(book, 77)
            assert '"77"' in (await early.next())["data"]
            store.close()

    asyncio.run(run())


@pytest.mark.parametrize("what", ["last_place", "movements", "has_block", "memory"])
def test_a_look_that_fails_is_told_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    store = Store(tmp_path / "index.db")
    book = build(store, tmp_path).book
    right = getattr(Queries, what)
    fails = False

    def asked(*given: Any, **named: Any) -> Any:
        nonlocal fails
        if fails:
            fails = False
            raise RuntimeError("for a test")
        return right(*given, **named)

    monkeypatch.setattr(Queries, what, asked)

    async def run() -> None:
        nonlocal fails
        async with looking(tmp_path / "index.db", tmp_path) as watched:
            listener = Heard(watched.stream(None))
            await listener.next()
            await asyncio.sleep(0.05)
            fails = True
            give(book, 77)
            assert (await listener.next())["event"] == "reload"
            assert not fails
            assert '"77"' in (await listener.next())["data"], "it goes on where it was"
            give(book, 78)
            assert '"78"' in (await listener.next())["data"]

    asyncio.run(run())
    assert "for a test" in caplog.text
    store.close()
