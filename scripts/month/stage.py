"""What all scenes of the month share: the cast, the clock's start, the pools, and how a wallet allows a payment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scripts.month import story
from scripts.signing import AccountHand

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from scripts.ledger import Contract
    from scripts.members import Cast

    class Scene(Protocol):
        """A part of the story."""

        def look(self) -> None:
            """See what of it the chain has already."""

        def acts(self) -> Iterable[Act]:
            """Return what happens in it, in no order."""


Act = tuple[float, Callable[[], None]]
"""Something that happens so many seconds after the start, unless the chain says that it has."""

DAY, HOUR = 86_400, 3_600
SEED = "a month of Moa"


class Stage:
    """The month on one ledger."""

    def __init__(self, cast: Cast, secret: bytes, start: int) -> None:
        self.cast = cast
        self.ledger = cast.ledger
        self.secret = secret
        self.start = start
        self.never = start + 400 * DAY
        self.pools: dict[int, int] = {}

    def hand(self, place: int) -> AccountHand:
        """Return an account as one that signs."""
        return AccountHand(self.cast[place])

    def send(self, place: int, contract: Contract, function: str, *arguments: Any) -> Any:
        """Let an account call a contract."""
        return self.ledger.send(self.cast[place], contract, function, *arguments, gas=30_000_000)

    def allow(self, place: int, spender: Contract, amount: int) -> None:
        """Let a contract take this much from an account's wallet, unless it may already."""
        ledger = self.ledger
        if ledger.view(ledger.token, "allowance", self.cast[place], spender.address) < amount:
            self.send(place, ledger.token, "approve", spender.address, amount)

    def takes(self, number: int, day: float) -> bool:
        """Tell whether a programme takes gifts on this day of the story."""
        programme = story.PROGRAMMES[number]
        return programme.closes is None or day < programme.closes

    def describe(self, number: int) -> bytes:
        """Keep a programme's text and return its hash."""
        programme = story.PROGRAMMES[number]
        return self.cast.content.text(programme.title, programme.text)
