"""HTTP to one server, over a kept-alive connection: no redirects, a bound on the answer's size and on its time."""

from __future__ import annotations

import base64
import http.client
import io
import json
import socket
import threading
import time
from contextlib import suppress
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from .out import CannotCheckError, shown

SECONDS = 120
"""For one answer, from the question to its last byte."""

_SLOWEST = 4_096
"""Bytes a second that a file must have at least, beside the time for one answer."""

_PIECE = 1 << 20
_TRIES, _BUSY = 3, 6
"""How often a connection may fail, and how often a server may say that it is busy."""


class TooLongError(CannotCheckError):
    """An answer is larger than what is taken, or took too long."""


class Wire:
    """A server, asked from any thread: each has a connection of its own."""

    def __init__(self, url: str, what: str, seconds: float = SECONDS) -> None:
        """Make a client; nothing is sent yet. `what`: how errors call the server."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise CannotCheckError(f"{shown(url)} is not an address") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CannotCheckError(f"{shown(url)} is not an address that begins with http:// or https://")
        self._make = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
        self._host, self._port, self._seconds = parts.hostname, port, seconds
        self._path = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "moa-verify"}
        if parts.username is not None:
            word = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._headers["Authorization"] = "Basic " + base64.b64encode(word).decode()
        self.what = f"{what} at {shown(f'{parts.scheme}://{parts.hostname}' + (f':{port}' if port else ''))}"
        self._mine = threading.local()

    def post(self, body: bytes, most: int) -> tuple[int, bytes]:
        """Return the status and the body of an answer to a POST."""
        return self._ask("POST", self._path or "/", body, most)

    def get(self, path: str, most: int) -> tuple[int, bytes]:
        """Return the status and the body of an answer to a GET."""
        return self._ask("GET", self._path + path, None, most)

    def stream(self, path: str, most: int) -> tuple[int, IO[bytes]]:
        """Return the status and the body of an answer to a GET, to be read while it comes, `most` bytes of it.

        Raises:
            CannotCheckError: There is none.

        """
        connection = self._make(self._host, self._port, timeout=self._seconds)
        try:
            line = _opened(connection)
            with _Deadline(line, self._seconds):
                connection.request("GET", self._path + path, None, self._headers)
                answer = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise CannotCheckError(f"{self.what} does not answer ({type(error).__name__})") from error
        return answer.status, io.BufferedReader(_Stream(answer, line, most, self._seconds), _PIECE)

    def _ask(self, method: str, path: str, body: bytes | None, most: int) -> tuple[int, bytes]:
        """Ask, and again where the connection broke or the server says that it is busy.

        Raises:
            TooLongError: The answer has more bytes than `most`, or took too long.
            CannotCheckError: There is none.

        """
        broken = busy = 0
        while True:
            kept = getattr(self._mine, "connection", None)
            connection = kept or self._make(self._host, self._port, timeout=self._seconds)
            self._mine.connection = None
            try:
                with _Deadline(_opened(connection), self._seconds):
                    connection.request(method, path, body, self._headers)
                    answer = connection.getresponse()
                    found = self._read(answer, most)
            except (TooLongError, TimeoutError) as error:
                connection.close()
                raise TooLongError(f"{self.what} sent too much, or took too long, for {method} {path}") from error
            except (OSError, http.client.HTTPException, ValueError) as error:
                connection.close()
                if kept is None:  # one that was kept may have been closed as idle
                    broken += 1
                    if broken == _TRIES:
                        raise CannotCheckError(f"{self.what} does not answer ({type(error).__name__})") from error
                    time.sleep(0.2 * 2**broken)
                continue
            self._mine.connection = connection
            if answer.status not in (429, 503) or busy == _BUSY:
                return answer.status, found
            busy += 1
            asked = answer.headers.get("Retry-After", "")
            time.sleep(min(30, int(asked)) if asked.isascii() and asked.isdigit() else 0.2 * 2**busy)

    def _read(self, answer: http.client.HTTPResponse, most: int) -> bytes:
        pieces, size, end = [], 0, time.monotonic() + self._seconds
        while piece := answer.read1(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > most:
                raise TooLongError
            if time.monotonic() > end:
                raise TimeoutError
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        return b"".join(pieces)


class _Deadline:
    """Ends a line that takes too long: each byte that drips in would put off the socket's own time-out."""

    def __init__(self, line: socket.socket, seconds: float) -> None:
        """Begin; the time does not run yet."""
        self._line, self._over = line, False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def _end(self) -> None:
        self._over = True
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> None:
        """Let the time run."""
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        """Stop it.

        Raises:
            TimeoutError: It is over: what was read, though it may look whole, was cut.

        """
        self._timer.cancel()
        if self._over:
            raise TimeoutError


def _opened(connection: http.client.HTTPConnection) -> socket.socket:
    """Return a connection's socket, which it lets go of before the last byte of some answers."""
    if connection.sock is None:
        connection.connect()
    line: socket.socket = connection.sock
    return line


class _Stream(io.RawIOBase):
    """An answer's body, while it comes."""

    def __init__(self, answer: http.client.HTTPResponse, line: socket.socket, most: int, seconds: float) -> None:
        """Begin."""
        self._answer, self._line, self._left, self._seconds = answer, line, most, seconds
        self._end = time.monotonic() + seconds

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; an answer that is cut, too long or too slow is an error."""
        with _Deadline(self._line, self._seconds):
            piece = self._answer.read1(len(buffer))
        self._left -= len(piece)
        self._end += len(piece) / _SLOWEST
        if time.monotonic() > self._end:
            raise TimeoutError("it is too slow")
        if self._left < 0:
            raise OSError("it is too long")
        if not piece and self._answer.length:
            raise http.client.IncompleteRead(b"", self._answer.length)
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Let go of the server."""
        self._answer.close()
        self._line.close()
        super().close()


def parse(body: bytes, what: str) -> Any:
    """Return what JSON says.

    Raises:
        CannotCheckError: It is none.

    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CannotCheckError(f"{what} answered with something else than JSON ({shown(str(error), 60)})") from error
