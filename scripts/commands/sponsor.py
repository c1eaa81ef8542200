"""What a sponsor does: locks a budget that matches small gifts, and takes back what is left of it."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.commands import ask, typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk
from scripts.commands.refusals import moment

app = role("Someone who matches small gifts up to a budget.")


@action(app, "lock")
def lock(
    desk: Desk,
    pool: int,
    budget: str,
    until: ask.Until,
    cap_per_gift: Annotated[str, typer.Option("--cap-per-gift", help="the most that one gift is matched with")],
    ratio: Annotated[int, typer.Option("--ratio", min=1, max=1_000, help="percent of each gift; 100 doubles it")] = 100,
) -> None:
    """Lock a budget that matches the gifts to a pool."""
    token = desk.token(pool)
    units, most, end = token.units(budget), token.units(cap_per_gift), desk.later(until)
    desk.do(
        [
            f"You lock {token.shown(units)} for {desk.title(pool)}: each gift is matched with {ratio} % of it, at most "
            f"{token.shown(most)}, until {moment(end)} or until the budget is used up."
        ],
        "It is bound until then, or until the pool is over; what is left then is yours. What was matched is given.",
        desk.ledger.sponsors,
        "lock",
        *(pool, units, ratio, most, end),
        allow=(token, units),
    )
    desk.say(f"Your sponsorship is number {desk.view(desk.ledger.sponsors, 'sponsorshipCount', pool)} of the pool.")


@action(app, "withdraw")
def withdraw(desk: Desk, pool: int, sponsorship: int, to: ask.To = "") -> None:
    """Take back what is left of a sponsorship that is over."""
    found = desk.view(desk.ledger.sponsors, "sponsorshipOf", pool, sponsorship)
    receiver = typed.address(to) if to else desk.account
    left = desk.token(pool).shown(found["left"])
    desk.do(
        [f"{left}, the rest of sponsorship {sponsorship} of {desk.title(pool)}, go to {desk.who(receiver)}."],
        "The sponsorship is over then.",
        desk.ledger.sponsors,
        "withdraw",
        *(pool, sponsorship, receiver),
    )
