"""What operators do with exports from the command line: one file, or the whole bundle."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from api.errors import ExportError
from api.explorer.content import ContentFolder
from api.explorer.database import Database
from api.explorer.exports import body, bundle, filters
from api.explorer.exports.answers import Places
from api.explorer.exports.body import Tally
from api.explorer.exports.formats import MEDIA_TYPES
from api.explorer.exports.service import Exports
from api.explorer.failures import BadParameterError, NotFoundError, RewoundError, UnavailableError
from api.explorer.iati import read as iati
from api.explorer.iati import write as publish
from api.explorer.iati.given import read as read_given
from api.explorer.params import hex_bytes
from api.settings import Settings


def export(path: Path | str, name: str, file: Path, block: int | None, where: Sequence[str]) -> Tally:
    """Write a table of the index at `path` to a file of the form that its name says, and its manifest beside it.

    Args:
        path: The index.
        name: The table.
        file: Whose name ends with .csv, .jsonl or .parquet. It appears when it is whole, and not before.
        block: Up to which block; None: the newest one.
        where: Filters, as `pool=3`.

    Raises:
        ExportError: Something of it cannot be meant, is not there, or cannot be written.

    """
    form = file.suffix.removeprefix(".")
    if form not in MEDIA_TYPES:
        raise ExportError(f"{file} does not say its form: end it with {', '.join(f'.{form}' for form in MEDIA_TYPES)}")
    tally = Tally()
    with _told(), _index(path) as database:
        asked = Exports(database, Places(1)).ask(f"{name}.{form}", filters.read(where), block)
        _whole(file, body.write(database, asked, tally))
        manifest = msgspec.json.format(msgspec.json.encode(asked.manifest(tally)))
        _whole(file.with_name(f"{file.name}.manifest.json"), iter((manifest, b"\n")))
    return tally


def write_bundle(path: Path | str, target: Path, block: int | None, told: Callable[[str], None]) -> None:
    """Write the audit bundle of the index at `path`.

    Raises:
        ExportError: It cannot be written.

    """
    with _told(), _index(path) as database:
        bundle.write(database, target, block, told)


def write_iati(settings: Settings, ngo: str, file: Path) -> None:
    """Write an NGO's IATI file.

    Raises:
        ExportError: It cannot be written, or there is nothing to write.
        SettingsError: The operator's file is none.

    """
    given = read_given(settings.iati)
    try:
        address = hex_bytes(ngo, 20)
    except ValueError as error:
        raise ExportError(f"{ngo!r} is {error}") from error
    with _told(), _index(settings.database) as database:
        found = iati.read(database, ContentFolder(settings.content), address)
        _whole(file, publish.write(database, found, given))


@contextmanager
def _index(where: Path | str) -> Iterator[Database]:
    database = Database(where)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _told() -> Iterator[None]:
    """Say in one line what the routes would say as a refusal."""
    try:
        yield
    except NotFoundError as error:
        raise ExportError(f"there is no {error.looked_for}") from error
    except (BadParameterError, RewoundError, UnavailableError) as error:
        raise ExportError(str(error)) from error


def _whole(file: Path, pieces: Iterator[bytes]) -> None:
    """Write a file under another name first, so that what bears its own is whole."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{file.name}.", suffix=".part", dir=file.parent) as scratch:
            part = Path(scratch) / file.name
            with part.open("wb") as opened:
                opened.writelines(pieces)
                opened.flush()
                os.fsync(opened.fileno())
            part.replace(file)
    except OSError as error:
        raise ExportError(f"{file} cannot be written: {error}") from error
