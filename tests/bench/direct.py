"""Direct gifts, one log each: Moa beside Ponder and beside the node alone, on one chain, in one run.

`python -m tests.bench.direct [--count 200000] [--per-block 100] [--runs 3] [--without-ponder]`
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests import postgres
from tests.bench import chains, moa, peers


def main() -> None:
    """Build the chain, index it by each, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--per-block", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--without-ponder", action="store_true")
    chosen = parser.parse_args()
    console = Console()
    table = Table(title=f"{chosen.count:,} direct gifts, {chosen.per_block} in a block")
    for heading in ("what", "gifts a second", "of the node alone", "peak MB"):
        table.add_column(heading, justify="left" if heading == "what" else "right")

    with tempfile.TemporaryDirectory() as folder, chains.anvil() as ledger, postgres.server() as server:
        path = ledger.write_deployment(Path(folder) / "deployment.json")
        with console.status("giving"):
            chains.give_directly(ledger, chosen.count, chosen.per_block)
        url = ledger.node.url
        alone = chosen.count / statistics.median(moa.node_alone(url, path) for _ in range(chosen.runs))

        def add(what: str, rate: float, megabytes: float | None = None) -> None:
            row = (what, f"{rate:,.0f}", f"{rate / alone:.0%}", "" if megabytes is None else f"{megabytes:,.0f}")
            table.add_row(*row)
            console.print(" · ".join(row))

        add("the node alone", alone)
        for name in ("SQLite", "PostgreSQL"):
            runs = [
                moa.index(url, path, Path(folder) / f"{n}.db" if name == "SQLite" else server.database())
                for n in range(chosen.runs)
            ]
            middle = sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]
            add(f"Moa into {name}", chosen.count / middle.seconds, middle.megabytes)
            console.print({part: round(seconds, 2) for part, seconds in middle.split.items()})
        if not chosen.without_ponder:
            peers.install_ponder()
            for name, database, rate in (
                ("Ponder into PGlite", "", 0),
                ("Ponder into PostgreSQL", server.database(), 0),
                ("Ponder into PGlite, its limit of requests lifted", "", 10_000),
                ("Ponder into PostgreSQL, its limit lifted", server.database(), 10_000),
            ):
                with peers.ponder(url, path, database, rate) as (_, seconds):
                    add(name, chosen.count / seconds)
    console.print(table)


if __name__ == "__main__":
    main()
