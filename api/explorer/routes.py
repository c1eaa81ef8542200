"""The JSON interface under /api/v1: each route reads its parameters and asks one question."""

from typing import cast

from fastapi import APIRouter
from fastapi.routing import APIRoute

from api.explorer import params as p
from api.explorer import shapes
from api.explorer.answers import ERRORS, MISSING, Json
from api.explorer.queries import DEFAULT_LIMIT, Filters, Queries
from api.explorer.routes_books import add_books
from api.explorer.routing import ReadRoute
from api.explorer.text import PREFIX

_LIMIT = DEFAULT_LIMIT


def json_routes(queries: Queries) -> APIRouter:
    """Return all routes of the JSON interface."""
    # FastAPI's routers make routes of any class; only their types ask for one of its own.
    router = APIRouter(prefix=PREFIX, responses=ERRORS, route_class=cast("type[APIRoute]", ReadRoute))
    # They are tried in this order: what is asked for most comes first.
    _add_contributions(router, queries)
    _add_pools(router, queries)
    _add_overview(router, queries)
    _add_people(router, queries)
    _add_record(router, queries)
    add_books(router, queries)
    return router


def _add_overview(router: APIRouter, queries: Queries) -> None:
    @router.get("/summary", response_model=shapes.Summary, tags=["overview"])
    async def summary() -> Json:
        """Totals by token, counts, the latest movements, and how fresh the index is."""
        return Json(queries.summary())

    @router.get("/health", response_model=shapes.Health, tags=["overview"])
    async def health() -> Json:
        """How fresh the index is. It answers 200 also when the node is away, or the index is being built: see `ok`."""
        return Json(queries.health(unfinished=True))

    @router.get("", response_model=shapes.About, tags=["overview"])
    async def about() -> Json:
        """Return what is final, what may still change, and on which engine; and where the rest is described."""
        return Json(queries.about(PREFIX))

    @router.get("/reconciliation", response_model=shapes.Reconciliation, tags=["overview"])
    async def reconciliation() -> Json:
        """Return what came of the last comparison with the contracts themselves: each number from its own source."""
        return Json(queries.reconciliation())

    @router.get("/search", response_model=list[shapes.Hit], tags=["overview"])
    async def search(q: p.SearchText) -> Json:
        """Return what a text may mean: an id, a name's beginning, an address, a hash, a block's number."""
        return Json(queries.search(q))

    @router.get("/movements", response_model=shapes.Page[shapes.Movement], tags=["overview"])
    async def movements(cursor: p.Cursor = None, limit: p.Limit = _LIMIT) -> Json:
        """Return what happened lately, in all pools. /live streams the same."""
        return Json(queries.latest(cursor, limit))


def _add_pools(router: APIRouter, queries: Queries) -> None:
    @router.get("/pools", response_model=shapes.Page[shapes.PoolSummary], responses=MISSING, tags=["pools"])
    async def pools(
        state: p.State = None, ngo: p.Address = None, cursor: p.PoolCursor = None, limit: p.Limit = _LIMIT
    ) -> Json:
        """Pools, the newest first."""
        return Json(queries.pools(state=state, ngo=ngo, cursor=cursor, limit=limit))

    @router.get("/pools/{pool}", response_model=shapes.Pool, responses=MISSING, tags=["pools"])
    async def pool(pool: p.PoolPath) -> Json:
        """Return a pool with its newest milestones, releases and returns."""
        return Json(queries.pool(pool))

    @router.get(
        "/pools/{pool}/milestones", response_model=shapes.Page[shapes.Milestone], responses=MISSING, tags=["pools"]
    )
    async def milestones(pool: p.PoolPath, cursor: p.MilestoneCursor = None, limit: p.Limit = _LIMIT) -> Json:
        """Return a pool's milestones in their order, each with its evidence and what was said to it.

        A page has 50 at most.
        """
        return Json(queries.milestones(pool, cursor, limit))

    @router.get(
        "/pools/{pool}/milestones/{milestone}/contributions",
        response_model=shapes.Page[shapes.Payer],
        responses=MISSING,
        tags=["pools"],
    )
    async def payers(
        pool: p.PoolPath, milestone: p.MilestonePath, cursor: p.PayerCursor = None, limit: p.Limit = _LIMIT
    ) -> Json:
        """Return the gifts that paid a milestone's release, in the line's order, each with its parts that did.

        Over all pages the amounts add up to the release's `amount` less what of it was `returned`.
        """
        return Json(queries.payers(pool, milestone, cursor, limit))


def _add_contributions(router: APIRouter, queries: Queries) -> None:
    page = shapes.Contributions

    @router.get(
        "/pools/{pool}/contributions",
        response_model=page,
        responses=MISSING,
        tags=["pools"],
    )
    async def contributions(
        *,
        pool: p.PoolPath,
        donor: p.Address = None,
        gateway: p.Address = None,
        since: p.Since = None,
        until: p.Until = None,
        min_amount: p.Amount = None,
        max_amount: p.Amount = None,
        cursor: p.FilteredCursor = None,
        limit: p.Limit = _LIMIT,
    ) -> Json:
        """Return a pool's contributions, the newest first.

        By place in line; by the time paid if `since` or `until` is given; with an amount's bound alone, largest first.
        A cursor holds for the same filters only. With several filters a page may have few items and yet a `next`.
        """
        filters = Filters(donor, gateway, since, until, min_amount, max_amount)
        return Json(queries.contributions(pool, filters, cursor, limit))

    @router.get("/contributions", response_model=page, tags=["contributions"])
    async def latest(cursor: p.LatestCursor = None, limit: p.Limit = _LIMIT) -> Json:
        """Return the latest contributions to all pools."""
        return Json(queries.latest_contributions(cursor, limit))

    @router.get(
        "/contributions/{id}",
        response_model=shapes.ContributionDetail,
        responses=MISSING,
        tags=["contributions"],
    )
    async def contribution(id: p.ContributionPath) -> Json:  # noqa: A002
        """Return a contribution, by its pool and its start in the pool's line (1-0), with its proof and its trace."""
        return Json(queries.contribution(*p.contribution_id(id)))

    @router.get(
        "/contributions/{id}/deliveries",
        response_model=shapes.Page[shapes.Handed],
        responses=MISSING,
        tags=["contributions"],
    )
    async def deliveries(id: p.ContributionPath, cursor: p.HandedCursor = None, limit: p.Limit = _LIMIT) -> Json:  # noqa: A002
        """Return the deliveries and vouchers that a contribution became, in the order of its places."""
        return Json(queries.contribution_deliveries(*p.contribution_id(id), cursor, limit))

    @router.get("/batches", response_model=shapes.Page[shapes.Batch], responses=MISSING, tags=["contributions"])
    async def batches(
        pool: p.Pool = None, gateway: p.Address = None, cursor: p.BatchCursor = None, limit: p.Limit = _LIMIT
    ) -> Json:
        """Batches, the newest first."""
        return Json(queries.batches(pool=pool, gateway=gateway, cursor=cursor, limit=limit))

    @router.get("/batches/{batch}", response_model=shapes.Batch, responses=MISSING, tags=["contributions"])
    async def batch(batch: p.HashPath) -> Json:
        """Return a batch, by its id."""
        return Json(queries.batch(batch))

    @router.get("/batches/{batch}/contributions", response_model=page, responses=MISSING, tags=["contributions"])
    async def entries(batch: p.HashPath, cursor: p.EntryCursor = None, limit: p.Limit = _LIMIT) -> Json:
        """Return a batch's entries in their order."""
        return Json(queries.batch_contributions(batch, cursor, limit))


def _add_people(router: APIRouter, queries: Queries) -> None:
    @router.get("/donors/{donor}", response_model=shapes.Donor, responses=MISSING, tags=["people"])
    async def donor(donor: p.AddressPath) -> Json:
        """All that one donor id gave, by pool."""
        return Json(queries.donor(donor))

    @router.get(
        "/donors/{donor}/contributions",
        response_model=shapes.Contributions,
        responses=MISSING,
        tags=["people"],
    )
    async def given(donor: p.AddressPath, cursor: p.GivenCursor = None, limit: p.Limit = _LIMIT) -> Json:
        """Return a donor's contributions to all pools, the newest first."""
        return Json(queries.donor_contributions(donor, cursor, limit))

    @router.get("/ngos", response_model=shapes.Page[shapes.NgoSummary], tags=["people"])
    async def ngos(cursor: p.Cursor = None, limit: p.Limit = _LIMIT) -> Json:
        """Return the NGOs, the latest accredited first."""
        return Json(queries.ngos(cursor, limit))

    @router.get("/ngos/{address}", response_model=shapes.Ngo, responses=MISSING, tags=["people"])
    async def ngo(address: p.AddressPath) -> Json:
        """Return an NGO with its newest pools."""
        return Json(queries.ngo(address))


def _add_record(router: APIRouter, queries: Queries) -> None:
    @router.get("/attestations", response_model=shapes.Page[shapes.Attestation], responses=MISSING, tags=["record"])
    async def attestations(
        pool: p.Pool = None,
        ngo: p.Address = None,
        attestor: p.Address = None,
        cursor: p.Cursor = None,
        limit: p.Limit = _LIMIT,
    ) -> Json:
        """Attestations, the newest first."""
        return Json(queries.attestations(pool=pool, ngo=ngo, attestor=attestor, cursor=cursor, limit=limit))

    @router.get("/releases", response_model=shapes.Page[shapes.Release], responses=MISSING, tags=["record"])
    async def releases(
        pool: p.Pool = None,
        ngo: p.Address = None,
        payee: p.Address = None,
        cursor: p.Cursor = None,
        limit: p.Limit = _LIMIT,
    ) -> Json:
        """Releases, the newest first."""
        return Json(queries.releases(pool=pool, ngo=ngo, payee=payee, cursor=cursor, limit=limit))

    @router.get("/objections", response_model=shapes.Page[shapes.Objection], responses=MISSING, tags=["record"])
    async def objections(
        pool: p.Pool = None,
        milestone: p.Milestone = None,
        donor: p.Address = None,
        cursor: p.Cursor = None,
        limit: p.Limit = _LIMIT,
    ) -> Json:
        """Objections, the newest first."""
        return Json(queries.objections(pool=pool, milestone=milestone, donor=donor, cursor=cursor, limit=limit))

    @router.get("/returns", response_model=shapes.Page[shapes.Return], responses=MISSING, tags=["record"])
    async def returns(
        pool: p.Pool = None, ngo: p.Address = None, cursor: p.Cursor = None, limit: p.Limit = _LIMIT
    ) -> Json:
        """Return what payees gave back to their pools, the newest first."""
        return Json(queries.returns(pool=pool, ngo=ngo, cursor=cursor, limit=limit))

    @router.get("/refunds", response_model=shapes.Page[shapes.Refund], responses=MISSING, tags=["record"])
    async def refunds(
        pool: p.Pool = None, account: p.Address = None, cursor: p.Cursor = None, limit: p.Limit = _LIMIT
    ) -> Json:
        """Refunds, the newest first. `account`: the donor, or the gateway that took the rest of a batch."""
        return Json(queries.refunds(pool=pool, account=account, cursor=cursor, limit=limit))

    @router.get("/events", response_model=shapes.Page[shapes.Event], tags=["record"])
    async def events(
        *,
        event: p.EventName = None,
        tx: p.Hash = None,
        from_block: p.Block = None,
        to_block: p.Block = None,
        cursor: p.Cursor = None,
        limit: p.Limit = _LIMIT,
    ) -> Json:
        """Return the contracts' raw logs, the newest first. A batch's entries stand in `data`, not in `args`."""
        found = queries.events(event=event, tx=tx, from_block=from_block, to_block=to_block, cursor=cursor, limit=limit)
        return Json(found)
