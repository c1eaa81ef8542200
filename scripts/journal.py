"""What the demo remembers besides the chain: when its month starts and how far it is played."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Noted:
    """The journal's content. A chain on which no month is played has no start."""

    month_start: int | None = None
    month_days: int = 0
    month_over: bool = False


class Journal:
    """The journal of one demo."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.noted = Noted(**json.loads(path.read_text())) if path.exists() else None

    def begin(self, month_start: int | None) -> None:
        """Begin a new chain, with or without a month."""
        self._write(Noted(month_start))

    @property
    def month_start(self) -> int:
        """When the month starts."""
        if self.noted is None or self.noted.month_start is None:
            raise ValueError("No month is played on this chain.")
        return self.noted.month_start

    @property
    def clock(self) -> int | None:
        """The month's start as long as the month is not over: the chain's clock is in the past then."""
        if self.noted is None or self.noted.month_over:
            return None
        return self.noted.month_start

    @property
    def month_days(self) -> int:
        """How many days of it are over."""
        return self.noted.month_days if self.noted else 0

    def day_over(self, days: int) -> None:
        """Note that so many days are over."""
        self._write(replace(self.noted or Noted(), month_days=days))

    def month_over(self) -> None:
        """Note that the month is over."""
        self._write(replace(self.noted or Noted(), month_over=True))

    def _write(self, noted: Noted) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".new")
        part.write_text(json.dumps(asdict(noted)))
        part.replace(self.path)
        self.noted = noted
