"""The commands: `index` follows the chain, `serve` shows it, `export` and `bundle` write it out, `readers` lets others in."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from api.errors import MoaError, SettingsError
from api.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def index(
    follow: bool = typer.Option(False, help="Go on after the head is reached, until stopped."),
    every: float = typer.Option(0.5, min=0.01, help="Seconds between looks at the head."),
) -> None:
    """Index the chain's events into the database."""
    # Imported here so that `serve` never loads what talks to a node, and `index` nothing of the pages.
    from api.indexer.chain import Node
    from api.indexer.chain.wake import Wake, address_of
    from api.indexer.engines import engine_set
    from api.indexer.store import Store
    from api.indexer.sync import Progress, Sync

    settings = Settings.from_environment()
    deployment = settings.load_deployment()
    store = Store(settings.database, typer.echo)
    stopped = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    def told(progress: Progress) -> None:
        nonlocal stopped
        if progress.rewound_to is not None:
            typer.echo(f"the chain was rewound: forgot every block above {progress.rewound_to}")
        elif progress.logs:
            typer.echo(f"block {progress.tip} of {progress.head}: {progress.logs} logs")
        stopped = stopped or (not follow and not progress.behind)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    witness = Node(*settings.witnesses) if settings.witnesses else None
    sync = Sync(Node(*settings.nodes), store, deployment, engine_set(settings.confirmations), witness)
    wake = Wake(settings.socket or address_of(settings.nodes[0])) if follow and settings.socket != "none" else None
    try:
        sync.follow(
            told,
            every,
            lambda: stopped,
            lambda why: typer.echo(f"waiting: {why}", err=True),
            time.sleep if wake is None else wake.wait,
        )
    finally:
        if wake is not None:
            wake.close()
        sync.close()
        store.close()


@app.command()
def readers(role: str = typer.Argument(help="Its name; it is made if there is none.")) -> None:
    """Let a PostgreSQL role read the index, and nothing else: for the explorer, and for auditors with SQL."""
    from api.indexer.store.readers import let_read

    database = Settings.from_environment().database
    if not isinstance(database, str):
        raise SettingsError(f"{database} is a file, which whoever may read it can read. Roles are PostgreSQL's")
    let_read(database, role)
    typer.echo(f"{role} may read the index and change nothing. If it is new, give it a password: \\password {role}")


@app.command()
def serve() -> None:
    """Serve the explorer's pages and the JSON interface from the database."""
    import uvicorn

    from api.explorer.app import create_app

    settings = Settings.from_environment()
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="warning",
                timeout_graceful_shutdown=1)  # fmt: skip


Block = Annotated[int | None, typer.Option(min=0, max=2**43 - 1, help="Up to this block; else the newest one.")]


@app.command()
def export(
    table: Annotated[str, typer.Argument(help="A table of the index, such as contributions.")],
    file: Annotated[Path, typer.Argument(help="Where to: its name ends with .csv, .jsonl or .parquet.")],
    block: Block = None,
    where: Annotated[list[str] | None, typer.Option(help="A filter, such as pool=3; also several times.")] = None,
) -> None:
    """Write a table to a file, and beside it a manifest with its SHA-256."""
    from api.explorer.exports import commands

    tally = commands.export(Settings.from_environment().database, table, file, block, where or [])
    typer.echo(f"{file}: {tally.rows} rows, {tally.size} bytes", err=True)


@app.command()
def bundle(
    folder: Annotated[Path, typer.Argument(help="Where to: a new or empty folder, or a name that ends with .tar.")],
    block: Block = None,
) -> None:
    """Write all that is needed to recompute the ledger: the same bytes on every machine that indexed this chain."""
    from api.explorer.exports import commands

    database = Settings.from_environment().database
    commands.write_bundle(database, folder, block, lambda file: typer.echo(file, err=True))
    typer.echo(f"{folder} is whole", err=True)


@app.command()
def iati(
    ngo: Annotated[str, typer.Argument(help="The NGO's address.")],
    file: Annotated[Path, typer.Argument(help="Where to.")],
) -> None:
    """Write an NGO's pools as IATI 2.03 activities, with what the operator gives in MOA_IATI's file."""
    from api.explorer.exports import commands

    commands.write_iati(Settings.from_environment(), ngo, file)
    typer.echo(f"{file} is whole", err=True)


def main() -> None:
    """Run a command; a known error is one line."""
    try:
        app()
    except MoaError as error:
        sys.exit(f"✗ {error}")


if __name__ == "__main__":
    main()
