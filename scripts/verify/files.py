"""The files of a bundle, in a folder or in a tar. Nothing is unpacked."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .out import CannotCheckError, shown

_PIECE = 1 << 20
LINE = 64 << 20
"""Bytes of one line."""


class Files:
    """The plain files of a bundle, by their paths within it."""

    def __init__(self, path: Path) -> None:
        """List them.

        Raises:
            CannotCheckError: There is no such folder or tar, or a thing in it is no plain file.

        """
        self._tar: tarfile.TarFile | None = None
        self._members: dict[str, tarfile.TarInfo] = {}
        self._folder = path
        try:
            if path.is_dir():
                self.paths = sorted(self._in_folder(path))
                return
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115 -- it is read until the end
            self._in_tar(self._tar)
        except (OSError, tarfile.TarError, EOFError, ValueError) as error:
            raise CannotCheckError(f"the bundle {shown(path)} cannot be read ({shown(str(error))})") from error

    def _in_folder(self, path: Path) -> Iterator[str]:
        for folder, folders, names in os.walk(path, onerror=_raise):
            for name in (*folders, *names):
                found = Path(folder) / name
                if found.is_symlink() or not (found.is_file() or found.is_dir()):
                    raise ValueError(f"{name} is no plain file")
            yield from ((Path(folder) / name).relative_to(path).as_posix() for name in names)

    def _in_tar(self, tar: tarfile.TarFile) -> None:
        for member in tar:
            if member.isdir():
                continue
            if not member.isreg() or member.name in self._members:
                raise ValueError(f"{member.name} is no plain file, or is there twice")
            self._members[member.name.removeprefix("./")] = member
        tops = {name.partition("/")[0] for name in self._members}
        if "manifest.json" not in self._members and len(tops) == 1:  # the folder's own name
            self._members = {name.partition("/")[2]: member for name, member in self._members.items()}
        self.paths = sorted(self._members)

    def open(self, path: str) -> IO[bytes]:
        """Open one of the files."""
        try:
            if self._tar is None:
                return (self._folder / path).open("rb")
            found = self._tar.extractfile(self._members[path])
        except (OSError, KeyError, tarfile.TarError) as error:
            raise CannotCheckError(f"the bundle's file {shown(path)} cannot be read") from error
        if found is None:
            raise CannotCheckError(f"the bundle's file {shown(path)} cannot be read")
        return found

    def hash(self, path: str) -> tuple[str, int]:
        """Return a file's SHA-256 and how many bytes it has."""
        digest, size = hashlib.sha256(), 0
        with self.open(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
        return digest.hexdigest(), size


def _raise(error: OSError) -> None:
    raise error
