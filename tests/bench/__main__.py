"""Run benchmarks: `python -m tests.bench [names] [--quick] [--whole] [--count N] [--runs N]`.

`make bench [ONLY=reads]` calls it. Each runs in a process of its own, one after the other, prints its table
and keeps it in .moa/bench; then `python -m tests.bench.report` writes them into docs/performance.md.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from tests.bench.results import Chosen, Result, sign
from tests.ledger import ROOT

NAMES = ("direct", "sparse", "batches", "latency", "reads", "scale", "real")


def measure(name: str, chosen: Chosen) -> None:
    """Run one, print and keep what it found."""
    result: Result = importlib.import_module(f"tests.bench.{name}").run(chosen)
    if not result.rows:
        print(*result.notes)
        return
    sign(result, chosen)
    path = result.save()
    Console().print(Markdown(f"## {result.title}\n\n{result.markdown()}"))
    print(path.relative_to(ROOT))


def main() -> None:
    """Run what is named, or all of them; go on when one fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="default: all of them")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    parser.add_argument("--whole", action="store_true", help="scale up to 10 million gifts")
    parser.add_argument("--data", type=Path, help="real: the gift file")
    parser.add_argument("--count", type=int, default=0, help="how many gifts, instead of what each takes by itself")
    parser.add_argument("--runs", type=int, default=3, help="of Moa's own; the middle one counts")
    told = parser.parse_args()
    if len(told.names) == 1:
        measure(told.names[0], Chosen(told.quick, told.whole, told.count, told.runs, told.data))
        return
    flags = [argument for argument in sys.argv[1:] if argument not in told.names]
    failed = []
    for name in told.names or NAMES:
        started = time.monotonic()
        print(f"── {name}", flush=True)
        if subprocess.run([sys.executable, "-m", "tests.bench", name, *flags], cwd=ROOT, check=False).returncode:
            failed.append(name)
        print(f"── {name}: {time.monotonic() - started:.0f} s\n", flush=True)
    if failed:
        sys.exit(f"✗ failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
