"""What a model's parts share: states by number, refusals, and the tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

from world import RefusedError

NONE, FUNDING, ACTIVE, FROZEN, COMPLETED = range(5)
PLANNED, SUBMITTED, APPROVED, DISPUTED, REJECTED, RELEASED = range(6)


def refuse(name: str, *args: Any) -> NoReturn:
    """Refuse a call."""
    raise RefusedError(name, args)


@dataclass
class Tokens:
    """Who has what, and who lets which contract take from it without a limit."""

    balances: dict[str, int]
    generous: set[tuple[str, str]] = field(default_factory=set)

    def move(self, giver: str, receiver: str, amount: int) -> None:
        """Move tokens."""
        has = self.balances.get(giver, 0)
        if has < amount:
            refuse("ERC20InsufficientBalance", giver, has, amount)
        self.balances[giver] = has - amount
        self.balances[receiver] = self.balances.get(receiver, 0) + amount

    def via(self, giver: str, spender: str, receiver: str, amount: int) -> None:
        """Let a contract move tokens by its allowance to somebody else."""
        if amount and (giver, spender) not in self.generous:
            refuse("ERC20InsufficientAllowance", spender, 0, amount)
        if amount:
            self.move(giver, receiver, amount)

    def pull(self, giver: str, taker: str, amount: int) -> None:
        """Move tokens by an allowance."""
        if amount and (giver, taker) not in self.generous:
            refuse("ERC20InsufficientAllowance", taker, 0, amount)
        self.move(giver, taker, amount)
