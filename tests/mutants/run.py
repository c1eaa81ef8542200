"""Break the contracts on purpose, one line at a time, and see that the tests notice each (`make mutants`).

Every `*.toml` here is a list of mutants: `file` under contracts/, the line to `find` (it must stand there once), what
it `becomes`, the `tests` that must go red, and, where it is one of DESIGN's, the `rule` that is broken. A mutant
counts as killed when those tests fail; one that does not compile, or whose tests cannot start, does not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.mutants.build import affected, rebuild

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("contracts", "tests", "build", "brownie-config.yaml", "pyproject.toml")
LINKED = ("node_modules", ".venv", ".moa", "api", "scripts")
WITHOUT_BROWNIE = ("-p", "no:pytest-brownie", "-o", "addopts=--strict-markers", "-p", "no:cacheprovider")
FAILED = 1
"""What pytest answers when tests ran and failed; anything else means that they did not run, or passed."""


class MutantsError(Exception):
    """A mutant that cannot be tried."""


@dataclass(frozen=True)
class Mutant:
    """One line of one contract that says something else."""

    name: str
    file: str
    find: str
    becomes: str
    tests: tuple[str, ...]
    rule: int | None

    def apply(self, folder: Path) -> None:
        """Break the contract in a folder."""
        path = folder / "contracts" / self.file
        text = (ROOT / "contracts" / self.file).read_text()
        if text.count(self.find) != 1:
            raise MutantsError(f"{self.name}: “{self.find}” stands {text.count(self.find)} times in {self.file}.")
        path.write_text(text.replace(self.find, self.becomes))

    def undo(self, folder: Path) -> None:
        """Mend the contract again."""
        shutil.copy(ROOT / "contracts" / self.file, folder / "contracts" / self.file)


def read(only: str) -> list[Mutant]:
    """Return all mutants whose name or file holds these words."""
    found = []
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        listed: dict[str, Any] = tomllib.loads(path.read_text())
        for name, m in listed.items():
            tests = tuple(m["tests"].split())
            mutant = Mutant(f"{path.stem}: {name}", m["file"], m["find"], m["becomes"], tests, m.get("rule"))
            if only in mutant.name or only in mutant.file:
                found.append(mutant)
    return found


def prepare(folder: Path) -> None:
    """Make a copy of the project in which contracts can be broken."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
        elif source.exists():
            shutil.copy(source, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)


def outcome(mutant: Mutant, folder: Path) -> str:
    """Return “killed”, or what happened instead."""
    built = folder / "build" / "contracts"
    whole = {
        path: path.read_bytes() for path in (built / f"{name.stem}.json" for name in affected(folder, mutant.file))
    }
    mutant.apply(folder)
    tests = [str(Path("tests/contracts") / test) for test in mutant.tests]
    command = [sys.executable, "-m", "pytest", "-x", "-q", *WITHOUT_BROWNIE, *tests]
    settings = {**os.environ, "MOA_NODE": "anvil"}
    try:
        if error := rebuild(folder, mutant.file):
            return f"did not compile: {error}"
        run = subprocess.run(
            command, cwd=folder, env=settings, capture_output=True, text=True, timeout=900, check=False
        )
    except subprocess.TimeoutExpired:
        return "took too long"
    finally:
        mutant.undo(folder)
        for path, content in whole.items():
            path.write_bytes(content)
    if run.returncode == FAILED and " failed" in run.stdout:
        return "killed"
    if run.returncode == 0:
        return "SURVIVED"
    return "did not run: " + (run.stdout + run.stderr).strip().splitlines()[-1]


def main() -> None:
    """Try every mutant, and end with 1 if one is alive."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("only", nargs="?", default="", help="try only mutants whose name or file holds this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    chosen = parser.parse_args()
    console = Console()
    mutants = read(chosen.only)
    alive = []
    with tempfile.TemporaryDirectory() as parent:
        folders: SimpleQueue[Path] = SimpleQueue()
        for i in range(chosen.jobs):
            folder = Path(parent) / f"moa{i}"  # Brownie wants a letter first
            folder.mkdir()
            prepare(folder)
            folders.put(folder)

        def judge(mutant: Mutant) -> str:
            folder = folders.get()
            try:
                return outcome(mutant, folder)
            finally:
                folders.put(folder)

        columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as progress, ThreadPoolExecutor(chosen.jobs) as pool:
            task = progress.add_task("mutants", total=len(mutants))
            for mutant, result in zip(mutants, pool.map(judge, mutants), strict=True):
                rule = f" (rule {mutant.rule})" if mutant.rule else ""
                progress.console.print(f"{'✓' if result == 'killed' else '✗'} {mutant.name}{rule}: {result}")
                if result != "killed":
                    alive.append(mutant.name)
                progress.advance(task)
    console.print(f"{len(mutants) - len(alive)} of {len(mutants)} mutants killed.")
    if alive or not mutants:
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except MutantsError as error:
        sys.exit(f"✗ {error}")
