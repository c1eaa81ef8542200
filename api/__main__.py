"""The commands: `python -m api index` follows the chain, `serve` shows it, `readers` lets others look into it."""

from __future__ import annotations

import signal
import sys
from types import FrameType

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
    try:
        Sync(Node(settings.rpc), store, deployment).follow(
            told, every, lambda: stopped, lambda why: typer.echo(f"waiting: {why}", err=True)
        )
    finally:
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


def main() -> None:
    """Run a command; a known error is one line."""
    try:
        app()
    except MoaError as error:
        sys.exit(f"✗ {error}")


if __name__ == "__main__":
    main()
