"""The content folder: texts and files under their SHA-256, which is what the chain names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Content:
    """A folder of files whose names are their hashes."""

    folder: Path

    def put(self, data: bytes) -> bytes:
        """Keep these bytes and return their hash."""
        digest = hashlib.sha256(data).digest()
        path = self.folder / digest.hex()
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".new")
            part.write_bytes(data)
            part.replace(path)
        return digest

    def text(self, title: str, body: str) -> bytes:
        """Keep a text as it is shown: its title, an empty line, the body."""
        return self.put(document(title, body))


def document(title: str, body: str) -> bytes:
    """Return the bytes of a text."""
    return f"{title}\n\n{body.strip()}\n".encode()


def uri(digest: bytes) -> str:
    """Return the address by which the chain names a file of the content folder."""
    return f"/content/{digest.hex()}"
