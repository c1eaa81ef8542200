"""The shortest answer that FastAPI and uvicorn can give: what a cached one is measured against.

`python -m tests.bench.empty PORT` serves it, with uvicorn set as `python -m api serve` sets it.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Response


def app() -> FastAPI:
    """Return an application of one route, which does nothing."""
    made = FastAPI()

    @made.get("/")
    async def empty() -> Response:
        return Response(b"{}", media_type="application/json")

    return made


if __name__ == "__main__":
    uvicorn.run(app(), port=int(sys.argv[1]), log_config=None, log_level="warning", access_log=False)
