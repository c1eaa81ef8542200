"""What the user is told about a file of gifts: the report file, the sums, and the comparison at the end."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from scripts.gifts import Gifts
    from scripts.replay import Sums

SHOWN_POOLS = 25
UNITS = 10**6


def dollars(units: int | Decimal) -> str:
    """Show an amount of base units as dollars, with the cents and whatever is finer."""
    value = Decimal(units) / UNITS
    text = f"{value:,.6f}"
    return text[:-4] + text[-4:].rstrip("0")


def write(gifts: Gifts, source: Path, folder: Path) -> Path:
    """Write the refused lines to a file of their own, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "-", source.name.removesuffix(".gz").removesuffix(".csv")) or "gifts"
    path = folder / f"{stem}.report.csv"
    part = path.with_suffix(".new")
    with part.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(("line", "outcome", "reason", "raw"))
        writer.writerows((r.line, "refused", r.reason, r.raw) for r in gifts.refused)
    part.replace(path)
    return path


def show_reading(console: Console, gifts: Gifts, path: Path) -> None:
    """Say what was read and what was refused."""
    table = Table(title="The file", title_justify="left")
    table.add_column("")
    table.add_column("lines", justify="right")
    table.add_column("USD", justify="right")
    table.add_row("accepted", f"{len(gifts.times):,}", dollars(gifts.total))
    table.add_row("· of these repeated rows", f"{gifts.repeated:,}", "")
    unread = sum(refusal.amount is None for refusal in gifts.refused)
    refused = dollars(gifts.refused_total * UNITS) + (f" and {unread} unreadable" if unread else "")
    table.add_row("refused", f"{len(gifts.refused):,}", refused)
    if gifts.blank:
        table.add_row("empty", f"{gifts.blank:,}", "")
    console.print(table)
    for refusal in gifts.refused[:5]:
        console.print(f"  line {refusal.line}: {escape(refusal.reason)}", highlight=False)
    if len(gifts.refused) > 5:
        console.print(f"  … and {len(gifts.refused) - 5:,} more")
    console.print(f"Report of the refused lines: {escape(str(path))}", soft_wrap=True, highlight=False)


def show_sums(console: Console, sums: list[Sums], index: dict[int, int]) -> bool:
    """Show every pool's sum from each source; returns whether they all agree."""
    wrong = [s for s in sums if not s.equal(index.get(s.pool, -1))]
    others = any(s.others for s in sums)
    table = Table(title="USD by pool, each column from its own source", title_justify="left")
    table.add_column("pool", overflow="fold")
    names = ["file", *(["from elsewhere"] if others else []), "token pulled", "contract", "index = page"]
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("")

    def cells(file: int, other: int, token: int, contract: int, indexed: int) -> list[str]:
        values = [file, *([other] if others else []), token, contract, indexed]
        return [dollars(value) for value in values]

    shown = wrong[:SHOWN_POOLS] + [s for s in sums if s not in wrong][: max(0, SHOWN_POOLS - len(wrong))]
    for s in sorted(shown, key=lambda s: s.pool):
        indexed = index.get(s.pool, 0)
        mark = "[red]differs" if s in wrong else "[green]="
        table.add_row(escape(s.title), *cells(s.file, s.others, s.token, s.contract, indexed), mark)
    if len(sums) > len(shown):
        table.add_row(f"… and {len(sums) - len(shown):,} pools more", *[""] * len(names), "")
    table.add_section()
    totals = [
        sum(values)
        for values in zip(*((s.file, s.others, s.token, s.contract, index.get(s.pool, 0)) for s in sums), strict=True)
    ] or [0] * 5
    table.add_row("all", *cells(*totals), "[red]differ" if wrong else "[green]=")
    console.print(table)
    return not wrong
