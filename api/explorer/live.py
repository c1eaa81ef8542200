"""/live: movements as server-sent events. One task looks for new editions of the index, for all clients together.

Each message's id is the place of its log, so a client that comes back with its Last-Event-ID misses nothing. When that
cannot be kept, because the chain was rewound or too much happened, the event `reload` says so; a rewind while nobody
listened is not noticed, and may hide what stands at or before the client's place.
"""

import asyncio
import logging
import signal
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from prometheus_client import Gauge

from api.explorer import params as p
from api.explorer import shapes
from api.explorer.answers import ERRORS
from api.explorer.failures import BadParameterError, UnavailableError
from api.explorer.queries import Queries
from api.explorer.queries.memory import Memory
from api.tables import LOG_BITS

POLL_SECONDS = 0.01
"""So often it is asked whether there is a new edition: a few microseconds on SQLite, a round trip on PostgreSQL."""
BEAT_SECONDS = 15.0
BACKLOG = 200
"""Who missed more than this, or sees more happen at once, had better load the page again."""
AGAIN_SECONDS = 5.0
"""After a look that failed: each time everybody is told to load anew."""
QUEUE = 1000
TRAIL = 64

_LOG = logging.getLogger("api.explorer")
_END = b""
_HELLO = b"retry: 2000\n\n"
_BEAT = b": still here\n\n"


class Live:
    """The stream's one look-out, and the queues of its clients. It looks only while somebody listens."""

    def __init__(self, queries: Queries, count: Gauge) -> None:
        """Look at the index through `queries`; `count` is kept at the number of clients."""
        self._queries, self._count = queries, count
        self._clients: set[asyncio.Queue[bytes]] = set()
        self._task: asyncio.Task[None] | None = None
        self._begun = False
        self._again = 0.0
        """Not before this is the index looked at again."""
        self._last = 0
        self._trail: deque[tuple[int, bytes]] = deque(maxlen=TRAIL)
        self._closed = False
        self._seen: Memory | None = None

    async def stream(self, after: int | None) -> AsyncIterator[bytes]:
        """Yield messages to one client until it goes or the server stops."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        greeting = self._greet(after)
        self._clients.add(queue)
        self._count.inc()
        try:
            for message in greeting:
                yield message
            while not self._closed:
                try:
                    message = await asyncio.wait_for(queue.get(), BEAT_SECONDS)
                except TimeoutError:
                    message = _BEAT
                if message == _END:
                    return
                yield message
        finally:
            self._clients.discard(queue)
            self._count.dec()

    def close(self) -> None:
        """Let every client go."""
        self._closed = True
        for queue in self._clients:
            _put(queue, _END)

    async def stop(self) -> None:
        """Let every client go and end the look-out."""
        self.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # Nothing waits between this and the first broadcast that the client hears: what it missed and what comes fit.
    def _greet(self, after: int | None) -> list[bytes]:
        if self._task is None or self._task.done():
            self._begun, self._again, self._last = False, 0.0, 0
            self._task = asyncio.create_task(self._look_out())
        try:
            self._look()
            if after is None:
                return [_HELLO, _message("", self._last)]
            missed = self._queries.movements(after, BACKLOG + 1)
        except UnavailableError:
            return [_HELLO, _message("reload", 0, {"block": None})]
        if after > self._last or len(missed) > BACKLOG:
            return [_HELLO, self._reload(self._last >> LOG_BITS)]
        return [_HELLO, *(_movement(movement) for movement in missed if movement["id"] <= self._last)]

    async def _look_out(self) -> None:
        while self._clients and not self._closed:
            await asyncio.sleep(POLL_SECONDS)
            if _server_stops():
                self.close()
                return
            if time.monotonic() < self._again:
                continue
            try:
                found = self._queries.memory()
                if found is not None and found is not self._seen:
                    self._look()
                    self._seen = found
            except UnavailableError:
                # The index is away or being made anew; what it will say then is compared with the trail.
                continue
            except Exception:
                _LOG.exception("the stream's look-out failed")
                self._broadcast(self._reload(self._last >> LOG_BITS))
                self._again = time.monotonic() + AGAIN_SECONDS

    def _begin(self) -> None:
        """Note where the index stands. Whoever listens already came before there was one, and knows nothing of it."""
        self._trail.clear()
        self._seen = self._queries.memory()  # before all else: what lands meanwhile is for the next look
        self._note_head()
        self._last = self._queries.last_place()
        self._begun = True
        self._broadcast(self._reload(self._last >> LOG_BITS))

    def _look(self) -> None:
        if not self._begun:
            self._begin()
            return
        rewound = False
        while self._trail and not self._queries.has_block(*self._trail[-1]):
            self._trail.pop()
            rewound = True
        if rewound:
            block = self._trail[-1][0] if self._trail else 0
            self._last = min(self._last, ((block + 1) << LOG_BITS) - 1)
            self._broadcast(self._reload(block))
        # The place first: what lands after it is for the next look.
        place = self._queries.last_place()
        moved = self._queries.movements(self._last, BACKLOG + 1)
        self._last = max(self._last, place)
        if len(moved) > BACKLOG:
            self._broadcast(self._reload(place >> LOG_BITS))
        else:
            for movement in moved:
                if movement["id"] <= place:
                    self._broadcast(_movement(movement))
        self._note_head()

    def _reload(self, block: int) -> bytes:
        return _message("reload", self._last, {"block": block})

    def _note_head(self) -> None:
        head = self._queries.head_block()
        if head and (not self._trail or self._trail[-1] != head):
            self._trail.append(head)

    def _broadcast(self, message: bytes) -> None:
        for queue in self._clients:
            _put(queue, message)


def _put(queue: asyncio.Queue[bytes], message: bytes) -> None:
    """Hand a message to a client. One that does not keep up is let go; it comes back and catches up."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        message = _END
    queue.put_nowait(message)


def _movement(movement: shapes.Movement) -> bytes:
    return _message("", movement["id"], movement)


def _message(event: str, place: int, data: Any = None) -> bytes:
    lines = [b"id: %d" % place]
    if event:
        lines.append(b"event: " + event.encode())
    if data is not None:
        lines.append(b"data: " + msgspec.json.encode(data))
    return b"\n".join(lines) + b"\n\n"


def _server_stops() -> bool:
    """Return whether uvicorn was told to stop.

    It waits for open answers before it tells the application, and a stream never ends by itself. But its signal handler
    is a method of the server, and the server knows.
    """
    return getattr(getattr(signal.getsignal(signal.SIGTERM), "__self__", None), "should_exit", False) is True


def live_routes(live: Live) -> APIRouter:
    """Return the route of the stream."""
    router = APIRouter(responses=ERRORS, dependencies=p.ONCE)

    @router.get("/live", tags=["overview"], response_class=StreamingResponse)
    async def stream(
        after: p.Log = None, last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None
    ) -> StreamingResponse:
        """Stream movements, from Last-Event-ID or `after` on (a place, as in a summary's `after`), else from now."""
        try:
            resumed = p.read_log(last_event_id) if last_event_id else after
        except ValueError as error:
            raise BadParameterError("Last-Event-ID", str(error)) from None
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(live.stream(resumed), media_type="text/event-stream", headers=headers)

    return router
