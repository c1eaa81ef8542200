"""A JSON-RPC node, over kept-alive connections and with many requests under way at once.

The recorder's hot loop runs on this: no framework between the rows of a file and the node.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Call = tuple[str, list[Any]]
"""A method and its parameters."""

IDLE_SECONDS = 2
"""A node closes a connection that was idle (Ganache: 5 s). Not to send anything twice, we do not wait for that."""


class NodeError(Exception):
    """The node is away, or refused a request."""


class RequestError(NodeError):
    """The node answered with an error; `data` is what it added to it, for a revert the returned bytes."""

    def __init__(self, method: str, message: str, data: object) -> None:
        super().__init__(f"{method}: {message}")
        self.message = message
        self.data = data


class Node:
    """One JSON-RPC node. Every thread has a connection of its own."""

    def __init__(self, url: str, timeout: float = 120) -> None:
        self.url = url
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            raise NodeError(f"{url} is not an http address of a node: its port is not 1 to 65535.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NodeError(f"{url} is not an http address of a node, as in http://127.0.0.1:8545.")
        self._make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._path = parts.hostname, port, parts.path or "/"
        self._timeout = timeout
        self._mine = threading.local()

    def call(self, method: str, *params: Any) -> Any:
        """Send one request and return its result."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        try:
            answer = msgspec.json.decode(self._post(body))
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise NodeError(f"The node at {self.url} does not answer ({error or type(error).__name__}).") from error
        except msgspec.DecodeError as error:
            raise NodeError(f"What answers at {self.url} is not a JSON-RPC node.") from error
        if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
            raise NodeError(f"What answers at {self.url} is not a JSON-RPC node.")
        if answer.get("error"):
            said = answer["error"]
            raise RequestError(method, str(said.get("message", said)), said.get("data"))
        return answer.get("result")

    def many(self, calls: Iterable[Call], under_way: int = 8) -> Iterator[Any]:
        """Send requests with several under way at once; yield the results in the order of the calls.

        A `NodeError` is yielded in the place of its result, so that one refusal does not hide what became of the rest.
        """
        with ThreadPoolExecutor(under_way) as pool:
            waiting: deque[Future[Any]] = deque()
            try:
                for method, params in calls:
                    waiting.append(pool.submit(self._try, method, params))
                    if len(waiting) >= 2 * under_way:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _try(self, method: str, params: list[Any]) -> Any:
        try:
            return self.call(method, *params)
        except NodeError as error:
            return error

    def _post(self, body: bytes) -> bytes:
        connection = getattr(self._mine, "connection", None)
        if connection is not None and time.monotonic() - self._mine.used > IDLE_SECONDS:
            self._drop()
            connection = None
        if connection is None:
            connection = self._mine.connection = self._make(self._host, self._port, timeout=self._timeout)
        connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        answer: bytes = connection.getresponse().read()
        self._mine.used = time.monotonic()
        return answer

    def _drop(self) -> None:
        """Close this thread's connection, so that the next request makes a new one."""
        connection = getattr(self._mine, "connection", None)
        if connection is not None:
            connection.close()
            self._mine.connection = None
