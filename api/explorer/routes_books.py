"""The JSON interface of the books: standing orders, payout rounds, sponsors, vouchers."""

from typing import Any

from fastapi import APIRouter

from api.explorer import params as p
from api.explorer import shapes
from api.explorer.answers import MISSING, Json
from api.explorer.queries import DEFAULT_LIMIT, Queries

_LIMIT = DEFAULT_LIMIT
_LIST: dict[str, Any] = {"responses": MISSING, "tags": ["books"]}


def add_books(router: APIRouter, queries: Queries) -> None:
    """Add the routes."""
    _add_pledges(router, queries)
    _add_rounds(router, queries)

    @router.get("/sponsorships", response_model=shapes.Page[shapes.Sponsorship], **_LIST)
    async def sponsorships(
        pool: p.Pool = None, sponsor: p.Address = None, cursor: p.Cursor = None, limit: p.Limit = _LIMIT
    ) -> Json:
        """Return the budgets that match gifts, the newest first."""
        return Json(queries.sponsorships(pool=pool, sponsor=sponsor, cursor=cursor, limit=limit))

    @router.get("/vouchers", response_model=shapes.Page[shapes.Voucher], **_LIST)
    async def vouchers(
        pool: p.Pool = None, provider: p.Address = None, cursor: p.Cursor = None, limit: p.Limit = _LIMIT
    ) -> Json:
        """Return vouchers that were redeemed or revoked, the newest first."""
        return Json(queries.vouchers(pool=pool, provider=provider, cursor=cursor, limit=limit))


def _add_pledges(router: APIRouter, queries: Queries) -> None:
    @router.get("/pledges", response_model=shapes.Page[shapes.Pledge], **_LIST)
    async def pledges(
        pool: p.Pool = None, donor: p.Address = None, cursor: p.Cursor = None, limit: p.Limit = _LIMIT
    ) -> Json:
        """Return standing orders, the newest first."""
        return Json(queries.pledges(pool=pool, donor=donor, cursor=cursor, limit=limit))

    @router.get("/pledges/{pledge}", response_model=shapes.Pledge, **_LIST)
    async def pledge(pledge: p.PledgePath) -> Json:
        """Return a standing order, by its number."""
        return Json(queries.pledge(pledge))

    @router.get("/pledges/{pledge}/collections", response_model=shapes.Page[shapes.Collection], **_LIST)
    async def collections(pledge: p.PledgePath, cursor: p.CollectionCursor = None, limit: p.Limit = _LIMIT) -> Json:
        """Return what was collected of a standing order, the newest first."""
        return Json(queries.collections(pledge=pledge, cursor=cursor, limit=limit))


def _add_rounds(router: APIRouter, queries: Queries) -> None:
    @router.get("/rounds", response_model=shapes.Page[shapes.Round], **_LIST)
    async def rounds(pool: p.Pool = None, cursor: p.Cursor = None, limit: p.Limit = _LIMIT) -> Json:
        """Return payout rounds, the newest first."""
        return Json(queries.rounds(pool=pool, cursor=cursor, limit=limit))

    @router.get("/rounds/{id}", response_model=shapes.Round, **_LIST)
    async def one(id: p.RoundPath) -> Json:  # noqa: A002
        """Return a payout round, by its pool and its milestone (1-0)."""
        return Json(queries.round(*p.round_id(id)))

    @router.get("/rounds/{id}/deliveries", response_model=shapes.Page[shapes.Delivery], **_LIST)
    async def deliveries(id: p.RoundPath, cursor: p.DeliveryCursor = None, limit: p.Limit = _LIMIT) -> Json:  # noqa: A002
        """Return a payout round's deliveries, the newest first. There is no person in them."""
        return Json(queries.deliveries(*p.round_id(id), cursor=cursor, limit=limit))
