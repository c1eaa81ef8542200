"""Answers that are kept while they stay true, and conditional requests, which are answered without a look at a table.

An answer hangs on an edition of the index: as long as the indexer commits nothing new, it is the same. Where the clock,
or what stands beside the index, has a part in it, it is kept for the same second only.

Its ETag names the edition. One with the clock in it also has a digest of the body: it has to be made before it can be
known to be the same.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.explorer.queries.memory import LOOKED, Looked, Memory
from api.explorer.text import PREFIX

MOST_BYTES = 32 * 1024 * 1024
"""Of kept answers, for each process."""
LARGEST_BYTES = 512 * 1024
"""A larger answer is not kept."""
REST_BYTES = 1_500
"""What an answer takes beside its body and address: measured, with some to spare."""
NEVER = ("/live", "/health", "/metrics", "/static/", "/content/", f"{PREFIX}/export", f"{PREFIX}/openapi.json")
"""What is no answer out of the index alone, or has ETags of its own."""

_AGAIN = (b"cache-control", b"no-cache")
"""To be kept by whoever likes, and asked for again each time: most often the answer is a 304."""

Key = tuple[str, bytes]


class _Answer(NamedTuple):
    start: Message
    body: bytes
    etag: bytes
    second: int | None
    """The only second in which it is true; None: all."""
    route: object


class Kept:
    """Keeps the answers of an application that reads the index.

    Args:
        app: The application.
        memory: Says what was met of the edition that is there now, None if there is none to read.
        clock: The one by which questions are answered.

    """

    def __init__(self, app: ASGIApp, memory: Callable[[], Memory | None], clock: Callable[[], float]) -> None:
        self._app, self._memory, self._clock = app, memory, clock
        self._of: Memory | None = None
        self._still = b""
        self._answers: OrderedDict[Key, _Answer] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or pass the request on and keep its answer."""
        wanted = scope["type"] == "http" and scope["method"] == "GET" and not scope["path"].startswith(NEVER)
        memory = self._memory() if wanted else None
        if memory is None:
            await self._app(scope, receive, send)
            return
        if memory is not self._of:
            self._of, self._still, self._bytes = memory, _etag(memory), 0
            self._answers.clear()
        known = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
        key = scope["path"], scope["query_string"]
        found = self._answers.get(key)
        if found is not None and found.second in (None, int(self._clock())):
            self._answers.move_to_end(key)
            scope["route"] = found.route
            await _tell(found, known, send)
        elif self._still in known:
            # Given with an answer of this very edition, in which the clock has no part.
            await _unchanged(self._still, send)
        else:
            await self._make(key, memory, known, scope, receive, send)

    async def _make(self, key: Key, memory: Memory, known: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        """Let an answer be made, and keep it if it is whole and was read from this edition alone."""
        looked, second, still = Looked(memory), int(self._clock()), self._still
        start: Message | None = None

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and message["status"] == 200:
                start = message
                return
            if start is None:
                await send(message)
                return
            body, first, start = message.get("body", b""), start, None
            if message.get("more_body") or looked.memory is not memory:
                await send(first)
                await send(message)
                return
            etag = _etag(memory, body) if looked.timed else still
            headers = [*first["headers"], (b"etag", etag)]
            if b"cache-control" not in [name for name, _ in headers]:
                headers.append(_AGAIN)
            first["headers"] = headers
            answer = _Answer(first, body, etag, second if looked.timed else None, scope.get("route"))
            self._keep(key, memory, answer)
            await _tell(answer, known, send)

        token = LOOKED.set(looked)
        try:
            await self._app(scope, receive, hold)
        finally:
            LOOKED.reset(token)

    def _keep(self, key: Key, memory: Memory, answer: _Answer) -> None:
        if memory is not self._of or len(answer.body) > LARGEST_BYTES:
            return
        before = self._answers.pop(key, None)
        self._answers[key] = answer
        self._bytes += _size(key, answer) - (_size(key, before) if before else 0)
        while self._bytes > MOST_BYTES:
            self._bytes -= _size(*self._answers.popitem(last=False))


def _size(key: Key, answer: _Answer) -> int:
    """Return what an answer takes: a short one may have a long address, that whoever asks makes up."""
    path, query = key
    return len(answer.body) + len(path) + len(query) + REST_BYTES


async def _tell(answer: _Answer, known: bytes, send: Send) -> None:
    if answer.etag in known:
        await _unchanged(answer.etag, send)
        return
    # Whoever stands outside may change a message.
    await send({**answer.start, "headers": list(answer.start["headers"])})
    await send({"type": "http.response.body", "body": answer.body})


async def _unchanged(etag: bytes, send: Send) -> None:
    await send({"type": "http.response.start", "status": 304, "headers": [(b"etag", etag), _AGAIN]})
    await send({"type": "http.response.body", "body": b""})


def _etag(memory: Memory, body: bytes | None = None) -> bytes:
    """Return the ETag of an edition's answers; `body`: of one in which the clock has a part."""
    digest = "" if body is None else f"-{hashlib.blake2b(body, digest_size=8).hexdigest()}"
    return f'"{memory.tag}-{_release()}{digest}"'.encode()


@cache
def _release() -> str:
    """Return what tells this program from the one before: the same edition may be written otherwise by that."""
    digest, root = hashlib.blake2b(digest_size=4), Path(__file__).parent.parent
    for path in sorted(each for kind in ("*.py", "*.html") for each in root.rglob(kind)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
