"""JSON-RPC over HTTP, to one of several addresses: the one that answers is kept until it fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
import urllib3

from api.errors import NodeAwayError, NodeRefusedError, RangeRefusedError
from api.indexer.chain import timed

T = TypeVar("T")
Call = tuple[str, list[Any]]

CALLS_PER_REQUEST = 100
LARGEST = 8 * 2**20
"""Of an answer about many blocks, in bytes: a larger one is cut off, and fewer blocks are asked for."""
HUGE = 2**28
"""Of any answer, in bytes: no block holds as much, and whoever never ends would fill the memory."""
TIMEOUT = urllib3.Timeout(connect=5, read=120)
LONGEST = 300.0
"""Seconds within which an answer must be whole: whoever sends byte by byte is never silent for long."""
SAID = 300
"""Of an error's words, in characters: the rest is left out."""
TRIES = 3
PAUSE = 0.05
"""Seconds before the same address is asked again, and as many more each time."""
REST = (0.5, 30.0)
"""Seconds for which an address that failed is left alone: at first, and at most; each failure doubles it."""

# What engines say when asked for too many blocks or logs at once: Besu, geth and its kin, hosted nodes.
RANGE_WORDS = ("range", "too many", "more than", "limit", "exceed", "too large", "too big")
# What they say when asked too often: that is no reason to ask for less.
RATE_WORDS = ("rate", "per second", "throttl", "capacity", "try again")


class _Error(msgspec.Struct):
    code: int = 0
    message: str = ""


class _Reply(msgspec.Struct, Generic[T]):
    id: int | None = None
    result: T | msgspec.UnsetType | None = msgspec.UNSET  # null is an answer: there is no such block
    error: _Error | None = None


class _Address:
    """One node's address, and until when it is left alone."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rests_until, self._rest = 0.0, REST[0]

    def failed(self) -> None:
        self.rests_until = time.monotonic() + self._rest
        self._rest = min(2 * self._rest, REST[1])

    def answered(self) -> None:
        self._rest = REST[0]


class Wire:
    """Asks the questions. Where one address fails, the next one is asked, and kept."""

    def __init__(self, urls: Sequence[str]) -> None:
        """Make a client of one or more addresses; nothing is sent before the first question."""
        self._addresses = [_Address(url) for url in urls]
        said = {"Content-Type": "application/json"}
        self._pool = timed.pool(maxsize=4, retries=False, timeout=TIMEOUT, headers=said)
        self.switches = 0
        """How often another address took over: it may serve another chain."""
        self.seconds = {"node": 0.0, "parse": 0.0}
        """Where the time went: waiting for the node, and reading its JSON."""
        self._last = threading.local()

    @property
    def answered(self) -> int:
        """Return how long the last answer was that this thread got."""
        return getattr(self._last, "size", 0)

    def one(self, method: str, params: list[Any], kind: Any, largest: int | None = None) -> Any:
        """Ask one question. For the errors see `many`."""
        [answer] = self.many([(method, params)], kind, largest)
        return answer

    def many(self, calls: Sequence[Call], kind: Any, largest: int | None = None) -> list[Any]:
        """Ask questions whose answers are of one kind, many in a request.

        Args:
            calls: Method and parameters of each.
            kind: What each answer must be, for msgspec.
            largest: The answer's size in bytes beyond which it is not read.

        Raises:
            NodeAwayError: No address answers, or not in JSON-RPC.
            NodeRefusedError: It answered with an error, or with something else than `kind`.
            RangeRefusedError: The error says that it was too much, or the answer is too large.

        """
        answers: list[Any] = []
        for start in range(0, len(calls), CALLS_PER_REQUEST):
            answers += self._request(calls[start : start + CALLS_PER_REQUEST], kind, largest)
        return answers

    def _request(self, calls: Sequence[Call], kind: Any, largest: int | None) -> list[Any]:
        asked = [{"jsonrpc": "2.0", "id": i, "method": call[0], "params": call[1]} for i, call in enumerate(calls)]
        body = msgspec.json.encode(asked if len(asked) > 1 else asked[0])
        for turn in range(max(TRIES, len(self._addresses))):
            if turn >= len(self._addresses):
                time.sleep(PAUSE * turn)
            address = self._addresses[0]
            try:
                replies = self._replies(address.url, self._post(address.url, body, largest), calls, kind)
            except NodeAwayError as error:
                away = error
                self.turn(address)
                continue
            address.answered()
            return replies
        raise away

    def turn(self, failed: _Address | None = None) -> None:
        """Leave the address that failed alone for a while, and ask the next one that does not rest.

        `failed`: where it is not the one that is asked next any more, another thread has turned from it already.
        """
        if len(self._addresses) > 1 and failed in (None, self._addresses[0]):
            self._addresses[0].failed()
            now = time.monotonic()
            # A new list: one that is being sorted is empty meanwhile, and other threads look into it.
            self._addresses = sorted(self._addresses, key=lambda address: max(0.0, address.rests_until - now))
            self.switches += 1

    def _post(self, url: str, body: bytes, largest: int | None) -> bytes:
        started = time.perf_counter()
        most = HUGE if largest is None else largest
        try:
            with timed.within(LONGEST) as limit:
                response = self._pool.request("POST", url, body=body, preload_content=False, redirect=False)
                content = response.read(most + 1)
            if limit.over or len(content) > most:
                response.close()
            response.release_conn()
        except urllib3.exceptions.HTTPError as error:
            why = f"not in {LONGEST:g} seconds" if limit.over else type(error).__name__
            raise NodeAwayError(f"the node at {_shown(url)} does not answer ({why})") from error
        finally:
            self.seconds["node"] += time.perf_counter() - started
        if limit.over:
            raise NodeAwayError(f"the node at {_shown(url)} does not answer (not in {LONGEST:g} seconds)")
        if len(content) > most:
            kind = NodeRefusedError if largest is None else RangeRefusedError
            raise kind(f"the node's answer is larger than {most} bytes")
        self._last.size = len(content)
        if response.status >= 400 and content.lstrip()[:1] not in (b"{", b"["):
            raise NodeAwayError(f"the node at {_shown(url)} answered with HTTP {response.status}")
        return content

    def _replies(self, url: str, content: bytes, calls: Sequence[Call], kind: Any) -> list[Any]:
        started = time.perf_counter()
        try:
            replies = _read(content, kind, several=len(calls) > 1)
        except msgspec.ValidationError as error:
            raise NodeRefusedError(f"the node's answer to {calls[0][0]} is not what it should be: {error}") from error
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            said = f"the node at {_shown(url)} answered with something else than JSON-RPC ({error})"
            raise NodeAwayError(said) from error
        finally:
            self.seconds["parse"] += time.perf_counter() - started
        by_id = {reply.id: reply for reply in replies}
        for i, (method, _) in enumerate(calls):
            if i not in by_id and not (len(calls) == len(replies) == 1):
                for reply in replies[:1]:
                    self._check(url, reply, method)
                raise NodeAwayError(f"the node at {_shown(url)} left out an answer to {method}")
        found = [by_id.get(i, replies[0]) for i in range(len(calls))]
        for reply, (method, _) in zip(found, calls, strict=True):
            self._check(url, reply, method)
        return [reply.result for reply in found]

    def _check(self, url: str, reply: _Reply[Any], method: str) -> None:
        if reply.error is None:
            if reply.result is msgspec.UNSET:  # of a gateway before the node, that has its own words
                raise NodeAwayError(f"the node at {_shown(url)} answered {method} with neither a result nor an error")
            return
        said = _line(reply.error.message)
        words = reply.error.message.lower()
        if any(word in words for word in RATE_WORDS) and not any(word in words for word in ("range", "block")):
            raise NodeAwayError(f"the node at {_shown(url)} is asked too often: {said}")
        kind = RangeRefusedError if any(word in words for word in RANGE_WORDS) else NodeRefusedError
        raise kind(f"the node refused {method}: {said}")


def _shown(url: str) -> str:
    """Return as much of an address as may be read by all: what lies behind the host may be a key."""
    parts = urllib3.util.parse_url(url)
    return urllib3.util.Url(scheme=parts.scheme, host=parts.host, port=parts.port).url


def _line(said: str) -> str:
    """Return a stranger's words as a part of a line: it goes into a log, and onto pages."""
    words = "".join(each if each.isprintable() else " " for each in said[:SAID])
    return words + "…" * (len(said) > SAID)


def _read(content: bytes, kind: Any, *, several: bool) -> list[_Reply[Any]]:
    """Read the replies of a request; to several questions a node may give one error for all."""
    if not several:
        return [_decoder(kind, several=False).decode(content)]
    try:
        return list(_decoder(kind, several=True).decode(content))
    except msgspec.ValidationError:
        if content.lstrip()[:1] != b"{":
            raise
        return [_decoder(msgspec.Raw, several=False).decode(content)]


@cache
def _decoder(kind: Any, *, several: bool) -> msgspec.json.Decoder[Any]:
    reply = _Reply[kind]
    return msgspec.json.Decoder(list[reply] if several else reply)
