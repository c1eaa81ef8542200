"""Reads: the latest 50 gifts of a pool, out of a million, one worker, 16 connections; Moa beside its peers, in one run.

"Uncached" asks for 50 gifts below a place in line that is drawn by lot, for one of 20 pools, and no two requests are
the same: no cache can help, Moa's or another's. "Unchanged" asks again and again for the very latest of each pool while
no block comes. All serve the same million gifts, out of one chain, and all are asked the same by the same generator,
which shares the two cores with them.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import urllib3

from scripts import datasette
from tests import postgres
from tests.bench import chains, moa
from tests.bench.peers import load, ponder
from tests.bench.peers.load import Request
from tests.bench.results import Chosen, Result
from tests.bench.servers import explorer, serving
from tests.ledger import ROOT, Ledger

POOLS = 20
LIMIT = 50
DISTINCT = 60_000
GRAPHQL = (
    'query($p: Int!, $s: BigInt!) { contributions(where: {pool: $p, start_lt: $s}, orderBy: "start", '
    f'orderDirection: "desc", limit: {LIMIT}) {{ items {{ id pool start amount donor paidAt block logIndex tx }} }} }}'
)
SQL = (
    "select pool, start, amount, number, hex(donor) as donor, paid_at, log, position, via from contributions "
    "where pool = :pool and start < :before order by start desc limit 50"
)


def places(ledger: Ledger, count: int) -> list[tuple[int, int]]:
    """Return pools and places in their lines, by lot, each with at least a page below it."""
    dice, pools = random.Random(1), int(ledger.fund.functions.poolCount().call())  # noqa: S311
    raised = {pool: int(ledger.see(ledger.fund, "poolOf", pool)["raised"]) for pool in range(1, pools + 1)}
    drawn = (dice.randrange(1, pools + 1) for _ in range(count))
    return [(pool, dice.randrange(raised[pool] // 5, raised[pool])) for pool in drawn]


def moas(address: str, drawn: list[tuple[int, int]]) -> dict[str, list[Request]]:
    """Return what Moa is asked: uncached, the very latest, and the latest if it changed."""
    pool = urllib3.PoolManager()
    latest = [f"/api/v1/pools/{number}/contributions?limit={LIMIT}" for number in range(1, POOLS + 1)]
    answers = [pool.request("GET", address + path) for path in latest]
    # A cursor says how it is ordered and where the page before it ended.
    order = re.fullmatch(r"(\D*)\d+", answers[0].json()["next"])
    assert order, "cursors look otherwise now: write here how one is made"
    requests = {
        "uncached": [Request(f"{latest[number - 1]}&cursor={order[1]}{start}") for number, start in drawn],
        "unchanged": [Request(path) for path in latest],
    }
    if all(etag := [answer.headers.get("ETag", "") for answer in answers]):
        requests["304"] = [Request(p, headers={"If-None-Match": e}) for p, e in zip(latest, etag, strict=True)]
    return requests


def ponders(drawn: list[tuple[int, int]]) -> dict[str, list[Request]]:
    """Return what Ponder is asked: over GraphQL, and by a route written by hand."""
    asked = {"content-type": "application/json"}
    return {
        "GraphQL": [
            Request("/graphql", "POST", asked, json.dumps({"query": GRAPHQL, "variables": {"p": p, "s": str(s)}}))
            for p, s in drawn
        ],
        "route": [Request(f"/latest/{pool}?before={start}") for pool, start in drawn],
    }


def datasettes(drawn: list[tuple[int, int]]) -> list[Request]:
    """Return what Datasette is asked."""
    return [
        Request("/index.json?" + urlencode({"sql": SQL, "pool": pool, "before": start, "_shape": "array"}))
        for pool, start in drawn
    ]


def _check(address: str, requests: list[Request]) -> int:
    """Return how many gifts the first answer holds."""
    first = requests[0]
    answer = urllib3.request(first.method, address + first.path, headers=first.headers, body=first.body or None).json()
    while isinstance(answer, dict):
        answer = answer.get("items") or answer.get("data") or answer.get("contributions")
    return len(answer)


def run(chosen: Chosen) -> Result:
    """Build the chain, index it by each, and ask each."""
    count, seconds = chosen.size(1_000_000, 20_000), 2 if chosen.quick else 10
    result = Result("reads", f"Reads: the latest {LIMIT} gifts of a pool, out of {count:,}; one worker, 16 connections")
    result.headings = ["what", "answers a second", "p50 ms", "p99 ms"]
    result.notes += [
        f"Ponder {ponder.VERSION} on PostgreSQL, Datasette {datasette_version()}, asked by autocannon {load.VERSION}, "
        "which shares the cores with what it asks. Milliseconds are whole ones, as autocannon counts them."
    ]
    rates: dict[str, load.Rate] = {}
    ponder.install()
    load.install()

    def fire(what: str, address: str, requests: list[Request], expect: str = "200") -> None:
        assert expect != "200" or what == "an empty route" or _check(address, requests) == LIMIT, what
        load.fire(address, requests, 1, expect=expect)
        rates[what] = found = load.fire(address, requests, seconds, expect=expect)
        result.add(what, f"{found.rate:,.0f}", f"{found.p50:.0f}", f"{found.p99:.0f}")

    with tempfile.TemporaryDirectory() as name, chains.anvil() as ledger, postgres.server() as server:
        folder, url = Path(name), ledger.node.url
        path = ledger.write_deployment(folder / "deployment.json")
        chains.give_in_batches(ledger, chains.open_pools(ledger, POOLS), count, min(4_000, count // POOLS))
        drawn = places(ledger, DISTINCT)
        database, elsewhere = folder / "index.db", server.database()
        moa.index(url, path, database)
        moa.index(url, path, elsewhere)
        with ponder.ponder(url, path, server.database(), 10_000, batches=True) as (address, _):
            for what, requests in ponders(drawn).items():
                fire(f"Ponder, {what}", address, requests)
        command = [sys.executable, "-m", "tests.bench.empty"]
        with serving(lambda port: [*command, str(port)], folder / "empty", "/") as address:
            fire("an empty route", address, [Request("/")])
        with serving(lambda port: datasette.command(database, "127.0.0.1", port), folder / "datasette", "/") as address:
            fire("Datasette, SQL as JSON", address, datasettes(drawn))
        with explorer(elsewhere, folder / "postgres") as address:
            fire("Moa on PostgreSQL, uncached", address, moas(address, drawn)["uncached"])
        with explorer(database, folder / "sqlite") as address:
            for what, requests in moas(address, drawn).items():
                fire(f"Moa, {what}", address, requests, "304" if what == "304" else "200")
    ours = rates["Moa, uncached"]
    result.want("uncached, of Ponder's GraphQL", 5, ours.rate / rates["Ponder, GraphQL"].rate)
    result.want("uncached, of Ponder's route written by hand", 1.5, ours.rate / rates["Ponder, route"].rate)
    result.want("uncached, of Datasette's SQL", 4, ours.rate / rates["Datasette, SQL as JSON"].rate)
    result.want("uncached, p99", 20, ours.p99, "ms", at_most=True)
    empty = rates["an empty route"].rate
    result.want("unchanged since the head block, of an empty route", 0.85, rates["Moa, unchanged"].rate / empty, "%")
    if "Moa, 304" in rates:
        result.want("304, of an empty route", 0.85, rates["Moa, 304"].rate / empty, "%")
    else:
        result.notes.append("No ETag came, so that no 304 could be measured.")
    return result


def datasette_version() -> str:
    """Return the version of Datasette that is pinned."""
    lock = (ROOT / "locks" / "tools.txt").read_text()
    found = re.search(r"^datasette==(\S+)", lock, re.MULTILINE)
    return found[1] if found else "of unknown version"
