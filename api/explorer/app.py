"""The web application: the JSON interface, the files, the stream and the pages, over one read-only index."""

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from api import interpreter, logs
from api.explorer import page
from api.explorer.answers import Json
from api.explorer.content import ContentFolder
from api.explorer.database import Database
from api.explorer.examples import Described
from api.explorer.exports.answers import Places
from api.explorer.exports.service import Exports
from api.explorer.failures import (
    BadParameterError,
    BuildingError,
    NotFoundError,
    RewoundError,
    UnavailableError,
)
from api.explorer.files import content_routes
from api.explorer.headers import FINAL, PUBLIC, PublicHeaders
from api.explorer.iati.given import read as read_given
from api.explorer.iati.service import Publisher
from api.explorer.kept import Kept
from api.explorer.limits import Limits
from api.explorer.live import Live, live_routes
from api.explorer.metrics import Measured, Metrics, metrics_routes, route_of
from api.explorer.queries import Queries
from api.explorer.ready import ready_routes
from api.explorer.routes import json_routes
from api.explorer.routes_exports import export_routes, iati_routes
from api.explorer.text import PREFIX
from api.settings import Settings

STATIC = Path(__file__).parent / "static"


def create_app(settings: Settings, clock: Callable[[], float] = time.time) -> FastAPI:
    """Return the application. It starts also when there is no index yet, and says so until there is.

    Args:
        settings: The settings.
        clock: Says what time it is, in unix seconds; pools freeze by it.

    """
    database = Database(settings.database)
    folder = ContentFolder(settings.content)
    queries = Queries(database, folder, clock)
    places = Places(settings.exports)
    publisher = Publisher(database, folder, places, read_given(settings.iati))
    metrics = Metrics(queries.health)
    live = Live(queries, metrics.clients)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await live.stop()
        database.close()

    app = Described(
        title="Moa",
        version="1",
        summary="Every gift, release and proof of Moa's pools, to read and to check.",
        description=(
            "Money is a string of the token's base units, next to the token. Times are unix seconds, UTC. "
            f"What is final and what may still change: {PREFIX}; each place says it of itself, and the header {FINAL} "
            "of all."
        ),
        openapi_url=f"{PREFIX}/openapi.json",
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        # No tracking: the counts are ours (metrics), and name no reader.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=lifespan,
        # Not included as a router: that would look for the route twice, and through more hands.
        routes=json_routes(queries).routes,
    )
    app.add_middleware(Kept, memory=queries.memory, clock=clock)
    app.add_middleware(Limits, settings=settings, refuse=_refuse)
    app.add_middleware(Measured, metrics=metrics, tell=settings.request_log)
    app.add_middleware(PublicHeaders, final=lambda: queries.final_block)
    app.include_router(export_routes(PREFIX, Exports(database, places)))
    app.include_router(iati_routes(PREFIX, publisher))
    app.include_router(content_routes(folder))
    app.include_router(live_routes(live))
    app.include_router(ready_routes(queries))
    if settings.metrics:
        app.include_router(metrics_routes(metrics))
    app.include_router(page.pages(queries, settings))
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")
    _add_refusals(app)
    return app


def from_environment() -> FastAPI:
    """Return the application as the environment wants it: what each of a server's processes calls."""
    logs.set_up()
    app = create_app(Settings.from_environment())
    # Answers go before they are collected: to look through them costs a tenth of each.
    interpreter.collect_seldom(50_000)
    return app


# -------------------------------------------------------------------------------------------------------- refusals


def _add_refusals(app: FastAPI) -> None:
    """Give each failure its answer: JSON for programs, a page for people."""

    @app.exception_handler(NotFoundError)
    async def not_found(request: Request, error: NotFoundError) -> Response:
        body = {"error": "not found", "looked_for": error.looked_for}
        return _refuse(request, 404, body, "Not found", f"Looked for {error.looked_for}, and found nothing.")

    @app.exception_handler(BadParameterError)
    async def bad_parameter(request: Request, error: BadParameterError) -> Response:
        return _refuse_parameter(request, error.field, error.reason)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        reason = "is missing" if first["type"] == "missing" else str(first["msg"]).removeprefix("Value error, ")
        return _refuse_parameter(request, str(first["loc"][-1]), reason)

    @app.exception_handler(UnavailableError)
    async def unavailable(request: Request, error: UnavailableError) -> Response:
        body = {"error": "unavailable", "reason": str(error)}
        title, text = ("Not ready yet", error.words) if isinstance(error, BuildingError) else ("Not ready", str(error))
        response = _refuse(request, 503, body, title, f"{text[:1].upper()}{text[1:]}.")
        response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.exception_handler(RewoundError)
    async def rewound(request: Request, error: RewoundError) -> Response:
        body = {"error": "rewound", "reason": str(error)}
        return _refuse(request, 409, body, "No longer so", f"{str(error)[:1].upper()}{str(error)[1:]}.")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return await not_found(request, NotFoundError(request.url.path))
        body = {"error": str(error.detail).lower()}
        response = _refuse(request, error.status_code, body, str(error.detail), "This cannot be asked for in this way.")
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        logging.getLogger("api.explorer").error(
            "%s failed", route_of(request.scope, 500), exc_info=error, extra={"event": "failed"}
        )
        text = "Something in this explorer is broken. The ledger is not: it can be read from any node."
        response = _refuse(request, 500, {"error": "internal error"}, "Our mistake", text)
        # This runs outside of all middleware.
        response.headers.update(PUBLIC)
        return response


def _refuse_parameter(request: Request, field: str, reason: str) -> Response:
    body = {"error": "bad parameter", "field": field, "reason": reason}
    if field == "cursor":
        text = "The list does not go on where this link leads. Please start again at its beginning."
        return _refuse(request, 422, body, "That link is broken", text)
    return _refuse(request, 422, body, "That cannot be meant", f"“{field}” is {reason}.")


def _refuse(request: Request, status: int, body: dict[str, str], title: str, text: str) -> Response:
    if request.url.path.startswith((PREFIX, "/content", "/health", "/live", "/metrics")):
        return Json(body, status_code=status)
    return page.error_page(request, status, title, text)
