"""Every single value that a node, an explorer or a bundle tells, told wrong: it is noticed, or it is named here.

Each lie is told in answers that real servers gave; what they said is remembered, so that a thousand lies take seconds.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.verify import abi, again, donors, words
from scripts.verify.abi import name_of
from scripts.verify.again import Again
from scripts.verify.explorer import Explorer
from scripts.verify.forms import Forms
from scripts.verify.lists import Lists
from scripts.verify.out import CannotCheckError, Progress, Report
from scripts.verify.payers import Payers
from scripts.verify.site import Site
from tests import bundled
from tests.scripts.liars import Proxy, changed, offer_export, parsed

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.verify.__main__ import Check
    from tests.scripts.liars import Stage

UNCHECKED_IN_ANSWERS = {
    # How fresh the index is: the check itself asks up to which block it has read.
    *(f"{where}{name}" for where in ("/health ", "/summary index.") for name in (
        "age_seconds", "block", "block_time", "database.bytes", "database.schema_version", "lag_blocks", "node_head",
        "node_seen_at", "ok", "building", "fresh",
        # By which engine's rule blocks are final: the check only sees that all answers keep to it.
        "engine", "confirmations", "final_block",
        # What came of its own comparison with the contracts: the check is another one.
        *(f"reconciliation.{name}" for name in ("at", "block", "differences", "pools", "state", "tokens", "trouble")),
    )),
    # Where files are had, and what kind they are: whoever gets one hashes it.
    *(f"{where}.{name}" for name in ("media_type", "state", "url") for where in (
        "/pools/N description", "/pools/N milestones.*.evidence.*.content",
        "/pools/N/milestones items.*.evidence.*.content", "/ngos items.*.details", "/ngos/N details",
    )),
    # Links, and where a first page goes on.
    "/movements items.*.url", "/summary latest.*.url", "/movements next", "/contributions next",
    "/pools/N releases_next", "/pools/N returns_next",
    # Nobody counts them; the index does not either.
    "/pools items.*.donors", "/pools/N donors", "/ngos/N pools.*.donors",
    # How the pool itself is called, within its own answer; elsewhere it is compared.
    "/pools/N milestones.*.payout.pool_name", "/pools/N sponsorships.*.pool_name",
}  # fmt: skip

UNCHECKED_IN_LOGS = {
    # Who did it, and who handed it in: the contract let them, and nobody stores it.
    "Cancelled.account", "Collected.keeper", "Delivered.caller", "Paused.account", "Pledged.caller",
    "Refunded.caller", "Released.caller", "RoundExpired.caller", "Unpaused.account", "VouchersExpired.caller",
    "Withdrawn.caller", "MilestoneConsented.attestor", "RotationConsented.attestor",
    # Where papers are had, and a bill's hash: nobody stores it.
    "Accredited.detailsURI", "EvidenceSubmitted.uri", "PoolOpened.descriptionURI", "VoucherRedeemed.evidence",
    # It says nothing about anybody, or stands in the hash of the voucher's id.
    "CollectionFailed.pledge", "CollectionFailed.reason", "Matched.gifts", "VoucherRevoked.milestone",
    "VoucherRevoked.pool",
    # None of Moa's money.
    "Approval.owner", "Approval.spender", "Approval.value", "AuthorityUpdated.authority", "Transfer.from",
}  # fmt: skip

UNCHECKED_IF_LEFT_OUT = {
    # Nothing follows from these, or something that only they tell.
    "Accredited", "CollectionFailed", "MilestoneConsented", "VoucherRevoked",
    # None of Moa's money.
    "Approval", "AuthorityUpdated", "RoleGranted", "TargetFunctionRoleUpdated",
}  # fmt: skip


@pytest.fixture(scope="module")
def check(stage: Stage) -> Check:
    """A check that found all as it should be, for what comes after the node."""
    found = stage.check()
    found.run()
    assert found.report.lines == []
    return found


# ------------------------------------------------------------------------------------------------------- the explorer


OF_POOLS = {"/pools/N", "/pools/N/milestones"}
PARTS = ("pools", "lists", "again", "the rest")


def explore(stage: Stage, check: Check, part: str) -> Report:
    """Hold a part of the explorer against the chain."""
    report = Report(5_000)
    site = Site(stage.server.url, report)
    site._wire = stage.api_wire
    deployment, state = check.deployment, check.replay.state
    forms = Forms(state, deployment.addresses, deployment.chain_id, check.tokens, lambda: [stage.ledger.now()])
    lists = Lists(site, forms, report, Progress(quiet=True))
    if part == "pools":
        for pool in state.pools:
            lists.check_pool(pool)
    elif part == "lists":
        lists.check()
    else:
        names = ((pool.number, name_of(pool.stored["name"])) for pool in state.pools)
        forms.titles = {number: "Books for all" if name == "Books" else name for number, name in names}
        if part == "again":
            Payers(site, forms, report).check()
            Again(site, forms, report, list(state.some_gifts(100))).check()
        else:
            whole = Explorer(site, forms, report, Progress(quiet=True))
            whole.check(check.node, check.header, deployment.genesis, 100)
    return report


def fields(value: Any, name: str = "") -> Iterator[str]:
    """Yield the names of all values in an answer, as `items.*.amount`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, f"{name}.{key}")
    elif isinstance(value, list) and value:
        for inner in value:
            yield from fields(inner, f"{name}.*")
    else:
        yield name[1:]


def mutate(value: Any, names: list[str]) -> Any:
    """Change the values of a name in an answer."""
    if not names:
        return changed(value)
    first, *rest = names
    if first == "*":
        return [mutate(inner, rest) for inner in value] if isinstance(value, list) else value
    if isinstance(value, dict) and first in value:
        return value | {first: mutate(value[first], rest)}
    return value


def pattern(path: str) -> str:
    """Return a path without what it names."""
    return re.sub(r"/(0x[0-9a-fA-F]+|[0-9]+(-[0-9]+)?)", "/N", path.removeprefix("/api/v1").partition("?")[0])


def lie_of(now: dict[str, str]) -> Callable[[str, bytes, bytes], bytes]:
    """Return the lie that changes one value in each kind of answer."""

    def lie(path: str, _asked: bytes, true: bytes) -> bytes:
        name = now.get(pattern(path))
        return true if name is None else json.dumps(mutate(parsed(true), name.split("."))).encode()

    return lie


@pytest.mark.parametrize("part", PARTS)
def test_every_value_of_the_explorer(stage: Stage, check: Check, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """One value of each kind of answer is told wrong at a time, wherever it stands in it; the report names the path."""
    monkeypatch.setattr(donors, "_DONORS", 1_000)
    monkeypatch.setattr(again, "_SOME", 1_000)
    if part == "the rest":
        for other_part in (Lists, Payers, Again):
            monkeypatch.setattr(other_part, "check", lambda _: None)
    asked: set[str] = set()
    stage.api_wire.lie = lambda path, _asked, true: (asked.add(path), true)[1]
    assert explore(stage, check, part).lines == []
    names: dict[str, set[str]] = defaultdict(set)
    for path in asked:
        if part != "lists" or pattern(path) not in OF_POOLS:
            names[pattern(path)] |= set(fields(parsed(stage.api_wire.known["GET", path, b""][1])))
    left = {kind: sorted(found) for kind, found in names.items()}
    assert len(left) >= {"pools": 2, "lists": 12, "again": 8, "the rest": 8}[part]
    unnoticed = set()
    while any(left.values()):
        now = {kind: found.pop() for kind, found in left.items() if found}
        stage.api_wire.lie = lie_of(now)
        told = {pattern(re.split("[,: ]", line)[0]) for line in explore(stage, check, part).lines}
        unnoticed |= {f"{kind} {name}" for kind, name in now.items() if kind not in told}
    stage.api_wire.lie = lambda _path, _asked, true: true
    assert unnoticed == {name for name in UNCHECKED_IN_ANSWERS if name.partition(" ")[0] in names}


def other_text(text: str) -> str:
    return text[:-1] + ("0" if text[-1:] != "0" else "1")


def change_column(i: int) -> Callable[[list[list[str]]], list[list[str]]]:
    return lambda rows: [*rows[:-1], [other_text(field) if n == i else field for n, field in enumerate(rows[-1])]]


EXPORTS: list[Callable[[list[list[str]]], Any]] = [
    *(change_column(i) for i in range(9 + len(bundled.BESIDE))),
    lambda rows: rows[:-1],
    lambda rows: [rows[0], *rows[2:]],
    lambda rows: [*rows, [rows[-1][0], "999999999999", *rows[-1][2:]]],
    lambda rows: [*rows, rows[-1]],
    lambda rows: [*rows, ["THIS FILE IS NOT WHOLE"]],
    lambda rows: [rows[0][::-1], *rows[1:]],
    lambda rows: [*rows, *([rows[-1]] * 10**5)],
    lambda _: (409, b"{}"),
    lambda _: (0, b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\npool,start"),
    lambda _: (0, b"\x00\x1b[2J"),
]


def test_every_value_of_an_export_of_gifts(stage: Stage, check: Check) -> None:
    proxy, deployment = Proxy(stage.server.url), check.deployment
    forms = Forms(
        check.replay.state, deployment.addresses, deployment.chain_id, check.tokens, lambda: [stage.ledger.now()]
    )
    for i, edit in enumerate([lambda rows: rows, *EXPORTS]):
        proxy.lie, report = offer_export(stage, edit), Report()
        whole = Explorer(Site(proxy.url, report), forms, report, Progress(quiet=True))
        whole._exported(check.replay.state.pools[0], check.header, 0)
        assert bool(report.lines) == bool(i), (i, report.lines)
        assert all("/export/contributions.csv?pool=1&" in line for line in report.lines), (i, report.lines)
    proxy.stop()


# ---------------------------------------------------------------------------------------------------------- the node


def noticed(stage: Stage, lie: Callable[[str, bytes, bytes], bytes]) -> list[str]:
    """Return what a check of a lying node says; one line of why if it cannot check at all."""
    stage.node_wire.lie = lie
    check = stage.check()
    try:
        check.run()
        return check.report.lines
    except CannotCheckError as error:
        return [*check.report.lines, str(error)]
    finally:
        check.replay.close()
        stage.node_wire.lie = lambda _path, _asked, true: true


def logs_of(stage: Stage) -> dict[str, list[tuple[int, int]]]:
    """Return where the logs of each event stand: block and index."""
    by_address = {contract.address.lower(): name for name, contract in stage.ledger.contracts.items()}
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for log in stage.node.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"}):
        event = abi.events_of(by_address[log["address"].lower()])[bytes.fromhex(log["topics"][0][2:])]
        found[event.name].append((int(log["blockNumber"], 16), int(log["logIndex"], 16)))
    return found


def with_log(place: tuple[int, int], change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Any:
    """Return the lie that changes one log, or leaves it out."""
    block, index = map(hex, place)

    def lie(_path: str, asked: bytes, true: bytes) -> bytes:
        if b"eth_getLogs" not in asked:
            return true
        answer = parsed(true)
        here = [log["blockNumber"] == block and log["logIndex"] == index for log in answer["result"]]
        logs = [change(log) if it else log for log, it in zip(answer["result"], here, strict=True)]
        return json.dumps(answer | {"result": [log for log in logs if log is not None]}).encode()

    return lie


def flipped(text: str, word: int) -> str:
    """Return hex whose word has another last digit."""
    at = 2 + 64 * word + 63
    return text[:at] + format(int(text[at], 16) ^ 1, "x") + text[at + 1 :]


def test_every_value_of_the_logs(stage: Stage) -> None:
    contracts = {name: text for name, text in words.EVENTS.items() if name != "Consortium"}
    signatures = re.findall(r"(\w+)\(([^)]*)\)", " ".join(contracts.values()))
    places, unnoticed = logs_of(stage), set()
    assert {event for event, _ in signatures} - places.keys() == {
        *("ClaimFailed", "EIP712DomainChanged", "AuthorizationUsed", "AuthorizationCanceled"),
    }
    for event, text in signatures:
        topics = data = 0
        for kind, name, indexed in abi.fields_of(text):
            topics, data = topics + indexed, data + (not indexed)
            where = (topics if indexed else data - 1, indexed, kind)

            def change(log: dict[str, Any], where: tuple[int, bool, str] = where) -> dict[str, Any]:
                at, in_topics, kind = where
                if in_topics:
                    return log | {"topics": [flipped(t, 0) if i == at else t for i, t in enumerate(log["topics"])]}
                if kind in ("bytes", "string", "bytes32[]"):  # its first word, behind the offset and the length
                    first = 1 + int(log["data"][2 + 64 * at :][:64], 16) // 32
                    empty = len(log["data"]) <= 2 + 64 * first
                    return log if empty else log | {"data": flipped(log["data"], first)}
                return log | {"data": flipped(log["data"], at)}

            if places[event] and not noticed(stage, with_log(places[event][-1], change)):
                unnoticed.add(f"{event}.{name}")
    assert unnoticed == UNCHECKED_IN_LOGS


def test_every_log_that_is_left_out(stage: Stage) -> None:
    logs = logs_of(stage).items()
    unnoticed = {event for event, places in logs if not noticed(stage, with_log(places[-1], lambda _: None))}
    assert unnoticed == UNCHECKED_IF_LEFT_OUT


def test_every_value_of_storage(stage: Stage) -> None:
    """Each word of what each view answers, told wrong in all of its answers."""
    stage.check().run()
    selectors = {abi.call_of(view)[:10]: view for view in words.VIEWS if "milestonesOf" not in view}
    sizes: dict[str, int] = defaultdict(int)
    for (_, _, asked), (_, true) in list(stage.node_wire.known.items()):
        if b"eth_call" in asked and (view := selectors.get(parsed(asked)[1][0]["data"][:10])):
            sizes[view] = max(sizes[view], (len(parsed(true)["result"]) - 2) // 64)
    assert set(words.VIEWS) - set(sizes) == {"milestonesOf(uint256)", "Judgement.milestonesOf(uint256)"}
    for view, size in sizes.items():
        selector = next(found for found, other in selectors.items() if other == view)
        for word in range(size):
            assert noticed(stage, with_answers(selector, word)), (view, word)


def with_answers(selector: str, word: int) -> Callable[[str, bytes, bytes], bytes]:
    """Return the lie that changes a word in all answers of a view."""

    def lie(_path: str, asked: bytes, true: bytes) -> bytes:
        calls = parsed(asked)
        if not isinstance(calls, list):
            return true
        answers = parsed(true)
        for call, answer in zip(calls, answers, strict=True):
            asked_for = call["method"] == "eth_call" and call["params"][0]["data"].startswith(selector)
            if asked_for and len(answer["result"]) >= 66 + 64 * word:
                answer["result"] = flipped(answer["result"], word)
        return json.dumps(answers).encode()

    return lie


# --------------------------------------------------------------------------------------------------------- the bundle


@pytest.fixture
def bundle(stage: Stage, tmp_path: Path) -> Path:
    """A bundle of one's own."""
    return Path(shutil.copytree(stage.bundle, tmp_path / "bundle"))


def told_of(stage: Stage, bundle: Path) -> list[str]:
    """Return what a check of a bundle says."""
    check = stage.check("--bundle", str(bundle), "--most", "100000")
    check.run()
    return check.report.lines


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def other(field: str) -> str:
    """Return another field of the same kind."""
    if field in ("true", "false"):
        return "false" if field == "true" else "true"
    return str(changed(field)) if field else "1"


def test_every_value_of_the_tables(stage: Stage, bundle: Path) -> None:
    """A value of each column is changed in the last row of each table, and the manifest made to fit."""
    paths = sorted(bundle.rglob("*.csv"))
    true = {path: rows_of(path) for path in paths}
    assert {path.stem for path, rows in true.items() if len(rows) == 1} == set()
    for column in range(max(len(rows[0]) for rows in true.values())):
        lied = set()
        for path, rows in true.items():
            row = [other(field) if i == column else field for i, field in enumerate(rows[-1])]
            write(path, [*rows[:-1], row])
            lied |= {"block" if path.stem == "blocks" else path.stem} if row != rows[-1] else set()
        bundled.seal(bundle)
        told = {re.split("[, ]", line.removeprefix("bundle, "))[0] for line in told_of(stage, bundle)}
        assert lied <= told, (column, lied - told)


@pytest.mark.parametrize("what", ["without the last", "the last twice", "without the first", "none"])
def test_rows_that_are_missing_or_too_many(stage: Stage, bundle: Path, what: str) -> None:
    paths = sorted(bundle.rglob("*.csv"))
    for path in paths:
        header, *rows = rows_of(path)
        changes = {"without the last": rows[:-1], "the last twice": [*rows, rows[-1]], "without the first": rows[1:]}
        write(path, [header, *changes.get(what, [])])
    bundled.seal(bundle)
    lines = [line.removeprefix("bundle, block ").removeprefix("bundle, ") for line in told_of(stage, bundle)]
    told = {"blocks" if line[0].isdigit() else re.split("[,: ]", line)[0] for line in lines}
    # An index may begin with any block before the first log.
    rest = {"blocks"} if what == "without the first" else set()
    assert {path.stem for path in paths} - rest <= told


def test_every_value_of_the_logs_in_a_bundle(stage: Stage, bundle: Path) -> None:
    path = bundle / "logs.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for name in lines[-1]:
        lied = lines[-1] | {name: changed(lines[-1][name])}
        path.write_text("".join(json.dumps(line) + "\n" for line in [*lines[:-1], lied]))
        bundled.seal(bundle)
        assert told_of(stage, bundle), name
    for change in (lines[:-1], lines[1:], [*lines, lines[-1]], []):
        path.write_text("".join(json.dumps(line) + "\n" for line in change))
        bundled.seal(bundle)
        assert told_of(stage, bundle), len(change)


def test_every_value_of_the_manifest(stage: Stage, bundle: Path) -> None:
    path = bundle / "manifest.json"
    true = parsed(path.read_bytes())
    unnoticed = set()
    for name in sorted(set(fields(true))):
        path.write_text(json.dumps(mutate(true, name.split("."))))
        try:
            told = told_of(stage, bundle)
        except CannotCheckError as error:
            told = [str(error)]
        unnoticed |= set() if told else {name}
    assert unnoticed == {"schema_version"}
