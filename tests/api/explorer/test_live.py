"""The live stream, from a real server in a process of its own, while an indexer writes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.indexer.store import Store
from tests.api.explorer.book import USD, Book, account
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.world import WALLET, build
from tests.api.stores import LONG, SQLITE, STORES, Databases, empty
from tests.ledger import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]


class Server:
    """`python -m api serve` on a ledger of its own."""

    def __init__(self, folder: Path, database: Path | str) -> None:
        self.settings = settings_in(folder, free_port(), database)
        self.url = f"http://127.0.0.1:{self.settings.port}"
        self.store = Store(self.settings.database)
        self.book: Book = build(self.store, self.settings.content).book
        environment = {
            "MOA_DATABASE": self.settings.database,
            "MOA_CONTENT": self.settings.content,
            "MOA_PORT": self.settings.port,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "api", "serve"],
            cwd=ROOT,
            env=os.environ | {name: str(value) for name, value in environment.items()},
            stderr=subprocess.PIPE,
        )
        for _ in range(200):
            try:
                if httpx.get(f"{self.url}/api/v1/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError("the server did not start")

    def stop(self, with_signal: int = signal.SIGTERM) -> tuple[float, str]:
        """End it, and return how long that took and what it said."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            _, said = self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, said = self.process.communicate()
        self.store.close()
        return time.monotonic() - began, said.decode()


# By day on SQLite: what is special about PostgreSQL here, test_scale has. In the long run on both.
@pytest.fixture(scope="module", params=STORES if LONG else [SQLITE])
def live_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(live_kind: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("live")
    started = Server(folder, databases.new(live_kind, folder, "index #1.db"))
    yield started
    started.stop()


@pytest.fixture
def own_server(live_kind: str, databases: Databases, tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path, databases.new(live_kind, tmp_path, "index #1.db"))
    yield started
    started.stop()


class Listener:
    """Reads one stream, message by message."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.iter_lines()

    def next(self) -> dict[str, Any]:
        """Return the next message that has an id."""
        message: dict[str, Any] = {}
        for line in self.lines:
            name, _, value = line.partition(":")
            if name:
                message[name] = value.strip()
            elif "id" in message:
                message["id"] = int(message["id"])
                message["data"] = json.loads(message["data"]) if "data" in message else None
                return message
            else:
                message = {}
        return {}


@contextmanager
def listen(server: Server, *, after: int | None = None, last: int | None = None) -> Iterator[Listener]:
    params = {} if after is None else {"after": after}
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    with httpx.stream("GET", f"{server.url}/live", params=params, headers=headers, timeout=5) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Listener(response)


def give(server: Server, amount: int) -> None:
    server.book.give(1, WALLET, amount)
    server.book.mine()


def test_movements_come_as_they_happen_and_resume(server: Server) -> None:
    with listen(server) as listener:
        # Before anything happens the client already learns where the stream stands.
        here = listener.next()
        assert here["data"] is None
        give(server, 3 * USD)
        first = listener.next()
        assert first["data"]["kind"] == "contribution"
        assert first["data"]["amount"] == str(3 * USD)
        assert first["id"] == first["data"]["id"] > here["id"]
    # Nobody listens; then the client comes back with what it had last.
    give(server, 4 * USD)
    server.book.record(2, account("gateway 1"), b"\7" * 32, [(WALLET, server.book.now, 5 * USD)])
    server.book.mine()
    with listen(server, last=first["id"]) as listener:
        assert [listener.next()["data"]["kind"] for _ in range(2)] == ["contribution", "batch"]
        give(server, 6 * USD)
        assert listener.next()["data"]["amount"] == str(6 * USD)
    # A page says from where to go on.
    with listen(server, after=here["id"]) as listener:
        assert [listener.next()["data"]["amount"] for _ in range(4)] == [str(n * USD) for n in (3, 4, 5, 6)]


def test_many_clients_hear_the_same(server: Server) -> None:
    with ExitStack() as stack:
        listeners = [stack.enter_context(listen(server)) for _ in range(40)]
        places = {listener.next()["id"] for listener in listeners}
        assert len(places) == 1
        for n in (1, 2, 3):
            give(server, n)
        heard = [[listener.next()["data"]["amount"] for _ in range(3)] for listener in listeners]
        assert heard == [["1", "2", "3"]] * 40
        assert httpx.get(f"{server.url}/api/v1/summary").status_code == 200


def test_a_rewound_chain_is_told(server: Server) -> None:
    with listen(server) as listener:
        listener.next()
        give(server, 1)
        gone = listener.next()
        time.sleep(0.5)
        height = server.book.height
        server.store.rewind(height - 1)
        del server.book.blocks[-1]
        server.book.salt = "fork "
        server.book.lines[1].raised -= 1
        server.book.lines[1].number -= 1
        server.book._raised[1] -= 1
        give(server, 2)
        told = listener.next()
        assert (told["event"], told["data"]) == ("reload", {"block": height - 1})
        again = listener.next()
        assert (again["data"]["amount"], again["id"]) == ("2", gone["id"])
    # One who was away and had seen more than there is now has to load its page again.
    with listen(server, last=gone["id"] + (5 << 20)) as listener:
        assert listener.next()["event"] == "reload"


def test_a_client_that_missed_too_much_is_told_to_reload(server: Server) -> None:
    place = httpx.get(f"{server.url}/api/v1/summary").json()["after"]
    for _ in range(201):
        server.book.give(1, WALLET, 1)
    server.book.mine()
    with listen(server, after=place) as listener:
        assert listener.next()["event"] == "reload"


def test_a_fresh_page_is_never_ahead_of_the_stream(server: Server) -> None:
    with listen(server) as first:
        first.next()
        # The page is made between two looks at the index, and its last log is none that moves money.
        server.book.give(1, WALLET, 77)
        server.book.move_deadline(2, 1, 2)
        server.book.mine()
        place = httpx.get(f"{server.url}/api/v1/summary").json()["after"]
        with listen(server, after=place) as second:
            give(server, 78)
            assert [first.next()["data"]["amount"] for _ in range(2)] == ["77", "78"]
            assert second.next()["data"]["amount"] == "78"


def test_bad_places_are_refused(server: Server) -> None:
    answer = httpx.get(f"{server.url}/live?after=x")
    assert (answer.status_code, answer.json()["field"]) == (422, "after")
    answer = httpx.get(f"{server.url}/live", headers={"Last-Event-ID": "9" * 30})
    assert (answer.status_code, answer.json()["field"]) == (422, "Last-Event-ID")


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_with_clients_open(own_server: Server, with_signal: int) -> None:
    with listen(own_server) as listener, listen(own_server) as other:
        listener.next()
        other.next()
        seconds, said = own_server.stop(with_signal)
        # The stream ends; it is not torn.
        assert list(listener.lines) == []
    # Half a second on an idle machine. `Cancel` would be uvicorn's own patience, of a second, running out.
    assert seconds < 4
    assert "Traceback" not in said
    assert "Cancel" not in said


def test_a_stream_outlives_an_index_that_is_made_anew(own_server: Server) -> None:
    with listen(own_server) as listener:
        listener.next()
        own_server.store.close()
        where = own_server.settings.database
        if isinstance(where, str):
            empty(where)
        else:
            for path in where.parent.glob("index #1.db*"):
                path.unlink()
        time.sleep(0.7)
        own_server.store = Store(own_server.settings.database)
        own_server.book = build(own_server.store, own_server.settings.content, salt="another ").book
        assert listener.next()["event"] == "reload"
