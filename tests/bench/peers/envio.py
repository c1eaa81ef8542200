"""Envio's HyperIndex beside Moa on the same chain: from the node itself (it has no HyperSync of it), into PostgreSQL.

It runs without Docker and without Hasura. `envio start` makes the tables and runs the generated program. Its
own PostgreSQL client cannot use a unix socket, so both are done here as it does them.
"""

from __future__ import annotations

import time
from pathlib import Path

import psycopg

from tests.bench import peers
from tests.bench.moa import deployment_of
from tests.ledger import ROOT, environment, free_port

HOME = ROOT / ".moa" / "envio"
PROJECT, PROGRAM = HOME / "project", HOME / "project" / "generated"
VERSION = "2.32.12"
PNPM = "10.34.9"


def _settings() -> dict[str, str]:
    # pnpm must not stand in the project that it installs: it would move itself away.
    inner = PROJECT / "node_modules" / ".pnpm"
    return {
        "PATH": f"{HOME / 'node_modules' / '.bin'}:{environment()['PATH']}",
        "NODE_PATH": f"{inner / 'node_modules'}:{inner / f'envio@{VERSION}' / 'node_modules'}",
    }


def install() -> None:
    """Install Envio from npm, once."""
    peers.lay("envio", PROJECT)
    if not (HOME / "node_modules" / ".bin" / "pnpm").exists():
        (HOME / "package.json").write_text('{"private": true}')
        peers.call(["npm", "install", "--no-audit", "--no-fund", "--silent", f"pnpm@{PNPM}"], HOME)
    if not (PROJECT / "node_modules" / ".bin" / "envio").exists():
        PROGRAM.mkdir(exist_ok=True)
        (PROGRAM / "package.json").write_text('{"name": "generated", "version": "0.1.0"}')  # made anew by codegen
        peers.call(["pnpm", "install", "--ignore-workspace"], PROJECT, **_settings())


def envio(url: str, deployment: Path, postgres: str, count: int) -> float:
    """Index a chain by Envio from nothing, and return the seconds until it had so many gifts."""
    found = deployment_of(deployment)
    base = {**_settings(), "MOA_RPC": url, "MOA_BLOCK": str(found.block), "MOA_FUND": f"0x{found.fund.hex()}"}
    peers.call(["node_modules/.bin/envio", "codegen"], PROJECT, **base)
    address = psycopg.conninfo.conninfo_to_dict(postgres)
    settings = base | {
        "ENVIO_PG_HOST": str(address["host"]), "ENVIO_PG_PORT": str(address.get("port", 5432)),
        "ENVIO_PG_USER": str(address["user"]), "ENVIO_PG_PASSWORD": str(address.get("password", "none")),
        "ENVIO_PG_DATABASE": str(address["dbname"]), "ENVIO_INDEXER_PORT": str(free_port()),
        "ENVIO_HASURA": "false", "TUI_OFF": "true", "LOG_STRATEGY": "console-raw",
    }  # fmt: skip
    peers.call(["pnpm", "run", "db-setup"], PROGRAM, **settings)
    with (
        psycopg.connect(postgres, autocommit=True) as connection,
        peers.running(["node", "src/Index.res.js"], PROGRAM, **settings) as process,
    ):
        log, begun = PROGRAM / "log", 0.0

        def ready() -> bool:
            nonlocal begun
            # Its start is not counted.
            if not begun and "resumed indexing state" in log.read_text():
                begun = time.monotonic()
            row = connection.execute('SELECT count(*) FROM "Contribution"').fetchone()
            return row is not None and row[0] >= count

        peers.until(ready, process, log)
        return time.monotonic() - begun
