"""How the demo shows what it does: steps with their seconds, bars with rate and time left."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


class RateColumn(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        """Show the rate."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


@dataclass(frozen=True)
class Bar:
    """One bar on the screen."""

    progress: Progress
    task: TaskID

    def begin(self, total: int) -> None:
        """Set how much there is to do."""
        self.progress.update(self.task, total=total)

    def more(self, count: int) -> None:
        """So much more is done."""
        self.progress.advance(self.task, count)

    def reach(self, count: int) -> None:
        """So much is done in all."""
        self.progress.update(self.task, completed=count)


@contextmanager
def step(console: Console, what: str) -> Iterator[None]:
    """Show that something is done, and how long it took."""
    began = time.monotonic()
    with console.status(escape(what)):
        yield
    _done(console, what, began)


@contextmanager
def bar(console: Console, what: str, total: int, completed: int = 0) -> Iterator[Bar]:
    """Show how far something is, how fast it goes and how long it still takes."""
    began = time.monotonic()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield Bar(progress, progress.add_task(escape(what), total=total, completed=completed))
    _done(console, what, began)


def _done(console: Console, what: str, began: float) -> None:
    console.print(f"[green]✓[/] {escape(what)} [dim]{time.monotonic() - began:.1f} s[/]", highlight=False)
