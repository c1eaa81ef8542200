"""The read-only door to the index: one snapshot for each answer, and a clear word when there is no index to read."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from api import tables
from api.explorer.database.edition import Edition, read_edition, read_notes
from api.explorer.database.postgres import PostgresDoor
from api.explorer.database.sqlite import SqliteDoor
from api.explorer.database.turns import Turns
from api.explorer.failures import BuildingError, UnavailableError

__all__ = ["Database", "Edition", "edition_of", "notes_of"]

_SEEN = "moa seen"


class Database:
    """Hands out snapshots of the index. Nothing is opened before the first one, and the index need not exist yet."""

    def __init__(self, where: Path | str) -> None:
        """Make a door to an SQLite file, or to a PostgreSQL database by its address."""
        self._door = PostgresDoor(where) if isinstance(where, str) else SqliteDoor(where)
        self._turns = Turns(self._door.give_back)
        self._trouble = ""
        self.edition: Edition | None = None
        """The one that was read last."""
        self._watched: tuple[Hashable, Edition] | None = None

    def close(self) -> None:
        """Let go of the database."""
        self._turns.end()
        self._door.close()

    def size(self, connection: Connection) -> int:
        """Return how many bytes the database takes."""
        return self._door.size(connection)

    def now(self) -> Edition | None:
        """Return the edition that is there now, None if nothing can be read. Cheap while nothing is committed."""
        try:
            version = self._door.watch()
            if self._watched is None or version is None or self._watched[0] != version:
                with self.snapshot() as connection:
                    self._watched = version, edition_of(connection)
            return self._watched[1]
        except UnavailableError:
            self._watched = None
            return None

    @contextmanager
    def snapshot(self, *, unfinished: bool = False, shared: bool = False) -> Iterator[Connection]:
        """Yield a connection on which every query sees the same state.

        Args:
            unfinished: Also while the index is built.
            shared: It may be the one of another question that came at the same time; nothing may be awaited meanwhile.

        Raises:
            UnavailableError: There is no index, or it is of another version, is being built, or cannot be read.

        """
        turn = self._turns.now() if shared else None
        try:
            connection = self._turns.take(turn) or self._connect()
            try:
                _check(connection, unfinished=unfinished)
                yield connection
            except BaseException:
                turn = None  # whoever comes next shall not meet what went wrong here
                raise
            finally:
                self._turns.leave(connection, turn)
            self._trouble = ""
        except PoolTimeoutError as error:
            raise UnavailableError("too many questions at once") from error
        except DBAPIError as error:
            reason = self._door.reason(error)
            if reason is None:
                raise
            self._tell(str(error.orig))
            raise UnavailableError(reason) from error

    def _connect(self) -> Connection:
        """Return a connection that knows its edition. One that waited in the pool may have been lost: then another."""
        self._door.check()
        try:
            return self._open()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self._door.forget()
        return self._open()

    def _open(self) -> Connection:
        connection = self._door.take()
        try:
            # All that follows sees the state whose version this is.
            version, seen = self._door.begin(connection), connection.info.get(_SEEN)
            if seen is None or seen.version != version:
                connection.info[_SEEN] = self._look(connection, version)
            return connection
        except BaseException:
            connection.close()
            raise

    def _look(self, connection: Connection, version: Hashable) -> _Seen:
        notes = read_notes(connection)
        if notes.get("schema_version") != str(tables.SCHEMA_VERSION):
            return _Seen(version, notes, Edition(None, None, ""))
        found, last = read_edition(connection, notes), self.edition
        self.edition = last if last is not None and last.tag == found.tag else found
        return _Seen(version, notes, self.edition)

    def _tell(self, trouble: str) -> None:
        """Tell the operator all that was said, once: strangers hear no names of hosts and roles."""
        if trouble != self._trouble:
            logging.getLogger("api.explorer").warning("the index cannot be read: %s", trouble)
            self._trouble = trouble


class _Seen(NamedTuple):
    """What a connection saw when something was last committed."""

    version: Hashable
    notes: dict[str, str]
    edition: Edition


def edition_of(connection: Connection) -> Edition:
    """Return the edition that a snapshot shows."""
    seen: _Seen = connection.info[_SEEN]
    return seen.edition


def notes_of(connection: Connection) -> dict[str, str]:
    """Return the index's own notes, as a snapshot shows them."""
    seen: _Seen = connection.info[_SEEN]
    return seen.notes


def _check(connection: Connection, *, unfinished: bool) -> None:
    """Check that the index is one that this explorer reads, in whole."""
    notes = notes_of(connection)
    version, mine = notes.get("schema_version", "0"), tables.SCHEMA_VERSION
    if version != str(mine):
        newer = version.isdigit() and int(version) > mine
        todo = "this explorer is the older one, update it" if newer else "the indexer (python -m api index) migrates it"
        raise UnavailableError(f"the index has schema version {version}, this explorer reads {mine}: {todo}")
    if "backfill" in notes and not unfinished:
        newest, head = edition_of(connection).head, notes.get("node_head")
        raise BuildingError(newest.number if newest else None, None if head is None else int(head))
