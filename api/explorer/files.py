"""/content: the texts and files by their hash, hashed again each time, and never as something that could run."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Response

from api.explorer import params as p
from api.explorer import shapes, text
from api.explorer.answers import ERRORS, MISSING, Json
from api.explorer.content import BINARY, ContentFolder, media_type
from api.explorer.failures import NotFoundError

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"

_WITHHELD: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {"*/*": {}}},
    409: {"model": shapes.WithheldAnswer, "description": "What is there under this name is another file"},
    413: {"model": shapes.WithheldAnswer, "description": "The file is too large to be served"},
}


def content_routes(folder: ContentFolder) -> APIRouter:
    """Return the route that serves the folder.

    200: the file. 404: it is not in the folder. 409: what is there under this name is another file, and is withheld.
    413: it is too large to be served.
    """
    router = APIRouter(responses={**ERRORS, **MISSING, **_WITHHELD}, dependencies=p.ONCE)

    @router.get("/content/{sha256}", tags=["content"], response_class=Response)
    async def content(sha256: p.HashPath) -> Response:
        """Return a file by the SHA-256 of its bytes."""
        shown = text.hexed(sha256)
        try:
            state, data = await to_thread.run_sync(folder.read, sha256)
        except OverflowError:
            reason = "the file is too large to be served"
            return Json({"error": "too large", "hash": shown, "reason": reason}, status_code=413)
        if state == "absent":
            raise NotFoundError(f"content {shown}")
        if state == "altered":
            reason = "the file under this name has another hash: it was altered, and is not shown"
            return Json({"error": "altered", "hash": shown, "reason": reason}, status_code=409)
        kind = media_type(data)
        headers = {"Content-Security-Policy": SANDBOX, "X-Content-Type-Options": "nosniff"}
        if kind == BINARY:
            headers["Content-Disposition"] = f'attachment; filename="{sha256.hex()}"'
        return Response(data, media_type=kind, headers=headers)

    return router
