"""Running totals: rows that say how much there was up to them, so that no reader ever adds them up. Pure.

Rows are only added, so a total stays as it was written, and a rewind takes it away with its row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Values: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str | int, ...]
Sums: TypeAlias = dict[Key, tuple[int, ...]]
"""Of one pool: the totals by table and what they are counted within."""


@dataclass(frozen=True)
class Tally:
    """The totals in a table's rows."""

    within: tuple[str, ...]  # the columns and values that, with the pool, say within what is counted
    totals: tuple[str, ...]  # the columns of the totals: the table's last ones
    adds: Callable[[Values], tuple[int, ...]]  # what an event adds to each


TALLIES: dict[str, Tally] = {
    "batches": Tally((), ("number",), lambda _: (1,)),
    "objections": Tally(("milestone", "round"), ("number", "total"), lambda v: (1, v["amount"])),
    "deliveries": Tally(("milestone",), ("number",), lambda _: (1,)),
    "matches": Tally(("sponsorship",), ("total", "total_gifts"), lambda v: (v["amount"], v["gifts"])),
    # A voucher that was revoked is told, and adds nothing.
    "vouchers": Tally(
        ("milestone",),
        ("number", "total_own", "total"),
        lambda v: (1, v["own"], v["fromPool"]) if "provider" in v else (0, 0, 0),
    ),
}
"""By table."""


def count(table: str, values: Values, sums: Sums) -> tuple[int, ...]:
    """Return the totals of an event's row, this one counted; `sums` is moved on. `table`: one of TALLIES."""
    tally = TALLIES[table]
    key = (table, *(values[name] for name in tally.within))
    adds = tally.adds(values)
    found = sums[key] = tuple(a + b for a, b in zip(sums.get(key, (0,) * len(adds)), adds, strict=True))
    return found
