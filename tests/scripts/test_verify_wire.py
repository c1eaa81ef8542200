"""The verifier's line to a server that means to keep it for ever."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from scripts.verify import wire
from scripts.verify.out import CannotCheckError
from scripts.verify.wire import TooLongError, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

OK = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "a header without end": (OK + b"X-A: ", b"a"),
    "headers without end": (OK, b"X-A: a\r\n"),
    "go on, go on": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a chunk without a length": (OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "a body by bytes": (OK + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a body by bytes, then closed": (OK + b"Connection: close\r\n\r\n", b"x"),
}


@pytest.fixture(params=DRIPS)
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that begins to answer, and sends a bit more every now and then."""
    begin, drip = DRIPS[request.param]
    listening, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listening.accept()
                threading.Thread(target=answer, args=(caller,), daemon=True).start()

    def answer(caller: socket.socket) -> None:
        with caller, contextlib.suppress(OSError):
            caller.recv(65_536)
            caller.sendall(begin)
            while not over.wait(0.05):
                caller.sendall(drip)

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    over.set()
    listening.close()


def within(seconds: float, ask: threading.Thread) -> bool:
    """Return whether it ends in time."""
    ask.start()
    ask.join(seconds)
    return not ask.is_alive()


def test_an_answer_that_drips_is_given_up(dripping: str) -> None:
    found: list[Exception] = []

    def ask() -> None:
        try:
            Wire(dripping, "the node", seconds=0.3).post(b"{}", 1 << 20)
        except CannotCheckError as error:
            found.append(error)

    assert within(3, threading.Thread(target=ask, daemon=True))
    assert isinstance(found[0], TooLongError)


def test_a_file_that_drips_is_given_up(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_SLOWEST", 1_000)
    ended: list[float] = []

    def ask() -> None:
        try:
            _, file = Wire(dripping, "the explorer", seconds=0.3).stream("/", 1 << 20)
            while file.read(10):
                pass
        except (CannotCheckError, OSError):
            ended.append(time.monotonic())

    assert within(3, threading.Thread(target=ask, daemon=True))
    assert ended
