"""An export bundle, held against the chain: its manifest's hashes, its raw logs, its blocks, its tables' every row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from . import tables
from .blocks import Blocks
from .deployment import Deployment
from .files import LINE, Files
from .forms import Either
from .node import Header, Log, Node
from .out import CannotCheckError, Progress, Report, shown
from .rows import Rows
from .state import Batch, State, Values
from .tokens import tokens_of
from .wire import parse
from .words import HOLDERS

_MANIFEST = 16 << 20
_MORE = ("contributions", "collections", "tokens", "subtrees")
"""Tables of which no single log makes a row as it stands."""
_TABLE = re.compile(r"tables/([a-z_]+)\.csv")


class Bundle:
    """A bundle, read along with the chain's logs."""

    def __init__(self, path: Path, report: Report) -> None:
        """Read its manifest, and check its files' hashes.

        Raises:
            CannotCheckError: It is no bundle.

        """
        self._files, self._report = Files(path), report
        if "manifest.json" not in self._files.paths:
            raise CannotCheckError(f"{shown(path)} is no bundle: it has no manifest.json")
        with self._files.open("manifest.json") as file:
            found = parse(file.read(_MANIFEST), "the bundle's manifest")
        try:
            if found["format"] != "moa-bundle/1":
                raise CannotCheckError(f"the bundle's format is {shown(found['format'])}, not moa-bundle/1")
            self.block = _int(found["block"]["number"])
            self._stated = {
                file["path"]: (file["sha256"], _int(file["bytes"]), _int(file["rows"])) for file in found["files"]
            }
            self._manifest: dict[str, Any] = found
            self._contracts = {name: (it["address"], it["code_hash"]) for name, it in found["contracts"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise CannotCheckError(f"the bundle's manifest lacks something ({shown(repr(error))})") from error
        self._rows: dict[str, Rows] = {}
        self._lines = 0
        self._blocks: Blocks | None = None
        self._block = -1

    # ------------------------------------------------------------------------------------------- before the logs

    def begin(self, deployment: Deployment, header: Header, codes: dict[str, bytes]) -> None:
        """Check the manifest, and open what is read along."""
        self._header = header
        self._check_manifest(deployment, header, codes)
        self._check_files()
        if "blocks.csv" in self._files.paths:
            self._blocks = Blocks(self._files.open("blocks.csv"), self._report)
        for path in self._files.paths:
            found = _TABLE.fullmatch(path)
            columns = tables.ALONG.get(found[1]) if found else None
            if found and columns:
                self._rows[found[1]] = Rows(
                    f"bundle, {found[1]}", self._files.open(path), columns, self._report, keys=1
                )
        needed = (f"tables/{table}.csv" for table in (*tables.COLUMNS, "logs", *_MORE))
        for path in sorted({"logs.jsonl", "blocks.csv", *needed} - {*self._files.paths}):
            self._report.differs("bundle", bundle=f"no {path}", chain="every table, block and log")
        self._logs = self._files.open("logs.jsonl") if "logs.jsonl" in self._files.paths else None
        self._next: Any = self._line()

    def _check_manifest(self, deployment: Deployment, header: Header, codes: dict[str, bytes]) -> None:
        same = self._report.same
        manifest = self._manifest
        stated = {name: manifest.get(name) for name in ("chain_id", "genesis", "deployment_block")}
        is_so = {
            "chain_id": deployment.chain_id,
            "genesis": "0x" + deployment.genesis.hex(),
            "deployment_block": deployment.block,
        }
        block = {"number": header.number, "hash": "0x" + header.hash.hex(), "time": header.time}
        for name, value in is_so.items():
            same(f"bundle, manifest, {name}", bundle=stated[name], chain=value)
        for name, value in block.items():
            same(f"bundle, manifest, block's {name}", bundle=manifest["block"].get(name), chain=value)
        for name, address in deployment.addresses.items():
            where, code = self._contracts.get(name, ("nothing", "nothing"))
            where = where.lower() if isinstance(where, str) else where
            same(f"bundle, manifest, {name}", bundle=where, chain="0x" + address.hex())
            same(f"bundle, manifest, code of {name}", bundle=code, chain="0x" + codes[name].hex())

    def _check_files(self) -> None:
        there = [path for path in self._files.paths if path != "manifest.json"]
        for path in sorted({*self._stated, *there}, key=str):
            what = f"bundle, file {shown(path)}"
            if path not in there or path not in self._stated:
                has = path in self._stated
                self._report.differs(
                    what, manifest="it is there" if has else "nothing", bundle="nothing" if has else "it is there"
                )
                continue
            digest, size = self._files.hash(path)
            self._report.same(f"{what}, sha256", manifest=self._stated[path][0], file=digest)
            self._report.same(f"{what}, bytes", manifest=self._stated[path][1], file=size)

    # -------------------------------------------------------------------------------------------- along the logs

    def hear(self, log: Log, event: str, values: Values, state: State) -> None:
        """Take in a log of the node's, and what it adds to the tables."""
        if event in HOLDERS:
            return
        self._expect_log(log)
        if self._blocks and log.block != self._block:
            self._block = log.block
            self._blocks.hear(log.block, log.block_hash, log.time)
        place = log.block * tables.PLACES + log.index
        if rows := self._rows.get("logs"):
            topics = "0x" + b"".join(log.topics).hex()
            rows.expect(
                [str(place), "0x" + log.tx.hex(), "0x" + log.address.hex(), event, topics, "0x" + log.data.hex()]
            )
        row = tables.row_of(log, event, values, state)
        if row is not None and row[0] in self._rows:
            self._rows[row[0]].expect(row[1])

    def hear_tree(self, batch: Batch, parts: list[bytes]) -> None:
        """Take in the tree of a batch, which is hashed later than its log is heard."""
        if rows := self._rows.get("subtrees"):
            place = batch.place.block * tables.PLACES + batch.place.log
            rows.expect([str(place), str(batch.stored["pool"]), "0x" + b"".join(parts).hex()])

    def _expect_log(self, log: Log) -> None:
        key = (log.block, log.index)
        while self._next is not None and self._next[0] < key:
            self._report.differs(
                f"bundle, log {self._next[0][1]} of block {self._next[0][0]}", bundle="it is there", chain="nothing"
            )
            self._next = self._line()
        if self._next is None or self._next[0] != key:
            if self._logs is not None:
                self._report.differs(f"bundle, {log.where}", bundle="nothing", chain="it is there")
            return
        wanted = {
            "block": log.block, "index": log.index, "tx": "0x" + log.tx.hex(), "address": "0x" + log.address.hex(),
            "topics": ["0x" + topic.hex() for topic in log.topics], "data": "0x" + log.data.hex(),
        }  # fmt: skip
        for name, value in wanted.items():
            self._report.same(f"bundle, {log.where}, {name}", bundle=self._next[1].get(name), chain=value)
        self._next = self._line()

    def _line(self) -> tuple[tuple[int, int], dict[str, Any]] | None:
        if self._logs is None:
            return None
        text = self._logs.readline(LINE)
        if not text:
            return None
        self._lines += 1
        try:
            found = parse(text, "")
            return (_int(found["block"]), _int(found["index"])), found
        except (CannotCheckError, KeyError, TypeError):
            self._report.add("bundle, logs.jsonl", f"line {self._lines} is no log; not read on")
            self._logs = None
            return None

    # --------------------------------------------------------------------------------------------- after the logs

    def finish(self, state: State, node: Node, progress: Progress) -> None:
        """Check what is left: rows and logs that should not be there, the gifts, the blocks, the tokens."""
        extra = 0
        while self._next is not None and extra < 50:
            extra += 1
            self._report.differs(
                f"bundle, log {self._next[0][1]} of block {self._next[0][0]}", bundle="it is there", chain="nothing"
            )
            self._next = self._line()
        self._gifts(state, progress)
        self._whole("collections", tables.COLLECTIONS, tables.collections(state), 2)
        if self._blocks:
            self._blocks.finish(node, self._header)
            self._count("blocks.csv", self._blocks.count)
        self._tokens(state, node)
        for name, rows_ in self._rows.items():
            rows_.finish()
            self._count(f"tables/{name}.csv", rows_.count)
        self._count("logs.jsonl", self._lines)
        for path in self._files.paths:
            table = _TABLE.fullmatch(path)
            if table and table[1] not in {*tables.COLUMNS, *_MORE, "logs"}:
                self._report.note(
                    f"the bundle's {shown(path)} is of a table that this program does not know: only hashed"
                )

    def _gifts(self, state: State, progress: Progress) -> None:
        rows = self._open("contributions", tables.CONTRIBUTIONS, 2)
        progress.begin()
        if rows is None:
            return
        for i, row in enumerate(tables.contributions(state)):
            rows.expect(row)
            if not i & 4095:
                progress.tell("reading the bundle's gifts", i, state.gifts)
        rows.finish()
        self._count("tables/contributions.csv", rows.count)

    def _tokens(self, state: State, node: Node) -> None:
        """Compare the tokens: each stands where it was accredited, or accredited again, when it was first met."""
        if (rows := self._open("tokens", tables.TOKENS, 1)) is None:
            return
        found = tokens_of(node, {it: at[0].block for it, at in state.tokens.items()}, self.block, self._report)
        heard: set[bytes] = set()
        for (block, index), it, last in sorted(
            (at[:2], it, at is met[-1]) for it, met in state.tokens.items() for at in met
        ):
            place = block * tables.PLACES + index
            row = rows.at(place)
            if it in heard or (row is None and (it not in found or not last)):
                continue
            heard.add(it)
            said = row[2:] if row else ["", "", ""]
            if it in found:  # of one that does not answer nothing is known: it may have, when it was met
                said = list(map(_fitting, found[it].values(), said))
            rows.expect([str(place), "0x" + it.hex(), *said])
        rows.finish()
        self._count("tables/tokens.csv", rows.count)

    def _whole(self, table: str, columns: list[str], expected: list[list[str]], keys: int) -> None:
        if rows := self._open(table, columns, keys):
            for row in expected:
                rows.expect(row)
            rows.finish()
            self._count(f"tables/{table}.csv", rows.count)

    def _open(self, table: str, columns: list[str], keys: int) -> Rows | None:
        path = f"tables/{table}.csv"
        if path not in self._files.paths:
            return None
        return Rows(f"bundle, {table}", self._files.open(path), columns, self._report, keys=keys)

    def _count(self, path: str, count: int) -> None:
        if path in self._stated:
            self._report.same(f"bundle, {path}, rows", manifest=self._stated[path][2], file=count)


def _fitting(told: Any, said: str) -> str:
    """Return a value as a field has it; of one that may be either, what a row says if it is one of them."""
    values = [str(each) for each in told] if isinstance(told, Either) else [str(told)]
    return said if said in values else values[0]


def _int(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{shown(value)} in place of a number")
    return value
