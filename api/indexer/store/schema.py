"""The schema of a database that is opened for writing: made where there is none, migrated where it is an old one."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, inspect

from api import migrations, tables
from api.errors import StoreError
from api.indexer.store.notes import read_notes, write_notes
from api.indexer.store.replay import Add, replay


def prepare(connection: Connection, name: str, add: Add, told: Callable[[str], None]) -> dict[str, str]:
    """Give a database today's schema, and return its notes.

    Args:
        connection: In a transaction: all of it happens, or nothing.
        name: Of the database.
        add: Adds rows to a table.
        told: Hears what takes long.

    Raises:
        StoreError: Its schema is none that can be migrated.

    """
    found = read_notes(connection) if inspect(connection).has_table(tables.meta.name) else {}
    version = found.get("schema_version")
    if version is None:
        tables.metadata.create_all(connection)
        write_notes(connection, {"schema_version": str(tables.SCHEMA_VERSION)})
    elif version != str(tables.SCHEMA_VERSION):
        _migrate(connection, name, add, told, found)
    return read_notes(connection)


def _migrate(connection: Connection, name: str, add: Add, told: Callable[[str], None], notes: dict[str, str]) -> None:
    version, mine = notes["schema_version"], tables.SCHEMA_VERSION
    if not version.isdigit() or int(version) > mine:
        raise StoreError(f"{name} has schema {version}, this program writes {mine}: it is the older one, update it")
    if int(version) < migrations.OLDEST:
        raise StoreError(
            f"{name} has schema {version}, this program writes {mine} and migrates from {migrations.OLDEST} on: "
            "delete the index, it can be built again from the chain"
        )
    steps = migrations.pending(int(version))
    told(f"migrating {name} from schema {version} to {mine}")
    for step in steps:
        step.alter(connection)
    if any(step.replays for step in steps):
        told(f"made anew from the stored logs: {replay(connection, notes, add)} logs")
    write_notes(connection, {"schema_version": str(mine)})
