"""Routes whose parameters are read by `params` alone.

FastAPI documents them as ever. But to solve a route's dependencies takes it longer than such an answer takes to make.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from fastapi import Request, Response
from fastapi import params as kinds
from fastapi.routing import APIRoute
from pydantic import PlainValidator

from api.explorer.failures import BadParameterError


class _Parameter(NamedTuple):
    name: str
    read: Callable[..., Any]
    in_path: bool
    default: Any


class ReadRoute(APIRoute):
    """A route that takes nothing but parameters out of the address, each of one of the kinds in `params`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint
        parameters = _parameters(self.endpoint)

        async def answer(request: Request) -> Response:
            values, path, query = {}, request.path_params, request.query_params
            for name, read, in_path, default in parameters:
                raw = path[name] if in_path else query.get(name)
                if raw is not None:
                    try:
                        values[name] = read(raw)
                    except ValueError as error:
                        raise BadParameterError(name, str(error)) from None
                elif default is inspect.Parameter.empty:
                    raise BadParameterError(name, "is missing")
                else:
                    values[name] = default
            return await endpoint(**values)

        return answer


def _parameters(endpoint: Callable[..., Any]) -> list[_Parameter]:
    """Return how an endpoint's parameters are read.

    Raises:
        TypeError: One is of no kind in `params`.

    """
    hints, found = get_type_hints(endpoint, include_extras=True), []
    for name, parameter in inspect.signature(endpoint).parameters.items():
        hint = hints[name]
        if hint is str:  # a piece of the path that the endpoint reads itself
            found.append(_Parameter(name, str, True, parameter.default))
            continue
        marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
        readers = [mark.func for mark in marks if isinstance(mark, PlainValidator)]
        if len(readers) != 1:
            raise TypeError(f"{endpoint.__qualname__}: the parameter {name} has no reader in api.explorer.params")
        in_path = any(isinstance(mark, kinds.Path) for mark in marks)
        found.append(_Parameter(name, readers[0], in_path, parameter.default))
    return found
