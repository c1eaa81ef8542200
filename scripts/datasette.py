"""Open the index with Datasette, for auditors' SQL: read-only, and while the indexer writes. `make datasette`.

It runs in an environment of its own (.moa/tools, locks/tools.txt). What each table and column means comes from
api/tables/words.py, the questions from docs/datasette/queries.yaml; both stand in docs/datasette/metadata.yaml, which
`--write` makes anew.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import yaml

from api import tables
from api.errors import SettingsError
from api.settings import Settings
from api.tables import words

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "datasette"
METADATA = FOLDER / "metadata.yaml"
PROGRAM = ROOT / ".moa" / "tools" / "bin" / "datasette"
NAME = "index"
"""What Datasette calls the database, and so the metadata: it takes it from the file's name."""

SETTINGS = {
    "sql_time_limit_ms": 10_000,
    "max_returned_rows": 10_000,
    "allow_download": "off",  # of a file that changes while it is copied
    "suggest_facets": "off",  # which reads whole tables unasked
}

ABOUT = (
    "Every gift, release and refund of Moa's pools, as the chain tells of them. Amounts are whole base units of the "
    "pool's token (tokens.decimals says how many decimals), times unix seconds in UTC. log >> 20 is the number of a "
    "row's block. Bytes: hex(column), and blob('0x…') the other way."
)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def metadata() -> dict[str, Any]:
    """Return what Datasette is told: titles, every table and column with its unit, and the questions."""
    return {
        "title": "Moa's index",
        "description": ABOUT,
        "databases": {
            NAME: {
                "queries": yaml.safe_load((FOLDER / "queries.yaml").read_text()),
                "tables": {
                    name: {
                        "description": words.TABLES[name],
                        "columns": {str(column.name): _says(words.of(column)) for column in table.columns},
                    }
                    for name, table in tables.metadata.tables.items()
                },
            }
        },
    }


def _says(word: words.Words) -> str:
    unit = words.UNITS[word.kind]
    return f"{word.says} [{unit}]" if unit else word.says


def text() -> str:
    """Return the metadata file's text."""
    made = yaml.dump(metadata(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return "# Made by `python -m scripts.datasette --write` from api/tables/words.py and queries.yaml.\n" + made


def command(database: Path, host: str, port: int) -> list[str]:
    """Return the command that opens an index. The file is opened read-only and may change meanwhile.

    Raises:
        SettingsError: There is no index, or Datasette is not installed.

    """
    if not PROGRAM.exists():
        raise SettingsError("Datasette is not installed: run `make setup-dev`")
    if not database.exists():
        raise SettingsError(f"there is no index {database}: start the indexer, or set MOA_DATABASE")
    if database.stem != NAME:
        link = ROOT / ".moa" / "datasette" / f"{NAME}.db"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(database.resolve())
        database = link
    made = [str(PROGRAM), "serve", str(database), "--host", host, "--port", str(port)]
    made += ["--metadata", str(METADATA), "--plugins-dir", str(FOLDER / "plugins")]
    return made + [part for name, value in SETTINGS.items() for part in ("--setting", name, str(value))]


def main() -> None:
    """Write the metadata, or become Datasette."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="only write docs/datasette/metadata.yaml anew")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    arguments = parser.parse_args()
    if arguments.write:
        METADATA.write_text(text())
        return
    database = Settings.from_environment().database
    try:
        if isinstance(database, str):
            raise SettingsError("Datasette opens SQLite files; PostgreSQL has a role for readers (docs/operations.md)")
        found = command(database, arguments.host, arguments.port)
    except SettingsError as error:
        sys.exit(f"✗ {error}")
    os.execv(found[0], found)  # noqa: S606 -- what runs is our own


if __name__ == "__main__":
    main()
