"""Whether a shown receipt is true: its proof leads to the batch's root, its trace is where the gift's places went."""

from __future__ import annotations

from typing import Any

from .line import Span, parts
from .state import Batch, Pool, State
from .tape import Gift
from .tree import climbs

_REFUND, _WAITING = -1, -2
_SPENT = ("paid", "delivered", "redeemed", "undelivered")
_MOST, _PARTS = 100_000, 100
"""How many parts are looked at, and how many a trace tells before it adds up the others."""

Part = tuple[int, int, int]
"""Start, end, and the milestone that it went to, or one of the above."""


def digits(value: Any) -> int:
    """Return what a decimal string says.

    Raises:
        TypeError: It is none.

    """
    if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 21):
        raise TypeError
    return int(value)


def refunded_of(state: State, pool: Pool, start: int, amount: int, batch: bytes | None) -> int:
    """Return what was refunded of a gift: to its donor, or to the gateway that took the rest of its batch."""
    found = state.batches[batch] if batch is not None else None
    if found is None or not found.taken_free:
        return pool.refunds.get(start, 0)
    return sum(b - a for a, b in parts(found.taken_free, start, start + amount))


def proves(batch: Batch, gift: Gift, proof: Any) -> bool:
    """Return whether a shown proof's siblings lead from its leaf to the batch's root, as it is recorded."""
    try:
        leaf, *siblings = [bytes.fromhex(node[2:]) for node in (proof["leaf"], *proof["siblings"])]
    except (KeyError, TypeError, ValueError):
        return False
    return climbs(batch.stored["root"], batch.stored["count"], gift.position, leaf, siblings)


def mistraced(state: State, pool: Pool, gift: Gift, shown: Any, more: Any = None) -> str | None:
    """Return what is wrong with a shown trace, None if it is true. `more`: what is said of the parts behind it."""
    try:
        painted = [_part(part) for part in shown[:_MOST]]
    except (KeyError, TypeError, ValueError):
        return "it is not a list of parts"
    start, end = gift.start, gift.start + gift.amount
    back = refunded_of(state, pool, start, gift.amount, gift.batch)
    if more is not None:
        if (wrong := _wrong_rest(pool, painted, end, more)) is not None:
            return wrong
        back, end = back - digits(more["became"]["refunded"]), painted[-1][1]
    edges = [start, *(part[1] for part in painted)]
    if edges[-1] != end or any(part[0] != at or part[1] <= at for part, at in zip(painted, edges, strict=False)):
        return "its parts are not the gift from its start to its end"
    for number in {*pool.line.spent, *(where for *_, where in painted if where >= 0)}:
        spans = pool.line.spent.get(number, [])
        if _of(painted, number) != _joined(parts(sorted(spans), start, end)):
            return f"what it says that milestone {number} spent is not what it did"
    if _joined([*_of(painted, _REFUND), *_of(painted, _WAITING)]) != _joined(parts(pool.line.free, start, end)):
        return "what it says is not spent is not what is not spent"
    told = sum(b - a for a, b in _of(painted, _REFUND))
    return None if told == back else "what it says came back is not what came back"


def _wrong_rest(pool: Pool, painted: list[Part], end: int, more: Any) -> str | None:
    """Return what is wrong with the sums of the parts that are not told one by one, but for what of them came back."""
    if len(painted) != _PARTS:
        return f"it says that there is more behind {len(painted)} parts"
    edge = painted[-1][1]
    unspent = pool.line.unspent(edge, end)
    try:
        sums = {name: digits(more["became"][name]) for name in (*_SPENT, "refunded", "waiting")}
        told = digits(more["start"]), digits(more["end"]), digits(more["amount"])
    except (KeyError, TypeError):
        return "what it says of the other parts are not their sums"
    left = sums["refunded"] + sums["waiting"]
    if told != (edge, end, end - edge) or left != unspent or sum(sums.values()) != end - edge:
        return "what it says of the other parts is not what they are"
    return None


def trace(state: State, pool: Pool, gift: Gift) -> tuple[list[Part], int, int]:
    """Return where a gift's places went: the parts that milestones spent, what came back, and what waits."""
    start, end = gift.start, gift.start + gift.amount
    spent = [(*span, n) for n, spans in pool.line.spent.items() for span in parts(sorted(spans), start, end)]
    back = refunded_of(state, pool, start, gift.amount, gift.batch)
    return sorted(spent), back, pool.line.unspent(start, end) - back


def _part(part: Any) -> Part:
    start, end = digits(part["start"]), digits(part["end"])
    if digits(part["amount"]) != end - start:
        raise ValueError
    if "milestone" in part:
        if type(part["milestone"]) is not int or part["milestone"] < 0:
            raise ValueError
        return start, end, part["milestone"]
    return start, end, _REFUND if "refund" in part else _WAITING


def span_of(part: dict[str, Any]) -> Span | None:
    """Return which places a shown part is said to have, None if it does not say."""
    try:
        return digits(part["start"]), digits(part["end"])
    except (KeyError, TypeError):
        return None


def _of(painted: list[Part], where: int) -> list[Span]:
    return _joined([(start, end) for start, end, found in painted if found == where])


def _joined(spans: list[Span]) -> list[Span]:
    """Return spans in order, those that touch as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
