"""The pages: the same contexts as the JSON, rendered as HTML on the server. Strings from the chain are hostile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sha3 import keccak_256

from api.errors import SettingsError
from api.explorer import asked, words
from api.explorer.failures import BadParameterError
from api.explorer.queries import Queries
from api.explorer.queries.written import opened
from api.explorer.text import hexed
from api.settings import Settings

GIFTS, GIFTS_OF_POOL, POOLS, MOVES, COLLECTIONS, STEPS = 25, 8, 18, 10, 12, 20
"""How many rows a page shows: it must stay well under 50 KB."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The receipt alone may connect elsewhere: to the node that its reader chooses.
_ANY_NODE = "'self' http: https:"

_HELD_CALL = "0x" + (keccak_256(b"heldOf(uint256)").digest()[:4] + (1).to_bytes(32, "big")).hex()

Cursor = Query(default=None, max_length=200)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(words.FILTERS)
    environment.globals.update(words.GLOBALS)
    return environment


_TEMPLATES = _environment()


def _render(name: str, context: Mapping[str, Any], status: int = 200, connect: str = "'self'") -> HTMLResponse:
    headers = {
        "Content-Security-Policy": _POLICY.format(connect),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(_TEMPLATES.get_template(name).render({"index": None, "q": "", **context}), status, headers)


def error_page(_request: Request, status: int, title: str, text: str) -> HTMLResponse:
    """Return a page that says what went wrong, and what to do. It reads nothing, so that it cannot fail itself."""
    return _render("error.html", {"status": status, "heading": title, "text": text}, status)


def _add_gifts(router: APIRouter, queries: Queries) -> None:
    @router.get("/pool/{pool}/milestones/{milestone}/contributions")
    def payers(pool: str, milestone: str, cursor: str | None = Cursor) -> HTMLResponse:
        number, which = asked.number("pool", pool), asked.number("milestone", milestone, f"{pool}-{milestone}")
        gifts = {**queries.payers(number, which, cursor, GIFTS), "cursor": cursor}
        context = {
            "pool": queries.pool(number),
            "s": queries.milestone(number, which),
            "payers": gifts,
            "index": queries.health(),
        }
        return _render("payers.html", context)

    @router.get("/batch/{batch}")
    def batch_page(batch: str, cursor: str | None = Cursor) -> HTMLResponse:
        identity = asked.hexed("batch", batch, 32)
        gifts = {**opened(queries.batch_contributions(identity, cursor, GIFTS)), "cursor": cursor}
        return _render("batch.html", {"b": queries.batch(identity), "gifts": gifts, "index": queries.health()})


def pages(queries: Queries, settings: Settings) -> APIRouter:
    """Return the routes of all pages."""

    class Page(APIRoute):
        """A page asks several questions: all are answered at the same block."""

        def __init__(self, path: str, endpoint: Callable[..., Response], **said: Any) -> None:
            super().__init__(path, queries.together(endpoint), **said)

    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False, route_class=Page)
    _add_gifts(router, queries)

    @router.get("/")
    def front(cursor: str | None = Cursor) -> HTMLResponse:
        summary = queries.summary(MOVES)
        pools = queries.pools(cursor=cursor, limit=POOLS)
        return _render(
            "front.html", {"summary": summary, "index": summary["index"], "pools": {**pools, "cursor": cursor}}
        )

    @router.get("/latest")
    def latest() -> HTMLResponse:
        """Return the front page's changing part alone, for live.js."""
        return _render("_latest.html", {"summary": queries.summary(MOVES)})

    @router.get("/pool/{pool}")
    def pool_page(pool: str) -> HTMLResponse:
        number = asked.number("pool", pool)
        shown = queries.pool(number)
        gifts = opened(queries.contributions(number, limit=GIFTS_OF_POOL))
        return _render("pool.html", {"pool": shown, "gifts": gifts, "index": queries.health(), "now": queries.clock()})

    @router.get("/pool/{pool}/contributions")
    def contributions(request: Request, pool: str) -> HTMLResponse:
        number = asked.number("pool", pool)
        shown = queries.pool(number)
        wish = asked.contributions(request.query_params, shown["token"]["decimals"])
        cursor = request.query_params.get("cursor")
        gifts: Mapping[str, Any] = {"items": [], "next": None}
        if not wish.wrong:
            try:
                gifts = opened(queries.contributions(number, wish.filters, cursor, GIFTS))
            except BadParameterError as error:
                wish.wrong[error.field] = error.reason
        context = {
            "pool": shown,
            "gifts": {**gifts, "cursor": cursor},
            "asked": wish.said,
            "wrong": wish.wrong,
            "narrowed": bool(wish.said),
            "base": f"/pool/{number}/contributions{wish.query}",
            "export": f"pool={number}{wish.export}",
            "index": queries.health(),
        }
        return _render("contributions.html", context, 422 if wish.wrong else 200)

    @router.get("/contribution/{pool_start}")
    def contribution(pool_start: str) -> HTMLResponse:
        pool, _, start = pool_start.partition("-")
        found = queries.contribution(
            asked.number("receipt", pool, pool_start), asked.number("receipt", start, pool_start)
        )
        health = queries.health()
        context = {
            "c": found,
            "steps": STEPS,
            "index": health,
            "fund": health["fund"],
            "chain_id": health["chain_id"],
            "rpc": settings.public_rpc,
            "now": queries.clock(),
        }
        return _render("contribution.html", context, connect=_ANY_NODE)

    @router.get("/donor/{donor}")
    def donor_page(donor: str, cursor: str | None = Cursor) -> HTMLResponse:
        identity = asked.hexed("giver", donor, 20)
        found, gifts = queries.donor(identity), opened(queries.donor_contributions(identity, cursor, GIFTS))
        taken = queries.collections(donor=identity, limit=COLLECTIONS)
        context = {"d": found, "gifts": {**gifts, "cursor": cursor}, "collections": taken, "index": queries.health()}
        return _render("donor.html", context)

    @router.get("/ngo/{ngo}")
    def ngo_page(ngo: str) -> HTMLResponse:
        return _render("ngo.html", {"n": queries.ngo(asked.hexed("NGO", ngo, 20)), "index": queries.health()})

    @router.get("/search", response_model=None)
    def search(q: str = "") -> HTMLResponse | RedirectResponse:
        context: dict[str, Any] = {"q": q.strip(), "hits": [], "wrong": None, "index": queries.health()}
        try:
            context["hits"] = queries.search(q.strip()) if q.strip() else []
        except BadParameterError as error:
            return _render("search.html", {**context, "wrong": error.reason}, 422)
        if len(context["hits"]) == 1:
            return RedirectResponse(context["hits"][0]["url"], 303)
        return _render("search.html", context)

    @router.get("/check")
    def check() -> HTMLResponse:
        health = queries.health()
        try:
            addresses = {name: hexed(a) for name, a in settings.load_deployment().addresses.items()}
        except SettingsError:
            addresses = {"PooledFund": health["fund"]} if health["fund"] else {}
        context = {
            "index": health,
            "addresses": addresses,
            "rpc": settings.public_rpc,
            "held_call": _HELD_CALL,
            "comparison": queries.reconciliation(),
            "finality": queries.about("")["finality"],
        }
        return _render("check.html", context)

    return router
