"""PostgreSQL as both wings reach it: by its address, with sentences that never show a password."""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from api.errors import SettingsError

CONNECT_SECONDS = 3
"""After which a server that does not answer counts as away; libpq takes no less than 2."""

# A peer that vanished without a word is noticed within a minute, at both ends of the line.
_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


def read_url(text: str) -> URL:
    """Read a database's address, as postgresql://user:password@host:port/name.

    Raises:
        SettingsError: It is none. What was given is not shown: there may be a password in it.

    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or not url.database or "@" in (url.host or ""):
        raise SettingsError(
            "the database's address cannot be read: it is postgresql://user:password@host:port/name, with @, :, / and "
            "% in a password written as %40, %3A, %2F and %25"
        )
    return url.set(drivername="postgresql+psycopg")


def shown(url: str) -> str:
    """Return a database's address without what is secret in it."""
    read = read_url(url)
    return URL.create("postgresql", host=read.host, port=read.port, database=read.database).render_as_string()


def engine_of(url: str, name: str, settings: dict[str, str], **options: Any) -> Engine:
    """Return an engine; nothing is sent before the first question.

    Args:
        url: The database's address.
        name: As the server's list of sessions shows it.
        settings: Of each session, by the server's names for them.
        options: SQLAlchemy's, as of the pool.

    """
    told = {"connect_timeout": CONNECT_SECONDS, "application_name": name, **_ALIVE}
    engine = create_engine(read_url(url), connect_args=told, **options)
    wanted = {f"tcp_{option}": str(seconds) for option, seconds in _ALIVE.items()} | settings
    query = "SELECT " + ", ".join(["set_config(%s, %s, false)"] * len(wanted))

    @event.listens_for(engine, "connect")
    def _prepare(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.execute(query, [text for setting in wanted.items() for text in setting])
        connection.commit()

    return engine


def said(error: BaseException) -> str:
    """Return the first line of what the server or the driver said."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).strip().partition("\n")[0]
