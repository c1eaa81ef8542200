"""What was met of one state of the ledger. It stays true until the next, so it is fetched and written out once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Row

from api.explorer import shapes
from api.explorer.database import Edition
from api.explorer.trace import Line

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MOST = 20_000
"""Of each kind so many are remembered: an edition may last for days, and whoever walks through all of it is a robot."""


class Met(dict[Key, Value]):
    """What was met of one kind. It forgets all when it is full."""

    def __setitem__(self, key: Key, value: Value) -> None:
        """Remember one."""
        if len(self) >= MOST:
            self.clear()
        super().__setitem__(key, value)

    def once(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return what is remembered of a key, and make it first if nothing is."""
        found = self.get(key)
        if found is None:
            found = self[key] = make()
        return found


@dataclass(frozen=True, eq=False)
class Memory:
    """What was met of an edition, with the folder of texts as it was then."""

    edition: Edition
    stamp: int
    """The folder's time of change."""
    places: Met[int, shapes.Place] = field(default_factory=Met)
    who: Met[bytes, shapes.Who] = field(default_factory=Met)
    tokens: Met[bytes, shapes.Token] = field(default_factory=Met)
    pools: Met[int, Row[Any]] = field(default_factory=Met)
    titles: Met[int, str] = field(default_factory=Met)
    lines: Met[int, Line] = field(default_factory=Met)
    """Pools' lines as they stand, kept by `places`."""
    batches: Met[int, Row[Any]] = field(default_factory=Met)
    """By log."""
    refunded: Met[int, bool] = field(default_factory=Met)
    """Whether anything of a pool was ever refunded."""
    written_pools: Met[int, str] = field(default_factory=Met)
    """What `written` wrote of pools, and of logs."""
    written_logs: Met[int, str] = field(default_factory=Met)
    made: Met[str, Any] = field(default_factory=Met)
    """What follows from all of it, by name: `Reader.once`."""

    @property
    def tag(self) -> str:
        """Name it, on every server alike that has the same texts."""
        return f"{self.edition.tag}-{self.stamp:x}"


class Looked:
    """What an answer was read from. Whoever keeps answers begins one for each, by `LOOKED`."""

    def __init__(self, begun: Memory) -> None:
        """Begin; `begun`: what was met of the edition that was there a moment ago."""
        self.begun = begun
        self.memory: Memory | None = None
        self.timed = False
        """Whether the clock, or what stands beside the index, has a part in it."""
        self._mixed = False

    def at(self, memory: Memory, *, timed: bool) -> None:
        """Note that this was read."""
        self._mixed = self._mixed or (self.memory is not None and self.memory is not memory)
        self.memory = None if self._mixed else memory
        self.timed = self.timed or timed


LOOKED: ContextVar[Looked | None] = ContextVar("looked", default=None)
