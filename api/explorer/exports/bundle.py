"""The audit bundle: everything that is needed to recompute the ledger up to a block, in a folder or a tar.

It reads the database alone, and nothing of the machine, the clock or the run goes in: whoever indexed the same chain
writes the same bytes for the same block.

    manifest.json       chain, contracts with the hash of their code, block, and every file with its SHA-256
    logs.jsonl          every log of the contracts, as the node gave it, in the ledger's order, but for events.UNWATCHED
    blocks.csv          every block
    tables/<table>.csv  every table, in the order of its key
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Table

from api import tables
from api.errors import ExportError
from api.explorer import text
from api.explorer.database import Database, notes_of
from api.explorer.exports import pins, ways
from api.explorer.exports.formats import Csv
from api.explorer.exports.pins import Pin
from api.explorer.exports.reading import Page, Reading
from api.settings import CONTRACTS
from api.tables import words

FORMAT = "moa-bundle/1"

_PLACE = 2**tables.LOG_BITS - 1


def write(database: Database, target: Path, block: int | None, told: Callable[[str], None]) -> None:
    """Write a bundle. `target` appears when it is whole, and not before.

    Args:
        database: The index.
        target: The folder, which may be there if it is empty; a name that ends with .tar: the same as one file.
        block: Up to which block; None: the newest one.
        told: Hears of each file.

    Raises:
        ExportError: The target is in use, the index lacks what a bundle needs, or the disk refuses.
        NotFoundError, RewoundError, UnavailableError: As those who read.

    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ExportError(f"{target} is there and not an empty folder: name another one")
    with database.snapshot() as connection:
        pin, notes = pins.pin(connection, block), notes_of(connection)
    about = _about(pin, notes)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{target.name}.", suffix=".part", dir=target.parent) as scratch:
            made = Path(scratch) / f"moa-{pin.chain_id}-{pin.number}"
            _write_files(database, pin, about, made, told)
            if target.suffix == ".tar":
                made = _pack(made)
            made.replace(target)
    except OSError as error:
        raise ExportError(f"{target} cannot be written: {error}") from error


def _about(pin: Pin, notes: dict[str, str]) -> dict[str, Any]:
    """Return the manifest but for the files."""
    for key in ("deployment_block", *(f"code of {name}" for name in CONTRACTS)):
        if key not in notes:
            raise ExportError(f"the index does not know its {key}: let the indexer meet the node once")
    return {
        "format": FORMAT,
        "chain_id": pin.chain_id,
        "genesis": text.hexed(pin.genesis),
        "deployment_block": int(notes["deployment_block"]),
        "block": {"number": pin.number, "hash": text.hexed(pin.hash), "time": pin.time},
        "contracts": {
            name: {"address": f"0x{notes[f'address of {name}']}", "code_hash": f"0x{notes[f'code of {name}']}"}
            for name in CONTRACTS
        },
        "schema_version": int(notes["schema_version"]),
    }


def _write_files(
    database: Database, pin: Pin, about: dict[str, Any], folder: Path, told: Callable[[str], None]
) -> None:
    (folder / "tables").mkdir(parents=True)
    files = []
    for path, table, lines in _contents():
        pages = Reading(database, pin, table, by_key=True).pages()
        found = _write_file(folder / path, lines(table, pages))
        files.append({"path": path, **found})
        told(f"{path}: {found['rows']} rows")
    manifest = {**about, "files": sorted(files, key=lambda file: str(file["path"]))}
    _write_file(folder / "manifest.json", iter([(0, (json.dumps(manifest, indent=1) + "\n").encode())]))


Lines = Iterator[tuple[int, bytes]]
"""How many rows, and their bytes."""


def _contents() -> Iterator[tuple[str, Table, Callable[[Table, Iterator[Page]], Lines]]]:
    yield "logs.jsonl", tables.logs, _logs
    yield "blocks.csv", tables.blocks, _csv
    for name, table in sorted(ways.TABLES.items()):
        if table is not tables.blocks:
            yield f"tables/{name}.csv", table, _csv


def _csv(table: Table, pages: Iterator[Page]) -> Lines:
    form = Csv([words.of(column) for column in table.columns], exact=True)
    yield 0, form.begin()
    for page in pages:
        yield len(page), form.rows(page)


def _logs(_table: Table, pages: Iterator[Page]) -> Lines:
    encoder = msgspec.json.Encoder()
    for page in pages:
        lines = [
            {
                "block": row.log >> tables.LOG_BITS,
                "index": row.log & _PLACE,
                "tx": text.hexed(row.tx),
                "address": text.hexed(row.address),
                "topics": [text.hexed(row.topics[i : i + 32]) for i in range(0, len(row.topics), 32)],
                "data": text.hexed(row.data),
            }
            for row in page
        ]
        yield len(page), encoder.encode_lines(lines)


def _write_file(path: Path, lines: Lines) -> dict[str, Any]:
    """Write a file to the disk itself, and return what the manifest says about it."""
    digest, size, rows = hashlib.sha256(), 0, 0
    with path.open("wb") as file:
        for count, data in lines:
            file.write(data)
            digest.update(data)
            size += len(data)
            rows += count
        file.flush()
        os.fsync(file.fileno())
    return {"sha256": digest.hexdigest(), "bytes": size, "rows": rows}


def _pack(folder: Path) -> Path:
    """Put a folder into one file beside it that is the same wherever it is made."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime, member.uid, member.gid, member.uname, member.gname, member.mode = 0, 0, 0, "", "", 0o644
        return member

    packed = folder.with_name(f"{folder.name}.tar")
    with tarfile.open(packed, "w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(path.relative_to(folder.parent).as_posix() for path in folder.rglob("*") if path.is_file()):
            tar.add(folder.parent / path, path, filter=plain)
    with packed.open("rb") as file:
        os.fsync(file.fileno())
    return packed
