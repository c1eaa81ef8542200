"""The answers that take long: written while they are read, a few at once, and ended as soon as nobody reads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping

from anyio import to_thread
from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.explorer.answers import Json
from api.explorer.failures import BusyError, RewoundError, UnavailableError

STALL_SECONDS = 60.0
"""A reader that does not take `body.CHUNK` bytes in this time is let go: it holds a place that others want."""

RETRY_SECONDS = 10

_LOG = logging.getLogger("api.explorer")

_TOO_OLD = {
    "error": "http version not supported",
    "reason": "over HTTP/1.0 a file that was cut looks like a whole one: ask by HTTP/1.1, also through a proxy",
}


class StalledError(Exception):
    """A reader did not take what it had asked for."""


class Places:
    """How many long answers run at once in this process."""

    def __init__(self, limit: int) -> None:
        self._free = limit

    def take(self) -> None:
        """Take a place.

        Raises:
            BusyError: None is free.

        """
        if self._free <= 0:
            raise BusyError(RETRY_SECONDS)
        self._free -= 1

    def give_back(self) -> None:
        """Give a place back."""
        self._free += 1


class LongAnswer(Response):
    """An answer made of bytes that come, one piece at a time, from a thread.

    What goes wrong before the first piece is a refusal like any other; afterwards the connection is cut, so that no
    client takes what it has for whole: the server does so with an answer that has no end. Nothing is held for a reader
    that went away or stalls.

    Args:
        places: Where it takes a place for as long as it runs.
        pieces: The bytes; an empty piece only gives a chance to see who is gone. It is closed when the answer ends,
            however it ends.
        last: Makes the whole answer of what the pieces left behind; they are then not sent themselves.

    """

    def __init__(
        self,
        places: Places,
        pieces: Iterator[bytes],
        media_type: str,
        headers: Mapping[str, str],
        last: Callable[[], bytes] | None = None,
    ) -> None:
        super().__init__(media_type=media_type, headers=headers)
        del self.headers["content-length"]  # nobody knows it yet
        self._places = places
        self._pieces = pieces
        self._last = last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        if self._last is None and scope["http_version"] == "1.0":
            await Json(_TOO_OLD, status_code=505)(scope, receive, send)
            return
        self._places.take()
        self._step: asyncio.Future[bytes | None] | None = None
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await self._send(send, gone)
        finally:
            gone.cancel()
            # A thread cannot be stopped in the middle of a step: then the rest is its to do.
            if self._step is None or self._step.done():
                self._end()
            else:
                self._step.add_done_callback(lambda _step: self._end())

    async def _send(self, send: Send, gone: asyncio.Future[None]) -> None:
        started = False
        try:
            while (piece := await self._next()) is not None:
                if gone.done():
                    return
                if self._last is not None:
                    continue
                if not started:
                    await self._start(send)
                    started = True
                if piece:
                    await self._put(send, piece, more=True)
            if not started:
                await self._start(send)
            await self._put(send, b"" if self._last is None else self._last(), more=False)
        except (RewoundError, UnavailableError, StalledError) as error:
            if not started:
                raise
            _LOG.warning("a long answer was cut: %s", error, extra={"event": "cut"})

    async def _next(self) -> bytes | None:
        self._step = asyncio.ensure_future(to_thread.run_sync(next, self._pieces, None))
        return await asyncio.shield(self._step)

    def _end(self) -> None:
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
        self._places.give_back()

    async def _start(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    async def _put(self, send: Send, piece: bytes, *, more: bool) -> None:
        message = {"type": "http.response.body", "body": piece, "more_body": more}
        try:
            await asyncio.wait_for(send(message), STALL_SECONDS)
        except TimeoutError:
            raise StalledError(f"the reader took nothing for {STALL_SECONDS:.0f} seconds") from None


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
