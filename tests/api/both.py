"""One question to an explorer over each store: the answers must be the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi.testclient import TestClient
    from httpx import Response

OWN = ("age_seconds", "node_seen_at", "bytes")
"""What each index has of its own: when it was written, and how large it is."""


class Both:
    """Asks all, compares, and returns the first answer."""

    def __init__(self, clients: Sequence[TestClient]) -> None:
        self.clients = clients

    def get(self, path: str, **asked: Any) -> Response:
        """Ask for a page or a JSON answer."""
        for _ in range(3):  # a second may pass between two answers, but not time and again
            answers = [client.get(path, **asked) for client in self.clients]
            first, *others = (_essence(answer) for answer in answers)
            if all(other == first for other in others):
                return answers[0]
        assert [first] * len(others) == others, path
        return answers[0]


def _essence(answer: Response) -> tuple[int, str, Any]:
    kind = answer.headers["content-type"]
    if kind == "application/json":
        return answer.status_code, kind, _shared(msgspec.json.decode(answer.content))
    return answer.status_code, kind, re.sub(r"checked .*? ago", "", answer.text)


def _shared(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shared(each) for key, each in value.items() if key not in OWN}
    return [_shared(each) for each in value] if isinstance(value, list) else value
