"""The keeper: which pledges are due and have money behind them, and their collection in calls of a bearable size."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from scripts.ledger import Contract

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scripts.ledger import Ledger

MOST_IN_A_CALL = 100
GAS_PLEDGE = 60_000
"""More than one pledge among many takes: 49,700 (tests/contracts/gas_pledges.json)."""
GAS_POOL = 400_000
"""More than each pool adds to a call, sponsors and all."""


class Reason(IntEnum):
    """Why a pledge would not be collected, as `IPledgeBook.Reason` counts."""

    POOL_CLOSED, NO_ALLOWANCE, NO_BALANCE, REFUSED = 7, 9, 10, 11


@dataclass
class Due:
    """The pledges that can be collected now, as (pool, number), those of one pool together; and those left out."""

    found: list[tuple[int, int]] = field(default_factory=list)
    left_out: dict[Reason, list[int]] = field(default_factory=dict)


@dataclass
class _Wallet:
    """What the book may still take from a donor, who may have many pledges."""

    allowance: int
    balance: int

    def take(self, amount: int) -> Reason | None:
        if self.allowance < amount:
            return Reason.NO_ALLOWANCE
        if self.balance < amount:
            return Reason.NO_BALANCE
        self.allowance, self.balance = self.allowance - amount, self.balance - amount
        return None


def due(ledger: Ledger) -> Due:
    """Find the pledges that can be collected now.

    Anyone can pledge without money or an allowance behind it, as often as it likes: those pledges are left out, so that
    a keeper pays for none of them.
    """
    now, book = int(_latest(ledger)["timestamp"], 16), ledger.pledges
    every = range(1, ledger.view(book, "pledgeCount") + 1)
    asked = zip(every, ledger.views((book, "nextDue", number) for number in every), strict=True)
    numbers = [number for number, at in asked if at and at <= now]
    pledges = list(zip(ledger.views((book, "pledgeOf", number) for number in numbers), numbers, strict=True))
    pledges.sort(key=lambda each: (each[0]["pool"], each[1]))
    wanted = sorted({pledge["pool"] for pledge, _ in pledges})
    pools = dict(zip(wanted, ledger.views((ledger.fund, "poolOf", pool) for pool in wanted), strict=True))
    wallets = _wallets(ledger, {(pools[pledge["pool"]]["token"], pledge["donor"]) for pledge, _ in pledges})
    made = Due()
    for pledge, number in pledges:
        pool = pools[pledge["pool"]]
        wallet = wallets[pool["token"], pledge["donor"]]
        if now > pool["acceptsUntil"]:
            why: Reason | None = Reason.POOL_CLOSED
        else:
            why = wallet.take(pledge["amount"]) if wallet else Reason.REFUSED
        if why is None:
            made.found.append((pledge["pool"], number))
        else:
            made.left_out.setdefault(why, []).append(number)
    return made


def calls(ledger: Ledger, found: list[tuple[int, int]]) -> Iterator[list[int]]:
    """Cut them into calls, each of which leaves a quarter of a block to others."""
    room, gas, last = int(_latest(ledger)["gasLimit"], 16) * 3 // 4, 0, 0
    part: list[int] = []
    for pool, number in found:
        more = GAS_PLEDGE + (GAS_POOL if pool != last else 0)
        if part and (len(part) == MOST_IN_A_CALL or gas + more > room):
            yield part
            part, gas, more = [], 0, GAS_PLEDGE + GAS_POOL
        part.append(number)
        gas, last = gas + more, pool
    if part:
        yield part


def _latest(ledger: Ledger) -> dict[str, Any]:
    found: dict[str, Any] = ledger.node.call("eth_getBlockByNumber", "latest", False)
    return found


def _wallets(ledger: Ledger, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], _Wallet | None]:
    """Ask for each donor's allowance and balance in a token; nothing where the token refuses to say."""
    keys, book = list(keys), ledger.pledges.address
    tokens = {token: Contract("SettlementToken", token) for token in {token for token, _ in keys}}
    allowed = ledger.views((tokens[token], "allowance", donor, book) for token, donor in keys)
    owned = ledger.views((tokens[token], "balanceOf", donor) for token, donor in keys)
    answers = zip(keys, allowed, owned, strict=True)
    return {key: None if may is None or has is None else _Wallet(may, has) for key, may, has in answers}
