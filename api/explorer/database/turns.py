"""One snapshot for all questions that came together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection


class Turns:
    """Keeps a snapshot for one turn of the event loop: whoever is answered in it had asked before the turn began.

    So nobody sees less than was there when he asked. To begin and end a snapshot takes as long as to read a page.
    """

    def __init__(self, give_back: Callable[[Connection], None]) -> None:
        """Keep none yet. `give_back`: ends a snapshot."""
        self._give_back = give_back
        self._loop: asyncio.AbstractEventLoop | None = None  # while it will call `end`
        self._turn = 0
        self._kept: Connection | None = None

    def now(self) -> int | None:
        """Return which turn it is; None: no loop runs in this thread."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None
        if self._loop is not loop:
            self.end()
            self._loop = loop
            loop.call_soon(self.end)
        return self._turn

    def take(self, turn: int | None) -> Connection | None:
        """Return the turn's snapshot, if it is there and nobody reads it."""
        if turn != self._turn:
            return None
        kept, self._kept = self._kept, None
        return kept

    def leave(self, connection: Connection, turn: int | None) -> None:
        """Keep a snapshot that was begun or taken in a turn, or end it if the turn is over, or it was of none."""
        if turn == self._turn and self._kept is None:
            self._kept = connection
        else:
            self._give_back(connection)

    def end(self) -> None:
        """End the turn, and its snapshot."""
        kept = self.take(self._turn)
        self._turn, self._loop = self._turn + 1, None
        if kept is not None:
            self._give_back(kept)
