"""A file of comma-separated values, line by line, however dirty: nothing in it can stop the reading or hide a line.

Python's own csv reader takes an unclosed quote as the start of a field that swallows the rest of the file. Here a
quoted field may go over several lines only if it is closed within a few of them and what comes out has the right shape;
else that one line is refused and the next is read as if nothing had been.
"""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHUNK = 1 << 20
LONGEST_LINE = 1 << 16
MOST_LINES_IN_FIELD = 50
GZIP = b"\x1f\x8b"
_FIELD = re.compile(r'[ \t]*"([^"]*(?:""[^"]*)*)"[ \t]*(?:,|\Z)|([^,]*)(?:,|\Z)')


class FileError(Exception):
    """The file as a whole cannot be read; one line says why."""


class Row(NamedTuple):
    """One record: the number of its first line and its fields, or the reason why it has none."""

    line: int
    fields: list[str]
    raw: str
    problem: str


class Raw(NamedTuple):
    """One line as text, or the reason why it is not text."""

    line: int
    text: str
    problem: str


def open_chunks(path: Path) -> Iterator[bytes]:
    """Read a file in pieces, unpacked if it is gzip, as UTF-8 whatever UTF it was in."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == GZIP
            file.seek(0)
            source = gzip.GzipFile(fileobj=file) if packed else file
            if path.suffix == ".gz" and not packed and file.read(1):
                raise FileError(f"{path} is named .gz but is not a gzip file.")
            file.seek(0)
            head = source.read(CHUNK)
            utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            decoder = codecs.getincrementaldecoder("utf-16")("replace") if utf16 else None
            chunk = head.removeprefix(codecs.BOM_UTF8)
            while chunk:
                yield decoder.decode(chunk).encode("utf-8", "replace") if decoder else chunk
                chunk = source.read(CHUNK)
    except FileNotFoundError as error:
        raise FileError(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise FileError(f"{path} is a folder, not a file of gifts.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(f"{path} is a gzip file that is cut off or damaged ({error}). Nothing was recorded.") from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from error


def raw_lines(chunks: Iterator[bytes]) -> Iterator[Raw]:
    """Cut the pieces into lines, each as text or with the reason why not."""
    number = 0
    rest = b""
    cut = False  # the rest is the tail of a line that was longer than we take
    for chunk in chunks:
        # A lone CR at the end may be half a CRLF: it waits for the next piece.
        block = rest + chunk
        held = b"\r" if block.endswith(b"\r") else b""
        lines = block[: len(block) - len(held)].splitlines(keepends=True)
        rest = (lines.pop() if lines and not lines[-1].endswith((b"\n", b"\r")) else b"") + held
        for line in lines:
            number += 1
            yield _text(number, line.rstrip(b"\r\n"), cut)
            cut = False
        if len(rest) > CHUNK:
            rest, cut = rest[:LONGEST_LINE], True
    if rest or cut:
        yield _text(number + 1, rest.rstrip(b"\r\n"), cut)


def _text(number: int, line: bytes, cut: bool) -> Raw:
    if cut or len(line) > LONGEST_LINE:
        return Raw(number, line[:200].decode(errors="replace"), f"longer than {LONGEST_LINE} bytes")
    try:
        return Raw(number, line.decode(), "")
    except UnicodeDecodeError as error:
        where = f"byte {error.start + 1} is 0x{line[error.start]:02X}"
        return Raw(number, line.decode(errors="replace"), f"not UTF-8 text: {where}")


def split(text: str) -> list[str] | None:
    """Return the fields of a whole record, or None if its quotes do not close or stand in the wrong place."""
    if '"' not in text:
        return text.split(",")
    fields: list[str] = []
    at = 0
    while at <= len(text):
        found = _FIELD.match(text, at)
        if found is None or (found[2] is not None and '"' in found[2]):
            return None
        quoted: str | None = found[1]
        fields.append(str(found[2]) if quoted is None else quoted.replace('""', '"'))
        at = found.end()
        if not found[0].endswith(","):
            break
    return fields


def rows(lines: Iterator[Raw], width: int, starts_one: Callable[[list[str]], bool]) -> Iterator[Row]:
    """Put lines together to records of `width` fields; `starts_one` tells that a line is a record by itself."""
    waiting: deque[Raw] = deque()
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        if line.problem:
            yield Row(line.line, [], line.text, line.problem)
            continue
        fields = split(line.text)
        if fields is None:
            yield _go_on(line, waiting, lines, width, starts_one)
        else:
            yield Row(line.line, fields, line.text, "")


def _go_on(
    first: Raw, waiting: deque[Raw], lines: Iterator[Raw], width: int, starts_one: Callable[[list[str]], bool]
) -> Row:
    """Try to close an open quote with the lines that follow; take none of them if that fails."""
    text = first.text
    for taken in range(MOST_LINES_IN_FIELD):
        if taken == len(waiting):
            following = next(lines, None)
            if following is None:
                break
            waiting.append(following)
        following = waiting[taken]
        alone = split(following.text)
        if following.problem or (alone is not None and starts_one(alone)):
            break
        text = f"{text}\n{following.text}"
        fields = split(text)
        if fields is not None and len(fields) == width:
            for _ in range(taken + 1):
                waiting.popleft()
            return Row(first.line, fields, text, "")
    return Row(first.line, [], first.text, "a quote that is not closed, or stands in the middle of a field")
