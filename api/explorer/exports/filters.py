"""The filters of exports, as an address or the command line writes them: read as everywhere in the JSON interface."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from api.explorer import params as p
from api.explorer.exports.ways import Filters
from api.explorer.failures import BadParameterError


def filters(
    *,
    pool: p.Pool = None,
    milestone: p.Milestone = None,
    donor: p.Address = None,
    gateway: p.Address = None,
    batch: p.Hash = None,
    ngo: p.Address = None,
    attestor: p.Address = None,
    payee: p.Address = None,
    account: p.Address = None,
    pledge: p.Pledge = None,
    sponsor: p.Address = None,
    sponsorship: p.Pledge = None,
    provider: p.Address = None,
    event: p.EventName = None,
    tx: p.Hash = None,
    since: p.Since = None,
    until: p.Until = None,
    min_amount: p.Amount = None,
    max_amount: p.Amount = None,
    from_block: p.Block = None,
    to_block: p.Block = None,
) -> Filters:
    """Read all filters that any table has; which of them this one has is looked at later."""
    return {name: value for name, value in locals().items() if value is not None}


_NAMES = frozenset(signature(filters).parameters) | {"block", "hash"}


async def known(request: Request) -> None:
    """Refuse what no table has: else a file with all rows would pass for what was asked for.

    Raises:
        BadParameterError: There is no such filter.

    """
    for name in request.query_params:
        if name not in _NAMES:
            raise BadParameterError(name[:100], f"not a filter: there are {', '.join(sorted(_NAMES))}")


def read(where: Sequence[str]) -> Filters:
    """Read filters that are written as `pool=3`.

    Raises:
        BadParameterError: One is none, or cannot be meant.

    """
    known = signature(filters, eval_str=True).parameters
    found: dict[str, Any] = {}
    for each in where:
        name, _, value = each.partition("=")
        if name not in known or not value.strip():
            raise BadParameterError(name, f"not a filter: write one as pool=3; there are {', '.join(known)}")
        try:
            found[name] = TypeAdapter(known[name].annotation).validate_python(value)
        except ValidationError as error:
            raise BadParameterError(name, str(error.errors()[0]["msg"]).removeprefix("Value error, ")) from error
    return filters(**found)
