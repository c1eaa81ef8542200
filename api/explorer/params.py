"""How parameters are read. A value that cannot be meant is refused with its reason; an empty one counts as left out."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query, Request
from pydantic import PlainValidator, WithJsonSchema
from starlette.datastructures import QueryParams

from api.explorer import shapes
from api.explorer.failures import BadParameterError
from api.explorer.queries import DEFAULT_LIMIT, MAX_LIMIT
from api.explorer.queries.search import MAX_LENGTH
from api.types import MAX_AMOUNT

Value = TypeVar("Value")

_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)
_CONTRIBUTION = re.compile(r"([0-9]{1,20})-([0-9]{1,20})", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EVENT = re.compile(r"[A-Za-z]{1,64}", re.ASCII)
_MAX_POOL = 2**32 - 1
_MAX_BLOCK = 2**43 - 1
"""A log's place, block · 2^20 + index, stays within 63 bits."""


def whole(text: Any, least: int, most: int) -> int:
    """Read a whole number."""
    found = str(text).strip()
    if not _DIGITS.fullmatch(found):
        raise ValueError("not a whole number")
    if not least <= int(found) <= most:
        raise ValueError(f"not from {least} to {most}")
    return int(found)


def hex_bytes(text: Any, length: int) -> bytes:
    """Read hex of so many bytes, with or without 0x, in any case."""
    found = str(text).strip().lower().removeprefix("0x")
    if len(found) != 2 * length or not re.fullmatch(r"[0-9a-f]+", found, re.ASCII):
        raise ValueError(f"not {length} bytes in hex: 0x and {2 * length} digits")
    return bytes.fromhex(found)


def moment(text: Any, *, end: bool) -> int:
    """Read a time: unix seconds, a date, or ISO 8601; UTC if it names no zone. `end`: a date means its last second."""
    found = str(text).strip()
    if _DIGITS.fullmatch(found):
        return whole(found, 0, 2**32 - 1)
    try:
        if _DATE.fullmatch(found):
            day = datetime.combine(date.fromisoformat(found), datetime.min.time(), UTC)
            return int(day.timestamp()) + (int(timedelta(days=1).total_seconds()) - 1 if end else 0)
        # A + in an address is read as a space.
        read = datetime.fromisoformat(found.replace(" ", "+") if "T" in found else found)
        return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise ValueError("not a time: unix seconds, 2026-11-23 or 2026-11-23T01:02:03Z") from None


def contribution_id(text: str) -> tuple[int, int]:
    """Read a contribution's id as pool and start.

    Raises:
        BadParameterError: It is not one.

    """
    found = _CONTRIBUTION.fullmatch(text.strip())
    if not found or int(found[1]) > _MAX_POOL or int(found[2]) > MAX_AMOUNT:
        raise BadParameterError("id", "not a contribution's id: its pool and its start, as 1-0")
    return int(found[1]), int(found[2])


def round_id(text: str) -> tuple[int, int]:
    """Read a payout round's id as pool and milestone.

    Raises:
        BadParameterError: It is not one.

    """
    found = _CONTRIBUTION.fullmatch(text.strip())
    if not found or max(int(found[1]), int(found[2])) > _MAX_POOL:
        raise BadParameterError("id", "not a payout round's id: its pool and its milestone, from 0, as 1-0")
    return int(found[1]), int(found[2])


def _one_of(text: Any) -> shapes.PoolStateName:
    for state in ("funding", "active", "frozen", "completed"):
        if str(text).strip() == state:
            return state
    raise ValueError("not one of funding, active, frozen, completed")


def _event(text: Any) -> str:
    if not _EVENT.fullmatch(str(text).strip()):
        raise ValueError("not an event's name, such as BatchRecorded")
    return str(text).strip()


def _cursor(text: Any) -> str:
    if len(str(text)) > 80:
        raise ValueError("not a cursor: take `next` of the last page as it is")
    return str(text)


def _query(text: Any) -> str:
    if len(str(text)) > MAX_LENGTH:
        raise ValueError(f"longer than {MAX_LENGTH} characters")
    return str(text)


def _optional(read: Callable[[Any], Value]) -> PlainValidator:
    """Return the validator for a parameter that a form may send empty."""

    def validate(text: Any) -> Value | None:
        return None if text is None or str(text).strip() == "" else read(text)

    return PlainValidator(validate)


def _pattern(of: str, **more: Any) -> WithJsonSchema:
    """Return the schema of a text in a query: of this pattern, or empty, which counts as left out."""
    return WithJsonSchema({"type": "string", "pattern": f"^({of})?$", **more})


def _integer(least: int, most: int, **more: Any) -> WithJsonSchema:
    """Return the schema of a whole number in a query, or of nothing."""
    number = {"type": "integer", "minimum": least, "maximum": most}
    return WithJsonSchema({"anyOf": [number, {"type": "string", "maxLength": 0}], **more})


def _cursor_of(**orders: int) -> WithJsonSchema:
    """Return the schema of the cursors of a list: the letter of an order, and how many numbers are its key."""
    number = "-?[0-9]{1,18}"
    return _pattern("|".join(letter + r"\.".join([number] * count) for letter, count in orders.items()))


_HEX20 = _pattern("(0x)?[0-9a-fA-F]{40}")
_HEX32 = _pattern("(0x)?[0-9a-fA-F]{64}")
_POOL = _integer(1, _MAX_POOL)
_COUNTED = _integer(0, 2**32 - 1)
_HEX_PATH = {n: WithJsonSchema({"type": "string", "pattern": f"^(0x)?[0-9a-fA-F]{{{2 * n}}}$"}) for n in (20, 32)}
_BLOCK = _integer(0, _MAX_BLOCK)
_PLACE = _integer(0, MAX_AMOUNT)
_MONEY = _pattern("[0-9]{1,18}", description="base units")
_TIME = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string", "pattern": "^([0-9]{1,9}|[1-3][0-9]{9})?$"},
            {"type": "string", "format": "date"},
            {"type": "string", "format": "date-time"},
        ],
        "examples": ["1795392000", "2026-11-23", "2026-11-23T01:02:03Z"],
    }
)
_NAME = _pattern("[A-Za-z]{1,64}")
_SHORT = WithJsonSchema({"type": "string", "maxLength": MAX_LENGTH})


def _read_pool(text: Any) -> int:
    return whole(text, 1, _MAX_POOL)


def _read_pledge(text: Any) -> int:
    return whole(text, 1, MAX_AMOUNT)


def _read_milestone(text: Any) -> int:
    return whole(text, 0, _MAX_POOL)


def _read_block(text: Any) -> int:
    return whole(text, 0, _MAX_BLOCK)


def read_log(text: Any) -> int:
    """Read a log's place."""
    return whole(text, 0, MAX_AMOUNT)


def _read_amount(text: Any) -> int:
    return whole(text, 0, MAX_AMOUNT)


def _read_address(text: Any) -> bytes:
    return hex_bytes(text, 20)


def _read_hash(text: Any) -> bytes:
    return hex_bytes(text, 32)


_WHOLE = {"type": "integer", "minimum": 1}


def refuse_twice(query: QueryParams) -> None:
    """Refuse a parameter that is given more than once: whoever reads the address would not know which one counts.

    Raises:
        BadParameterError: One is.

    """
    names = [name for name, _ in query.multi_items()]
    for name in names if len(set(names)) < len(names) else ():
        if names.count(name) > 1:
            raise BadParameterError(name[:100], "given more than once")


async def _once(request: Request) -> None:
    refuse_twice(request.query_params)


ONCE = [Depends(_once)]

PoolPath = Annotated[int, Path(), PlainValidator(_read_pool), WithJsonSchema({**_WHOLE, "maximum": _MAX_POOL})]
MilestonePath = Annotated[
    int,
    Path(description="its number, from 0"),
    PlainValidator(_read_milestone),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": _MAX_POOL}),
]
PledgePath = Annotated[int, Path(), PlainValidator(_read_pledge), WithJsonSchema({**_WHOLE, "maximum": MAX_AMOUNT})]
AddressPath = Annotated[bytes, Path(), PlainValidator(_read_address), _HEX_PATH[20]]
HashPath = Annotated[bytes, Path(), PlainValidator(_read_hash), _HEX_PATH[32]]
ContributionPath = Annotated[str, Path(), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}-[0-9]{1,18}$"})]
"""A contribution's id: its pool and its start."""
RoundPath = Annotated[str, Path(), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}-[0-9]{1,9}$"})]
"""A payout round's id: its pool and its milestone."""

Pool = Annotated[int | None, Query(description="a pool's number"), _optional(_read_pool), _POOL]
Milestone = Annotated[
    int | None, Query(description="a milestone's number, from 0"), _optional(_read_milestone), _COUNTED
]
Pledge = Annotated[int | None, Query(description="its number, from 1"), _optional(_read_pledge), _POOL]
Address = Annotated[bytes | None, Query(description="an address"), _optional(_read_address), _HEX20]
Hash = Annotated[bytes | None, Query(), _optional(_read_hash), _HEX32]
Block = Annotated[int | None, Query(description="a block's number; inclusive"), _optional(_read_block), _BLOCK]
Amount = Annotated[int | None, Query(description="base units; inclusive"), _optional(_read_amount), _MONEY]
Since = Annotated[
    int | None, Query(description="paid at or after"), _optional(lambda text: moment(text, end=False)), _TIME
]
Until = Annotated[
    int | None,
    Query(description="paid at or before; a date: by its end"),
    _optional(lambda text: moment(text, end=True)),
    _TIME,
]
State = Annotated[
    shapes.PoolStateName | None,
    Query(),
    _optional(_one_of),
    WithJsonSchema({"type": "string", "enum": ["funding", "active", "frozen", "completed", ""]}),
]
Log = Annotated[int | None, Query(description="a log's place"), _optional(read_log), _PLACE]
EventName = Annotated[str | None, Query(description="as in the ABI: BatchRecorded"), _optional(_event), _NAME]
_NEXT = Query(description="`next` of the page before")
Cursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(l=1)]
"""Of a list in the order of the ledger. Each order has its own, so that a cursor of one is none of another."""
LatestCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(l=3)]
FilteredCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(s=1, d=2, g=1, t=2, a=2)]
BatchCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(l=1, s=1)]
EntryCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(b=1)]
GivenCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(d=2)]
MilestoneCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(m=1)]
PoolCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(p=1)]
PayerCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(y=1)]
HandedCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(h=1)]
CollectionCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(c=2)]
DeliveryCursor = Annotated[str | None, _NEXT, _optional(_cursor), _cursor_of(v=1)]
SearchText = Annotated[
    str,
    Query(description="an id, name, address or hash"),
    PlainValidator(_query),
    _SHORT,
]
Limit = Annotated[
    int,
    Query(description="items on a page"),
    PlainValidator(lambda text: DEFAULT_LIMIT if str(text).strip() == "" else whole(text, 1, MAX_LIMIT)),
    _integer(1, MAX_LIMIT, default=DEFAULT_LIMIT),
]
