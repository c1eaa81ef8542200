"""What is said to the user: differences, notes, and how far it is. Nothing from outside is printed as it came."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

SHOWN = 120
"""Characters of a value from outside that are printed."""


class CannotCheckError(Exception):
    """What should be checked cannot be: the node is away, a file is none, the chain was rewound meanwhile."""


def shown(value: Any, limit: int = SHOWN) -> str:
    """Return a value in one short line of printable characters, whatever it is."""
    if isinstance(value, bytes):
        value = "0x" + value[:limit].hex()
    elif not isinstance(value, str | int | None) or isinstance(value, bool):
        value = _described(value, limit)
    text = str(value) if not isinstance(value, int) or value.bit_length() < 600 else "a number of over 180 digits"
    cut = text[: limit - 1] + "…" if len(text) > limit else text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut) or "''"


def _described(value: Any, limit: int) -> str:
    """Return the beginning of a list, a dictionary or another JSON value, without walking all of it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{str(k)[:40]}: …" for k in list(value)[:4]) + "}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return str(value).lower()[:limit] if isinstance(value, bool | float) else type(value).__name__


class Report:
    """Collects the differences, each once, and counts those that are too many to print."""

    def __init__(self, most: int = 200) -> None:
        """Make an empty report that keeps at most so many lines."""
        self.lines: list[str] = []
        self.notes: list[str] = []
        self.count = 0
        self._most = most

    def differs(self, where: str, **said: Any) -> None:
        """Say that sources differ: where, and what each one says. A source's name may have _ for a blank."""
        self.add(where, "; ".join(f"{who.replace('_', ' ')}: {shown(what)}" for who, what in said.items()))

    def add(self, where: str, text: str) -> None:
        """Say that something is wrong; both texts must be ours or `shown`."""
        self.count += 1
        if self.count <= self._most:
            self.lines.append(f"{where}: {text}")

    def same(self, where: str, **said: Any) -> bool:
        """Compare what two sources say, with their types: true is not 1."""
        first, second = said.values()
        if type(first) is type(second) and first == second:
            return True
        self.differs(where, **said)
        return False

    def note(self, text: str) -> None:
        """Say something that is no difference, once."""
        if text not in self.notes:
            self.notes.append(text)


class Progress:
    """How far it is, on stderr: a line that moves on a terminal, elsewhere a line now and then."""

    def __init__(self, stream: TextIO | None = None, quiet: bool = False) -> None:
        """Begin to count the time."""
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._every = 0.2 if self._terminal else 10.0
        self._quiet = quiet
        self._begun = self._told = time.monotonic()

    def begin(self) -> None:
        """Begin another part of the work, with an estimate of its own."""
        self._begun = time.monotonic()

    def tell(self, what: str, done: float, whole: float) -> None:
        """Say how far this part is, if it is time to."""
        now = time.monotonic()
        if self._quiet or now - self._told < self._every:
            return
        self._told = now
        part = min(1.0, done / whole) if whole else 1.0
        left = (now - self._begun) * (1 - part) / part if part else 0.0
        text = f"{what}: {part:4.0%}" + (f", about {left:.0f} s left" if part else "")
        self._stream.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the moving line away, before something else is printed."""
        if self._terminal and not self._quiet:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
