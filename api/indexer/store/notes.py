"""The index's notes about itself: the table `meta`."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from api import tables


def read_notes(connection: Connection) -> dict[str, str]:
    """Return all notes."""
    return {row.key: row.value for row in connection.execute(select(tables.meta))}


def write_notes(connection: Connection, notes: dict[str, str]) -> None:
    """Write some notes, in the place of earlier ones. What no database takes in a text (a node may say it) is shown."""
    forget_notes(connection, *notes)
    clean = {key: value.encode("utf-8", "replace").decode().replace("\0", "\ufffd") for key, value in notes.items()}
    connection.execute(insert(tables.meta), [{"key": key, "value": value} for key, value in clean.items()])


def forget_notes(connection: Connection, *keys: str) -> None:
    """Forget some notes."""
    connection.execute(delete(tables.meta).where(tables.meta.c.key.in_(keys)))
