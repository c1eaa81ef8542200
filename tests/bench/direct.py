"""Direct gifts, one log each: Moa beside Ponder and beside the node alone, on one chain, in one run.

What is measured is a backfill from nothing to the head, with all that Moa does on the way: raw logs kept, headers
checked one by one, places in line worked out, indexes made. This is the dearest form of gift, one log for each.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from tests import postgres
from tests.bench import chains, moa
from tests.bench.peers import ponder
from tests.bench.results import Chosen, Result

PER_BLOCK = 100
LIFTED = 10_000  # requests a second


def run(chosen: Chosen) -> Result:
    """Build the chain and index it by each."""
    count = chosen.size(200_000, 4_000)
    result = Result("direct", f"Backfill: {count:,} direct gifts, {PER_BLOCK} in a block, from Anvil")
    result.headings = ["what", "gifts a second", "of the node alone", "peak MB"]
    result.notes.append(ponder.LIMIT)
    rates: dict[str, float] = {}
    ponder.install()
    with tempfile.TemporaryDirectory() as folder, chains.anvil() as ledger, postgres.server() as server:
        path = ledger.write_deployment(Path(folder) / "deployment.json")
        chains.give_directly(ledger, count, PER_BLOCK)
        url = ledger.node.url

        def add(what: str, seconds: float, megabytes: float = 0) -> None:
            rates[what] = count / seconds
            of_node = f"{rates[what] / rates['the node alone']:.0%}"
            result.add(what, f"{rates[what]:,.0f}", of_node, f"{megabytes:,.0f}" if megabytes else "")

        alone: list[float] = []
        into: dict[str, list[moa.Measured]] = {"SQLite": [], "PostgreSQL": []}
        for n in range(chosen.runs):
            # In turn: a machine is faster now, and slower then.
            alone.append(moa.node_alone(url, path))
            into["SQLite"].append(moa.index(url, path, Path(folder) / f"{n}.db"))
            into["PostgreSQL"].append(moa.index(url, path, server.database()))
        add("the node alone", statistics.median(alone))
        for name, runs in into.items():
            middle = moa.middle_of(runs, count)
            add(f"Moa into {name}", middle.seconds, middle.megabytes)
            print("  ", {part: round(seconds, 2) for part, seconds in middle.split.items()})
        for name, address, rate in (
            ("Ponder into PGlite", "", 0),
            ("Ponder into PostgreSQL", server.database(), 0),
            ("Ponder into PGlite, its limit lifted", "", LIFTED),
            ("Ponder into PostgreSQL, its limit lifted", server.database(), LIFTED),
        ):
            with ponder.ponder(url, path, address, rate) as (_, seconds):
                add(name, seconds)
    ours, theirs = rates["Moa into SQLite"], rates["Moa into PostgreSQL"]
    result.want("Moa into SQLite, of Ponder into PGlite", 20, ours / rates["Ponder into PGlite"])
    result.want("Moa into PostgreSQL, of Ponder into PostgreSQL", 12, theirs / rates["Ponder into PostgreSQL"])
    result.want("Moa into SQLite, of the node alone", 0.3, ours / rates["the node alone"], "%")
    return result
