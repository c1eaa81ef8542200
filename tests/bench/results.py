"""What a benchmark found: rows, and what was wanted beside what was got. Kept as JSON, told as Markdown."""

from __future__ import annotations

import dataclasses
import datetime
import math
import os
import platform
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tests.ledger import ROOT

FOLDER = ROOT / ".moa" / "bench"


@dataclass(frozen=True)
class Chosen:
    """How large a benchmark is to be."""

    quick: bool = False
    whole: bool = False
    count: int = 0
    runs: int = 3
    data: Path | None = None

    def size(self, usual: int, quick: int) -> int:
        """Return how many of what is counted there are to be."""
        return self.count or (quick if self.quick else usual)


@dataclass(frozen=True)
class Wanted:
    """A figure that is wanted: at least so much of a unit, or at most."""

    what: str
    wanted: float
    got: float
    unit: str = "×"
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Return whether it is as wanted."""
        return self.got <= self.wanted if self.at_most else self.got >= self.wanted


@dataclass
class Result:
    """What one benchmark found."""

    name: str
    title: str
    notes: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    quick: bool = False
    machine: str = ""
    ran: str = ""
    commit: str = ""

    def add(self, *row: str) -> None:
        """Add a row, and say it, for whoever waits."""
        self.rows.append(list(row))
        print(" · ".join(row), flush=True)

    def want(self, what: str, wanted: float, got: float, unit: str = "×", *, at_most: bool = False) -> None:
        """Add a figure that is wanted."""
        self.wanted.append(Wanted(what, wanted, got, unit, at_most))

    def markdown(self) -> str:
        """Return it as Markdown."""
        lines = [_row(self.headings), _row(["---", *["---:"] * (len(self.headings) - 1)]), *map(_row, self.rows)]
        if self.wanted:
            lines += ["", _row(["wanted", "at least / at most", "got", ""]), _row(["---", "---:", "---:", "---"])]
            lines += [
                _row([w.what, f"{'≤' if w.at_most else '≥'} {_figure(w.wanted, w.unit)}", _figure(w.got, w.unit),
                      "met" if w.met else "**missed**"])
                for w in self.wanted
            ]  # fmt: skip
        told = [*self.notes, f"Run of {self.ran} at {self.commit}: {self.machine}."]
        if self.quick:
            told.append("**A smoke run with small sizes: its figures say nothing.**")
        return "\n".join([*lines, "", " ".join(told)])

    def save(self) -> Path:
        """Write it down."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{self.name}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(dataclasses.asdict(self))) + b"\n")
        return path


def load(path: Path) -> Result:
    """Read what was written down."""
    return msgspec.json.decode(path.read_bytes(), type=Result)


def sign(result: Result, chosen: Chosen) -> None:
    """Say where, when and of what program."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    result.quick, result.commit = chosen.quick, commit.stdout.strip() or "no commit"
    result.ran = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    result.machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def quantile(sorted_values: list[float], part: float) -> float:
    """Return a quantile, by the nearest rank."""
    return sorted_values[max(0, math.ceil(part * len(sorted_values)) - 1)]


def _figure(value: float, unit: str) -> str:
    if unit == "×":
        return f"{value:.3g} ×" if value < 1000 else f"{value:,.0f} ×"
    if unit == "%":
        return f"{value:.0%}"
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
