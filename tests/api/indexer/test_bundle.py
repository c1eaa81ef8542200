"""The audit bundle: the same bytes by every way to the same block, everything in it, and never half of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from api import tables
from api.errors import ExportError, OtherChainError
from api.explorer.exports import commands
from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from tests.api.indexer.conftest import catch_up
from tests.api.indexer.test_sync import play
from tests.ledger import DAY, ROOT, USD, environment

if TYPE_CHECKING:
    from pathlib import Path

    from api.settings import Deployment
    from tests.ledger import Ledger


def write(database: Path, target: Path, block: int | None = None) -> None:
    commands.write_bundle(database, target, block, lambda _: None)


def made(database: Path, target: Path, block: int | None = None) -> dict[str, bytes]:
    """Write a bundle and return its files' bytes by path."""
    write(database, target, block)
    return read(target)


def begin(database: Path, target: Path) -> subprocess.Popen[str]:
    """Begin to write a bundle by the command."""
    return subprocess.Popen(
        [sys.executable, "-m", "api", "bundle", str(target)],
        env=environment(MOA_DATABASE=str(database)), cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def index(ledger: Ledger, deployment: Deployment, database: Path, *, span: int = 500) -> None:
    """Index the chain to its head; `span`: in runs of few blocks at first."""
    store = Store(database)
    sync = Sync(Node(ledger.node.url), store, deployment)
    sync._fetcher._ranges.most = span
    catch_up(sync)
    store.close()


def more_life(ledger: Ledger, pool: int) -> None:
    """Let things happen that every book tells of."""
    ledger.give_back(pool, 0, 3 * USD)
    ledger.give(pool, 5 * USD)
    terms = (pool, 2 * USD, 0, ledger.now(), 0, 5, 10 * USD, 0)
    ledger.send(ledger.pledges.functions.pledge(terms), ledger.donors[2])
    ledger.send(ledger.pledges.functions.collect([1]), ledger.payee)
    ledger.accredit(ledger.donors[3], 5, "=cmd|' /C calc'!A0")


def test_every_way_to_a_block_gives_the_same_bytes(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    """In small pieces, with a rewind in between, and in one go: the same bundle, also of an older block."""
    pieces, at_once = tmp_path / "pieces.db", tmp_path / "once.db"
    pool = play(ledger)
    index(ledger, deployment, pieces, span=3)
    older = made(pieces, tmp_path / "older")
    block = json.loads(older["manifest.json"])["block"]["number"]

    snapshot = ledger.node.rpc("evm_snapshot")
    ledger.give(pool, 11 * USD, ledger.donors[3])
    ledger.wait(DAY)
    index(ledger, deployment, pieces, span=2)
    ledger.node.rpc("evm_revert", snapshot)
    more_life(ledger, pool)
    index(ledger, deployment, pieces, span=1)
    index(ledger, deployment, at_once)

    first, second = made(pieces, tmp_path / "first"), made(at_once, tmp_path / "second")
    assert first == second
    assert first != older
    assert made(pieces, tmp_path / "older again", block) == older
    assert made(at_once, tmp_path / "older elsewhere", block) == older


def test_everything_is_in_it(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    more_life(ledger, play(ledger))
    index(ledger, deployment, database)
    files = made(database, tmp_path / "bundle")
    manifest = json.loads(files.pop("manifest.json"))
    head = ledger.w3.eth.get_block("latest")

    # What it says of the chain is what the node says.
    assert manifest["format"] == "moa-bundle/1"
    assert manifest["chain_id"] == ledger.w3.eth.chain_id
    assert manifest["genesis"] == "0x" + bytes(ledger.w3.eth.get_block(0)["hash"]).hex()
    assert manifest["deployment_block"] == ledger.block
    wanted = {"number": head["number"], "hash": "0x" + bytes(head["hash"]).hex(), "time": head["timestamp"]}
    assert manifest["block"] == wanted
    assert manifest["schema_version"] == tables.SCHEMA_VERSION
    assert manifest["contracts"] == {
        name: {
            "address": contract.address.lower(),
            "code_hash": "0x" + keccak(bytes(ledger.w3.eth.get_code(contract.address))).hex(),
        }
        for name, contract in ledger.contracts.items()
    }

    # What it says of its files is what they are.
    assert [file["path"] for file in manifest["files"]] == sorted(files)
    for file in manifest["files"]:
        data = files[file["path"]]
        assert (file["sha256"], file["bytes"]) == (hashlib.sha256(data).hexdigest(), len(data))
        assert file["rows"] == (len(rows(data)) if file["path"].endswith(".csv") else data.count(b"\n"))
    names = {f"tables/{name}.csv" for name in tables.metadata.tables} - {"tables/meta.csv", "tables/blocks.csv"}
    assert set(files) == names | {"blocks.csv", "logs.jsonl"}

    # The raw logs are the node's own, in its order, without what holders do with the token.
    holders = {
        "0x" + keccak(text=said).hex()
        for said in ("Transfer(address,address,uint256)", "Approval(address,address,uint256)",
                     "AuthorizationUsed(address,bytes32)", "AuthorizationCanceled(address,bytes32)")
    }  # fmt: skip
    wanted_logs = ledger.node.rpc(
        "eth_getLogs",
        {"fromBlock": hex(ledger.block), "toBlock": "latest",
         "address": [contract.address for contract in ledger.contracts.values()]},
    )  # fmt: skip
    assert [json.loads(line) for line in files["logs.jsonl"].splitlines()] == [
        {
            "block": int(log["blockNumber"], 16), "index": int(log["logIndex"], 16), "tx": log["transactionHash"],
            "address": log["address"].lower(), "topics": log["topics"], "data": log["data"],
        }
        for log in wanted_logs
        if log["topics"][0] not in holders
    ]  # fmt: skip

    # The tables are the index's, in the order of their keys, and every text is exact.
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        for name, table in tables.metadata.tables.items():
            if name == "meta":
                continue
            key = ", ".join(column.name for column in table.primary_key.columns)
            stored = [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY {key}")]  # noqa: S608
            path = "blocks.csv" if name == "blocks" else f"tables/{name}.csv"
            assert files[path].decode().partition("\n")[0].split(",") == [str(c.name) for c in table.columns]
            assert rows(files[path]) == [
                {key: plain(table.columns[key].type.python_type, value) for key, value in row.items()} for row in stored
            ]
    assert b"=cmd|' /C calc'!A0" in files["tables/members.csv"]
    assert b"'=cmd" not in files["tables/members.csv"]


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def plain(kind: type, value: Any) -> str:
    if value is None:
        return ""
    if kind is bytes:
        return "0x" + value.hex()
    return ("true" if value else "false") if kind is bool else str(value)


def test_a_tar_is_the_same_folder(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    play(ledger)
    index(ledger, deployment, database)
    files = made(database, tmp_path / "bundle")
    for name in ("one.tar", "two.tar"):
        write(database, tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    manifest = json.loads(files["manifest.json"])
    with tarfile.open(tmp_path / "one.tar") as tar:
        members = tar.getmembers()
        folder = f"moa-{manifest['chain_id']}-{manifest['block']['number']}"
        assert [member.name for member in members] == sorted(f"{folder}/{path}" for path in files)
        for member in members:
            assert (member.mtime, member.uid, member.gid, member.mode) == (0, 0, 0, 0o644)
            assert (member.uname, member.gname) == ("", "")
            opened = tar.extractfile(member)
            assert opened is not None
            assert opened.read() == files[member.name.removeprefix(f"{folder}/")]
    assert sorted(path.name for path in tmp_path.iterdir() if "part" in path.name) == []


def test_what_cannot_be_bundled_is_refused(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    database = tmp_path / "index.db"

    def refused(says: str, target: Path = tmp_path / "x", block: int | None = None) -> None:
        with pytest.raises(ExportError, match=says):
            write(database, target, block)

    refused("there is no index yet")
    store = Store(database)
    refused("nothing is indexed yet")
    sync = Sync(Node(ledger.node.url), store, deployment)
    catch_up(sync)
    tip = store.tip()
    assert tip is not None
    refused(f"there is no block {tip.number + 1}: the index ends at block {tip.number}", block=tip.number + 1)
    refused("there is no block 0", block=0)
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("keep")
    refused("not an empty folder", full)
    refused("not an empty folder", full / "mine")
    refused("cannot be written", full / "mine" / "x")
    assert (full / "mine").read_text() == "keep"
    with sqlite3.connect(database) as connection:
        connection.execute("DELETE FROM meta WHERE key = 'code of Judgement'")
    refused("does not know its code of Judgement")
    assert not (tmp_path / "x").exists()
    sync.check_chain()
    (tmp_path / "empty").mkdir()
    assert len(made(database, tmp_path / "empty")) == len(tables.metadata.tables) + 1
    store.close()


def test_the_command_tells_what_it_does(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    index(ledger, deployment, database)
    process = begin(database, tmp_path / "bundle")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    members = len(rows(read(tmp_path / "bundle")["tables/members.csv"]))
    assert members > 5
    assert f"\ntables/members.csv: {members} rows\n" in said
    process = begin(database, tmp_path / "bundle")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.startswith("✗ ")
    assert "not an empty folder" in said


def test_a_killed_run_leaves_nothing_that_looks_whole(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    play(ledger)
    index(ledger, deployment, database)
    made(database, tmp_path / "reference")
    killed = 0
    for n in range(5):
        target = tmp_path / f"killed {n}" / "bundle"
        process = begin(database, target)
        assert process.stderr is not None
        for _ in range(9 * n):
            process.stderr.readline()
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        process.stderr.close()
        if target.exists():
            assert read(target) == read(tmp_path / "reference")
        else:
            killed += 1
            assert not target.parent.exists() or all(path.suffix == ".part" for path in target.parent.iterdir())
    assert killed >= 2


def test_a_rewind_while_it_is_written_leaves_nothing(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    database = tmp_path / "index.db"
    play(ledger)
    index(ledger, deployment, database)
    process = begin(database, tmp_path / "out" / "bundle")
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.05)
    store = Store(database)
    tip = store.tip()
    assert tip is not None
    store.rewind(tip.number - 1)
    store.close()
    process.send_signal(signal.SIGCONT)
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) == 1
    assert "the chain was rewound" in said
    assert list((tmp_path / "out").iterdir()) == []


def test_an_index_is_of_one_code(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    """Other code at the same address is another deployment, and is not indexed into this one."""
    database = tmp_path / "index.db"
    index(ledger, deployment, database)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'code of PooledFund'", ("00" * 32,))
    store = Store(database)
    with pytest.raises(OtherChainError, match="its code of PooledFund is 0000"):
        Sync(Node(ledger.node.url), store, deployment).check_chain()
    store.close()
