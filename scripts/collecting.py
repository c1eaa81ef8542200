"""The keeper: which pledges are due, and their collection in calls of a bearable size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.ledger import Ledger

MOST_IN_A_CALL = 100


def due(ledger: Ledger) -> list[int]:
    """Return the pledges that can be collected now, those of one pool together."""
    now = int(ledger.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    found = []
    for number in range(1, ledger.view(ledger.pledges, "pledgeCount") + 1):
        at = ledger.view(ledger.pledges, "nextDue", number)
        if at and at <= now:
            found.append((ledger.view(ledger.pledges, "pledgeOf", number)["pool"], number))
    return [number for _, number in sorted(found)]


def calls(numbers: list[int]) -> Iterator[list[int]]:
    """Cut them into calls."""
    for at in range(0, len(numbers), MOST_IN_A_CALL):
        yield numbers[at : at + MOST_IN_A_CALL]
