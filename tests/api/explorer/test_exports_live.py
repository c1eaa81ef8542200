"""Exports by a real server: a chain rewound in mid-file, readers that go away or fall asleep, too many at once."""

from __future__ import annotations

import http.client
import socket
import sqlite3
import threading
import time
import tracemalloc
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow
import pytest
import uvicorn

from api import tables
from api.explorer.app import create_app
from api.explorer.database import Database
from api.explorer.exports import answers, body, pins, reading, ways
from api.explorer.failures import RewoundError
from tests.api.explorer.conftest import settings_in
from tests.bench.exports import build
from tests.ledger import free_port

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 40_000
GIFTS = "/api/v1/export/contributions"


class Running:
    """An explorer in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        # All readers here have one address, and it is the server's own room that is looked at.
        self.settings = replace(settings_in(folder, free_port()), exports_each=0)
        config = uvicorn.Config(create_app(self.settings), port=self.settings.port, log_level="critical")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def ask(self, path: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=60)
        connection.request("GET", path)
        return connection.getresponse()

    def free(self) -> bool:
        """Return whether an export can begin now."""
        answer = self.ask("/api/v1/export/pools.csv")
        answer.read()
        assert answer.status in (200, 503)
        return answer.status == 200

    def wait_until_free(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.free():
            assert time.monotonic() < until, "a place is still taken"
            time.sleep(0.05)

    def stop(self) -> None:
        self.server.should_exit = True
        self.server.force_exit = True
        self.thread.join(20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("live")
    build(settings_in(path).database, ROWS)
    return path


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    opened = Running(folder)
    try:
        yield opened
    finally:
        opened.stop()


@pytest.fixture
def live(folder: Path) -> Iterator[Running]:
    with running(folder) as opened:
        yield opened


@contextmanager
def rewound(path: Path, above: int) -> Iterator[None]:
    """Take the blocks above one away, and all that follows from them, as the indexer does; put them back at the end."""
    with sqlite3.connect(path) as connection:
        taken = {}
        for table in (tables.blocks, tables.logs, tables.contributions, tables.batches):
            first = f"number > {above}" if table is tables.blocks else f"log >= {above + 1} << 20"
            taken[table.name] = connection.execute(f"SELECT * FROM {table.name} WHERE {first}").fetchall()  # noqa: S608
            connection.execute(f"DELETE FROM {table.name} WHERE {first}")  # noqa: S608
    connection.close()
    try:
        yield
    finally:
        with sqlite3.connect(path) as connection:
            for name, rows in taken.items():
                connection.executemany(f"INSERT INTO {name} VALUES ({','.join('?' * len(rows[0]))})", rows)  # noqa: S608
        connection.close()


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_file_that_comes_whole_is_whole(live: Running, form: str) -> None:
    answer = live.ask(f"{GIFTS}.{form}")
    data = answer.read()
    assert len(data) > 500_000
    if form != "parquet":
        assert data.count(b"\n") == ROWS + (form == "csv")


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_rewound_chain_cuts_the_file(
    live: Running, form: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("api.explorer.exports.parquet.GROUP_ROWS", 5_000)
    answer = live.ask(f"{GIFTS}.{form}")
    begun = answer.read(1_000)
    with rewound(live.settings.database, ROWS // 1000 - 1):
        with pytest.raises(http.client.IncompleteRead) as cut:
            answer.read()
        got = begun + cut.value.partial
        if form != "parquet":  # whose reader wants the footer
            last = got.splitlines()[-1]
            assert b"NOT WHOLE" in last.upper()
            assert b"rewound" in last
        asked = f"block={answer.headers['Moa-Block']}&hash={answer.headers['Moa-Block-Hash']}"
        assert live.ask(f"{GIFTS}.{form}?{asked}").status == 404  # the chain is shorter now
        live.wait_until_free(20)
    assert live.ask(f"{GIFTS}.{form}?{asked}").status == 200
    (told,) = [record for record in caplog.records if record.name == "api.explorer"]
    assert "cut" in told.getMessage()
    assert told.exc_info is None


def test_another_chain_of_the_same_height_cuts_the_file_too(live: Running) -> None:
    answer = live.ask(f"{GIFTS}.csv")
    answer.read(1_000)
    last = ROWS // 1000
    with sqlite3.connect(live.settings.database) as connection:
        [(was,)] = connection.execute("SELECT hash FROM blocks WHERE number = ?", (last,)).fetchall()
        connection.execute("UPDATE blocks SET hash = ? WHERE number = ?", (b"x" * 32, last))
    try:
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        asked = f"block={answer.headers['Moa-Block']}&hash={answer.headers['Moa-Block-Hash']}"
        again = live.ask(f"{GIFTS}.csv/manifest.json?{asked}")
        assert again.status == 409
        assert b"rewound" in again.read()
    finally:
        with connection:
            connection.execute("UPDATE blocks SET hash = ? WHERE number = ?", (was, last))
        connection.close()


def test_an_old_protocol_is_refused(live: Running) -> None:
    """It ends a file by closing the connection: nobody could tell a cut file from a whole one."""
    with socket.create_connection(("127.0.0.1", live.settings.port)) as connection:
        connection.sendall(f"GET {GIFTS}.csv HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(2**16), b""))
    head, _, text = answer.partition(b"\r\n\r\n")
    assert b" 505 " in head.splitlines()[0]
    assert b"HTTP/1.1" in text


def test_a_growing_index_does_not_show(live: Running) -> None:
    with rewound(live.settings.database, ROWS // 1000 - 5):
        wanted = live.ask(f"{GIFTS}.csv").read()
        answer = live.ask(f"{GIFTS}.csv")
        got = answer.read(1_000)
    assert got + answer.read() == wanted
    assert len(live.ask(f"{GIFTS}.csv").read()) > len(wanted)


def test_more_at_once_than_may_are_told_when_to_come_again(live: Running) -> None:
    asleep = [live.ask(f"{GIFTS}.csv") for _ in range(live.settings.exports)]
    for answer in asleep:
        answer.read(10)
    refused = live.ask(f"{GIFTS}.csv")
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert b"other exports are running" in refused.read()
    assert live.ask(f"{GIFTS}.csv/manifest.json").status == 503
    # Everything else goes on.
    assert live.ask("/api/v1/health").status == 200
    assert live.ask("/api/v1/pools/1/contributions").status == 200
    for answer in asleep:
        answer.read()
    live.wait_until_free(20)


def test_a_reader_that_goes_away_frees_its_place(live: Running) -> None:
    gone = [live.ask(f"{GIFTS}.csv") for _ in range(live.settings.exports)]
    for answer in gone:
        answer.read(10)
    assert not live.free()
    for answer in gone:
        answer.close()
    live.wait_until_free(20)


def test_who_waits_for_a_manifest_and_goes_away_frees_the_place(live: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 5)  # it takes its time
    take, taken = answers.Places.take, []

    def note(places: answers.Places) -> None:
        take(places)
        taken.append(places)

    monkeypatch.setattr(answers.Places, "take", note)
    connections = []
    for _ in range(live.settings.exports):
        connections.append(http.client.HTTPConnection("127.0.0.1", live.settings.port))
        connections[-1].request("GET", f"{GIFTS}.parquet/manifest.json")
    until = time.monotonic() + 10
    while len(taken) < live.settings.exports:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert not live.free()
    for connection in connections:
        connection.close()
    live.wait_until_free(5)


def test_a_reader_that_falls_asleep_is_let_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "STALL_SECONDS", 2.0)
    with running(folder) as live:
        asleep = [live.ask(f"{GIFTS}.csv") for _ in range(live.settings.exports)]
        assert not live.free()
        live.wait_until_free(30)
        time.sleep(1)  # one is free; the other fell asleep a moment later, and must not be woken before that
        for answer in asleep:
            with pytest.raises(http.client.IncompleteRead):
                answer.read()


def test_a_slow_reader_holds_no_transaction(live: Running) -> None:
    """While it sleeps the indexer writes, and SQLite empties its write-ahead log: no old state is kept for it."""
    answer = live.ask(f"{GIFTS}.jsonl")
    answer.read(10)
    time.sleep(0.3)
    connection = sqlite3.connect(live.settings.database)
    with connection:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('node_head', '1')")
    [(busy, left, _)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    assert (busy, left) == (0, 0)
    assert answer.read().count(b"\n") == ROWS


@pytest.fixture(scope="module")
def shorter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shorter")
    build(settings_in(path).database, ROWS // 4)
    return path


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("name", ["contributions", "logs"])
def test_memory_does_not_grow_with_the_table(
    folder: Path, shorter: Path, form: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.explorer.exports.parquet.GROUP_ROWS", 5_000)
    monkeypatch.setattr("api.explorer.exports.parquet.GROUP_BYTES", 2**17)
    monkeypatch.setattr(reading, "PAGE_BYTES", 2**16)  # a log has 32 KB here
    monkeypatch.setattr(reading, "_PART", 2)
    peaks = []
    for path in (settings_in(shorter).database, settings_in(folder).database):
        database = Database(path)
        with database.snapshot() as connection:
            asked = body.Asked(ways.TABLES[name], {}, form, pins.pin(connection))
        next(body.write(database, asked, body.Tally()))  # what is loaded once is no part of it
        tracemalloc.start()
        arrow = max(pyarrow.total_allocated_bytes() for _ in body.write(database, asked, body.Tally()))
        peaks.append(tracemalloc.get_traced_memory()[1] + arrow)
        tracemalloc.stop()
    assert peaks[1] < 1.25 * peaks[0] + 300_000
    assert peaks[1] < 25 * 2**20


def test_a_reader_that_goes_away_before_the_first_row_frees_its_place(
    live: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter that finds nothing, in a table that takes its time to be looked through."""
    monkeypatch.setattr(reading, "SIFT", 10)
    gone = [live.ask(f"{GIFTS}.csv?min_amount=9000000000") for _ in range(live.settings.exports)]
    assert not live.free()
    for answer in gone:
        answer.close()
    live.wait_until_free(5)


def test_nothing_is_read_after_the_end_was_seen(folder: Path) -> None:
    """The generator itself: it says that it was cut, and raises."""
    path = settings_in(folder).database
    database = Database(path)
    with database.snapshot() as connection:
        asked = body.Asked(ways.TABLES["contributions"], {}, "csv", pins.pin(connection))
    pieces = body.write(database, asked, body.Tally())
    next(pieces)
    with rewound(path, 3), pytest.raises(RewoundError):
        list(pieces)
