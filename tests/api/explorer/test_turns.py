"""Questions that came together are answered from one snapshot; whoever asks later sees what came meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from api.explorer.content import ContentFolder
from api.explorer.database import Database
from api.explorer.failures import NotFoundError
from api.explorer.queries import Queries
from api.indexer.store import Store
from tests.api.explorer.world import WALLET, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.explorer.database.door import Door
    from tests.api.explorer.book import Book


class Asked:
    """An index, queries over it, and a count of the snapshots that were begun and are open."""

    def __init__(self, folder: Path, where: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = Store(where)
        self.book: Book = build(self.store, folder).book
        self.database = Database(where)
        self.queries = Queries(self.database, ContentFolder(folder))
        self.begun = self.ended = 0
        door: Door = self.database._door
        begin, give_back = door.begin, self.database._turns._give_back

        def counted(*given: Any) -> Any:
            self.begun += 1
            return begin(*given)

        def ended(*given: Any) -> Any:
            self.ended += 1
            return give_back(*given)

        monkeypatch.setattr(door, "begin", counted)
        monkeypatch.setattr(door, "give_back", ended)
        monkeypatch.setattr(self.database._turns, "_give_back", ended)

    @property
    def open(self) -> int:
        return self.begun - self.ended

    def gifts(self) -> int:
        return self.queries.summary()["contributions"]

    def give(self) -> None:
        self.book.give(1, WALLET, 1)
        self.book.mine()

    async def ask(self) -> int:
        """Ask as a route does: nothing is waited for."""
        return self.gifts()


@pytest.fixture
def asked(place: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    made = Asked(tmp_path, place, monkeypatch)
    yield made
    made.database.close()
    assert made.open == 0
    made.store.close()


def test_those_that_came_together_share_one(asked: Asked) -> None:
    async def run() -> None:
        found = await asyncio.gather(*(asked.ask() for _ in range(8)))
        assert len({*found}) == 1
        assert (asked.begun, asked.open) == (1, 0), "the turn is over, and the snapshot with it"

    asyncio.run(run())


def test_whoever_asks_later_sees_what_came_meanwhile(asked: Asked) -> None:
    async def run() -> None:
        before = await asyncio.create_task(asked.ask())
        for i in range(1, 4):
            asked.give()
            assert await asyncio.create_task(asked.ask()) == before + i
        assert asked.begun == 4

    asyncio.run(run())


def test_what_comes_in_a_turn_is_for_the_next(asked: Asked) -> None:
    """Who had asked before the snapshot began may not see it: it came after the question."""

    async def run() -> None:
        first, second = asyncio.create_task(asked.ask()), asyncio.create_task(give_and_ask())
        assert await second == await first
        assert await asyncio.create_task(asked.ask()) == await first + 1

    async def give_and_ask() -> int:
        asked.give()
        return asked.gifts()

    asyncio.run(run())


def test_nothing_is_kept_where_no_loop_runs(asked: Asked) -> None:
    before = asked.gifts()
    asked.give()
    assert asked.gifts() == before + 1
    assert (asked.begun, asked.open) == (2, 0)


def test_nothing_is_kept_for_a_loop_that_is_gone(asked: Asked) -> None:
    """A loop that was stopped ends no turn any more."""

    async def run() -> int:
        found = asked.gifts()
        asyncio.get_running_loop().stop()
        return found

    before = asked.gifts()
    for i in range(3):
        loop = asyncio.new_event_loop()
        task = loop.create_task(run())
        loop.run_forever()
        loop.close()
        assert task.result() == before + i
        asked.give()
        assert asked.open == 1, "nobody ended it; the next one does"


def test_a_question_that_fails_leaves_nothing(asked: Asked) -> None:
    async def run() -> None:
        with pytest.raises(NotFoundError):
            asked.queries.pool(99)
        assert asked.open == 0
        assert asked.gifts() >= 0
        assert asked.begun == 2

    asyncio.run(run())


def test_two_at_a_time_have_one_each(asked: Asked) -> None:
    async def run() -> None:
        with asked.database.snapshot(shared=True) as one, asked.database.snapshot(shared=True) as another:
            assert one is not another
        assert asked.open == 1
        await asyncio.sleep(0)
        assert asked.open == 0

    asyncio.run(run())


def test_one_that_is_read_beyond_its_turn_is_not_kept(asked: Asked) -> None:
    async def run() -> None:
        with asked.database.snapshot(shared=True):
            await asyncio.sleep(0)
        assert asked.open == 0

    asyncio.run(run())
