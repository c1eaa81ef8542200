"""Every single value that a node, an explorer or a bundle tells, told wrong: it is noticed, or it is named here.

Each lie is told in answers that real servers gave; what they said is remembered, so that a thousand lies take seconds.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from scripts.verify import abi, explorer, words
from scripts.verify.explorer import Explorer
from scripts.verify.forms import Forms
from scripts.verify.lists import Lists
from scripts.verify.out import CannotCheckError, Progress, Report
from scripts.verify.site import Site
from tests import bundled
from tests.scripts.liars import changed, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scripts.verify.__main__ import Check
    from tests.scripts.liars import Stage

UNCHECKED_IN_ANSWERS = {
    # How fresh the index is: the check itself asks up to which block it has read.
    *(f"{where}{name}" for where in ("/health ", "/summary index.") for name in (
        "age_seconds", "block", "block_time", "database.bytes", "database.schema_version", "lag_blocks", "node_head",
        "node_seen_at", "ok",
    )),
    # Where files are had, and what kind they are: whoever gets one hashes it.
    *(f"{where}{name}" for name in ("media_type", "state", "url") for where in (
        "/pools/N description.", "/pools/N milestones.*.evidence.*.content.", "/pools/N/milestones *.evidence.*.content.",
    )),
    # Links, and where a first page goes on.
    "/movements items.*.url", "/summary latest.*.url", "/movements next", "/contributions next",
    # Nobody counts them; the index does not either.
    "/pools items.*.donors", "/pools/N donors",
    # How the pool itself is called, within its own answer; elsewhere it is compared.
    "/pools/N milestones.*.payout.pool_name", "/pools/N sponsorships.*.pool_name",
}  # fmt: skip

UNCHECKED_IN_LOGS = {
    # Nothing that anybody stores or that money hangs on: who handed a call in, where papers are had, who was told.
    "Accredited.detailsHash", "Accredited.detailsURI", "Accredited.kind", "Accredited.name",
}  # fmt: skip


@pytest.fixture(scope="module")
def check(stage: Stage) -> Check:
    """A check that found all as it should be, for what comes after the node."""
    found = stage.check()
    found.run()
    assert found.report.lines == []
    return found


# ------------------------------------------------------------------------------------------------------- the explorer


def explore(stage: Stage, check: Check, *, lists: bool) -> Report:
    """Hold the explorer's lists, or all of it, against the chain."""
    report = Report(5_000)
    site = Site(stage.server.url, report)
    site._wire = stage.api_wire
    deployment = check.deployment
    clocks = {stage.ledger.now()}
    forms = Forms(check.replay.state, deployment.addresses, deployment.chain_id, check.tokens, clocks)
    if lists:
        Lists(site, forms, report, Progress(quiet=True)).check()
    else:
        whole = Explorer(site, forms, report, Progress(quiet=True))
        whole.check(check.node, check.header.number, deployment.genesis, 100)
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


@pytest.mark.parametrize("lists", [True, False])
def test_every_value_of_the_explorer(stage: Stage, check: Check, monkeypatch: pytest.MonkeyPatch, lists: bool) -> None:
    """One value of each kind of answer is told wrong at a time, wherever it stands in it; the report names the path."""
    monkeypatch.setattr(explorer, "_DONORS", 1_000)
    before = set(stage.api_wire.known)
    assert explore(stage, check, lists=lists).lines == []
    names: dict[str, set[str]] = defaultdict(set)
    for key in stage.api_wire.known.keys() - before:
        names[pattern(key[1])] |= set(fields(parsed(stage.api_wire.known[key][1])))
    left = {kind: sorted(found) for kind, found in names.items()}
    assert len(left) > (12 if lists else 6)
    unnoticed = set()
    while any(left.values()):
        now = {kind: found.pop() for kind, found in left.items() if found}
        stage.api_wire.lie = lie_of(now)
        told = {pattern(re.split("[,: ]", line)[0]) for line in explore(stage, check, lists=lists).lines}
        unnoticed |= {f"{kind} {name}" for kind, name in now.items() if kind not in told}
    stage.api_wire.lie = lambda _path, _asked, true: true
    assert unnoticed == {name for name in UNCHECKED_IN_ANSWERS if name.partition(" ")[0] in names}


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
                    words = 1 + int(log["data"][2 + 64 * at :][:64], 16) // 32
                    empty = len(log["data"]) <= 2 + 64 * words
                    return log if empty else log | {"data": flipped(log["data"], words)}
                return log | {"data": flipped(log["data"], at)}

            if places[event] and not any(noticed(stage, with_log(place, change)) for place in places[event][-1:]):
                unnoticed.add(f"{event}.{name}")
    print("\n".join(sorted(unnoticed)))
    raise AssertionError


def test_every_log_that_is_left_out(stage: Stage) -> None:
    unnoticed = {
        event for event, places in logs_of(stage).items() if not noticed(stage, with_log(places[-1], lambda _: None))
    }
    print("\n".join(sorted(unnoticed)))
    raise AssertionError
