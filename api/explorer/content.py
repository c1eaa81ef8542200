"""The texts and files that stand off chain: a folder in which each has its SHA-256 for a name.

Nothing in it is believed: whatever is shown is hashed first, and what does not hash to its name is not shown at all.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from api.explorer import text
from api.explorer.shapes import Content, ContentState

MAX_TEXT_BYTES = 64 * 1024
"""A text up to this size stands in the answer itself; a longer one only behind its address."""

MAX_URI = 1_024
"""Characters of an address that is told; the contracts set no bound, and a longer one stands in the raw log only."""

MAX_FILE_BYTES = 64 * 1024 * 1024
"""A larger file is named and hashed, but not served: it would have to be held in memory to be served as hashed."""

MAX_TITLE = 120
"""Characters of a text's first line that lists show as its title."""

NO_HASH = bytes(32)
PLAIN = "text/plain; charset=utf-8"
CSV = "text/csv; charset=utf-8"
BINARY = "application/octet-stream"

_MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"%PDF-": "application/pdf"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP = re.compile(r"^\ufeff?\s*<[a-z!?/]", re.IGNORECASE)


def media_type(data: bytes) -> str:
    """Return the media type under which these bytes can be shown without running; else the type of a download."""
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            return kind
    try:
        read = data.decode("utf-8")
    except UnicodeDecodeError:
        return BINARY
    if _CONTROL.search(read) or _MARKUP.match(read):
        return BINARY
    return CSV if _is_csv(read) else PLAIN


def _is_csv(read: str) -> bool:
    """Return whether the first lines have the same number of commas, at least one, none followed by a space."""
    lines = read.splitlines()[:5]
    commas = {line.count(",") for line in lines if '"' not in line}
    return len(lines) > 1 and len(commas) == 1 and 0 not in commas and ", " not in "".join(lines)


class ContentFolder:
    """Reads the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._checked: dict[tuple[bytes, int, int, int], ContentState] = {}

    def stamp(self) -> int:
        """Return when a file came into the folder or left it last, in nanoseconds; 0 if there is no folder."""
        try:
            return os.stat(self._folder).st_mtime_ns
        except OSError:
            return 0

    def read(self, sha256: bytes) -> tuple[ContentState, bytes]:
        """Return a file with its state. The bytes are those that were hashed; none unless they match.

        Raises:
            OverflowError: The file matches or not, but is too large to hold.

        """
        # The name is made from 32 bytes, never from text: no path can be smuggled in.
        path = self._folder / sha256.hex()
        try:
            if not path.is_file():  # a pipe would be waited for
                return "absent", b""
            if path.stat().st_size > MAX_FILE_BYTES:
                raise OverflowError(path.name)
            data = path.read_bytes()
        except OSError:
            return "absent", b""
        return ("matches", data) if hashlib.sha256(data).digest() == sha256 else ("altered", b"")

    def check(self, sha256: bytes) -> ContentState:
        """Return the state of a file of any size; a large one is hashed again when it was touched."""
        path = self._folder / sha256.hex()
        try:
            now = path.stat()
            key = (sha256, now.st_ino, now.st_size, now.st_mtime_ns)
            if key not in self._checked:
                with path.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").digest()
                self._checked[key] = "matches" if found == sha256 else "altered"
        except OSError:
            return "absent"
        return self._checked[key]

    def show(self, sha256: bytes, uri: str, most: int = MAX_TEXT_BYTES) -> Content:
        """Return what an answer says about a file: its state, and its text if it matches and has `most` bytes."""
        uri = uri if len(uri) <= MAX_URI else ""
        shown: Content = {
            "hash": None, "uri": uri, "state": "none", "title": None, "text": None, "media_type": None, "url": None,
        }  # fmt: skip
        if sha256 == NO_HASH:
            return shown
        shown["hash"] = text.hexed(sha256)
        try:
            shown["state"], data = self.read(sha256)
        except OverflowError:
            shown["state"] = self.check(sha256)
            return shown
        if shown["state"] == "matches":
            shown["url"] = f"/content/{shown['hash']}"
            shown["media_type"] = media_type(data)
            if shown["media_type"] == PLAIN and len(data) <= most:
                words = data.decode("utf-8").removeprefix("\ufeff")
                shown["text"] = words
                shown["title"] = title_of(words)
        return shown


def title_of(words: str) -> str | None:
    """Return a text's first line, without Markdown's signs of a heading, and not without end."""
    line = re.sub(r"^#{1,6}\s+", "", words.strip().partition("\n")[0]).strip()
    return f"{line[: MAX_TITLE - 1].rstrip()}…" if len(line) > MAX_TITLE else line or None
