"""How every question reads: one snapshot for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from api.explorer.content import ContentFolder
from api.explorer.database import Database
from api.explorer.queries.reader import Reader

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


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

    @contextmanager
    def _read(self, *, unfinished: bool = False) -> Iterator[Reader]:
        with self._database.snapshot(unfinished=unfinished) as connection:
            yield Reader(connection, self._content, int(self._clock()))
