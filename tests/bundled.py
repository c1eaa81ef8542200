"""A bundle by the words of its format, for tests of who reads one: written from an index, row by row, by other code."""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
import tarfile
from typing import TYPE_CHECKING, Any

from eth_utils.crypto import keccak
from sqlalchemy import Boolean

from api import tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ledger import Ledger

PLACE = 1 << 20


def write(folder: Path, database: Path, ledger: Ledger) -> Path:
    """Write the bundle of all that is indexed."""
    connection = sqlite3.connect(database)
    number, head, time = connection.execute("select number, hash, time from blocks order by number desc").fetchone()
    names = dict(connection.execute("select key, value from meta"))
    (folder / "tables").mkdir(parents=True)
    rows = {"logs.jsonl": _logs(folder / "logs.jsonl", connection)}
    for table in tables.metadata.sorted_tables:
        if table.name != "meta":
            path = "blocks.csv" if table.name == "blocks" else f"tables/{table.name}.csv"
            rows[path] = _table(folder / path, connection, table)
    connection.close()
    manifest = {
        "format": "moa-bundle/1",
        "chain_id": int(names["chain_id"]),
        "genesis": "0x" + names["genesis"],
        "deployment_block": ledger.block,
        "block": {"number": number, "hash": "0x" + head.hex(), "time": time},
        "contracts": {
            name: {
                "address": contract.address.lower(),
                "code_hash": "0x" + keccak(ledger.w3.eth.get_code(contract.address)).hex(),
            }
            for name, contract in ledger.contracts.items()
        },
        "schema_version": tables.SCHEMA_VERSION,
        "files": [],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    seal(folder, rows)
    return folder


def seal(folder: Path, rows: dict[str, int] | None = None) -> None:
    """Write the hashes of the files as they are into the manifest; rows as they were unless they are told."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    known = rows or {file["path"]: file["rows"] for file in manifest["files"]}
    manifest["files"] = [
        {
            "path": name,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            "bytes": (folder / name).stat().st_size,
            "rows": known[name],
        }
        for name in sorted(known)
    ]
    path.write_text(json.dumps(manifest))


def pack(folder: Path, path: Path) -> Path:
    """Put a bundle into a tar."""
    with tarfile.open(path, "w:") as tar:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                tar.add(file, f"moa-1337-1/{file.relative_to(folder).as_posix()}")
    return path


BESIDE = ("batch", "gateway", "token", "block", "index", "time", "tx")
"""The columns that an explorer's export of gifts has beside the table's own."""


def exported(database: Path, pool: int) -> list[list[str]]:
    """Return an explorer's export of a pool's gifts, its columns first."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    query = """
        select gift.*, batches.batch, batches.gateway, pools.token, gift.log >> 20 as block,
            gift.log & 1048575 as "index", blocks.time, logs.tx
        from contributions as gift join pools using (pool) join logs on logs.log = gift.log
            join blocks on blocks.number = gift.log >> 20 left join batches on batches.log = gift.log
        where gift.pool = ? order by gift.start
    """
    rows = connection.execute(query, (pool,)).fetchall()
    connection.close()
    own = [column.name for column in tables.contributions.columns]
    return [[*own, *BESIDE], *([_field(value, False) for value in row] for row in rows)]


def _logs(path: Path, connection: sqlite3.Connection) -> int:
    with path.open("w") as file:
        found = connection.execute("select log, tx, address, topics, data from logs order by log").fetchall()
        for place, tx, address, topics, data in found:
            log: dict[str, Any] = {"block": place // PLACE, "index": place % PLACE}
            log |= {"tx": "0x" + tx.hex(), "address": "0x" + address.hex()}
            log["topics"] = ["0x" + topics[i : i + 32].hex() for i in range(0, len(topics), 32)]
            file.write(json.dumps(log | {"data": "0x" + data.hex()}) + "\n")
    return len(found)


def _table(path: Path, connection: sqlite3.Connection, table: Any) -> int:
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    names = [column.name for column in table.columns]
    wanted = ", ".join(f'"{name}"' for name in names)
    found = connection.execute(f'select {wanted} from "{table.name}" order by {keys}').fetchall()  # noqa: S608
    truths = [isinstance(column.type, Boolean) for column in table.columns]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in found:
            writer.writerow([_field(value, truth) for value, truth in zip(row, truths, strict=True)])
    return len(found)


def _field(value: Any, truth: bool) -> str:
    if value is None:
        return ""
    if truth:
        return "true" if value else "false"
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
