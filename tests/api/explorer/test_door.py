"""The door to the index: it only reads, sees one state an answer, and says in one clear sentence what is wrong."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import InternalError

from api import tables
from api.explorer.app import create_app
from api.explorer.database import Database, notes_of, postgres
from api.explorer.database.sqlite import SqliteDoor
from api.explorer.failures import UnavailableError
from api.indexer.store import Store
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.world import WALLET, build
from tests.api.stores import STORES, Databases, change, empty
from tests.postgres import Server, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.settings import Settings

API = "/api/v1"


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that tests may stop."""
    with server(own=True) as started:
        yield started


@pytest.fixture
def where(databases: Databases) -> Iterator[str]:
    made = str(databases.new("postgres", None))  # type: ignore[arg-type]
    yield made
    databases.give_back(made)


def as_role(where: str, name: str, password: str | None = None) -> str:
    return make_url(where).set(username=name, password=password).render_as_string(hide_password=False)


def settings_of(folder: Path, where: str) -> Settings:
    return settings_in(folder, database=where)


def refused(client: TestClient) -> str:
    """Return why nothing is answered: to programs, and to people on a page."""
    answer = client.get(f"{API}/pools")
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["error"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    page = client.get("/")
    assert page.status_code == 503
    assert body["reason"].partition(" (")[0][1:].replace("'", "&#39;") in page.text
    return str(body["reason"])


def test_the_index_comes_goes_and_is_made_anew(databases: Databases, tmp_path: Path) -> None:
    where = databases.server.database()
    name = make_url(where).database
    with psycopg.connect(databases.server.address, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} RENAME TO {name}_later")
        settings = settings_of(tmp_path, where)
        with TestClient(create_app(settings)) as client:
            assert refused(client).startswith("there is no such database yet: create it, and start the indexer")
            connection.execute(f"ALTER DATABASE {name}_later RENAME TO {name}")
            assert refused(client) == "the index is empty: the indexer has not begun"
            store = Store(where)
            build(store, settings.content)
            store.close()
            assert client.get(f"{API}/summary").json()["pools"] == 5
            # Dropped and built anew, and every connection with it.
            empty(where)
            assert "has not begun" in refused(client)
            Store(where).close()
            assert client.get(f"{API}/summary").json()["pools"] == 0
            health = client.get(f"{API}/health").json()
            assert (health["block"], health["ok"], health["chain_id"]) == (None, False, None)
            assert health["database"]["bytes"] > 2**20
            for version, todo in (("2", "the indexer (python -m api index) migrates it"), ("99", "update it")):
                change(where, f"UPDATE meta SET value = '{version}' WHERE key = 'schema_version'")  # noqa: S608
                assert refused(client).startswith(f"the index has schema version {version}, this explorer reads ")
                assert refused(client).endswith(todo)


def test_a_server_that_went_away_is_told_and_found_again(own_server: Server, tmp_path: Path) -> None:
    settings = settings_of(tmp_path, own_server.database())
    assert isinstance(settings.database, str)
    store = Store(settings.database)
    build(store, settings.content)
    store.close()
    change(settings.database, "UPDATE meta SET value = value")  # the indexer leaves it to the server when it is on disk
    with TestClient(create_app(settings)) as client:
        assert client.get("/").status_code == 200
        own_server.stop()
        assert refused(client) == "the database does not answer"
        own_server.start()
        assert client.get("/").status_code == 200
        # The connections that waited in the pool are dead, and nobody has noticed yet.
        own_server.stop()
        own_server.start()
        assert client.get(f"{API}/summary").json()["pools"] == 5


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://moa:s3cret@127.0.0.1:1/index", "the database does not answer"),
        ("postgresql://moa:s3cret@nowhere.invalid/index", "the database does not answer"),
        ("postgresql://moa:s3cret@127.0.0.1:1/index?nonsense=1", "the database's address is not one that can be used"),
    ],
)
def test_a_password_is_never_said(tmp_path: Path, caplog: pytest.LogCaptureFixture, address: str, reason: str) -> None:
    settings = settings_of(tmp_path, address)
    assert "s3cret" not in repr(settings)
    with caplog.at_level(logging.DEBUG), TestClient(create_app(settings)) as client:
        assert refused(client) == reason
        told = [record for record in caplog.records if record.name == "api.explorer"]
        assert len(told) == 1, "once is enough"
        assert "s3cret" not in caplog.text + client.get("/").text


def test_who_may_not_read_is_told(where: str, tmp_path: Path) -> None:
    Store(where).close()
    role = f"stranger_{os.getpid()}"
    address = as_role(where, role, "s3cret")
    with TestClient(create_app(settings_of(tmp_path, address))) as client:
        assert refused(client) == "the database does not let the explorer in: its role or password is wrong"
        change(where, f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
        try:
            assert refused(client) == "the database has no connection left"
            change(where, f"ALTER ROLE {role} CONNECTION LIMIT -1")
            assert refused(client).startswith("the database does not let the explorer read the index")
            change(where, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
            assert client.get(f"{API}/summary").status_code == 200
        finally:
            change(where, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_role_that_may_do_all_only_reads(where: str) -> None:
    Store(where).close()
    database = Database(where)
    with pytest.raises(InternalError, match="read-only transaction"), database.snapshot() as connection:
        connection.execute(text("DELETE FROM meta"))
    with database.snapshot() as connection:
        assert connection.execute(select(func.count()).select_from(tables.meta)).scalar_one() > 0
    database.close()


@pytest.mark.parametrize("kind", STORES)
def test_an_answer_sees_one_state(databases: Databases, tmp_path: Path, kind: str) -> None:
    place = databases.new(kind, tmp_path)
    store = Store(place)
    book = build(store, tmp_path / "content").book
    database = Database(place)
    count = select(func.count()).select_from(tables.contributions)
    with database.snapshot() as connection:
        before = connection.execute(count).scalar_one()
        book.give(1, WALLET, 1)
        book.mine()
        assert connection.execute(count).scalar_one() == before
    with database.snapshot() as connection:
        assert connection.execute(count).scalar_one() == before + 1
    database.close()
    store.close()
    databases.give_back(place)


@pytest.mark.parametrize("kind", STORES)
def test_what_went_wrong_does_not_say_who_was_asked_for(databases: Databases, tmp_path: Path, kind: str) -> None:
    place = databases.new(kind, tmp_path)
    Store(place).close()
    database = Database(place)
    with pytest.raises(UnavailableError) as told, database.snapshot() as connection:
        connection.execute(text("SELECT 1 FROM nowhere WHERE donor = :donor"), {"donor": "0xabcd"})
    assert "nowhere" in str(told.value.__cause__)
    assert "0xabcd" not in str(told.value.__cause__)
    database.close()
    databases.give_back(place)


def test_nobody_waits_for_a_lock_for_long(where: str, tmp_path: Path) -> None:
    Store(where).close()
    with TestClient(create_app(settings_of(tmp_path, where))) as client, psycopg.connect(where) as other:
        other.execute("LOCK TABLE meta IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert refused(client) == "the database is busy"
        assert time.monotonic() - began < 15
        other.rollback()
        assert client.get(f"{API}/summary").status_code == 200


def test_too_many_questions_at_once_are_told(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(where).close()
    monkeypatch.setattr(postgres, "POOL_SECONDS", 0.1)
    database = Database(where)
    most = postgres.POOL + postgres.MORE
    inside, done = threading.Barrier(most + 1), threading.Event()

    def ask() -> None:
        with database.snapshot():
            inside.wait(30)
            done.wait(30)

    threads = [threading.Thread(target=ask) for _ in range(most)]
    for thread in threads:
        thread.start()
    inside.wait(30)
    with pytest.raises(UnavailableError, match="too many questions at once"), database.snapshot():
        pass
    done.set()
    for thread in threads:
        thread.join()
    with database.snapshot():
        pass
    database.close()


@pytest.mark.parametrize("kind", STORES)
def test_an_index_that_is_being_built_says_how_far_it_is(databases: Databases, tmp_path: Path, kind: str) -> None:
    settings = settings_in(tmp_path, database=databases.new(kind, tmp_path))
    store = Store(settings.database)
    with TestClient(create_app(settings)) as client:
        store.begin_backfill()
        assert client.get(f"{API}/pools").json()["reason"] == "the index is being built: it has just begun"
        build(store, settings.content)
        store.note_head(12_345)
        for path in ("/pools", "/summary", "/contributions/1-0", "/search?q=1", "/events", "/movements"):
            answer = client.get(API + path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
            assert answer.json() == {
                "error": "unavailable", "reason": "the index is being built: block 7 of 12345",
            }  # fmt: skip
        for path in ("/", "/pool/1", "/contribution/1-0", "/search?q=1", "/check"):
            page = client.get(path)
            assert (page.status_code, page.headers["retry-after"]) == (503, "10")
            assert "reading the whole record for the first time. It has read 7 of 12,345 blocks so far." in page.text
        health = client.get(f"{API}/health").json()
        assert (health["ok"], health["building"], health["block"], health["node_head"]) == (False, True, 7, 12_345)
        assert health["fund"]
        store.end_backfill()
        assert client.get("/").status_code == 200
        health = client.get(f"{API}/health").json()
        assert (health["ok"], health["building"]) == (True, False)
    store.close()
    databases.give_back(settings.database)


def test_the_file_s_word_for_another_version(tmp_path: Path) -> None:
    settings = replace(settings_in(tmp_path), database=tmp_path / "index.db")
    Store(settings.database).close()
    change(settings.database, "UPDATE meta SET value = '2' WHERE key = 'schema_version'")
    with TestClient(create_app(settings)) as client:
        assert refused(client).endswith("the indexer (python -m api index) migrates it")


def replaced(path: Path, name: str) -> None:
    """Put another index in a file's place, in one step."""
    other = path.with_name("other.db")
    Store(other).close()
    change(other, f"INSERT INTO meta VALUES ('name', '{name}')")  # noqa: S608
    with sqlite3.connect(other) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    other.replace(path)


def test_a_file_that_was_replaced_meanwhile_is_not_read_again(tmp_path: Path) -> None:
    """A snapshot that is read while another question notices: it was of the old file, and is the last one of it."""
    path = tmp_path / "index.db"
    replaced(path, "old")
    database = Database(path)

    def read() -> str:
        with database.snapshot() as connection:
            return notes_of(connection)["name"]

    with database.snapshot():
        assert read() == "old"
        replaced(path, "new")
        assert database.now() is not None
    assert [read() for _ in range(6)] == ["new"] * 6
    database.close()


def test_a_file_that_was_replaced_is_not_watched_any_more(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    replaced(path, "old")
    door = SqliteDoor(path)
    before, watcher = door.watch(), door._watcher
    assert watcher is not None
    replaced(path, "new")
    assert door.watch() not in (None, before)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        watcher[-1].execute("SELECT 1")
    door.close()


def test_a_watcher_may_be_taken_away_in_mid_look(tmp_path: Path) -> None:
    """By another thread, which notices that the file was replaced."""

    class Shared(SqliteDoor):
        seen: Any = None
        taken_next = False

        @property
        def _watcher(self) -> Any:
            found = self.seen
            if self.taken_next:
                self.seen = None
            return found

        @_watcher.setter
        def _watcher(self, watcher: Any) -> None:
            self.seen = watcher

    path = tmp_path / "index.db"
    replaced(path, "old")
    door = Shared(path)
    before, door.taken_next = door.watch(), True
    assert door.watch() == before
    door.close()
