"""What the contracts themselves say at the end of a block: the first of the three sources, and the tokens' balances."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from api.errors import NodeRefusedError
from api.indexer.kinds import Block
from api.indexer.reconcile.figures import LEDGER, About, Said, Value
from api.views import view

AT_ONCE = 50
"""Calls in a request: a node answers them in a few milliseconds."""

_FIELDS = {
    "token": "token",
    "NGO": "ngo",
    "raised": "raised",
    "milestones": "milestones",
    "milestones paid": "milestonesReleased",
    "released": "released",
    "returned and not spent again": "returned",
    "refunded": "refunded",
    "takes gifts until": "acceptsUntil",
    "stops after": "defaultsAt",
    "paused": "paused",
    "seconds paused": "clockShift",
}
"""The figures of a pool, by poolOf's words."""

_ROUND = {
    "amount": "amount", "lists sealed": "version", "claims taken until": "claimsUntil", "delivered": "delivered",
    "closed": "closed",
}  # fmt: skip


class Ledger(Protocol):
    """A node."""

    def block(self, number: int) -> Block | None:
        """Return a block's header, or None where the chain is shorter."""

    def views(self, number: int, calls: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """Return what contracts answer at the end of a block."""


class Contracts:
    """What the contracts say about all that the other sources know of."""

    def __init__(
        self, node: Ledger, addresses: dict[str, bytes], number: int, rest: Callable[[], None] = lambda: None
    ) -> None:
        """Ask nothing yet.

        Args:
            node: Whom to ask.
            addresses: Of the contracts, by name.
            number: The block at whose end.
            rest: Called after each request.

        """
        self._node, self._addresses, self._number, self._rest = node, addresses, number, rest
        self._found: dict[tuple[str, tuple[int, ...]], Any] = {}

    def learn(self, abouts: Collection[About]) -> None:
        """Ask about these.

        Raises:
            NodeAwayError, NodeRefusedError: As the node's.

        """
        pools = sorted({about.pool for about in abouts if about.pool})
        wanted: list[tuple[str, str, tuple[int, ...]]] = [("PooledFund", "poolCount", ())]
        for pool in pools:
            wanted += [("PooledFund", "poolOf", (pool,)), ("PooledFund", "milestonesOf", (pool,))]
            wanted.append(("SponsorBook", "sponsorshipCount", (pool,)))
        for kind, book, name in (("round", "PayoutBook", "roundOf"), ("sponsorship", "SponsorBook", "sponsorshipOf")):
            wanted += [(book, name, (about.pool, about.number)) for about in sorted(abouts) if about.kind == kind]
        self._learn(wanted)
        # The book refuses to speak of a milestone that is not there.
        self._learn([
            ("VoucherBook", "leftOf", (about.pool, about.number))
            for about in sorted(abouts)
            if about.kind == "vouchers" and about.number < len(self._found["milestonesOf", (about.pool,)])
        ])  # fmt: skip

    def balances(self, wanted: Collection[tuple[bytes, str]]) -> dict[tuple[bytes, str], int | None]:
        """Return what contracts have of tokens, by token and contract; None: the token does not say.

        Raises:
            NodeAwayError: As the node's.

        """
        balance, found = view("SettlementToken", "balanceOf"), dict[tuple[bytes, str], int | None]()
        for token, contract in sorted(wanted):
            try:
                [answer] = self._node.views(self._number, [(token, balance.call(self._addresses[contract]))])
                found[token, contract] = balance.read(answer)
            except (NodeRefusedError, ValueError):
                self._learn([("PooledFund", "poolCount", ())])  # does the node refuse, or the token?
                found[token, contract] = None
            self._rest()
        return found

    def _learn(self, wanted: Sequence[tuple[str, str, tuple[int, ...]]]) -> None:
        for start in range(0, len(wanted), AT_ONCE):
            part = [
                (contract, view(contract, name), values) for contract, name, values in wanted[start : start + AT_ONCE]
            ]
            calls = [(self._addresses[contract], asked.call(*values)) for contract, asked, values in part]
            for (_, asked, values), answer in zip(part, self._node.views(self._number, calls), strict=True):
                try:
                    self._found[asked.name, values] = asked.read(answer)
                except ValueError as error:
                    raise NodeRefusedError(f"the node's answer makes no sense: {error}") from error
            self._rest()

    # ------------------------------------------------------------------------------------------------ as a source

    def abouts(self) -> set[About]:
        """Return nothing by itself: it was asked about what the others know of."""
        return {LEDGER}

    def says(self, about: About) -> Said:
        """Return what the contracts say about something."""
        pool, number = about.pool, about.number
        match about.kind:
            case "ledger":
                return {"pools": {"PooledFund.poolCount": self._found["poolCount", ()]}}
            case "pool":
                return self._pool(pool)
            case "round":
                return self._struct("PayoutBook", "roundOf", (pool, number), _ROUND)
            case "sponsorship":
                fields = {name: name for name in ("budget", "left", "withdrawn")}
                return self._struct("SponsorBook", "sponsorshipOf", (pool, number), fields)
            case _:
                left = self._found.get(("leftOf", (pool, number)))
                return {"left": {f"VoucherBook.leftOf({pool}, {number})": left}}

    def _struct(self, contract: str, name: str, values: tuple[int, ...], fields: dict[str, str]) -> Said:
        found, asked = self._found[name, values], f"{contract}.{name}({', '.join(map(str, values))})"
        return {what: {f"{asked}.{field}": _value(found[field])} for what, field in fields.items()}

    def _pool(self, pool: int) -> Said:
        milestones = self._found["milestonesOf", (pool,)]
        asked = f"PooledFund.milestonesOf({pool})"
        paid = sum(each["amount"] for each in milestones if each["releasedAt"])
        return self._struct("PooledFund", "poolOf", (pool,), _FIELDS) | {
            "planned": {f"{asked}: amounts": sum(each["amount"] for each in milestones)},
            "spent": {f"{asked}: amounts of the released": paid},
            "sponsorships": {f"SponsorBook.sponsorshipCount({pool})": self._found["sponsorshipCount", (pool,)]},
        }


def _value(found: Any) -> Value:
    """Return a value; the address of nobody stands where nothing is."""
    return None if isinstance(found, bytes) and not any(found) else found
