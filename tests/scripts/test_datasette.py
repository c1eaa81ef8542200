"""Datasette itself over an index that is being written: each question answers what the explorer says."""

from __future__ import annotations

import html
import json
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import yaml
from fastapi.testclient import TestClient

from api.errors import SettingsError
from api.explorer.app import create_app
from api.indexer.store import Store
from scripts import datasette
from tests.api.explorer.book import USD, account
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.world import DONOR, GATEWAY, NGO, PAYEE, World, build
from tests.ledger import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUERIES: dict[str, Any] = yaml.safe_load((datasette.FOLDER / "queries.yaml").read_text())


class Audited:
    """An index, the explorer over it, and Datasette over it."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings_in(folder)
        object.__setattr__(self.settings, "database", folder / "index.db")
        self.store = Store(self.settings.database)
        self.world: World = build(self.store, self.settings.content)
        book = self.world.book
        book.give_back(1, 0, PAYEE, 7 * USD)
        self.client = TestClient(create_app(self.settings))
        [batch] = self.get("/batches?pool=3")["items"]
        book.refund(3, account("donor 9"), 0, 1 * USD, bytes.fromhex(batch["batch"][2:]))
        book.mine()
        self.port = free_port()
        self.process = subprocess.Popen(
            datasette.command(self.settings.database, "127.0.0.1", self.port),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(300):
            try:
                self.read("/-/versions.json")
                break
            except OSError:
                assert self.process.poll() is None, "Datasette did not start"
                time.sleep(0.1)

    def read(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return str(answer.read().decode())

    def ask(self, query: str, **params: Any) -> list[dict[str, Any]]:
        """Ask one of the questions."""
        found = json.loads(self.read(f"/index/{query}.json?{urlencode({**params, '_shape': 'array'})}"))
        assert isinstance(found, list), found
        return found

    def sql(self, sql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.read(f"/index.json?{urlencode({'sql': sql, '_shape': 'array'})}"))
        return found

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1{path}").json()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.store.close()


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    opened = Audited(tmp_path_factory.mktemp("audited"))
    yield opened
    opened.stop()


def test_the_shipped_metadata_is_up_to_date() -> None:
    assert datasette.METADATA.read_text() == datasette.text(), "run `python -m scripts.datasette --write`"


def test_every_question_answers(audited: Audited) -> None:
    params = {"pool": 1, "start": 0, "milestone": 0, "donor": "0x" + DONOR.hex(), "ngo": "0x" + NGO.hex()}
    for name, query in QUERIES.items():
        used = {key: value for key, value in params.items() if f":{key}" in query["sql"]}
        rows = audited.ask(name, **used)
        assert bool(rows) == (name != "sums_that_do_not_agree"), name
        assert query["title"] in html.unescape(audited.read(f"/index/{name}?{urlencode(used)}"))


def test_where_a_gift_went_is_the_trace(audited: Audited) -> None:
    cursor, seen = "", 0
    while cursor is not None:
        page = audited.get(f"/pools/1/contributions?limit=10&cursor={cursor}")
        for gift in page["items"]:
            rows = audited.ask("where_did_my_gift_go", pool=1, start=gift["start"])
            assert sum(row["amount"] for row in rows) == int(gift["amount"])
            assert rows[-1]["amount"] == int(gift["waiting"])
            paid = sum(row["amount"] for row in rows if "milestone" in row["what"])
            assert paid == int(gift["spent"])
            seen += any("given back" in row["what"] for row in rows)
        cursor = page["next"]
    assert seen > 1


def test_refunds_are_steps_too(audited: Audited) -> None:
    refunded = ("refunded to the donor", 1 * USD)

    def steps() -> list[tuple[str, int]]:
        return [(row["what"], row["amount"]) for row in audited.ask("where_did_my_gift_go", pool=3, start=0)]

    assert steps() == [refunded, ("not spent: it waits in the pool", 3 * USD)]
    [batch] = audited.get("/batches?pool=3")["items"]
    audited.world.book.take_batch(3, GATEWAY, bytes.fromhex(batch["batch"][2:]), 3 * USD)
    audited.world.book.mine()
    assert steps() == [refunded, ("not spent: its gateway took back what this batch had left", 3 * USD)]


def test_what_a_donor_gave(audited: Audited) -> None:
    rows = audited.ask("gifts_of_a_donor", donor="0x" + DONOR.hex())
    items = audited.get(f"/donors/0x{DONOR.hex()}/contributions?limit=200")["items"]
    assert [(row["gift"], str(row["amount"])) for row in rows] == [(item["id"], item["amount"]) for item in items]
    assert audited.ask("gifts_of_a_donor", donor="nonsense") == []
    plan = audited.sql("EXPLAIN QUERY PLAN SELECT * FROM contributions WHERE donor = blob('0x00')")
    assert "USING INDEX contributions_by_donor" in plan[0]["detail"]


def test_what_an_ngo_received(audited: Audited) -> None:
    rows = audited.ask("what_did_this_ngo_receive", ngo="0x" + NGO.hex())
    pools = {pool["pool"]: pool for pool in audited.get(f"/pools?ngo=0x{NGO.hex()}")["items"]}
    assert [row["pool"] for row in rows] == sorted(pools)
    for row in rows:
        pool = pools[row["pool"]]
        assert row["given"] == int(pool["raised"])
        assert row["released"] - row["given_back"] == int(pool["released"])
        assert row["refunded"] == int(pool["refunded"])


def test_which_gifts_paid_a_release(audited: Audited) -> None:
    rows = audited.ask("which_gifts_paid_this_release", pool=1, milestone=0)
    [release] = audited.get("/releases?pool=1")["items"]
    assert sum(row["paid"] for row in rows) == int(release["amount"]) - int(release["returned"])
    for row in rows:
        assert str(row["paid"]) == audited.get(f"/contributions/{row['gift']}")["spent"]


def test_pools_stand_as_the_explorer_says(audited: Audited) -> None:
    for row in audited.ask("pools_at_a_glance"):
        assert str(row["held"]) == audited.get(f"/pools/{row['pool']}")["held"]


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE contributions SET amount = amount + 1 WHERE pool = 1 AND position = 3",
        "DELETE FROM contributions WHERE pool = 2 AND start = 0",
        "UPDATE batches SET amount = amount - 1",
        "UPDATE batches SET count = count + 1",
        "DELETE FROM spends WHERE pool = 4",
        "DELETE FROM releases WHERE pool = 4",
        "UPDATE spends SET amount = amount - 1 WHERE pool = 1",
        "UPDATE refunds SET amount = amount + 5",
    ],
)
def test_sums_that_do_not_agree_are_told(audited: Audited, wrong: str) -> None:
    """Each sum is broken in the live index, seen by Datasette, and put right again."""
    assert audited.ask("sums_that_do_not_agree") == []
    with audited.store._base.begin() as connection:
        before = {
            name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608
            for name in ("contributions", "batches", "spends", "releases", "refunds")
        }
        connection.exec_driver_sql(wrong)
    try:
        assert audited.ask("sums_that_do_not_agree")
    finally:
        with audited.store._base.begin() as connection:
            for name, rows in before.items():
                connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608
                marks = ",".join("?" * len(rows[0]))
                connection.exec_driver_sql(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608
    assert audited.ask("sums_that_do_not_agree") == []


def test_it_sees_what_the_indexer_writes_and_writes_nothing_itself(audited: Audited) -> None:
    [before] = audited.sql("SELECT count(*) AS n FROM blocks")
    audited.world.book.mine()
    [after] = audited.sql("SELECT count(*) AS n FROM blocks")
    assert after["n"] == before["n"] + 1
    for sql in ("DELETE FROM blocks", "PRAGMA writable_schema = 1", "ATTACH 'x' AS y"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            audited.sql(sql)
        assert refused.value.code == 400
    assert audited.sql("SELECT count(*) AS n FROM blocks") == [after]


def test_a_reader_does_not_keep_the_indexer_from_its_log(audited: Audited) -> None:
    audited.sql("SELECT count(*) AS n FROM contributions")
    with closing(sqlite3.connect(audited.settings.database)) as connection:
        [(busy, left, _)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert (busy, left) == (0, 0)


def test_pages_say_what_columns_mean_and_show_bytes_as_hex(audited: Audited) -> None:
    page = audited.read("/index/contributions")
    assert "Every gift, each with its place in its pool" in page
    assert "base units of the token" in page
    assert "0x" + DONOR.hex() in page
    assert "&lt;script&gt;alert" not in audited.read("/index")  # which is in a file, not in the index


def test_any_file_name_will_do(audited: Audited, tmp_path: Path) -> None:
    odd = tmp_path / "other name.db"
    odd.symlink_to(audited.settings.database)
    opened = datasette.command(odd, "127.0.0.1", 1)[2]
    assert opened.endswith("/index.db")
    with pytest.raises(SettingsError, match="there is no index"):
        datasette.command(tmp_path / "none.db", "127.0.0.1", 1)
