"""A role for those who may read the whole index and change nothing: the explorer, and auditors with SQL."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import NullPool
from sqlalchemy.exc import DBAPIError

from api import postgres
from api.errors import SettingsError, StoreError

_RIGHTS = (
    SQL("GRANT CONNECT ON DATABASE {database} TO {role}"),
    SQL("GRANT USAGE ON SCHEMA {schema} TO {role}"),
    SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"),
    # And on those that the indexer makes later: a migration makes most of them anew.
    SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}"),
    # What everybody may do in a new database, and nobody needs in this one.
    SQL("REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"),
    SQL("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC"),
)


def let_read(url: str, role: str) -> None:
    """Give a role the right to read the index, and no other; make it if there is none of this name.

    Args:
        url: The database, as the indexer writes it: what its role makes later shall be readable as well.
        role: Its name.

    Raises:
        SettingsError: The address is none.
        StoreError: The database refused.

    """
    engine = postgres.engine_of(url, "moa readers", {}, poolclass=NullPool)
    try:
        with engine.begin() as session:
            connection: Any = session.connection.driver_connection
            place = connection.execute("SELECT current_database(), current_schema(), current_user").fetchone()
            database, schema, own = place or ("", "", "")
            if role == own:
                raise SettingsError(f"{role} is the role that writes the index: name another one")
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
            names = {"database": Identifier(database), "schema": Identifier(schema), "role": Identifier(role)}
            for right in _RIGHTS:
                connection.execute(right.format(**names))
    except (psycopg.Error, DBAPIError) as error:
        raise StoreError(
            f"{postgres.shown(url)} refused, nothing was changed: {postgres.said(error)}: "
            "it wants the database's owner, and one who may make roles if there is none of this name"
        ) from error
