"""Answers as JSON, and the refusals that every route documents."""

from typing import Any

import msgspec
from fastapi import Response

from api.explorer import shapes

ERRORS: dict[int | str, dict[str, Any]] = {
    422: {"model": shapes.BadParameterAnswer, "description": "A parameter cannot be meant"},
    414: {"model": shapes.UnavailableAnswer, "description": "The address is too long"},
    429: {"model": shapes.UnavailableAnswer, "description": "Too much was asked for from one address: see Retry-After"},
    503: {"model": shapes.UnavailableAnswer, "description": "There is no index to read"},
}
MISSING: dict[int | str, dict[str, Any]] = {
    404: {"model": shapes.NotFoundAnswer, "description": "Nothing stands under what was looked for"}
}


class Json(Response):
    """An answer as JSON. The shapes are made here, so they are documented but not checked again on the way out."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return msgspec.json.encode(content)
