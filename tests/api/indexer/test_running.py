"""The indexer as it runs: it compares beside its work, counts, tells what happens, and ends when it is told to."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests
from fastapi.testclient import TestClient

from api import reconciled
from api.errors import SettingsError
from api.explorer.app import create_app
from api.settings import Settings
from tests.api.explorer.conftest import settings_in
from tests.api.indexer.test_kills import digest
from tests.api.indexer.test_strange_nodes import between  # noqa: F401 -- a fixture
from tests.ledger import ROOT, USD, Ganache, Ledger, environment, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.reconciled import Reconciled
    from tests import strange
    from tests.strange import StrangeNode

SECONDS = 60


def until(what: Callable[[], Any]) -> Any:
    """Wait until something is so, and return it."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


class Indexer:
    """`python -m api index --follow` on a database of its own."""

    def __init__(self, ledger: Ledger, folder: Path, *urls: str, **more: str) -> None:
        self.settings = settings_in(folder)
        self.settings.content.mkdir(exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/metrics"
        self.environment = environment(
            MOA_RPC=",".join(urls or [ledger.node.url]),
            MOA_DEPLOYMENT=str(ledger.write_deployment(self.settings.deployment)),
            MOA_DATABASE=str(self.settings.database),
            MOA_SOCKET="none",
            **{"MOA_RECONCILE_SECONDS": "1", "MOA_LOG": "json", "MOA_METRICS_PORT": str(self.port), **more},
        )
        command = [sys.executable, "-m", "api", "index", "--follow", "--every", "0.05"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    @property
    def note(self) -> Reconciled:
        try:
            with closing(sqlite3.connect(self.settings.database)) as connection:
                found = connection.execute("SELECT value FROM meta WHERE key = ?", [reconciled.KEY]).fetchone()
        except sqlite3.OperationalError:  # there is none yet
            return reconciled.nothing()
        return reconciled.read(found and found[0])

    def change(self, statement: str) -> None:
        with closing(sqlite3.connect(self.settings.database, timeout=10)) as connection:
            assert connection.execute(statement).rowcount != 0
            connection.commit()

    def counts(self) -> dict[str, float]:
        """Ask for the counts, by their names and labels; none before it listens."""
        try:
            text = requests.get(self.url, timeout=5).text
        except requests.ConnectionError:
            return {}
        rows = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in rows}

    def end(self) -> tuple[str, list[dict[str, Any]]]:
        """Tell it to end, and return what it said, in words and in events."""
        self.process.send_signal(signal.SIGTERM)
        out, errors = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, errors
        return out, [json.loads(line) for line in errors.splitlines()]


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    """A chain of these tests' own: they count its pools."""
    node = Ganache()
    try:
        yield Ledger(node)
    finally:
        node.stop()


@contextmanager
def running(*of: Any, **more: Any) -> Iterator[Indexer]:
    indexer = Indexer(*of, **more)
    try:
        yield indexer
    finally:
        if indexer.process.poll() is None:
            indexer.process.kill()
            indexer.process.communicate()


def command(indexer: Indexer) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "api", "reconcile"]
    plain = {**indexer.environment, "MOA_LOG": "text"}
    return subprocess.run(line, cwd=ROOT, env=plain, check=False, capture_output=True, text=True)


def test_it_compares_again_and_again_and_says_on_every_page_what_came_of_it(ledger: Ledger, tmp_path: Path) -> None:
    pool = ledger.open_pool()
    ledger.give(pool, 5 * USD)
    with running(ledger, tmp_path) as indexer, TestClient(create_app(indexer.settings)) as client:
        note = until(lambda: indexer.note if indexer.note["block"] else None)
        assert (note["pools"], note["differences"], note["trouble"]) == (1, [], None)
        ledger.give(pool, 3 * USD)
        until(lambda: indexer.note["block"] == ledger.w3.eth.block_number)
        assert "the one pool agrees" in client.get("/").text
        assert client.get("/health").json()["ok"]
        done = command(indexer)
        assert (done.returncode, done.stderr) == (0, "")
        assert re.fullmatch(
            r"compared with the contracts at block \d+ \(0x[0-9a-f]{64}\): 1 pool, 1 token, 23 figures: all agree\n",
            done.stdout,
        )

        indexer.change("UPDATE contributions SET amount = amount - 1 WHERE start = 0")
        until(lambda: indexer.note["differences"])
        found = client.get("/api/v1/reconciliation").json()
        assert (found["state"], found["indexed"], len(found["differences"])) == ("differs", True, 1)
        [wrong] = found["differences"]
        assert (wrong["about"], wrong["pool"], wrong["what"]) == ("pool", pool, "raised")
        assert {v["source"]: v["value"] for v in wrong["values"]} == {
            f"PooledFund.poolOf({pool}).raised": str(8 * USD),
            "events": str(8 * USD),
            "sum of contributions.amount": str(8 * USD - 1),
            "end of the last of contributions": str(8 * USD),
        }
        health, ready = client.get("/api/v1/health").json(), client.get("/health")
        assert (health["ok"], health["fresh"], health["reconciliation"]["differences"]) == (False, True, 1)
        assert (ready.status_code, ready.json()["serves"], ready.json()["ok"]) == (200, True, False)
        assert "1 of the index's figures" in ready.json()["why"]
        for path in ("/", f"/pool/{pool}", "/check"):
            assert "Something does not add up" in client.get(path).text
        assert f"<code>PooledFund.poolOf({pool}).raised</code>" in client.get("/check").text
        assert "moa_reconcile_differences 1.0" in client.get("/metrics").text
        until(lambda: indexer.counts()["moa_reconcile_differences"] == 1)
        done = command(indexer)
        assert done.returncode == 1
        assert f"✗ pool {pool}, raised: PooledFund.poolOf({pool}).raised says {8 * USD}; events says" in done.stderr
        with closing(sqlite3.connect(indexer.settings.database)) as connection:  # nothing is ever corrected
            assert connection.execute("SELECT amount FROM contributions WHERE start = 0").fetchone() == (5 * USD - 1,)

        indexer.change("UPDATE contributions SET amount = amount + 1 WHERE start = 0")
        until(lambda: not indexer.note["differences"])
        assert "does not add up" not in client.get("/").text
        until(lambda: indexer.counts()["moa_reconcile_differences"] == 0)
        counts = indexer.counts()
        assert min(counts[f'moa_reconcile_total{{result="{result}"}}'] for result in ("agrees", "differs")) >= 1
        out, events = indexer.end()
    assert out == ""
    told = [event for event in events if event["event"] == "reconciled"]
    assert [(event["level"], event["differences"]) for event in told] == [("info", 0), ("error", 1), ("info", 0)]
    assert {"event", "time", "level", "message", "block", "pools", "tokens", "seconds"} <= told[0].keys()


def test_what_could_not_be_compared_is_said_and_an_alarm_before_it_stands(
    ledger: Ledger, tmp_path: Path, between: Callable[..., StrangeNode]  # noqa: F811
) -> None:  # fmt: skip
    pool = ledger.open_pool()
    ledger.give(pool, 5 * USD)
    forgets: list[int] = []

    def quirk(call: strange.Call, ask: Callable[[strange.Call], strange.Reply]) -> strange.Reply:
        if call["method"] == "eth_call" and forgets:
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32000, "message": "missing trie node"}}
        return ask(call)

    with running(ledger, tmp_path, between(quirk).url) as indexer, TestClient(create_app(indexer.settings)) as client:
        until(lambda: indexer.note["block"])
        forgets.append(1)
        until(lambda: indexer.note["trouble"])
        found = client.get("/api/v1/reconciliation").json()
        assert (found["state"], found["trouble"]["reason"]) == (
            "agrees", "the node refused eth_call: missing trie node",
        )  # fmt: skip
        assert found["trouble"]["block"] == found["block"]
        assert "Since then it could not be compared" in client.get("/").text
        assert command(indexer).returncode == 2
        until(lambda: indexer.counts()['moa_reconcile_total{result="not_compared"}'] >= 1)
        forgets.clear()
        indexer.change("UPDATE contributions SET amount = amount - 1 WHERE start = 0")
        until(lambda: indexer.note["differences"] and not indexer.note["trouble"])
        forgets.append(1)
        note = until(lambda: indexer.note if indexer.note["trouble"] else None)
        assert reconciled.count(note) == 1
        assert indexer.counts()["moa_reconcile_differences"] == 1
        assert "Something does not add up" in client.get("/").text


def test_it_counts_what_it_does_and_tells_it_as_json(
    ledger: Ledger, tmp_path: Path, between: Callable[..., StrangeNode]  # noqa: F811
) -> None:  # fmt: skip
    pool = ledger.open_pool()
    first, second = between(), between()
    with running(ledger, tmp_path, first.url, second.url) as indexer:
        head, counts = ledger.w3.eth.block_number, indexer.counts
        until(lambda: counts().get("moa_index_block") == head)
        snapshot = ledger.node.rpc("evm_snapshot")
        before = counts()
        ledger.record(pool, 40)
        ledger.give(pool, USD)
        until(lambda: counts()["moa_index_block"] == head + 2)
        assert counts()["moa_index_gifts_total"] - before["moa_index_gifts_total"] == 41
        assert counts()["moa_index_logs_total"] - before["moa_index_logs_total"] == 2
        assert (counts()["moa_index_blocks_behind"], before["moa_index_rewind_depth_blocks_count"]) == (0, 0)
        ledger.node.rpc("evm_revert", snapshot)
        until(lambda: counts()["moa_index_rewind_depth_blocks_count"] == 1)
        assert counts()["moa_index_rewind_depth_blocks_sum"] == 2
        first.status = lambda: 503
        until(lambda: counts()["moa_node_switches_total"] >= 1)
        assert counts()["moa_node_silence_seconds"] < 5
        second.status = lambda: 503
        until(lambda: counts()['moa_index_waiting{reason="node_away"}'] == 1)
        until(lambda: counts()["moa_node_silence_seconds"] > 2)
        first.status = lambda: 200
        until(lambda: counts()['moa_index_waiting{reason="node_away"}'] == 0)
        assert counts()['moa_index_waits_total{reason="node_away"}'] >= 1
        assert counts()["process_resident_memory_bytes"] > 0
        out, events = indexer.end()
    assert out == ""
    by_event = {event["event"]: event for event in events}
    assert {"indexed", "rewound", "waiting", "reconciled"} <= by_event.keys()
    assert (by_event["rewound"]["depth"], by_event["rewound"]["block"]) == (2, head)
    assert (by_event["waiting"]["reason"], by_event["waiting"]["level"]) == ("node_away", "warning")
    assert "HTTP 503" in by_event["waiting"]["message"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", event["time"]) for event in events)


def test_people_get_lines(ledger: Ledger, tmp_path: Path) -> None:
    ledger.give(ledger.open_pool(), USD)
    with running(ledger, tmp_path, MOA_LOG="text", MOA_METRICS_PORT="0") as indexer:
        until(lambda: indexer.note["block"])
        time.sleep(0.2)
        indexer.process.send_signal(signal.SIGTERM)
        out, errors = indexer.process.communicate(timeout=20)
    assert errors == ""
    assert re.search(r"^block \d+ of \d+: \d+ logs$", out, re.MULTILINE)
    assert len(re.findall("^compared with the contracts at block", out, re.MULTILINE)) == 1  # not each time anew


def test_killed_in_mid_check_it_loses_nothing_and_notes_nothing(
    ledger: Ledger, tmp_path: Path, between: Callable[..., StrangeNode]  # noqa: F811
) -> None:  # fmt: skip
    pool = ledger.open_pool()
    ledger.give(pool, 5 * USD)
    asked: list[str] = []

    def quirk(call: strange.Call, ask: Callable[[strange.Call], strange.Reply]) -> strange.Reply:
        if call["method"] == "eth_call" and asked.append(call["params"][0]["data"]) is None and len(asked) > 3:
            time.sleep(0.5)
        return ask(call)

    node = between(quirk)
    with running(ledger, tmp_path, node.url) as indexer:
        until(lambda: len(asked) > 4)
        indexer.process.kill()
        indexer.process.communicate()
        assert indexer.note == reconciled.nothing()
        before = digest(indexer.settings.database)
    with running(ledger, tmp_path) as indexer:
        until(lambda: indexer.note["block"])
        indexer.process.kill()
        indexer.process.communicate()
        assert digest(indexer.settings.database) == before
        assert command(indexer).returncode == 0


def test_none_is_compared_where_none_is_wanted(ledger: Ledger, tmp_path: Path) -> None:
    ledger.give(ledger.open_pool(), USD)
    with running(ledger, tmp_path, MOA_RECONCILE_SECONDS="0") as indexer:
        until(lambda: indexer.settings.database.exists() and indexer.counts().get("moa_index_block"))
        time.sleep(1.5)
        assert indexer.note == reconciled.nothing()
        indexer.end()
    with TestClient(create_app(indexer.settings)) as client:
        assert "was not compared with the ledger itself yet" in client.get("/").text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MOA_METRICS_PORT", "70000", "MOA_METRICS_PORT is '70000': it must be a port"),
        ("MOA_METRICS_PORT", "x", "MOA_METRICS_PORT is 'x': it must be a port"),
        ("MOA_RECONCILE_SECONDS", "-1", "MOA_RECONCILE_SECONDS is '-1': it must be a number of seconds; 0: never"),
        ("MOA_METRICS", "yes", "MOA_METRICS is 'yes': it must be on or off"),
        ("MOA_REQUEST_LOG", "1", "MOA_REQUEST_LOG is '1': it must be on or off"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        Settings.from_environment()
    assert str(error.value).startswith(said)


def test_a_way_of_telling_that_there_is_none_of_is_said_in_one_line(ledger: Ledger, tmp_path: Path) -> None:
    with running(ledger, tmp_path, MOA_LOG="xml") as indexer:
        _, errors = indexer.process.communicate(timeout=30)
    assert (indexer.process.returncode, errors) == (1, "✗ MOA_LOG is 'xml': it must be text or json\n")


def test_a_port_that_is_taken_is_said_in_one_line(ledger: Ledger, tmp_path: Path) -> None:
    with running(ledger, tmp_path, MOA_METRICS_PORT=str(ledger.node.port), MOA_LOG="json") as indexer:
        _, errors = indexer.process.communicate(timeout=30)
    assert indexer.process.returncode == 1
    [event] = [json.loads(line) for line in errors.splitlines()]
    assert (event["event"], event["kind"]) == ("failed", "SettingsError")
    assert "nothing can listen" in event["message"]
