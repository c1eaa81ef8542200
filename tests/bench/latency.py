"""From mined to visible: how long after a block its gift arrives at a donor's open page, as /live sends it.

Everything is as in use: a node, an indexer and an explorer in processes of their own, and a client that listens to
/live. A gift is put into the node's pool, then the node is told to mine; the clock runs from that order on (so mining,
a millisecond or two, is part of the figure) until the message with the gift is read. Once with the node's subscription
to new blocks, once without one. Ponder, on PostgreSQL with the same subscription, is asked over GraphQL each 5 ms.
"""

from __future__ import annotations

import http.client
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3

from tests import postgres
from tests.bench import chains, peers
from tests.bench.peers import ponder
from tests.bench.results import Chosen, Result, quantile
from tests.ledger import ROOT, USD, Ledger, free_port

POLLED = 0.1
"""Seconds between the indexer's looks at the head where there is no subscription."""
PONDER_LOOKS = 0.005
WARM = 5
"""Gifts that are not counted: each program's first."""
PAUSE = (0.02, 0.4)
"""Seconds between two gifts, by lot: longer than any of them looks, or all would come at the same point of its turn."""
LOST = 20.0
"""Seconds after which a gift is given up."""


class Listener:
    """A client of /live. It knows when each place in line was told of."""

    def __init__(self, port: int) -> None:
        """Listen, in a thread."""
        self._seen: dict[str, float] = {}
        self._news = threading.Condition()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/live")
        self._answer = connection.getresponse()
        assert self._answer.status == 200, self._answer.status
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, id_: str) -> float:
        """Return when a contribution was told of."""
        with self._news:
            assert self._news.wait_for(lambda: id_ in self._seen, LOST), f"{id_} was never told of"
            return self._seen[id_]

    def _read(self) -> None:
        while line := self._answer.readline():
            now = time.perf_counter()
            if line.startswith(b"data: "):
                with self._news:
                    self._seen[str(json.loads(line[6:]).get("contribution"))] = now
                    self._news.notify_all()


def gifts(ledger: Ledger, pool: int, count: int, seen: Callable[[str], float]) -> list[float]:
    """Give one gift a block at uneven times, and return the sorted milliseconds until each was seen."""
    node, dice = ledger.node, random.Random(1)  # noqa: S311
    found: list[float] = []
    node.rpc("evm_setAutomine", False)
    call = {"to": ledger.fund.address, "data": ledger.fund.encode_abi("contribute", args=[pool, USD])}
    start = int(ledger.see(ledger.fund, "poolOf", pool)["raised"])
    for _ in range(WARM + count):
        node.rpc("eth_sendTransaction", {"from": ledger.donors[0], "gas": hex(200_000), "gasPrice": "0x0", **call})
        time.sleep(dice.uniform(*PAUSE))
        begun = time.perf_counter()
        node.rpc("evm_mine")
        found.append(1000 * (seen(f"{pool}-{start}") - begun))
        start += USD
    node.rpc("evm_setAutomine", True)
    return sorted(found[WARM:])


@contextmanager
def moa(url: str, deployment: Path, folder: Path, *, socket: bool) -> Iterator[int]:
    """Run an indexer and an explorer, and yield the explorer's port once it is at the head."""
    folder.mkdir()
    port = free_port()
    settings = {
        "MOA_RPC": url, "MOA_DEPLOYMENT": str(deployment), "MOA_DATABASE": str(folder / "index.db"),
        "MOA_CONTENT": str(folder), "MOA_PORT": str(port), "MOA_SOCKET": "" if socket else "none",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    index = [sys.executable, "-m", "api", "index", "--follow", *([] if socket else ["--every", str(POLLED)])]
    pool = urllib3.PoolManager(retries=False)

    def ready() -> bool:
        try:
            health = pool.request("GET", f"http://127.0.0.1:{port}/api/v1/health").json()
            return bool(health.get("ok"))
        except urllib3.exceptions.HTTPError:
            return False

    (folder / "explorer").mkdir()
    with (
        peers.running(index, folder, **settings),
        peers.running([sys.executable, "-m", "api", "serve"], folder / "explorer", **settings) as explorer,
    ):
        peers.until(ready, explorer, folder / "explorer" / "log")
        time.sleep(1)  # the subscription stands
        yield port


def _asks_ponder(address: str) -> Callable[[str], float]:
    """Return what waits until Ponder knows of a contribution."""
    pool = urllib3.PoolManager(maxsize=1)

    def seen(id_: str) -> float:
        body = {"query": f'{{ contribution(id: "{id_}") {{ id }} }}'}
        end = time.monotonic() + LOST
        while time.monotonic() < end:
            answer = pool.request("POST", f"{address}/graphql", json=body).json()
            if answer["data"]["contribution"]:
                return time.perf_counter()
            time.sleep(PONDER_LOOKS)
        raise AssertionError(f"Ponder never knew of {id_}")

    return seen


def run(chosen: Chosen) -> Result:
    """Give, and look how long each takes."""
    count = chosen.size(300, 20)
    result = Result("latency", f"From mined to visible: {count:,} gifts, one a block, on Anvil")
    result.headings = ["what", "p50 ms", "p95 ms", "p99 ms"]
    figures: dict[str, tuple[float, float]] = {}
    ponder.install()

    def add(what: str, found: list[float]) -> None:
        p50, p95, p99 = (quantile(found, part) for part in (0.5, 0.95, 0.99))
        figures[what] = p95, p99
        result.add(what, f"{p50:.1f}", f"{p95:.1f}", f"{p99:.1f}")

    with tempfile.TemporaryDirectory() as folder, chains.anvil() as ledger, postgres.server() as server:
        path, url = ledger.write_deployment(Path(folder) / "deployment.json"), ledger.node.url
        [pool] = chains.open_pools(ledger, 1)
        ledger.give(pool, USD)
        for what, socket in (
            ("Moa with a subscription, to /live", True),
            (f"Moa polling each {POLLED * 1000:.0f} ms, to /live", False),
        ):
            with moa(url, path, Path(folder) / str(socket), socket=socket) as port:
                add(what, gifts(ledger, pool, count, Listener(port).wait))
        with ponder.ponder(url, path, server.database(), socket=True) as (address, _):
            add("Ponder with a subscription, to GraphQL", gifts(ledger, pool, count, _asks_ponder(address)))
    p95, p99 = figures["Moa with a subscription, to /live"]
    result.want("with a subscription, p95", 50, p95, "ms", at_most=True)
    result.want("with a subscription, p99", 250, p99, "ms", at_most=True)
    return result
