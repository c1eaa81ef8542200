"""A subscription to new blocks, as a wake-up: what is true is always asked, and without one the head is polled."""

from __future__ import annotations

import json
import threading
from contextlib import suppress

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.sync.connection import Connection

AGAIN = 10.0
"""Seconds before a subscription that failed or ended is tried again."""


class Wake:
    """Listens for new blocks at a node's WebSocket, in a thread of its own."""

    def __init__(self, url: str) -> None:
        """Begin to listen; a node without a WebSocket is asked again now and then, and costs nothing else."""
        self.url = url
        self.listens = False
        """Whether the subscription stands."""
        self._new = threading.Event()
        self._closed = threading.Event()
        self._line: Connection | None = None
        self._thread = threading.Thread(target=self._listen, name="wake", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait for a new block, or so long."""
        self._new.wait(seconds)
        self._new.clear()

    def close(self) -> None:
        """End the subscription."""
        self._closed.set()
        if self._line is not None:
            self._line.close()
        self._thread.join(5)

    def _listen(self) -> None:
        while not self._closed.is_set():
            with suppress(OSError, WebSocketException, ValueError, RecursionError):
                self._hear()
            self.listens = False
            self._closed.wait(AGAIN)

    def _hear(self) -> None:
        # Heads may be long where validators seal them; anything beyond this is no head.
        with connect(self.url, open_timeout=5, max_size=2**20, compression=None) as self._line:
            asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
            self._line.send(json.dumps(asked))
            answer = json.loads(self._line.recv(10))
            self.listens = isinstance(answer, dict) and "result" in answer
            for _ in self._line if self.listens else ():
                self._new.set()


def address_of(url: str) -> str:
    """Return the WebSocket's address where a node serves both at one port, as Ganache and Anvil do."""
    return "ws" + url.removeprefix("http")
