"""What follows from the index alone, kept until the index goes on: however many ask, it is made once a block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from api.explorer.queries.reader import Reader

Value = TypeVar("Value")


class Kept:
    """The values that were made for the index as it stood last, by name."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[bytes, bytes], dict[str, Any]] = ((b"", b""), {})

    def get(self, read: Reader, name: str, make: Callable[[Reader], Value]) -> Value:
        """Return what `make` makes of the index as it stands in this snapshot. It must not depend on the time."""
        # The head's hash names all that is before it, and so all that is indexed of one deployment.
        of = (read.fund, read.head.hash if read.head else b"")
        kept = self._kept  # another thread may put another index's values there meanwhile
        if kept[0] != of:
            kept = self._kept = (of, {})
        values = kept[1]
        if name not in values:
            values[name] = make(read)
        found: Value = values[name]
        return found
