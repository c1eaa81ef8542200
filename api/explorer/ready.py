"""/health: whether this server can serve, for who shares requests out among servers."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.explorer import params as p
from api.explorer import shapes
from api.explorer.answers import ERRORS, Json
from api.explorer.failures import UnavailableError
from api.explorer.queries import Queries

MaxAge = Annotated[int | None, Query(ge=0, le=10**6, description="seconds; older answers count as none")]


def ready_routes(queries: Queries) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["overview"], responses=ERRORS, dependencies=p.ONCE)

    @router.get("/health", response_model=shapes.Readiness, responses={503: {"model": shapes.Readiness}})
    async def health(max_age: MaxAge = None) -> Json:
        """Return 200 if this server can serve, 503 if not: no index, nothing in it, or it is being built.

        An index that is old or halted is served, and says so: `ok`, `why`. With `max_age` one that is older than so
        many seconds is refused too, where there are others to ask.
        """
        try:
            found = queries.readiness()
        except UnavailableError as error:
            found = {
                "serves": False, "ok": False, "fresh": False, "block": None, "final_block": None, "age_seconds": None,
                "differences": 0, "why": str(error),
            }  # fmt: skip
        age = found["age_seconds"]
        if found["serves"] and max_age is not None and (age is None or age > max_age):
            found |= {"serves": False, "ok": False, "why": f"the node last answered the indexer {age} seconds ago"}
        answer = Json(found, status_code=200 if found["serves"] else 503)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return router
