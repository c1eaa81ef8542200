"""Routes whose parameters are read by `params` alone.

FastAPI documents them as ever, when it is asked to: what it makes of a route for that takes most of a start. And to
solve a route's dependencies takes it longer than such an answer takes to make.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from fastapi import Response
from fastapi import params as kinds
from fastapi.routing import APIRoute
from pydantic import PlainValidator
from starlette.datastructures import QueryParams
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from api.explorer.failures import BadParameterError
from api.explorer.params import refuse_twice


class _Parameter(NamedTuple):
    name: str
    read: Callable[..., Any]
    in_path: bool
    default: Any


class ReadRoute(Route):
    """A route that takes nothing but parameters out of the address, each of one of the kinds in `params`."""

    def __init__(self, path: str, endpoint: Callable[..., Awaitable[Response]], **said: Any) -> None:
        super().__init__(path, endpoint)
        self.methods: set[str] = {"GET"}
        self._parameters = _parameters(endpoint)
        self._said = said

    def described(self) -> APIRoute:
        """Return it as FastAPI knows it, for the interface's description."""
        return APIRoute(self.path, self.endpoint, **self._said)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether it is asked for, and by what name, as FastAPI's own routes do."""
        match, found = super().matches(scope)
        if match is not Match.NONE:
            found["route"] = self
        return match, found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["method"] not in self.methods:
            await super().handle(scope, receive, send)  # which refuses it
            return
        given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        values, query = {**scope["path_params"]}, dict(given)
        if len(query) < len(given):
            refuse_twice(QueryParams(given))
        for name, read, in_path, default in self._parameters:
            raw = values[name] if in_path else query.get(name)
            if raw is not None:
                try:
                    values[name] = read(raw)
                except ValueError as error:
                    raise BadParameterError(name, str(error)) from None
            elif default is inspect.Parameter.empty:
                raise BadParameterError(name, "is missing")
            else:
                values[name] = default
        response = await self.endpoint(**values)
        await response(scope, receive, send)


def _parameters(endpoint: Callable[..., Any]) -> list[_Parameter]:
    """Return how an endpoint's parameters are read.

    Raises:
        TypeError: One is of no kind in `params`.

    """
    hints, found = get_type_hints(endpoint, include_extras=True), []
    for name, parameter in inspect.signature(endpoint).parameters.items():
        hint = hints[name]
        marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        readers = [mark.func for mark in marks if isinstance(mark, PlainValidator)]
        if not readers and get_args(hint)[:1] == (str,):
            readers = [str]  # the endpoint reads it itself
        if len(readers) != 1:
            raise TypeError(f"{endpoint.__qualname__}: the parameter {name} has no reader in api.explorer.params")
        in_path = any(isinstance(mark, kinds.Path) for mark in marks)
        found.append(_Parameter(name, readers[0], in_path, parameter.default))
    return found
