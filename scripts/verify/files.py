"""The files of a bundle, in a folder or in a tar, and two streams of rows that should be one. Nothing is unpacked."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .out import CannotCheckError, Report, shown

_PIECE = 1 << 20
LINE = 64 << 20
"""Bytes of one line."""

_ENOUGH = 50


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


class Rows:
    """The rows of a CSV file, held against those that there should be, both in the order of their keys."""

    def __init__(self, name: str, file: IO[bytes], columns: list[str], keys: int, report: Report) -> None:
        """Begin; the first `keys` columns, whole numbers, are the key."""
        csv.field_size_limit(LINE)
        self._name, self._columns, self._keys, self._report = name, columns, keys, report
        self._reader = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""), strict=True)
        self.count = self._extra = 0
        self._cut = False
        header = self._read()
        if header != columns:
            report.differs(f"bundle, {name}, columns", bundle=header, chain=columns)
            self._cut = True
        self._next = self._row()

    def expect(self, row: list[str]) -> None:
        """Compare the next row."""
        if self._cut:
            return
        key = tuple(map(int, row[: self._keys]))
        while self._next is not None and self._next[0] < key:
            self._add_extra()
        if self._next is None or self._next[0] != key:
            if not self._cut:
                self._report.differs(self._where(row), bundle="nothing", chain="it is there")
            return
        found = self._next[1]
        if found != row:
            for column, one, other in zip(self._columns, found, row, strict=True):
                if one != other:
                    self._report.differs(f"{self._where(row)}, {column}", bundle=one, chain=other)
        self._next = self._row()

    def finish(self) -> None:
        """Say what rows there are beyond those that should be."""
        while not self._cut and self._next is not None:
            self._add_extra()

    def _add_extra(self) -> None:
        self._extra += 1
        self._report.differs(self._where(self._next[1] if self._next else []), bundle="it is there", chain="nothing")
        if self._extra == _ENOUGH:
            self._report.add(
                f"bundle, {self._name}", "has more and more rows that the chain does not have; not read on"
            )
            self._cut = True
            return
        self._next = self._row()

    def _where(self, row: list[str]) -> str:
        keys = ", ".join(
            f"{name} {shown(value, 30)}" for name, value in zip(self._columns, row[: self._keys], strict=False)
        )
        return f"bundle, {self._name}, {keys}"

    def _read(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except (csv.Error, ValueError) as error:
            self._report.add(f"bundle, {self._name}", f"is no CSV after row {self.count}: {shown(str(error))}")
            self._cut = True
            return None

    def _row(self) -> tuple[tuple[int, ...], list[str]] | None:
        row = None if self._cut else self._read()
        if row is None:
            return None
        self.count += 1
        try:
            if len(row) != len(self._columns) or not all(_is_number(value) for value in row[: self._keys]):
                raise ValueError
        except ValueError:
            self._report.add(f"bundle, {self._name}", f"row {self.count} is no row of this table; not read on")
            self._cut = True
            return None
        return tuple(map(int, row[: self._keys])), row


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 21
