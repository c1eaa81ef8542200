"""PostgreSQL's one writer: never two, whatever is lost, and nothing half written, whatever is killed or refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from threading import Timer
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import make_url

from api.errors import StoreError
from api.indexer.chain import Node
from api.indexer.kinds import Block
from api.indexer.store import Store
from api.indexer.sync import Sync
from api.tables import LOG_BITS
from tests.api.indexer.conftest import catch_up
from tests.api.stores import POSTGRES, change, content, empty, query
from tests.ledger import ROOT, Ledger, environment
from tests.postgres import Server, server

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.settings import Deployment

INDEX = [sys.executable, "-m", "api", "index"]
SESSION = "FROM pg_stat_activity WHERE application_name = 'moa index' AND datname = current_database()"
GENESIS = Block(0, b"0" * 32, bytes(32), 1)


@pytest.fixture(params=[POSTGRES])
def store_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def where(place: Callable[[str], Path | str]) -> str:
    return str(place("index"))


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that tests may stop."""
    with server(own=True) as started:
        yield started


def end_session(where: str) -> None:
    """End the indexer's session, as an administrator or a broken line does."""
    assert query(where, f"SELECT count(pg_terminate_backend(pid)) {SESSION}") == [(1,)]
    until(lambda: not query(where, f"SELECT pid {SESSION}"))


def until(done: Callable[[], Any]) -> None:
    limit = time.monotonic() + 30
    while not done():
        assert time.monotonic() < limit, "in vain"
        time.sleep(0.02)


def logs(count: int, size: int = 10) -> dict[str, list[tuple[Any, ...]]]:
    return {
        "logs": [(1 << LOG_BITS | n, b"t" * 32, b"a" * 20, "Released", b"", os.urandom(size)) for n in range(count)]
    }


def indexer(where: str, ledger: Ledger, folder: Path, *options: str) -> subprocess.Popen[str]:
    path = ledger.write_deployment(folder / "deployment.json")
    told = environment(MOA_RPC=ledger.node.url, MOA_DEPLOYMENT=str(path), MOA_DATABASE=where)
    return subprocess.Popen(
        [*INDEX, *options], cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


class Cut(list[Any]):
    """Rows in the middle of which something happens."""

    def __init__(self, rows: list[Any], happens: Callable[[], object]) -> None:
        super().__init__(rows)
        self._happens = happens

    def __iter__(self) -> Iterator[Any]:
        for i, row in enumerate(super().__iter__()):
            if i == len(self) // 2:
                self._happens()
            yield row


def test_a_second_indexer_ends_with_one_line_that_names_the_first(where: str, ledger: Ledger, tmp_path: Path) -> None:
    store = Store(where)
    ((pid, role),) = query(where, f"SELECT pid, usename {SESSION}")
    other = indexer(where, ledger, tmp_path)
    _, said = other.communicate(timeout=60)
    name = make_url(where).database
    assert said == f"✗ another indexer writes postgresql:///{name} (session {pid} of role {role}): stop it first\n"
    assert other.returncode == 1
    store.write([GENESIS], {}, [], 0)
    store.close()
    Store(where).close()


def test_one_that_ends_is_waited_for(where: str) -> None:
    ending = Store(where)
    Timer(0.3, ending.close).start()
    Store(where).close()


def test_a_reader_that_is_in_the_middle_of_something_does_not_keep_the_indexer_out(where: str) -> None:
    Store(where).close()
    with psycopg.connect(where) as reader:
        reader.execute("SELECT count(*) FROM blocks")
        Store(where).close()


@pytest.mark.parametrize("in_the_middle", [False, True])
def test_who_lost_the_session_never_writes_again(where: str, *, in_the_middle: bool) -> None:
    store = Store(where)
    store.write([GENESIS], {}, [], 0)
    rows = logs(2000)
    if in_the_middle:
        cut = {"logs": Cut(rows["logs"], lambda: end_session(where))}
    else:
        cut = rows
        end_session(where)
    with pytest.raises(StoreError, match=r"was lost.*start the indexer again \("):
        store.write([Block(1, b"1" * 32, GENESIS.hash, 2)], cut, [], 1)
    # The lock went with the session: another one may write, and the first one may not any more.
    other = Store(where)
    for again in (lambda: store.write([Block(1, b"x" * 32, GENESIS.hash, 2)], {}, [], 1), store.tip, store.clear_halt):
        with pytest.raises(StoreError, match="start the indexer again"):
            again()
    assert other.tip() == GENESIS
    assert content(where)["logs"] == []
    other.write([Block(1, b"1" * 32, GENESIS.hash, 2)], rows, [], 1)
    assert len(content(where)["logs"]) == 2000
    other.close()
    store.close()


def test_a_server_that_was_restarted_costs_a_restart_of_the_indexer_and_no_row(own_server: Server) -> None:
    where = own_server.database()
    store = Store(where)
    store.write([GENESIS], logs(100), [], 0)
    time.sleep(1)  # what was committed in the last moments may be lost in a crash, in whole
    own_server.stop()
    with pytest.raises(StoreError, match=r"was lost.*start the indexer again"):
        store.note_head(1)
    with pytest.raises(StoreError, match=r"^postgresql:///moa_\w+ cannot be written: connection"):
        Store(where)
    own_server.start()
    with pytest.raises(StoreError, match="was lost"):
        store.note_head(1)
    again = Store(where)
    assert (again.tip(), len(content(where)["logs"])) == (GENESIS, 100)
    again.note_head(1)
    again.close()
    store.close()


def test_an_indexer_that_is_killed_in_the_middle_of_a_copy_leaves_nothing_half_written(
    where: str, place: Callable[[str], Path | str], ledger: Ledger, deployment: Deployment, tmp_path: Path
) -> None:
    pool = ledger.open_pool()
    Store(where).close()
    change(
        where,
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$",
        "CREATE TRIGGER slowly BEFORE INSERT ON contributions FOR EACH ROW EXECUTE FUNCTION slowly()",
    )
    ledger.record(pool, 200)
    recorded = ledger.w3.eth.block_number
    killed = indexer(where, ledger, tmp_path)
    copying = f"SELECT pid {SESSION} AND query LIKE 'COPY contributions%' AND state = 'active'"
    until(lambda: query(where, copying))
    time.sleep(0.3)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    # The server notices, also in the middle of what it does, and lets go of the lock.
    until(lambda: not query(where, f"SELECT pid {SESSION}"))
    # Runs before it may be there, and whole; of its own there is nothing.
    found = content(where)
    assert found["contributions"] == found["batches"] == []
    assert all(number < recorded for number, *_ in found["blocks"])
    change(where, "DROP TRIGGER slowly ON contributions", "DROP FUNCTION slowly")
    out, said = indexer(where, ledger, tmp_path).communicate(timeout=60)
    assert (said, "logs" in out) == ("", True)
    fresh = Store(place("fresh"))
    catch_up(Sync(Node(ledger.node.url), fresh, deployment))
    fresh.close()
    assert content(where) == content(fresh.where)
    assert len(content(where)["contributions"]) == 200


def test_a_killed_indexer_does_not_keep_its_lock_while_the_server_is_busy_for_it(where: str) -> None:
    """Its statement would go on for a minute: the server looks after whom it works for."""
    code = (
        "import sys\nfrom sqlalchemy import text\nfrom api.indexer.store import Store\nstore = Store(sys.argv[1])\n"
        "with store._base.begin() as connection:\n    connection.execute(text('SELECT pg_sleep(60)'))"
    )
    busy = subprocess.Popen([sys.executable, "-c", code, where], cwd=ROOT)
    until(lambda: query(where, f"SELECT pid {SESSION} AND query LIKE '%pg_sleep%' AND state = 'active'"))
    busy.kill()
    busy.wait()
    began = time.monotonic()
    until(lambda: not query(where, f"SELECT pid {SESSION}"))
    assert time.monotonic() - began < 10
    Store(where).close()


def test_a_database_that_may_only_be_read_is_told_and_written_later(where: str) -> None:
    store = Store(where)
    store.write([GENESIS], {}, [], 0)
    store.close()
    name = make_url(where).database
    try:
        change(where, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        with pytest.raises(StoreError, match=r"nothing was written: .*read-only transaction: let the indexer write"):
            Store(where).write([Block(1, b"1" * 32, GENESIS.hash, 2)], {}, [], 1)
    finally:
        change(
            where,
            f"ALTER DATABASE {name} RESET default_transaction_read_only",
        )
    again = Store(where)
    again.write([Block(1, b"1" * 32, GENESIS.hash, 2)], {}, [], 1)
    again.close()


def test_a_role_that_may_not_write_is_told_what_it_lacks(where: str) -> None:
    role = f"stranger_{os.getpid()}"
    change(where, f"CREATE ROLE {role} LOGIN")
    try:
        with pytest.raises(StoreError, match=r"permission denied for schema public: give the indexer's role"):
            Store(make_url(where).set(username=role).render_as_string(hide_password=False))
        Store(where).close()
        with pytest.raises(StoreError, match=r"permission denied for table meta: give the indexer's role"):
            Store(make_url(where).set(username=role).render_as_string(hide_password=False))
    finally:
        empty(where)
        change(where, f"DROP ROLE {role}")


def test_a_full_disk_is_told_and_the_index_goes_on_when_there_is_room(own_server: Server) -> None:
    own_server.stop()
    own_server.start(largest_file=17 * 2**20)  # the server's own log has files of 16
    where = own_server.database()
    store = Store(where)
    store.write([GENESIS], {}, [], 0)
    block = Block(1, b"1" * 32, GENESIS.hash, 2)
    with pytest.raises(StoreError, match=r"nothing was written: could not extend file .*: mend that"):
        store.write([block], logs(30, 1_000_000), [], 1)
    assert (store.tip(), content(where)["logs"]) == (GENESIS, [])
    store.write([block], logs(3), [], 1)
    assert (store.tip(), len(content(where)["logs"])) == (block, 3)
    store.close()
    own_server.stop()
    own_server.start()
    again = Store(where)
    again.rewind(0)
    again.write([block], logs(30, 1_000_000), [], 1)
    assert len(content(where)["logs"]) == 30
    again.close()


def test_a_password_is_never_said() -> None:
    for address in ("postgresql://moa:s3cret@127.0.0.1:1/index", "postgresql://moa:s3cret@nowhere.invalid/index"):
        with pytest.raises(StoreError) as refused:
            Store(address)
        assert "s3cret" not in str(refused.value)
        assert "cannot be written" in str(refused.value)
