"""One writer and many readers: ten processes with nothing in common but the database, and a replica of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url

from api.errors import StoreError
from api.explorer.app import create_app
from api.indexer.store import Store
from api.indexer.store.readers import let_read
from tests.api.both import Both
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.world import WALLET, World, build
from tests.api.stores import LONG, change, empty, query
from tests.ledger import ROOT, free_port
from tests.postgres import Server, server

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.stores import Databases

API = "/api/v1"
PROCESSES = 10
PATHS = [f"{API}/contributions", f"{API}/contributions/1-0", f"{API}/events", f"{API}/none"]
MORE = ["/", "/pool/1", "/contribution/1-12000000", f"{API}/summary", f"{API}/movements", f"{API}/search?q=warm"]
"""What each process has to learn first: in the long run all of them."""
SERVE = """
import os, signal, sys, uvicorn
from api.explorer.app import create_app
from api.settings import Settings
signal.signal(signal.SIGTERM, signal.SIG_IGN)
app = create_app(Settings.from_environment())
for port in sys.argv[1:]:
    if os.fork() == 0:
        uvicorn.run(app, port=int(port), log_level="warning", timeout_graceful_shutdown=1)
        os._exit(0)
for _ in sys.argv[1:]:
    os.wait()
"""
"""As `python -m api serve` so many times, but that they are one until they begin: nothing is open by then."""


class Fleet:
    """Explorers in processes of their own, each at its port."""

    def __init__(self, database: str, content: Path) -> None:
        self.clients = [httpx.Client(base_url=f"http://127.0.0.1:{free_port()}") for _ in range(PROCESSES)]
        told = os.environ | {"MOA_DATABASE": database, "MOA_CONTENT": str(content)}
        ports = [str(client.base_url.port) for client in self.clients]
        self.parent = subprocess.Popen(
            [sys.executable, "-c", SERVE, *ports], cwd=ROOT, env=told, stdout=subprocess.DEVNULL, start_new_session=True
        )
        limit = time.monotonic() + 60
        for client in self.clients:
            while not answers(client):
                assert time.monotonic() < limit
                assert self.parent.poll() is None
                time.sleep(0.05)

    def stop(self) -> None:
        os.killpg(self.parent.pid, signal.SIGTERM)
        self.parent.wait(20)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get(f"{API}/health").status_code == 200
    except httpx.TransportError:
        return False


def next_movement(lines: Iterator[str]) -> Any:
    return next(json.loads(line[5:]) for line in lines if line.startswith("data:"))


@pytest.fixture
def reader(databases: Databases) -> Iterator[tuple[str, str]]:
    """A database, and the address under which it is only read."""
    where, role = databases.server.database(), f"reader_{os.getpid()}"
    let_read(where, role)
    yield where, make_url(where).set(username=role).render_as_string(hide_password=False)
    empty(where)
    change(where, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_ten_processes_on_one_database_answer_the_same(reader: tuple[str, str], tmp_path: Path) -> None:
    where, address = reader
    store = Store(where)
    world = build(store, tmp_path / "content")
    fleet = Fleet(address, tmp_path / "content")
    try:
        every = Both(fleet.clients)
        for path in PATHS + MORE * LONG:
            every.get(path)
        with ThreadPoolExecutor(PROCESSES) as pool:  # all at once, as behind a load balancer
            crowd = [pool.submit(client.get, path) for path in PATHS for client in fleet.clients]
            assert {each.result().status_code for each in crowd} == {200, 404}
        assert len(query(where, "SELECT pid FROM pg_stat_activity WHERE application_name = 'moa serve'")) <= 80
        with ExitStack() as stack:
            streams = [stack.enter_context(client.stream("GET", "/live", timeout=20)) for client in fleet.clients[:3]]
            heard = [stream.iter_lines() for stream in streams]
            for lines in heard:
                assert next(line for line in lines if line.startswith("id:"))
            world.book.give(1, WALLET, 424_242)
            world.book.mine()
            # What is committed is what all of them show, at once, and what their streams tell.
            latest = every.get(f"{API}/contributions", params={"limit": 1}).json()
            assert latest["items"][0]["amount"] == "424242"
            assert {next_movement(lines)["amount"] for lines in heard} == {"424242"}
        for path in PATHS:
            every.get(path)
    finally:
        fleet.stop()
        store.close()


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    with server(own=True) as started:
        yield started


def test_a_replica_is_read_and_never_written(own_server: Server, tmp_path: Path) -> None:
    where = own_server.database()
    store = Store(where)
    world: World = build(store, tmp_path / "content")
    with own_server.replica() as second:
        copy = make_url(second).set(database=make_url(where).database).render_as_string(hide_password=False)
        apps = [create_app(settings_in(tmp_path, database=address)) for address in (where, copy)]
        with TestClient(apps[0]) as first, TestClient(apps[1]) as other:
            both = Both([first, other])
            for amount in (1, 2):
                limit = time.monotonic() + 20
                while other.get(f"{API}/summary").json()["after"] != store_place(first):
                    assert time.monotonic() < limit
                    time.sleep(0.05)
                for path in PATHS + MORE:
                    both.get(path)
                world.book.give(1, WALLET, amount)
                world.book.mine()
            with pytest.raises(StoreError, match=r"nothing was written: .*read-only transaction: let the indexer"):
                Store(copy).note_head(1)
            # The first server may be away: what was copied is still there to be read.
            own_server.stop()
            assert first.get(f"{API}/summary").status_code == 503
            assert other.get(f"{API}/summary").json()["pools"] == 5
    own_server.start()
    store.close()


def store_place(client: TestClient) -> int:
    return int(client.get(f"{API}/summary").json()["after"])
