"""Exports: any table, whole or filtered, as a file that is written while it is read, and its manifest."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import WithJsonSchema

from api.explorer import params as p
from api.explorer import shapes
from api.explorer.answers import ERRORS, MISSING, Json
from api.explorer.exports.filters import filters, known
from api.explorer.exports.formats import MEDIA_TYPES
from api.explorer.exports.service import Exports
from api.explorer.exports.ways import EXPORTS, Filters
from api.explorer.iati.service import MEDIA_TYPE, Publisher

_REWOUND: dict[int | str, dict[str, Any]] = {
    409: {"model": shapes.RewoundAnswer, "description": "The chain no longer has the block that was asked for"},
}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {kind: {} for kind in MEDIA_TYPES.values()}}
}


Asked = Annotated[Filters, Depends(filters)]
FilePath = Annotated[
    str,
    Path(description="a table, and the form of the file"),
    WithJsonSchema({"type": "string", "enum": [f"{name}.{form}" for name in sorted(EXPORTS) for form in MEDIA_TYPES]}),
]


def iati_routes(prefix: str, publisher: Publisher) -> APIRouter:
    """Return the route of NGOs' IATI files."""
    router = APIRouter(prefix=prefix, responses={**ERRORS, **MISSING}, tags=["exports"], dependencies=p.ONCE)
    xml: dict[int | str, dict[str, Any]] = {200: {"description": "The file", "content": {MEDIA_TYPE: {}}}}

    @router.get("/ngos/{address}/iati.xml", response_class=Response, responses=xml)
    async def iati(address: p.AddressPath) -> Response:
        """Return what an NGO's pools took in, planned and paid, as IATI 2.03 activities.

        404 also where the operator has not said which currency a pool's token stands for.
        """
        return await to_thread.run_sync(publisher.file, address)

    return router


def export_routes(prefix: str, exports: Exports) -> APIRouter:
    """Return the routes of exports."""
    asked_once = [*p.ONCE, Depends(known)]
    router = APIRouter(
        prefix=f"{prefix}/export", responses={**ERRORS, **MISSING}, tags=["exports"], dependencies=asked_once
    )

    @router.get("", response_model=shapes.ExportList)
    async def tell() -> Json:
        """Return what can be exported: tables, their columns with units, and their filters."""
        return Json(exports.tell())

    @router.get("/{file}/manifest.json", response_model=shapes.Manifest, responses=_REWOUND)
    async def manifest(file: FilePath, asked: Asked, block: p.Block = None, hash: p.Hash = None) -> Response:  # noqa: A002
        """Return what a file has when it is whole: block, rows, bytes, SHA-256.

        Take `block` and `hash` from the file's own headers (`Moa-Block`, `Moa-Block-Hash`; `Link` has the whole
        address), and the same filters. Right after the file it is at hand; else the file is made again for it.
        """
        return exports.manifest(await to_thread.run_sync(exports.ask, file, asked, block, hash))

    @router.head("/{file}", include_in_schema=False)
    @router.get("/{file}", response_class=Response, responses={**_FILE, **_REWOUND})
    async def export(
        request: Request,
        file: FilePath,
        asked: Asked,
        block: p.Block = None,
        hash: p.Hash = None,  # noqa: A002
    ) -> Response:
        """Return a table as a file: `contributions.csv`, `contributions.jsonl` or `contributions.parquet`.

        In the order of the ledger, up to the newest block or to `block`. If the chain is rewound meanwhile, the
        connection is cut: a file that came whole is whole.
        """
        found = await to_thread.run_sync(exports.ask, file, asked, block, hash)
        if request.method == "HEAD":
            return exports.head(found, request.url.path)
        return exports.file(found, request.url.path)

    return router
