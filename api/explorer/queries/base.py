"""How every question reads: one snapshot for each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy import Connection

from api.explorer.content import ContentFolder
from api.explorer.database import Database, Edition, edition_of
from api.explorer.queries.memory import LOOKED, Memory
from api.explorer.queries.reader import Reader

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
LOOK_SECONDS = 0.002
"""Answers that were kept may be so much older than the index, for a look at it costs as much as most of them."""


Given = ParamSpec("Given")
Made = TypeVar("Made")


class _Together(ExitStack):
    """The snapshot of questions that belong together: begun with the first of them."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._connection: Connection | None = None

    def snapshot(self) -> Connection:
        if self._connection is None:
            self._connection = self.enter_context(self._database.snapshot())
        return self._connection


_TOGETHER: ContextVar[_Together | None] = ContextVar("together", default=None)


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
        self.clock = clock
        self._memory: Memory | None = None
        self._there: Memory | None = None
        self._look_again = 0.0

    @property
    def final_block(self) -> int | None:
        """Return the newest indexed block that is final, as it was seen last; None: none is."""
        return self._database.edition.final if self._database.edition else None

    def memory(self) -> Memory | None:
        """Return what was met of the edition that is there, as of at most `LOOK_SECONDS` ago; None if none can be read.

        While it is the same one, every answer is the same, but for those in which the clock has a part.
        """
        if time.monotonic() >= self._look_again:
            edition = self._database.now()
            self._there = None if edition is None else self._memory_of(edition)
            self._look_again = time.monotonic() + LOOK_SECONDS
        return self._there

    def together(self, make: Callable[Given, Made]) -> Callable[Given, Made]:
        """Return what makes an answer of several questions from one snapshot, so that they tell of the same block.

        `make` must not await anything.
        """

        @wraps(make)
        def made(*args: Given.args, **named: Given.kwargs) -> Made:
            with _Together(self._database) as shared:
                token = _TOGETHER.set(shared)
                try:
                    return make(*args, **named)
                finally:
                    _TOGETHER.reset(token)

        return made

    @contextmanager
    def _snapshot(self, *, unfinished: bool) -> Iterator[Connection]:
        shared = _TOGETHER.get()
        if shared is not None and not unfinished:
            yield shared.snapshot()
            return
        with self._database.snapshot(unfinished=unfinished, shared=True) as connection:
            yield connection

    @contextmanager
    def _read(self, *, unfinished: bool = False) -> Iterator[Reader]:
        looked = LOOKED.get()
        with self._snapshot(unfinished=unfinished) as connection:
            edition = edition_of(connection)
            if looked is not None and looked.begun.edition is edition:
                memory = looked.begun
            else:
                memory, self._look_again = self._memory_of(edition), 0.0
            read = Reader(connection, memory, self._content, int(self.clock()))
            yield read
        if looked is not None:
            looked.at(read.memory, timed=read.timed)

    def _memory_of(self, edition: Edition) -> Memory:
        memory, stamp = self._memory, self._content.stamp()
        if memory is None or memory.edition is not edition or memory.stamp != stamp:
            memory = self._memory = Memory(edition, stamp)
        return memory
