"""How every question reads: one snapshot for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from api.explorer.content import ContentFolder
from api.explorer.database import Database
from api.explorer.queries.kept import Kept
from api.explorer.queries.reader import Reader, read_final

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
FINAL_SECONDS = 1.0
"""For so long it is not looked again which block is final: what is final stays so."""


class Base:
    """Hands out readers of the index.

    Args:
        database: The index.
        content: The folder of texts and evidence.
        clock: Says what time it is, in unix seconds; pools freeze by it.

    """

    def __init__(self, database: Database, content: ContentFolder, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._content = content
        self._clock = clock
        self.final_block: int | None = None
        """The newest indexed block that is final, as it was seen last; None: none is."""
        self._final_until = 0.0
        self._kept = Kept()

    @contextmanager
    def _read(self, *, unfinished: bool = False) -> Iterator[Reader]:
        with self._database.snapshot(unfinished=unfinished) as connection:
            yield Reader(connection, self._content, int(self._clock()), self._final)

    def _final(self, connection: Connection) -> int | None:
        now = time.monotonic()
        if now >= self._final_until:
            self.final_block, self._final_until = read_final(connection), now + FINAL_SECONDS
        return self.final_block
