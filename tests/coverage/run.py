"""Say which ways of the contracts' branches their tests go (`make coverage`); end with 1 unless they go all.

The contracts are marked (instrument.py) in a copy of the project, and their tests run there on Anvil, which prints each
mark. Left out: the gas figures, which marks change; the random walks, since what they see is chance; and the tests of
the nodes, which need the size limit that marked contracts break.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.coverage.instrument import WAYS, Way, instrument, plain
from tests.coverage.tree import CoverageError, contracts
from tests.mutants.run import prepare

LEFT_OUT = ("*gas*", "*walk*", "*nodes*")
NO_BRANCHES = "contracts/interfaces/"
MARK = re.compile(rb"0x(?:c0ffee){9}c0([0-9a-f]{8})\s*")
FAILED = 1
"""What pytest answers when tests ran and some failed."""
SHIM = """#!/bin/sh
# Anvil, but it says what it prints, and takes code of any size.
for word; do shift; [ "$word" = --quiet ] || set -- "$@" "$word"; done
exec {anvil} --disable-code-size-limit "$@" >>{log}
"""


def prepare_tools(folder: Path, log: Path) -> Path:
    """Put an Anvil that writes to the log into a folder, and return that."""
    if not (anvil := shutil.which("anvil")):
        raise CoverageError("There is no Anvil for this machine.")
    tools = folder / "tools"
    tools.mkdir()
    log.touch()
    (tools / "anvil").write_text(SHIM.format(anvil=shlex.quote(anvil), log=shlex.quote(str(log))))
    (tools / "anvil").chmod(0o755)
    return tools


def test(folder: Path, tools: Path, chosen: list[str]) -> int:
    """Run the contracts' tests in a folder, and return what pytest answers."""
    (folder / "home").mkdir()
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    settings = {**os.environ, "MOA_NODE": "anvil", "HOME": str(folder / "home"), "PATH": path}
    left_out = [f"--ignore-glob={glob}" for glob in LEFT_OUT]
    asked = [f"tests/contracts/{name}" for name in chosen] or ["tests/contracts"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *left_out, *asked]
    return subprocess.run(command, cwd=folder, env=settings, check=False).returncode


def marks_in(log: Path) -> Counter[int]:
    """Count the marks that Anvil printed."""
    with log.open("rb") as lines:
        return Counter(int(found[1], 16) for line in lines if (found := MARK.fullmatch(line)))


def report(files: list[str], ways: list[Way], marks: Counter[int]) -> bool:
    """Print the figures and every way that no test goes, and return whether there is none."""
    every = Counter(way.file for way in ways)
    gone = Counter(way.file for way in ways if way.taken(marks))
    rows = [(file, gone[file], every[file]) for file in files]
    print(f"\n{'branches':42}taken   all")
    for file, part, whole in [*rows, ("all", gone.total(), every.total())]:
        share = f"{100 * part / whole:7.2f} %" if whole else "none".rjust(9)
        print(f"{file:40} {part:6}{whole:6} {share}")
    print(f"The gas figures, the random walks and the nodes' own tests are left out: {', '.join(LEFT_OUT)}.")
    missing = [way for way in ways if not way.taken(marks)]
    for way in missing:
        print(f"✗ {way.file}:{way.line}: never {way.which}: {way.code}")
    return not missing


def main() -> None:
    """Mark, run, report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tests", nargs="*", help="run only these modules of tests/contracts")
    chosen = parser.parse_args().tests
    sources, ways = instrument(contracts())
    with tempfile.TemporaryDirectory() as parent:
        folder, log = Path(parent) / "moa", Path(parent) / "log"
        folder.mkdir()
        prepare(folder)
        for path in (folder / "contracts" / "mocks").glob("*.sol"):
            path.write_text(plain(path.read_text()))
        for file, source in sources.items():
            (folder / file).write_text(source)
        shutil.copy(WAYS, folder / "contracts")
        result = test(folder, prepare_tools(folder, log), chosen)
        if result not in (0, FAILED):
            raise CoverageError("The tests did not run.")
        complete = report([file for file in sources if not file.startswith(NO_BRANCHES)], ways, marks_in(log))
    if result:
        raise CoverageError("Not all tests passed, so the figure says little.")
    if not complete:
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except CoverageError as error:
        sys.exit(f"✗ {error}")
