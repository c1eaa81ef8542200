"""The commands: `index`, `reconcile`, `serve`, `readers`, `export`, `bundle`, `iati`: see `python -m api --help`."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from api import logs
from api.errors import MoaError, SettingsError
from api.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def index(
    follow: bool = typer.Option(False, help="Go on after the head is reached, until stopped."),
    every: float = typer.Option(0.5, min=0.01, help="Seconds between looks at the head."),
) -> None:
    """Index the chain's events into the database, and compare the index with the contracts again and again."""
    # Imported here so that `serve` never loads what talks to a node, and `index` nothing of the pages.
    from api import interpreter
    from api.indexer.chain import Node
    from api.indexer.chain.wake import Wake, address_of
    from api.indexer.engines import engine_set
    from api.indexer.metrics import Metrics
    from api.indexer.reconcile import Reconciler
    from api.indexer.reconcile.watch import Watch
    from api.indexer.store import Store
    from api.indexer.store.audit import Audit
    from api.indexer.sync import Progress, Sync
    from api.indexer.telling import Telling

    settings = Settings.from_environment()
    deployment = settings.load_deployment()
    store = Store(settings.database, typer.echo)
    metrics = Metrics()
    if settings.metrics_port:
        metrics.serve(settings.host, settings.metrics_port)
    node, telling, stopped = Node(*settings.nodes), Telling(metrics), False
    interpreter.set_up_for_indexing()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    def told(progress: Progress) -> None:
        nonlocal stopped
        telling.told(progress, node.switches)
        at_head = not progress.behind and progress.rewound_to is None
        if watch is not None and (found := watch.take(at_head=at_head)) is not None:
            store.note_reconciled(found.note)
            telling.compared(found)
        stopped = stopped or (not follow and not progress.behind)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    witness = Node(*settings.witnesses) if settings.witnesses else None
    sync = Sync(node, store, deployment, engine_set(settings.confirmations), witness)
    wake = Wake(settings.socket or address_of(settings.nodes[0])) if follow and settings.socket != "none" else None
    watch = None
    if follow and settings.reconcile_seconds:
        reconciler = Reconciler(Node(*settings.nodes), Audit(settings.database), deployment)
        watch = Watch(reconciler, settings.reconcile_seconds)
    try:
        sync.follow(
            told,
            every,
            lambda: stopped,
            lambda why: telling.waits(why, sync.trouble),
            time.sleep if wake is None else wake.wait,
        )
    finally:
        for each in (watch, wake, sync, store):
            if each is not None:
                each.close()


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
def reconcile() -> None:
    """Compare the contracts, the events and the index once, beside a running indexer or without one.

    Ends with 0 if all agree, 1 if anything differs, 2 if it could not be compared.
    """
    from api.indexer.chain import Node
    from api.indexer.reconcile import Reconciler
    from api.indexer.reconcile.report import once
    from api.indexer.store.audit import Audit

    settings = Settings.from_environment()
    reconciler = Reconciler(Node(*settings.nodes), Audit(settings.database), settings.load_deployment())
    code, lines = once(reconciler.compare)
    for line in lines:
        typer.echo(line, err=bool(code))
    raise typer.Exit(code)


@app.command()
def serve(
    workers: int = typer.Option(1, min=1, max=256, help="Processes that share the port."),
) -> None:
    """Serve the explorer's pages and the JSON interface from the database."""
    import uvicorn

    settings = Settings.from_environment()
    with tempfile.TemporaryDirectory(prefix="moa-metrics-") as shared:
        if workers > 1:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", shared)
        uvicorn.run(
            "api.explorer.app:from_environment",
            factory=True,
            workers=workers,
            host=settings.host,
            port=settings.port,
            proxy_headers=False,  # whom a proxy has heard is MOA_PROXIES' matter
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )


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
        logs.set_up()
        app()
    except MoaError as error:
        logging.getLogger("api").error("✗ %s", error, extra={"event": "failed", "kind": type(error).__name__})
        sys.exit(1)


if __name__ == "__main__":
    main()
