"""A real gift file, recorded by the program that gateways use, and then indexed: real sums, donors and pools.

By default the file of 291,885 gifts that the project was designed on; it stands beside the project, not in it, so that
elsewhere another one is named with `--data`, or nothing is measured.
"""

from __future__ import annotations

import hashlib
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from scripts import gifts as gift_files
from scripts.ledger import Deployment as ScriptDeployment
from scripts.ledger import Ledger as ScriptLedger
from scripts.recorder import Recorder, column
from scripts.rpc import Node as ScriptNode
from tests.bench import chains, moa
from tests.bench.results import Chosen, Result
from tests.ledger import ROOT, Ledger

FILE = ROOT.parent / "shared" / "data" / "marathon_donations.csv.gz"
PARTS = ("node", "parse", "decode", "project", "write", "index")


def record(ledger: Ledger, path: Path, deployment: Path) -> int:
    """Record a gift file's gifts, one pool a title, and return how many they are."""
    found = gift_files.read(path, int(time.time()))
    pools = np.array([ledger.open_pool(title[:20] or "pool", openEnded=True) for title in found.titles])
    donors = np.array([list(hashlib.sha256(name.encode()).digest()[:20]) for name in found.names], dtype=np.uint8)
    entries = column(
        pools[np.array(found.pools)], donors[np.array(found.donors)], np.array(found.times), np.array(found.amounts)
    )
    recorder = Recorder(ScriptLedger(ScriptNode(ledger.node.url), ScriptDeployment.read(deployment)), ledger.gateway)
    keys = {int(pool): str(pool).encode() for pool in pools}
    return recorder.record(entries, keys, lambda _: None, lambda _: None)


def run(chosen: Chosen) -> Result:
    """Record the file and index it."""
    file = chosen.data or FILE
    result = Result("real", "Backfill: a real gift file, from Anvil, into SQLite")
    if not file.exists():
        result.notes.append(f"There is no {file.name} here: name a gift file with --data.")
        return result
    with tempfile.TemporaryDirectory() as name, chains.anvil() as ledger:
        path = ledger.write_deployment(Path(name) / "deployment.json")
        started = time.perf_counter()
        count = record(ledger, file, path)
        recorded = time.perf_counter() - started
        alone = statistics.median(moa.node_alone(ledger.node.url, path) for _ in range(chosen.runs))
        middle = moa.middle(ledger.node.url, path, [Path(name) / f"{n}.db" for n in range(chosen.runs)], count)
    result.headings = ["what", "seconds", "gifts a second"]
    result.add(f"{count:,} gifts recorded by the gateway's program", f"{recorded:.1f}", f"{count / recorded:,.0f}")
    result.add("the node's logs alone", f"{alone:.2f}", f"{count / alone:,.0f}")
    result.add("indexed", f"{middle.seconds:.2f}", f"{count / middle.seconds:,.0f}")
    for part in PARTS:
        result.add(f"· {part}", f"{middle.split[part]:.2f}", "")
    result.notes.append(f"Peak memory {middle.megabytes:.0f} MB. The node is asked while the last answer is written.")
    return result
