"""The index against a real chain: it holds what the contracts hold, through rewinds, kills and refusals."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from api.errors import NodeAwayError, NodeBehindError, NodeRefusedError, OtherChainError, StoreError, UnknownLogError
from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from tests.api.explorer import merkle
from tests.api.indexer.conftest import catch_up
from tests.api.stores import POSTGRES, SQLITE, change, content, query
from tests.ledger import DAY, ROOT, USD, Ganache, Ledger, environment, free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.tables import LOG_BITS
from api.settings import Deployment
from api.tables import LOG_BITS

EVIDENCE = b"e" * 32

REFUSING = {
    SQLITE: ["CREATE TRIGGER refuse BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'disk full'); END"],
    POSTGRES: [
        "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'disk full'; END $$ LANGUAGE plpgsql",
        "CREATE TRIGGER refuse BEFORE INSERT ON batches FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
}
"""A database that takes everything but a batch."""


def rows(store: Store, statement: str) -> list[Any]:
    return query(store.where, statement)


def play(ledger: Ledger) -> int:
    """Play a pool from its opening to a release."""
    pool = ledger.open_pool()
    ledger.give(pool, 30 * USD)
    ledger.record(pool, 25)
    ledger.give(pool, 7 * USD, ledger.donors[1])
    ledger.record(pool, 3, ledger.other_gateway)
    ledger.submit(pool, 0, b"r" * 32)
    ledger.attest(pool, 0, b"r" * 32, False, False)
    ledger.submit(pool, 0, EVIDENCE, "report.pdf")
    ledger.attest(pool, 0, EVIDENCE, True, True)
    ledger.wait(4 * DAY)
    ledger.release(pool, 0)
    return pool


def test_the_index_holds_what_the_contract_holds(ledger: Ledger, sync: Sync, store: Store) -> None:
    pool = play(ledger)
    catch_up(sync)
    held = ledger.see(ledger.fund, "poolOf", pool)
    line = store.lines()[pool]
    assert (line.raised, line.front, line.holes, line.number) == (held["raised"], held["released"], [], 30)
    assert rows(store, "SELECT accepts_until, defaults_at FROM deadlines ORDER BY log DESC LIMIT 1") == [
        (held["acceptsUntil"], held["defaultsAt"])
    ]
    gifts = rows(store, "SELECT start, amount, donor FROM contributions WHERE position = -1 ORDER BY start")
    assert len(gifts) == 2
    for start, amount, donor in gifts:
        assert ledger.fund.functions.giftAt(pool, start).call() == (ledger.w3.to_checksum_address(donor), amount)
    for batch, start, amount, count, root in rows(store, "SELECT batch, start, amount, count, root FROM batches"):
        assert ledger.fund.functions.batchOf(batch).call() == (root, start, amount, 0, count, pool, False)
    assert rows(store, "SELECT approved FROM verdicts ORDER BY log") == [(0,), (1,)]
    assert rows(store, "SELECT milestone, amount FROM releases") == [(0, 100 * USD)]
    assert rows(store, "SELECT milestone, start, amount FROM spends") == [(0, 0, 100 * USD)]
    assert rows(store, "SELECT symbol, decimals FROM tokens") == [("MUSD", 6)]


def test_contributions_tile_the_line(ledger: Ledger, sync: Sync, store: Store) -> None:
    pool = play(ledger)
    catch_up(sync)
    end = 0
    for number, (start, amount, n) in enumerate(
        rows(store, "SELECT start, amount, number FROM contributions ORDER BY start")
    ):
        assert (start, n) == (end, number + 1)
        end += amount
    assert end == ledger.see(ledger.fund, "poolOf", pool)["raised"]


def test_a_rewound_chain_leaves_no_row_behind(
    ledger: Ledger, sync: Sync, store: Store, deployment: Deployment, place: Callable[[str], Path | str]
) -> None:
    pool = ledger.open_pool(milestones=(100 * USD, 50 * USD, 400 * USD))
    ledger.give(pool, 200 * USD)
    ledger.pay(pool, 0, EVIDENCE)
    ledger.give_back(pool, 0, 30 * USD)
    snapshot = ledger.node.rpc("evm_snapshot")
    ledger.pay(pool, 1, EVIDENCE)
    ledger.record(pool, 10)
    ledger.give(pool, 300 * USD)
    ledger.submit(pool, 2, EVIDENCE)
    catch_up(sync)
    assert store.lines()[pool].holes == []
    ledger.node.rpc("evm_revert", snapshot)
    # Other blocks at the same heights, and more of them than before.
    for amount in (5, 6, 7, 8):
        ledger.give(pool, amount * USD, ledger.donors[2])
    steps = catch_up(sync)
    assert any(step.rewound_to is not None for step in steps)
    assert store.lines()[pool].holes == [(70 * USD, 100 * USD)]

    fresh = Store(place("fresh"))
    catch_up(Sync(Node(ledger.node.url), fresh, deployment))
    fresh.close()
    assert content(store.where) == content(fresh.where)


def test_the_subtrees_of_batches_make_up_the_contracts_roots(ledger: Ledger, sync: Sync, store: Store) -> None:
    pool = ledger.open_pool()
    ledger.give(pool, 3 * USD)
    counts = (1, 64, 65, 200)
    for count in counts[:-1]:
        ledger.record(pool, count)
    snapshot = ledger.node.rpc("evm_snapshot")
    ledger.record(pool, counts[-1])
    catch_up(sync)

    def check(counts: tuple[int, ...]) -> None:
        joined = "FROM subtrees JOIN batches ON batches.log = subtrees.log AND batches.pool = subtrees.pool"
        found = rows(store, f"SELECT roots, batch {joined} ORDER BY subtrees.log")
        assert [len(roots) // 32 for roots, _ in found] == [(count + 63) // 64 for count in counts]
        for roots, batch in found:
            nodes = [roots[i : i + 32] for i in range(0, len(roots), 32)]
            assert merkle.root(nodes) == ledger.fund.functions.batchOf(batch).call()[0]
        assert rows(store, "SELECT count(*) FROM subtrees") == [(len(counts),)]

    check(counts)
    ledger.node.rpc("evm_revert", snapshot)
    ledger.give(pool, USD)
    catch_up(sync)
    check(counts[:-1])


def test_a_chain_that_became_shorter_is_seen(ledger: Ledger, sync: Sync, store: Store) -> None:
    pool = ledger.open_pool()
    snapshot = ledger.node.rpc("evm_snapshot")
    ledger.give(pool, USD)
    catch_up(sync)
    ledger.node.rpc("evm_revert", snapshot)
    catch_up(sync)
    assert rows(store, "SELECT count(*) FROM contributions") == [(0,)]
    tip = store.tip()
    assert tip is not None
    assert tip.number == ledger.w3.eth.block_number


def test_a_node_that_has_not_got_as_far_as_the_deployment_is_waited_for(
    ledger: Ledger, store: Store, deployment: Deployment
) -> None:
    ahead = replace(deployment, block=ledger.w3.eth.block_number + 100)
    with pytest.raises(NodeBehindError, match="before the deployment's block"):
        Sync(Node(ledger.node.url), store, ahead).step()


def test_another_genesis_is_told_clearly(ledger: Ledger, store: Store, deployment: Deployment) -> None:
    other = replace(deployment, genesis=b"x" * 32)
    with pytest.raises(OtherChainError, match="was started afresh"):
        Sync(Node(ledger.node.url), store, other).check_chain()


def test_another_deployment_on_the_same_index_is_told(
    ledger: Ledger, sync: Sync, store: Store, deployment: Deployment
) -> None:
    catch_up(sync)
    other = replace(deployment, addresses={**deployment.addresses, "PooledFund": b"f" * 20})
    with pytest.raises(OtherChainError, match="its fund is"):
        Sync(Node(ledger.node.url), store, other).check_chain()


def test_an_unknown_log_stops_the_sync_and_is_named(ledger: Ledger, store: Store, deployment: Deployment) -> None:
    # The token under the register's name: its transfers mean nothing there.
    swapped = {**deployment.addresses, "Register": deployment.addresses["SettlementToken"]}
    strange = replace(
        deployment, addresses={name: swapped[name] for name in deployment.addresses if name != "SettlementToken"}
    )
    sync = Sync(Node(ledger.node.url), store, strange)
    with pytest.raises(UnknownLogError) as raised:
        sync.follow(lambda _: None, 0.01, lambda: False)
    named = re.search(r"log \d+ of block (\d+), transaction 0x[0-9a-f]{64}.*no event with the topic", str(raised.value))
    assert named
    # What came in earlier runs is right, and stays; nothing of this one is there.
    [(newest,)] = rows(store, "SELECT max(number) FROM blocks")
    assert newest is None or newest < int(named[1])
    assert rows(store, f"SELECT count(*) FROM logs WHERE log >= {int(named[1]) << LOG_BITS}") == [(0,)]  # noqa: S608
    ((reason,),) = rows(store, "SELECT value FROM meta WHERE key = 'halted'")
    assert "no event with the topic" in reason


def test_a_second_writer_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="another indexer writes"):
        Store(store.where)


@pytest.mark.parametrize(("version", "todo"), [("1", "delete the index"), ("99", "it is the older one, update it")])
def test_another_schema_is_refused(place: Callable[[str], Path | str], version: str, todo: str) -> None:
    where = place("other")
    Store(where).close()
    change(where, f"UPDATE meta SET value = '{version}' WHERE key = 'schema_version'")  # noqa: S608
    with pytest.raises(StoreError, match=f"has schema {version}, .*{todo}"):
        Store(where)


def test_a_node_that_is_away_is_said_to_be(deployment: Deployment, store: Store) -> None:
    away = Sync(Node(f"http://127.0.0.1:{free_port()}"), store, deployment)
    with pytest.raises(NodeAwayError, match="does not answer"):
        away.step()


def test_a_failed_write_leaves_nothing(ledger: Ledger, sync: Sync, store: Store, store_kind: str) -> None:
    catch_up(sync)
    before = content(store.where)
    ledger.record(ledger.open_pool(), 5)
    change(store.where, *REFUSING[store_kind])
    with pytest.raises(StoreError, match=r"nothing was written.*disk full"):
        sync.step()
    change(store.where, "DROP TRIGGER refuse ON batches" if store_kind == POSTGRES else "DROP TRIGGER refuse")
    assert content(store.where) == before
    catch_up(sync)
    assert rows(store, "SELECT count(*) FROM contributions") == [(5,)]


def test_a_killed_indexer_goes_on_where_it_was(
    ledger: Ledger, deployment: Deployment, place: Callable[[str], Path | str], tmp_path: Path
) -> None:
    pool = ledger.open_pool()
    path = ledger.write_deployment(tmp_path / "deployment.json")
    where = place("killed")
    env = environment(MOA_RPC=ledger.node.url, MOA_DEPLOYMENT=str(path), MOA_DATABASE=str(where))
    command = [sys.executable, "-m", "api", "index", "--follow", "--every", "0.01"]
    for pause in (0.3, 0.8, 0.9, 1.0):
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        ledger.record(pool, 200)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run(command[:4], cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    assert done.stderr == ""

    fresh = Store(place("fresh"))
    catch_up(Sync(Node(ledger.node.url), fresh, deployment))
    fresh.close()
    assert content(where) == content(fresh.where)
    assert len(content(fresh.where)["contributions"]) == 800


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    env = environment(MOA_DEPLOYMENT=str(tmp_path / "none.json"), MOA_DATABASE=str(tmp_path / "i.db"))
    done = subprocess.run(
        [sys.executable, "-m", "api", "index"], cwd=ROOT, env=env, check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("✗ there is no deployment file")
    assert done.stderr.count("\n") == 1
    (tmp_path / "none.json").write_text(json.dumps({"chainId": 1}))
    done = subprocess.run(
        [sys.executable, "-m", "api", "index"], cwd=ROOT, env=env, check=False, capture_output=True, text=True
    )
    assert "is not a deployment file" in done.stderr


def test_a_chain_started_afresh_behind_a_running_sync_stops_it(
    deployment: Deployment, store: Store, sync: Sync
) -> None:
    catch_up(sync)
    other = Ganache()  # another time of genesis, so another hash
    try:
        with pytest.raises(OtherChainError):
            Sync(Node(other.url), store, deployment).follow(lambda _: None, 0.01, lambda: False)
    finally:
        other.stop()
    assert "afresh" in rows(store, "SELECT value FROM meta WHERE key = 'halted'")[0][0]


def test_another_chain_that_answers_at_the_same_address_costs_no_row(ledger: Ledger, sync: Sync, store: Store) -> None:
    ledger.give(ledger.open_pool(), USD)
    catch_up(sync)
    before = content(store.where)
    other = Ganache()
    try:
        sync._node._wire._addresses[0].url = other.url  # as behind a proxy: no call ever failed
        with pytest.raises(OtherChainError, match="started afresh"):
            sync.step()
    finally:
        other.stop()
    assert content(store.where) == before


def test_what_is_accredited_as_a_token_and_is_none_stops_nothing(ledger: Ledger, sync: Sync, store: Store) -> None:
    ledger.accredit(ledger.contracts["Register"].address, 4, "No token")
    ledger.accredit(ledger.donors[0], 4, "No contract")
    ledger.give(ledger.open_pool(), USD)
    catch_up(sync)
    assert rows(store, "SELECT symbol FROM tokens") == [("MUSD",)]
    assert rows(store, "SELECT count(*) FROM contributions") == [(1,)]


@pytest.mark.parametrize("store_kind", [SQLITE], indirect=True)
def test_a_removed_index_is_not_written_on(sync: Sync, store: Store) -> None:
    catch_up(sync)
    assert not isinstance(store.where, str)
    store.where.unlink()
    with pytest.raises(StoreError, match="was removed"):
        sync.step()
    store.where.write_bytes(b"")
    with pytest.raises(StoreError, match="was replaced"):
        sync.step()


def test_why_it_waits_is_told_once_and_shown(ledger: Ledger, deployment: Deployment, store: Store) -> None:
    refusing = Node(ledger.node.url)
    sync = Sync(refusing, store, deployment)
    heard: list[str] = []
    turns = iter(range(6))

    def refuse(*_: object) -> None:
        raise NodeRefusedError("the node refused eth_getLogs: no such method")

    refusing.logs = refuse  # type: ignore[assignment,method-assign]
    sync.follow(lambda _: None, 0.01, lambda: next(turns, None) is None, heard.append)
    assert heard == ["the node refused eth_getLogs: no such method"]
    assert rows(store, "SELECT value FROM meta WHERE key = 'halted'") == [(heard[0],)]
    del refusing.logs  # type: ignore[method-assign]
    sync.follow(lambda _: None, 0.01, lambda: store.tip() is not None)
    assert rows(store, "SELECT value FROM meta WHERE key = 'halted'") == []


def test_a_node_of_a_test_never_speaks_for_another(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError, match="is taken"):
        Ganache(ledger.node.port)


def indexes(store: Store) -> set[str]:
    return {name for (name,) in rows(store, "SELECT name FROM sqlite_master WHERE type = 'index'")}


def test_a_backfill_makes_the_indexes_in_the_end_whatever_happens_on_the_way(
    ledger: Ledger, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(ledger)
    for _ in range(300):
        ledger.node.rpc("evm_mine")
    ledger.give(1, USD)
    monkeypatch.setattr("api.indexer.ranges.MOST", 90)
    first = Store(tmp_path / "index.db")
    sync = Sync(Node(ledger.node.url), first, deployment)
    sync.check_chain()
    assert sync.step().behind
    assert first.backfills
    assert not any(name.startswith("ix_logs") for name in indexes(first))
    sync.close()
    first.close()  # as if it had been killed

    second = Store(tmp_path / "index.db")
    assert second.backfills
    assert not any(name.startswith("ix_logs") for name in indexes(second))
    catch_up(Sync(Node(ledger.node.url), second, deployment))
    assert not second.backfills

    peace = Store(tmp_path / "peace.db")
    monkeypatch.setattr("api.indexer.sync.BACKFILL", 10**9)
    catch_up(Sync(Node(ledger.node.url), peace, deployment))
    assert indexes(second) == indexes(peace)
    assert content(second.where) == content(peace.where)
    second.close()
    peace.close()
