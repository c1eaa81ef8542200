"""True examples in the interface's description: what was asked of a small index, and what it answered.

They stand in examples.json, which `make examples` writes and tests/api/explorer/test_examples.py asks again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import quote, urlencode

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.explorer.routing import ReadRoute

FILE = Path(__file__).with_name("examples.json")

Asked = dict[str, int | str]
"""The parameters of a request, those of its path and of its query, by name."""


class Example(TypedDict):
    """What was asked of a route, and what it answered.

    `also`: more requests, for parameters that do not go together. `cut`: a list of which the first item alone is kept.
    """

    asked: Asked
    also: list[Asked]
    cut: str | None
    answer: Any


class Described(FastAPI):
    """An application that is described when it is asked to be, with the examples in it."""

    def openapi(self) -> dict[str, Any]:
        """Return the description."""
        if self.openapi_schema is None:
            routes = [route.described() if isinstance(route, ReadRoute) else route for route in self.routes]
            self.openapi_schema = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=self.description,
                routes=routes,
            )
            add(self.openapi_schema)
        return self.openapi_schema


def read() -> dict[str, Example]:
    """Return the examples by route."""
    found: dict[str, Example] = json.loads(FILE.read_text())
    return found


def address(route: str, asked: Asked) -> str:
    """Return the address of a request."""
    query: Asked = {}
    for name, value in asked.items():
        if f"{{{name}}}" in route:
            route = route.replace(f"{{{name}}}", quote(str(value), safe=""))
        else:
            query[name] = value
    return f"{route}?{urlencode(query)}" if query else route


def add(description: dict[str, Any]) -> None:
    """Put the examples into the description of the interface, as OpenAPI has it."""
    for route, example in read().items():
        said = description["paths"].get(route, {}).get("get")
        if said is None:
            continue  # it is gone, as the tests say
        values: Asked = {}
        for asked in (*example["also"], example["asked"]):
            values |= asked
        for parameter in said.get("parameters", ()):
            if parameter["name"] in values:
                parameter["example"] = values[parameter["name"]]
        summary = f"GET {address(route, example['asked'])}"
        summary += f" (the first of {example['cut']})" if example["cut"] else ""
        shown = {"summary": summary, "value": example["answer"]}
        said["responses"]["200"]["content"]["application/json"]["examples"] = {"real": shown}
