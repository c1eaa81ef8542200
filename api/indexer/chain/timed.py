"""HTTP whose answers must be whole in time, from the question to the last byte.

A socket's own time-out begins anew with each byte that comes: who sends one now and then, be it of a header, is never
late by it, and would hold whoever asks for ever.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

_MINE = threading.local()


class Limit:
    """How long the exchange of this thread may take."""

    def __init__(self, seconds: float) -> None:
        self.timer = threading.Timer(seconds, self._end)
        self.timer.daemon = True
        self.over = False
        """Whether the time is over: what was read, though it may look whole, was cut."""
        self._line: socket.socket | None = None

    def hold(self, line: socket.socket) -> None:
        """Take the line that is to be cut."""
        self._line = line
        if self.over:
            self._cut()

    def _end(self) -> None:
        self.over = True
        self._cut()

    def _cut(self) -> None:
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


@contextmanager
def within(seconds: float) -> Iterator[Limit]:
    """Cut this thread's line when the time is over; what reads from it ends then, by an error or not."""
    limit = _MINE.limit = Limit(seconds)
    limit.timer.start()
    try:
        yield limit
    finally:
        limit.timer.cancel()
        _MINE.limit = None


def pool(**options: Any) -> urllib3.PoolManager:
    """Return a pool of lines for exchanges `within` a time; `options` are PoolManager's."""
    made = urllib3.PoolManager(**options)
    made.pool_classes_by_scheme = {"http": _Plain, "https": _Secure}
    return made


class _Held:
    def getresponse(self) -> Any:
        """Let the line be cut while its answer comes."""
        limit: Limit | None = getattr(_MINE, "limit", None)
        if limit is not None:
            limit.hold(self.sock)  # type: ignore[attr-defined]
        return super().getresponse()  # type: ignore[misc]


class _PlainLine(_Held, HTTPConnection):
    pass


class _SecureLine(_Held, HTTPSConnection):
    pass


class _Plain(urllib3.HTTPConnectionPool):
    ConnectionCls = _PlainLine


class _Secure(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureLine
