"""A sparse chain, one gift a block: Moa beside Envio and DipDup, on one chain, in one run.

What costs here is not the gift but the block: each header is asked for, and checked against the one before it. Envio
and DipDup ask for headers as well, since Anvil's logs carry a time, but not all nodes' do.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests import postgres
from tests.bench import chains, moa
from tests.bench.peers import dipdup, envio
from tests.bench.results import Chosen, Result


def run(chosen: Chosen) -> Result:
    """Build the chain and index it by each."""
    count = chosen.size(20_000, 1_000)
    result = Result("sparse", f"Backfill: a sparse chain, {count:,} blocks of one direct gift each, from Anvil")
    result.headings = ["what", "gifts a second", "peak MB"]
    result.notes.append(
        f"Envio {envio.VERSION} (from the node, into PostgreSQL), DipDup {dipdup.VERSION} (into SQLite)."
    )
    rates: dict[str, float] = {}
    envio.install()
    with_dipdup = dipdup.install()
    with tempfile.TemporaryDirectory() as folder, chains.anvil() as ledger, postgres.server() as server:
        path = ledger.write_deployment(Path(folder) / "deployment.json")
        chains.give_directly(ledger, count, 1)
        url = ledger.node.url

        def add(what: str, seconds: float, megabytes: float = 0) -> None:
            rates[what] = count / seconds
            result.add(what, f"{rates[what]:,.0f}", f"{megabytes:,.0f}" if megabytes else "")

        for name in ("SQLite", "PostgreSQL"):
            databases = [
                Path(folder) / f"{n}.db" if name == "SQLite" else server.database() for n in range(chosen.runs)
            ]
            middle = moa.middle(url, path, databases, count)
            add(f"Moa into {name}", middle.seconds, middle.megabytes)
            print("  ", {part: round(seconds, 2) for part, seconds in middle.split.items()})
        add("Envio", envio.envio(url, path, server.database(), count))
        result.want("Moa into PostgreSQL, of Envio", 15, rates["Moa into PostgreSQL"] / rates["Envio"])
        if with_dipdup:
            head = int(ledger.w3.eth.block_number)
            add("DipDup", dipdup.dipdup(url, path, Path(folder) / "dipdup.db", head, count))
            result.want("Moa into SQLite, of DipDup", 15, rates["Moa into SQLite"] / rates["DipDup"])
        else:
            result.notes.append(f"DipDup was left out: it wants {' or '.join(dipdup.PYTHONS)}, and there is none here.")
    return result
