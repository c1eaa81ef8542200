"""The verifier as a stranger runs it: against a real node, a real explorer and a bundle, honest ones and others."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.verify import __main__ as command
from scripts.verify import abi, explorer, replay, tree, words
from scripts.verify.line import Line
from scripts.verify.node import Node
from scripts.verify.out import CannotCheckError, Progress, shown
from scripts.verify.tape import Gift, Gifts, Place, Spool
from tests import bundled
from tests.api.explorer import merkle
from tests.ledger import DAY, ROOT, USD, artifact, environment, free_port
from tests.scripts.liars import Proxy, offer_export, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scripts.liars import Answer, Stage

PACKAGE = ROOT / "scripts" / "verify"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u202e]")


class Command:
    """Runs the command within this process. What the node itself answers is remembered, unless `fresh` is wanted."""

    def __init__(self, stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.stage, self._capsys, self._monkeypatch = stage, capsys, monkeypatch
        self.out = self.err = ""

    def __call__(self, *more: str, rpc: str | None = None, deployment: Path | None = None, fresh: bool = False) -> int:
        where = ["--rpc", rpc or self.stage.node.url, "--deployment", str(deployment or self.stage.deployment)]
        with self._monkeypatch.context() as patch:
            if rpc is None and not fresh:
                patch.setattr(command, "Node", self._remembering)
            code = command.main([*where, "--wait", "0", *more])
        self.out, self.err = self._capsys.readouterr()
        assert not CONTROL.search(self.out + self.err), "what a terminal would obey"
        assert "has a fault" not in self.err, self.err
        return code

    def _remembering(self, url: str) -> Node:
        node = Node(url)
        node._wire = self.stage.node_wire
        return node

    @property
    def lines(self) -> list[str]:
        return [line for line in self.out.splitlines() if line.startswith("✗")]


@pytest.fixture
def verify(stage: Stage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(stage, capsys, monkeypatch)


@pytest.fixture
def api(stage: Stage) -> Iterator[Proxy]:
    """Somebody between the verifier and the explorer."""
    proxy = Proxy(stage.server.url)
    yield proxy
    proxy.stop()


@pytest.fixture
def node(stage: Stage) -> Iterator[Proxy]:
    """Somebody between the verifier and the node."""
    proxy = Proxy(stage.node.url)
    yield proxy
    proxy.stop()


# --------------------------------------------------------------------------------------------------- independence


def test_it_imports_nothing_but_itself_the_standard_library_and_what_web3_brings() -> None:
    modules = sorted(PACKAGE.glob("*.py"))
    assert len(modules) > 20
    for module in modules:
        for found in ast.walk(ast.parse(module.read_text())):
            names = []
            if isinstance(found, ast.Import):
                names = [alias.name for alias in found.names]
            elif isinstance(found, ast.ImportFrom) and found.level == 0:
                names = [str(found.module)]
            elif isinstance(found, ast.ImportFrom):
                assert found.level == 1, module
            for name in names:
                top = name.partition(".")[0]
                assert top in sys.stdlib_module_names or top in ("__future__", "eth_hash"), (module.name, name)


def test_a_copy_of_its_folder_runs_anywhere(stage: Stage, tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "verify", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(stage.deployment, tmp_path / "where.json")
    command = [sys.executable, "-m", "verify", "--rpc", stage.node.url, "--deployment", "where.json"]
    command += [
        "--api",
        f"{stage.server.url}/api/v1/",
        "--figures",
        "--receipt",
        "3-8000000",
        "--sample",
        "5",
        "--quiet",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment(PYTHONPATH="")
    )
    assert (done.returncode, done.stderr) == (0, "")
    head = stage.ledger.w3.eth.get_block("latest")
    assert f"Checked at block {head['number']}, 0x{head['hash'].hex()}" in done.stdout
    for number in range(1, 9):
        pool = stage.ledger.see(stage.ledger.fund, "poolOf", number)
        money = ", ".join(f"{name} {pool[name]}" for name in ("raised", "released", "returned", "refunded"))
        assert f"pool {number}: {money}, held " in done.stdout
    assert "3 more than it owes" in done.stdout
    assert "the fund's own verifyEntry says yes" in done.stdout
    assert done.stdout.endswith("Everything agrees.\n")


def test_its_words_are_those_of_the_contracts() -> None:
    for contract, text in words.EVENTS.items():
        events = {e["name"]: e for e in artifact(contract)["abi"] if e["type"] == "event"}
        mine = dict(re.findall(r"(\w+)\(([^)]*)\)", text))
        assert mine.keys() == events.keys(), contract
        for name, fields in mine.items():
            kinds = [("uint8" if k in words.ENUMS else k, n, i) for k, n, i in abi.fields_of(fields)]
            assert kinds == [(i["type"], i["name"], i["indexed"]) for i in events[name]["inputs"]]
    functions = [e for name in words.EVENTS for e in artifact(name)["abi"] if e["type"] == "function"]
    for view, answer in words.VIEWS.items():
        contract, _, signature = view.rpartition(".")
        name, _, kinds = signature.partition("(")
        pool = artifact(contract)["abi"] if contract else functions
        found = [e for e in pool if e.get("name") == name and _kinds(e["inputs"]) == kinds[:-1]]
        assert found, view
        fields = abi.fields_of(" ".join(answer.split()).removesuffix("[]"))
        parts = found[0]["outputs"][0].get("components") or found[0]["outputs"]
        told = [part["type"] for part in parts] * (4 if name == "seatsOf" else 1)
        assert [kind for kind, _, _ in fields] == [kind.removesuffix("[4]") for kind in told], view
        if "components" in found[0]["outputs"][0]:
            assert [field for _, field, _ in fields] == [part["name"] for part in parts], view


def _kinds(inputs: list[dict[str, Any]]) -> str:
    return ",".join(f"({_kinds(i['components'])})" if i["type"] == "tuple" else i["type"] for i in inputs)


def test_its_tree_is_that_of_rfc_9162() -> None:
    chance, seed = random.Random(1), bytes(range(32))  # noqa: S311
    for count in range(1, 40):
        entries = b"".join(chance.randbytes(24) + (chance.randrange(1, 9)).to_bytes(8, "big") for _ in range(count))
        leaves = merkle.leaves(seed, entries, 7)
        root = merkle.root(leaves)
        assert tree.root_of(seed, entries, 7) == root
        for position in range(count):
            leaf, siblings = tree.proof_of(seed, entries, 7, position)
            assert leaf == leaves[position]
            assert merkle.verifies(root, count, position, leaf, siblings)
            for at, size, proof in (
                (position, count, siblings), (position + 1, count, siblings), (position, count + 1, siblings),
                (position, count, siblings[:-1]), (position, count, [*siblings, root]), (count, count, siblings),
            ):  # fmt: skip
                assert tree.climbs(root, size, at, leaf, proof) == merkle.verifies(root, size, at, leaf, proof)


@pytest.mark.parametrize("count", [1, 63, 64, 65, 128, 200])
def test_the_parts_of_its_tree_make_up_the_whole(count: int) -> None:
    chance, seed = random.Random(count), bytes(range(32))  # noqa: S311
    entries = b"".join(chance.randbytes(24) + (chance.randrange(1, 9)).to_bytes(8, "big") for _ in range(count))
    leaves = merkle.leaves(seed, entries, 7)
    parts = tree.parts_of(seed, entries, 7)
    assert parts == [merkle.root(leaves[i : i + 64]) for i in range(0, count, 64)]
    assert tree.root_over(parts) == merkle.root(leaves)


def test_its_line_is_that_of_single_places() -> None:
    chance = random.Random(2)  # noqa: S311
    for _ in range(40):
        line, raised, unspent = Line(), 0, set[int]()
        spent: dict[int, list[int]] = {}
        for milestone in range(12):
            gift = chance.randrange(1, 30)
            unspent |= set(range(raised, raised + gift))
            raised += gift
            amount = chance.randrange(1, len(unspent) + 1)
            wanted = sorted(unspent)[:amount]
            spans = line.spend(milestone, amount)
            assert [place for start, end in spans for place in range(start, end)] == wanted
            unspent -= set(wanted)
            spent[milestone] = wanted
            for other in chance.sample(sorted(spent), min(3, len(spent))):
                if line.spent[other]:
                    first, end = line.spent[other][-1]
                    start = chance.randrange(first, end)
                    assert not line.give_back(other, start, end - start + 1)
                    assert line.give_back(other, start, end - start)
                    assert spent[other][-(end - start) :] == list(range(start, end))
                    unspent |= set(range(start, end))
                    del spent[other][-(end - start) :]
            left = sorted(place for start, end in line.free for place in range(start, min(end, raised)))
            assert left == sorted(unspent)
            assert line.returned == sum(place < line.front for place in unspent)
            assert line.holes == sorted(line.holes, reverse=True)
            a, b = sorted(chance.sample(range(raised + 1), 2))
            assert line.unspent(a, b) == sum(a <= place < b for place in unspent)


def test_its_gifts_are_found_wherever_they_are_kept() -> None:
    chance, gifts, wanted = random.Random(3), Gifts(Spool()), []  # noqa: S311
    start = number = 0
    for block in range(400):
        place = Place(block, 0, bytes(32), block)
        if chance.randrange(5):
            for _ in range(chance.randrange(1, 4)):
                donor, amount = chance.randbytes(20), chance.randrange(1, 99)
                gifts.add_direct(start, amount, donor, place, via=0, pledge=block)
                number += 1
                wanted.append(Gift(start, amount, number, donor, block, place, 0, block, None, -1))
                start += amount
        else:
            batch, first = chance.randbytes(32), start
            entries = [(chance.randbytes(20), chance.randrange(9), chance.randrange(1, 99)) for _ in range(7)]
            for i, (donor, paid_at, amount) in enumerate(entries):
                number += 1
                wanted.append(Gift(start, amount, number, donor, paid_at, place, 1, 0, batch, i))
                start += amount
            data = b"".join(donor + paid_at.to_bytes(4) + amount.to_bytes(8) for donor, paid_at, amount in entries)
            gifts.add_batch(first, start - first, batch, place, data)
            assert gifts.entries(first) == data
        gifts.settle()
    assert list(gifts.gifts()) == wanted
    assert list(gifts.newest()) == wanted[::-1]
    assert gifts.count == len(wanted)
    for gift in wanted:
        assert gifts.find(gift.start) == gift
        assert gifts.around(gift.start + gift.amount - 1) == gift
        assert gift.amount == 1 or gifts.find(gift.start + 1) is None
    for i, gift in enumerate(wanted):
        assert next(gifts.since(gift.start + gift.amount - 1)) == gift
        assert i % 50 or list(gifts.since(gift.start)) == wanted[i:]
        if gift.position == 0:
            assert list(gifts.of_batch(gift.start)) == wanted[i : i + 7]
    assert list(gifts.since(start)) == []
    assert gifts.entries(1) == b""


# ------------------------------------------------------------------------------------------------ honest and strict


@pytest.mark.parametrize("packed", [False, True])
def test_an_honest_bundle_and_an_honest_explorer(stage: Stage, verify: Command, tmp_path: Path, packed: bool) -> None:
    bundle = bundled.pack(stage.bundle, tmp_path / "bundle.tar") if packed else stage.bundle
    assert verify("--bundle", str(bundle), "--api", stage.server.url, "--sample", "0") == 0, verify.out
    assert "Everything agrees." in verify.out


def test_texts_that_no_database_takes(stage: Stage, verify: Command, tmp_path: Path) -> None:
    """An NGO may write NUL and what is no UTF-8: that makes nobody a liar."""
    snapshot = stage.node.rpc("evm_snapshot")
    try:
        pool = stage.ledger.open_pool(b"a\0b\xed\xa0\x80", descriptionHash=b"d" * 32, descriptionURI="=1\0\r\n\u202e")
        stage.ledger.give(pool, 200 * USD)
        again = stage.ledger.w3.eth.accounts[18]
        stage.ledger.accredit(again, 1, b"N\0GO", b"d" * 32, "=1\0\r\n\u202e")  # type: ignore[arg-type]
        stage.ledger.submit(pool, 0, b"e" * 32, "\0")
        stage.index()
        bundle = bundled.write(tmp_path / "bundle", stage.sync._store.where, stage.ledger)
        more = "--quiet", "--sample", "0"
        assert verify("--bundle", str(bundle), "--api", stage.server.url, *more, fresh=True) == 0, verify.out
    finally:
        stage.node.rpc("evm_revert", snapshot)
        stage.index()


def test_an_earlier_block(verify: Command) -> None:
    assert verify("--block", "100") == 0, verify.out
    assert "Checked at block 100, " in verify.out
    assert verify("--block", "1") == 2
    assert "before the deployment" in verify.err or "there is no contract" in verify.err
    assert verify("--block", "99999") == 2
    assert "ends at block" in verify.err


@pytest.mark.long
def test_trees_that_other_processes_hash_are_held_against_the_bundle(
    stage: Stage, verify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "_BY_HAND", 0)
    monkeypatch.setattr(replay.os, "cpu_count", lambda: 2)
    assert verify("--bundle", str(stage.bundle), "--quiet") == 0, verify.out
    folder = tmp_path / "bundle"
    shutil.copytree(stage.bundle, folder)
    table = folder / "tables" / "subtrees.csv"
    header, *rows = table.read_text().splitlines()
    for i, row in enumerate(rows):
        lied = row[:-1] + ("1" if row[-1] == "0" else "0")
        table.write_text("\n".join([header, *rows[:i], lied, *rows[i + 1 :], ""]))
        bundled.seal(folder)
        assert verify("--bundle", str(folder), "--quiet") == 1, verify.err
        [told] = [line for line in verify.lines if line.startswith("✗")]
        assert told.startswith(f"✗ bundle, subtrees, log {row.split(',')[0]}, roots: bundle: ")


@pytest.mark.long
def test_other_processes_hash_large_batches(verify: Command, node: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_BY_HAND", 0)
    monkeypatch.setattr(replay.os, "cpu_count", lambda: 2)
    [batch] = [topic.hex() for topic, event in abi.events_of("PooledFund").items() if event.name == "BatchRecorded"]

    def lie(_path: str, asked: bytes, true: bytes) -> bytes:
        answer = parsed(true)
        for log in answer["result"] if b"eth_getLogs" in asked else ():
            if log["topics"][0] == f"0x{batch}":  # its last entry's donor
                log["data"] = log["data"][:-64] + ("1" if log["data"][-64] == "0" else "0") + log["data"][-63:]
        return json.dumps(answer).encode()

    node.lie = lie
    assert verify("--sample", "0", rpc=node.url) == 1, verify.err
    assert sum("root: its log: 0x" in line for line in verify.lines) == 4


def test_a_node_that_is_strict_slow_and_untidy(verify: Command, node: Proxy) -> None:
    """A short range, one question at a time, no order, busy now and then, and blocks with much extra data."""
    seen = {"ranges": 0, "busy": 0, "together": 0}

    def lie(_path: str, asked: bytes, true: bytes) -> bytes | Answer:
        question = parsed(asked)
        if isinstance(question, list):
            seen["together"] += 1
            return json.dumps(
                {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "one at a time"}}
            ).encode()
        if question["method"] == "eth_getLogs":
            seen["ranges"] += 1
            asked_for = question["params"][0]
            if int(asked_for["toBlock"], 16) - int(asked_for["fromBlock"], 16) >= 20:
                error = {"code": -32005, "message": "exceeds maximum RPC range limit"}
                return json.dumps({"jsonrpc": "2.0", "id": 0, "error": error}).encode()
            answer = parsed(true)
            return json.dumps(answer | {"result": answer["result"][::-1]}).encode()
        if question["method"] == "eth_getBlockByNumber":
            seen["busy"] += 1
            answer = parsed(true)
            answer["result"]["extraData"] = "0x" + "ab" * 5_000
            return (429, b"later") if seen["busy"] == 1 else json.dumps(answer).encode()
        return true

    node.lie = lie
    assert verify("--block", "60", rpc=node.url) == 0, verify.err
    assert seen["ranges"] > 3
    assert seen["busy"] > 1
    assert seen["together"] > 0


# ----------------------------------------------------------------------------------------------------------- lies


def items(edit: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    return lambda page: page | {"items": edit(page["items"])}


Lies = list[tuple[str, Callable[[Any], Any], str]]
"""The end of a path (N: any address or hash), what is said there instead, and what the report must say of it."""

GIFTS = "/pools/1/contributions"
PAID = {"items": [{"contribution": {"start": "0"}, "amount": "1", "parts": [], "parts_total": 1}], "next": None}
LIES: dict[str, Lies] = {
    "figures": [
        ("/summary", lambda s: s | {"tokens": [s["tokens"][0] | {"raised": "1"}]}, "a token, raised: API: 1; chain: "),
        (GIFTS, items(lambda f: [*f[:3], *f[4:]]), "/pools/1/contributions, gift 1-"),
        (
            "/pools/2/contributions",
            items(lambda f: [f[0] | {"donor": "0x" + "11" * 20}]),
            "gift 2-0, donor: API: 0x1111",
        ),
        (
            "/pools/3/contributions",
            items(lambda f: [*f[:-1], f[-1] | {"amount": "7"}]),
            "amount: API: 7; chain: 8000000",
        ),
        ("/pools/4/contributions", items(lambda f: [f[0] | {"start": "99000000"}, *f]), "contributions: API: an item"),
        ("/batches", items(lambda f: [f[0] | {"root": "0x" + "00" * 32}, *f[1:]]), "root: API: 0x0000"),
        ("/pools", items(lambda f: [f[0] | {"pool": 99}, *f]), "/pools: API: an item"),
        ("/refunds", items(lambda f: f[1:]), "/refunds, log"),
        ("/releases", lambda page: page | {"next": f"l{2**62}"}, "more and more items that the chain does not have"),
        ("/returns", lambda _: {"items": [], "next": "l1"}, "/returns, a page of it"),
        ("/objections", lambda page: page | {"next": "l" * 10**6}, "/objections, a page of it"),
        ("/vouchers", items(lambda f: [None, 7, "x", {}, *f]), "/vouchers: API: an item None"),
        ("/attestations", items(lambda f: f[::-1]), "/attestations, log"),
        (
            "/sponsorships",
            items(lambda f: [f[0] | {"locked": f[0]["locked"] | {"final": not f[0]["locked"]["final"]}}, *f[1:]]),
            ", final: block",
        ),
        ("/pools/1", lambda p: p | {"contributions": True}, "/pools/1, contributions: API: true"),
        ("/pools/2", lambda p: p | {"raised": "9" * 10_000}, "raised: API: 99999"),
        ("/pools/3", lambda p: [p], "/pools/3: API: a list of 1"),
        ("/pools/4", lambda _: None, "/pools/4: API: None"),
        (
            "/pools/5",
            lambda p: p | {"milestones": p["milestones"] * 2},
            "milestones: API: a list of 2; chain: a list of 1",
        ),
        ("/pools/6", lambda p: {n: v for n, v in p.items() if n != "held"}, "/pools/6, held: API: nothing"),
        (
            "/pools/7",
            lambda p: p | {"name": "\x1b]0;owned\x07\x1b[2J\u202e" + "x" * 999},
            r"name: API: \x1b]0;owned\x07\x1b[2J\u202ex",
        ),
    ],
    "receipts": [
        ("/summary", lambda s: s | {"tokens": []}, "/summary, totals of 0x"),
        (
            "/contributions/3-8000000",
            lambda c: c | {"proof": c["proof"] | {"siblings": c["proof"]["siblings"][::-1]}},
            "its siblings do not lead",
        ),
        (
            "/contributions/1-0",
            lambda c: c | {"trace": [c["trace"][0] | {"milestone": 2}, *c["trace"][1:]]},
            "/contributions/1-0, trace",
        ),
        ("/contributions/2-0", lambda c: c | {"trace": c["trace"][1:]}, "are not the gift from its start to its end"),
        ("/contributions/4-0", lambda c: c | {"trace": {"a": 1}}, "not a list of parts"),
        ("/contributions/5-0", lambda c: c | {"became": c["became"] | {"paid": "1"}}, "became, paid: API: 1; chain: "),
        ("/contributions/3-0", lambda c: c | {"proof": {"siblings": ["0xzz"]}}, "its siblings do not lead"),
    ],
    "what is told again": [
        ("/pools/1/milestones/0/contributions", items(lambda f: f[1:]), "/0/contributions, gift 1-0: API: nothing"),
        ("/pools/5/milestones/0/contributions", lambda _: PAID, "/pools/5/milestones/0/contributions: API: an item"),
        ("/donors/N/contributions", items(lambda f: [f[0] | {"amount": "1"}, *f[1:]]), ", amount: API: 1; chain: "),
        ("/batches/N", lambda b: b | {"count": 1_000}, ", count: API: 1000; chain: "),
        ("/batches/N/contributions", items(lambda f: f[:-1]), "/contributions, gift 3-"),
        ("/pledges/1", lambda p: p | {"cap": "1"}, "/pledges/1, cap: API: 1; chain: "),
        ("/pledges/1/collections", items(lambda f: f[::-1]), "/pledges/1/collections, log "),
        ("/rounds/2-0", lambda r: r | {"delivered": "1"}, "/rounds/2-0, delivered: API: 1; chain: "),
        ("/ngos", items(lambda f: f[::-1]), "/ngos, NGO 0x"),
        ("/ngos/N", lambda n: n | {"pools_total": 99}, ", pools_total: API: 99; chain: "),
    ],
}


@pytest.mark.long
@pytest.mark.parametrize("name", LIES)
def test_lies_of_an_explorer(verify: Command, api: Proxy, name: str) -> None:
    told = {part: edit for part, edit, _ in LIES[name]}

    def lie(path: str, _asked: bytes, true: bytes) -> bytes:
        edit = told.get(re.sub("0x[0-9a-f]+", "N", path.partition("?")[0].removeprefix("/api/v1")))
        return json.dumps(edit(parsed(true))).encode() if edit else true

    api.lie = lie
    assert verify("--api", api.url, "--quiet", "--sample", "0" if name == "figures" else "100") == 1, verify.err
    for _, _, wanted in LIES[name]:
        assert any(wanted in line for line in verify.lines), (wanted, verify.lines)
    assert all(len(line) < 500 for line in verify.lines)


BROKEN: dict[str, bytes | Answer] = {
    "/pools/1": b"<html>\x1b[2J</html>",
    "/pools/2": b"[" * 10**6,
    "/pools/3": b'{"raised": ' + b"9" * 10_000 + b"}",
    "/pools/4": (500, b"{}"),
    "/pools/5": (302, b""),
    "/pools/6": (0, b"\x00\x01\x1b[2J\r\n\r\n"),
    "/pools/7": (0, b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"),
    "/pools/8": b'{"a": "' + b"x" * (40 << 20) + b'"}',
}
"""No JSON; a million deep; a number without end; an error; a way elsewhere; no HTTP; half an answer; far too much."""


def test_answers_that_are_none(verify: Command, api: Proxy) -> None:
    api.lie = lambda path, _asked, true: BROKEN.get(path.removeprefix("/api/v1"), true)
    assert verify("--api", api.url, "--quiet", "--sample", "0") == 1, verify.err
    for path in BROKEN:
        assert any(line.startswith(f"✗ {path}: API: ") for line in verify.lines), path


@pytest.mark.parametrize("path", BROKEN)
def test_an_explorer_that_is_none(verify: Command, api: Proxy, path: str) -> None:
    api.lie = lambda *_: BROKEN[path]
    assert verify("--api", api.url, "--quiet") == 2
    assert "Not checked: the explorer at http://127.0.0.1" in verify.err


def test_an_honest_export(stage: Stage, verify: Command, api: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    api.lie = offer_export(stage, lambda rows: (asked.append(len(rows)), rows)[1])
    assert verify("--api", api.url, "--quiet", "--sample", "0", "--gifts", "export") == 0, verify.lines
    assert verify("--api", api.url, "--quiet", "--sample", "0") == 0
    assert len(asked) == 1
    monkeypatch.setattr(explorer, "_MANY", 5)
    assert verify("--api", api.url, "--quiet", "--sample", "0") == 0
    assert len(asked) == 2
    assert "all gifts were read in the explorer's export" in verify.out
    assert verify("--api", stage.server.url, "--quiet", "--sample", "0") == 0, "by its own export, or by its pages"


def test_too_many_differences_are_counted_not_printed(verify: Command, api: Proxy) -> None:
    change = items(lambda found: [{**gift, "amount": "1"} for gift in found])
    api.lie = lambda path, _, true: json.dumps(change(parsed(true))).encode() if GIFTS in path else true
    assert verify("--api", api.url, "--quiet", "--most", "3", "--sample", "0") == 1
    assert len(verify.lines) == 4
    assert re.search(r"✗ and \d+ more", verify.out)


# ------------------------------------------------------------------------------------------------- while it runs


@pytest.mark.long
def test_an_explorer_that_is_behind_or_ahead(stage: Stage, verify: Command, api: Proxy) -> None:
    head = stage.ledger.w3.eth.block_number

    def says(block: int) -> None:
        api.lie = lambda path, _, true: (
            json.dumps({**parsed(true), "block": block}).encode() if "health" in path else true
        )

    says(head - 5)
    assert verify("--api", api.url, "--quiet", "--sample", "0") == 1
    assert any(f"✗ /health, block: API: {head - 5}; chain: {head}, with " in line for line in verify.lines)
    says(head + 5)
    assert verify("--api", api.url, "--quiet") == 2
    assert "is the node behind?" in verify.err
    assert verify("--api", stage.server.url, "--quiet", "--block", str(head - 5), "--sample", "0") == 2
    assert "logs lie between" in verify.err


@pytest.mark.long
def test_an_explorer_that_moves_on_is_read_again(stage: Stage, verify: Command, api: Proxy) -> None:
    snapshot, moved = stage.node.rpc("evm_snapshot"), []

    def lie(path: str, _asked: bytes, true: bytes) -> bytes:
        if path.endswith("/pools/1") and len(moved) < 2:
            moved.append(path)
            stage.ledger.give(8, USD)
            stage.index()
        return true

    api.lie = lie
    try:
        assert verify("--api", api.url, "--quiet", "--sample", "0", fresh=True) == 0, verify.err
        assert len(moved) == 2
        assert f"Checked at block {stage.ledger.w3.eth.block_number}, " in verify.out
    finally:
        stage.node.rpc("evm_revert", snapshot)
        stage.index()


def test_a_chain_that_is_rewound_meanwhile(stage: Stage, verify: Command, node: Proxy) -> None:
    first, then = stage.node.rpc("evm_snapshot"), []
    stage.node.rpc("evm_mine")

    def lie(_path: str, asked: bytes, true: bytes) -> bytes:
        if b"eth_getLogs" in asked and not then:
            stage.node.rpc("evm_revert", first)
            then.append(stage.node.rpc("evm_snapshot"))
            stage.ledger.wait(DAY)
            stage.ledger.wait(DAY)
        return true

    node.lie = lie
    try:
        assert verify("--quiet", rpc=node.url) == 2
        assert "the chain was rewound while it was read" in verify.err
    finally:
        stage.node.rpc("evm_revert", then[0])


def test_a_chain_that_is_rewound_while_a_receipt_is_looked_up(stage: Stage) -> None:
    rewound, gift = [], abi.call_of("giftAt(uint256,uint64)")[:10].encode()

    def lie(_path: str, asked: bytes, true: bytes) -> bytes:
        if gift in asked:
            rewound.append(asked)
        if not rewound or (gift not in asked and b"eth_getBlockByNumber" not in asked):
            return true
        others = rb"\g<1>11111111"
        return re.sub(rb'("hash": ?"0x|0{48})[0-9a-f]{8}', others, true)

    stage.node_wire.lie = lie
    check = stage.check("--sample", "0", "--receipt", "1-0")
    try:
        with pytest.raises(CannotCheckError, match="rewound"):
            check.run()
    finally:
        stage.node_wire.lie = lambda _path, _asked, true: true
    assert rewound


def ignore_interrupts() -> None:
    """As a shell has it for what it puts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_it_is_stopped_by_its_user(stage: Stage, node: Proxy) -> None:
    asked = []
    node.lie = lambda _path, question, true: (asked.append(question), time.sleep(60), true)[2]
    started = [sys.executable, "-m", "scripts.verify", "--rpc", node.url, "--deployment", str(stage.deployment)]
    child = subprocess.Popen(
        started,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=ignore_interrupts,  # noqa: PLW1509 -- it touches nothing that a thread may hold
    )
    while not asked:
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=20)
    assert (child.returncode, out, err) == (130, "", "Stopped.\n")


# ---------------------------------------------------------------------------------------------- what cannot be checked


def test_a_node_that_is_away(verify: Command) -> None:
    assert verify(rpc=f"http://127.0.0.1:{free_port()}") == 2
    assert "Not checked: the node at http://127.0.0.1:" in verify.err
    assert "does not answer" in verify.err
    assert verify("--api", f"http://127.0.0.1:{free_port()}") == 2
    assert "the explorer at" in verify.err
    for address in ("ftp://example.org", "http://", "http://[x", "8545"):
        assert verify(rpc=address) == 2
        assert "is not an address" in verify.err


NODES: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "no list of logs": ("eth_getLogs", lambda _: {}, "a list of logs"),
    "a log twice": ("eth_getLogs", lambda logs: [*logs, *logs[:1]], "twice"),
    "a log of elsewhere": (
        "eth_getLogs", lambda logs: [{**log, "address": "0x" + "11" * 20} for log in logs], "was not asked for",
    ),
    "a log of another time": (
        "eth_getLogs", lambda logs: [{**log, "blockNumber": "0xffff"} for log in logs[:1]], "outside of the blocks",
    ),
    "a log taken back": ("eth_getLogs", lambda logs: [{**log, "removed": True} for log in logs], "not asked for"),
    "a log of another fork": (
        "eth_getLogs", lambda logs: [{**log, "blockHash": "0x" + "11" * 32} for log in logs], "rewound",
    ),
    "half a log": ("eth_getLogs", lambda logs: [{**log, "data": log["data"][:-2]} for log in logs], "is no whole"),
    "an event of another version": (
        "eth_getLogs", lambda logs: [{**log, "topics": ["0x" + "11" * 32]} for log in logs], "does not know",
    ),
    "no hex": ("eth_getLogs", lambda logs: [{**log, "data": "0xzz\x1b[2J"} for log in logs], "in place of bytes"),
    "a height that is none": ("eth_blockNumber", lambda _: "latest", "in place of a number"),
    "no height": ("eth_blockNumber", lambda _: None, "in place of a number"),
    "no blocks": ("eth_getBlockByNumber", lambda _: None, "has no block"),
    "no code": ("eth_getCode", lambda _: "0x", "there is no contract"),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", NODES)
def test_a_node_that_talks_nonsense(verify: Command, node: Proxy, name: str) -> None:
    method, edit, told = NODES[name]

    def lie(_path: str, asked: bytes, true: bytes) -> bytes:
        answer = parsed(true)
        if f'"{method}"'.encode() not in asked or isinstance(answer, list):
            return true
        return json.dumps(answer | {"result": edit(answer["result"])}).encode()

    node.lie = lie
    assert verify("--quiet", rpc=node.url) == 2
    assert told in verify.err


@pytest.mark.parametrize("path", list(BROKEN)[:7])
def test_a_node_that_is_none(verify: Command, node: Proxy, path: str) -> None:
    node.lie = lambda *_: BROKEN[path]
    assert verify("--quiet", rpc=node.url) == 2
    assert "Not checked: the node at" in verify.err


DEPLOYMENTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "another chain": (lambda d: d | {"chainId": 1}, "chain id is 1337, the deployment file's is 1"),
    "a chain that was started afresh": (lambda d: d | {"genesis": "0x" + "11" * 32}, "begins with another block"),
    "a list": (lambda _: [], "is not a deployment file"),
    "no contracts": (lambda d: d | {"contracts": {}}, "is not a deployment file"),
    "no address": (lambda d: _with(d, "PooledFund", address="0x12"), "is not a deployment file"),
    "a contract twice": (
        lambda d: _with(d, "Judgement", address=d["contracts"]["PooledFund"]["address"]), "two contracts have one",
    ),
    "two contracts swapped": (
        lambda d: _with(
            _with(d, "SponsorBook", address=d["contracts"]["PayoutBook"]["address"]),
            "PayoutBook", address=d["contracts"]["SponsorBook"]["address"],
        ), "the file mixes deployments",
    ),
    "no contract there": (lambda d: _with(d, "PledgeBook", address="0x" + "12" * 20), "there is no contract"),
    "other code": (lambda d: _with(d, "PooledFund", codeHash="0x" + "12" * 32), "there is other code"),
    "a later block": (lambda d: d | {"block": 10**6}, "lies before the deployment"),
}  # fmt: skip


def _with(found: dict[str, Any], name: str, **more: str) -> dict[str, Any]:
    contracts = found["contracts"]
    return found | {"contracts": contracts | {name: contracts[name] | more}}


@pytest.mark.long
@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_wrong_deployment_file(stage: Stage, verify: Command, tmp_path: Path, name: str) -> None:
    edit, told = DEPLOYMENTS[name]
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(edit(parsed(stage.deployment.read_bytes()))))
    assert verify(deployment=path) == 2
    assert told in verify.err


def test_a_deployment_file_that_misses_the_first_logs(stage: Stage, verify: Command, tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(parsed(stage.deployment.read_bytes()) | {"block": 120}))
    assert verify(deployment=path) == 1
    assert "✗ the fund, PooledFund.poolCount: storage: 8; logs: " in verify.out


def test_no_deployment_file(verify: Command, tmp_path: Path) -> None:
    assert verify(deployment=tmp_path / "none.json") == 2
    assert "cannot be read" in verify.err
    (tmp_path / "text.json").write_bytes(b"\xff\xfe")
    assert verify(deployment=tmp_path / "text.json") == 2
    assert "is not a deployment file" in verify.err


# ------------------------------------------------------------------------------------------------------------ bundles


def _tampered(folder: Path) -> None:
    path = folder / "tables" / "refunds.csv"
    path.write_text(path.read_text().replace("30000000", "40000000", 1))


def _swallowed(folder: Path) -> None:
    (folder / "tables" / "refunds.csv").unlink()


def _added(folder: Path) -> None:
    (folder / "tables" / "more.csv").write_text("log\n")


def _no_csv(folder: Path) -> None:
    (folder / "tables" / "refunds.csv").write_bytes(b'log,"\xff\x1b[2J\n')
    bundled.seal(folder)


def _no_log(folder: Path) -> None:
    (folder / "logs.jsonl").write_bytes(b'{"block": "\x1b[2J"}\n')
    bundled.seal(folder)


BUNDLES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a file that was changed": (_tampered, "✗ bundle, file tables/refunds.csv, sha256: manifest: "),
    "a row that was changed": (_tampered, "✗ bundle, refunds, log "),
    "a file left out": (_swallowed, "✗ bundle, file tables/refunds.csv: manifest: it is there; bundle: nothing"),
    "a file too many": (_added, "✗ bundle, file tables/more.csv: manifest: nothing; bundle: it is there"),
    "a table that is none": (_no_csv, "✗ bundle, refunds"),
    "logs that are none": (_no_log, "✗ bundle, logs.jsonl: line 1 is no log"),
}


@pytest.mark.parametrize("name", BUNDLES)
def test_a_tampered_bundle(stage: Stage, verify: Command, tmp_path: Path, name: str) -> None:
    spoil, told = BUNDLES[name]
    folder = tmp_path / "bundle"
    shutil.copytree(stage.bundle, folder)
    spoil(folder)
    assert verify("--bundle", str(folder), "--quiet") == 1, verify.err
    assert told in verify.out, verify.out


def _forget(folder: Path, path: str) -> None:
    (folder / path).unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = [file for file in manifest["files"] if file["path"] != path]
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_no_file_is_left_out_unnoticed(stage: Stage, verify: Command, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(stage.bundle, folder)
    paths = [file["path"] for file in json.loads((folder / "manifest.json").read_text())["files"]]
    for path in paths:
        _forget(folder, path)
    assert verify("--bundle", str(folder), "--quiet") == 1, verify.err
    for path in paths:
        assert f"✗ bundle: bundle: no {path}; chain: " in verify.out, path


def test_what_is_no_bundle(stage: Stage, verify: Command, tmp_path: Path) -> None:
    def refuses(path: Path, told: str) -> None:
        assert verify("--bundle", str(path), "--quiet") == 2
        assert told in verify.err, verify.err

    refuses(tmp_path, "has no manifest.json")
    refuses(tmp_path / "none", "cannot be read")
    refuses(stage.deployment, "cannot be read")
    (tmp_path / "manifest.json").write_text("{}")
    refuses(tmp_path, "lacks something")
    (tmp_path / "manifest.json").write_text('{"format": "moa-bundle/9"}')
    refuses(tmp_path, "format is moa-bundle/9")
    folder = tmp_path / "linked"
    shutil.copytree(stage.bundle, folder)
    os.symlink("/etc/hostname", folder / "tables" / "more.csv")
    refuses(folder, "is no plain file")
    assert verify("--bundle", str(stage.bundle), "--block", "50") == 2
    assert "the bundle is of block" in verify.err


# ------------------------------------------------------------------------------------------------------------ receipts


def test_a_receipt_by_itself(verify: Command, node: Proxy) -> None:
    assert verify("--receipt", "1-0") == 0
    assert "it stands in the fund's storage by itself" in verify.out
    assert "went to milestone 0" in verify.out
    for name, told in (("x", "as 1-0"), ("1-1", "no gift 1-1"), ("99-0", "no gift 99-0")):
        assert verify("--receipt", name) == 2
        assert told in verify.err
    selector = abi.call_of("batchOf(bytes32)", bytes(32))[:10]

    def lie(_path: str, asked: bytes, true: bytes) -> bytes:
        calls, answers = parsed(asked), parsed(true)
        for call, answer in zip(calls, answers, strict=True) if isinstance(calls, list) else ():
            if call["method"] == "eth_call" and call["params"][0]["data"].startswith(selector):
                answer["result"] = "0x" + "11" * 32 + answer["result"][66:]
        return json.dumps(answers).encode()

    node.lie = lie
    assert verify("--receipt", "3-8000000", "--quiet", "--sample", "0", rpc=node.url) == 1, verify.err
    assert "✗ receipt of gift 3-8000000, leads to the stored root: its proof: false; the rule: true" in verify.lines


# ------------------------------------------------------------------------------------------------------------- words


class Stream:
    """Where progress is told."""

    def __init__(self, terminal: bool) -> None:
        self.terminal, self.said = terminal, ""

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.said += text
        return len(text)

    def flush(self) -> None:
        pass


def test_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    terminal, pipe = Stream(True), Stream(False)
    for stream in (terminal, pipe):
        progress = Progress(stream)  # type: ignore[arg-type]
        for done in range(100):
            now[0] += 1
            progress.tell("reading", done, 100)
        progress.clear()
    assert terminal.said.count("\r") == 101
    assert "reading:  50%, about 51 s left" in terminal.said
    assert "\r" not in pipe.said
    assert pipe.said.count("\n") == 10


def test_values_from_outside_are_shown_short_and_harmless() -> None:
    assert shown("\x1b[2J\n") == r"\x1b[2J\n"
    assert shown("\ud800") == r"\ud800"
    assert shown("한글 ✓") == "한글 ✓"
    assert shown(b"\x01\x02") == "0x0102"
    assert shown("x" * 500) == "x" * 119 + "…"
    assert shown(True) == "true"
    assert shown(None) == "None"
    assert shown(10**5000) == "a number of over 180 digits"
    assert shown([1] * 10**6) == "a list of 1000000"
    assert shown({"a\x1b": 1}) == r"{a\x1b: …}"
    assert shown("") == "''"
