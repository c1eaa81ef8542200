"""Growth: what time, memory and answers do from ten thousand gifts to a million, and with `--whole` to ten million.

One chain grows on one real node; at each size it is indexed from nothing, by a process whose memory is watched. In the
end all these indexes are asked in turn, by one connection, so that whatever else the machine does meets all of them.
Time must be linear, memory flat, and an answer as quick over all gifts as over few. Draws docs/scale.svg.
"""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import urllib3

from tests.bench import chains, moa
from tests.bench.plot import Chart, svg
from tests.bench.results import FOLDER, Chosen, Result, quantile
from tests.bench.servers import explorer

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
IN_BATCH = 2_000
POOLS = 4
ROUNDS, TIMES = 5, 200
MEGABYTES = 250
LINEAR = 1.25
SLOWER = 1.5


def questions(address: str, seed: int) -> dict[str, list[str]]:
    """Return what is asked, by its name: gifts and donors from all over the index, as its own lists tell of them.

    Another seed, other gifts: what was kept of the round before is of no help.
    """
    dice, pool, begin = random.Random(seed), urllib3.PoolManager(), "/api/v1/pools"  # noqa: S311
    gifts, pages = [], []
    for number in range(1, POOLS + 1):
        first = pool.request("GET", f"{address}{begin}/{number}/contributions?limit=1").json()
        last, letter = int(first["items"][0]["id"].split("-")[1]), first["next"][:1]
        for _ in range(TIMES // POOLS):
            pages.append(f"{begin}/{number}/contributions?limit=50&cursor={letter}{dice.randrange(last // 2, last)}")
            gifts += pool.request("GET", address + pages[-1].replace("limit=50", "limit=1")).json()["items"]
    latest = [f"{begin}/{number}/contributions?limit=50" for number in range(1, POOLS + 1)]
    return {
        "the front page": ["/"] * TIMES,
        "a pool's page": [f"/pool/{number}" for number in range(1, POOLS + 1)] * (TIMES // POOLS),
        "a pool's latest 50": latest * (TIMES // POOLS),
        "50 somewhere in a pool": pages,
        "a receipt": [f"/api/v1/contributions/{gift['id']}" for gift in gifts],
        "a donor": [f"/api/v1/donors/{gift['donor']}" for gift in gifts],
    }


def ask(address: str, paths: list[str]) -> float:
    """Return the p99 of these answers, in milliseconds."""
    pool, found = urllib3.PoolManager(maxsize=1), []
    for path in paths:
        started = time.perf_counter()
        status = pool.request("GET", address + path).status
        found.append(1000 * (time.perf_counter() - started))
        assert status == 200, f"{path}: {status}"
    return quantile(sorted(found), 0.99)


def answers(databases: dict[int, Path], folder: Path, rounds: int) -> dict[str, dict[int, float]]:
    """Return each question's p99 by size: the least of the rounds, since what disturbs only ever adds."""
    found: dict[str, dict[int, float]] = {}
    with ExitStack() as stack:
        addresses = {size: stack.enter_context(explorer(path, folder / str(size))) for size, path in databases.items()}
        for seed in range(rounds):
            asked = {size: questions(address, seed) for size, address in addresses.items()}
            for name in asked[min(asked)]:
                for size, address in addresses.items():
                    p99 = ask(address, asked[size][name])
                    least = found.setdefault(name, {})
                    least[size] = min(p99, least.get(size, p99))
    return found


def run(chosen: Chosen) -> Result:
    """Let the chain grow, index it at each size, ask, and draw."""
    sizes = [2_000, 20_000] if chosen.quick else list(SIZES if chosen.whole else SIZES[:-1])
    result = Result("scale", f"Growth: from {sizes[0]:,} to {sizes[-1]:,} gifts in batches of {IN_BATCH:,}, SQLite")
    measured: dict[int, moa.Measured] = {}
    databases: dict[int, Path] = {}
    with tempfile.TemporaryDirectory() as name, chains.anvil() as ledger:
        folder = Path(name)
        path, pools = ledger.write_deployment(folder / "deployment.json"), chains.open_pools(ledger, POOLS)
        given = 0
        for size in sizes:
            chains.give_in_batches(ledger, pools, size - given, min(IN_BATCH, sizes[0] // POOLS), seed=size)
            given = size
            runs = [folder / f"{size}-{n}.db" for n in range(chosen.runs if size <= 10**6 else 1)]
            measured[size], databases[size] = moa.middle(ledger.node.url, path, runs, size), runs[0]
            for each in runs[1:]:
                each.unlink()
            print(f"{size:,}: {measured[size].seconds:.2f} s, {measured[size].megabytes:.0f} MB", flush=True)
        p99 = answers(databases, folder, 1 if chosen.quick else ROUNDS)
    _tell(result, measured, p99)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "scale.svg").write_text(
        svg([
            Chart("Indexing, seconds", sizes, {"from nothing": [measured[n].seconds for n in sizes]}, logarithmic=True),
            Chart("Peak memory of the indexer, MB", sizes,
                  {"resident": [measured[n].megabytes for n in sizes]}, limit=MEGABYTES),
            Chart("Answers, p99 in milliseconds", sizes,
                  {each: [found[n] for n in sizes] for each, found in p99.items()}),
        ])
    )  # fmt: skip
    return result


def _tell(result: Result, measured: dict[int, moa.Measured], p99: dict[str, dict[int, float]]) -> None:
    few, many = min(measured), max(measured)
    middle = sorted(measured)[min(1, len(measured) - 2)]  # the smallest one is mostly the program's start
    result.headings = ["", *(f"{size:,} gifts" for size in measured)]
    result.add("indexed in, s", *(f"{run.seconds:.2f}" for run in measured.values()))
    result.add("gifts a second", *(f"{size / run.seconds:,.0f}" for size, run in measured.items()))
    result.add("peak memory, MB", *(f"{run.megabytes:,.0f}" for run in measured.values()))
    for name, found in p99.items():
        result.add(f"{name}, p99 ms", *(f"{found[size]:.1f}" for size in measured))
    result.want(f"memory at {many:,}", MEGABYTES, measured[many].megabytes, "MB", at_most=True)
    slower = measured[many].seconds / many / (measured[middle].seconds / middle)
    result.want(f"time a gift at {many:,}, of that at {middle:,}", LINEAR, slower, at_most=True)
    for name, found in p99.items():
        result.want(f"{name}: p99 at {many:,}, of that at {few:,}", SLOWER, found[many] / found[few], at_most=True)
