"""A donor's standing orders, and the keeper who collects what is due of them."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Annotated, Any

import typer

from scripts.commands import ask, donor
from scripts.commands.common import action
from scripts.commands.desk import Desk, RefusedError, Token
from scripts.commands.refusals import moment
from scripts.commands.typed import TypedError


class Every(StrEnum):
    """How often a pledge falls due."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class State(IntEnum):
    """What a pledge is."""

    NONE, LIVE, PAUSED, STOPPED = range(4)


Cap = Annotated[str, typer.Option("--cap", help="the most that it may ever take")]
First = Annotated[str, typer.Option("--first", help="when it is due first: a day or a time; else now")]
Last = Annotated[str, typer.Option("--last", help="last day on which anything is collected")]
Times = Annotated[int, typer.Option("--times", min=0, max=65_535, help="at most so many collections")]
Replaces = Annotated[int, typer.Option("--replaces", min=0, help="your older pledge that stops as this one begins")]


@action(donor.app, "pledge")
def pledge(
    desk: Desk,
    pool: int,
    amount: str,
    every: Annotated[Every, typer.Option("--every")],
    cap: Cap,
    *,
    first: First = "",
    last: Last = "",
    times: Times = 0,
    replaces: Replaces = 0,
) -> None:
    """Give an amount again and again, up to a cap. You can pause, lower or stop it at any moment."""
    token = desk.token(pool)
    made, words = terms(desk, pool, amount, every, cap, first, last, times, replaces)
    desk.do(
        words,
        "You can pause, lower or stop it at any moment; what was collected is given.",
        desk.ledger.pledges,
        "pledge",
        made,
        allow=(token, made[6] + _promised(desk, token, replaces)),
        later=True,
    )
    number = mine(desk)[-1]
    due = desk.view(desk.ledger.pledges, "nextDue", number)
    when = f"It falls due next on {moment(due)}." if due else "As it stands, nothing will fall due."
    desk.say(f"Your pledge is number {number}. {when}")


def terms(
    desk: Desk, pool: int, amount: str, every: Every, cap: str, first: str, last: str, times: int, replaces: int
) -> tuple[tuple[int, ...], list[str]]:
    """Return a pledge's terms as they were typed, and in words."""
    token = desk.token(pool)
    units, most = token.units(amount), token.units(cap)
    begin = desk.later(first) if first else desk.now
    end = desk.later(last) if last else 0
    if most < units:
        raise TypedError(f"The cap of {token.shown(most)} is less than one amount of {token.shown(units)}.")
    if end and end < begin:
        raise TypedError(f"The last day, {moment(end)}, is before the first, {moment(begin)}.")
    old = found(desk, replaces)[0] if replaces else None
    if old and old["donor"].lower() != desk.account.lower():
        raise RefusedError(f"Pledge {replaces} is not yours.")
    ends = [f"at {token.shown(most)} in all"]
    ends += [f"after {times} times"] if times else []
    ends += [f"on {moment(end)}"] if end else []
    instead = [f"Your pledge {replaces} stops. What it took or skipped is not taken again."] if replaces else []
    return (pool, units, list(Every).index(every), begin, end, times, most, replaces), (
        [
            f"You pledge {token.shown(units)} a {every.value} to {desk.title(pool)}, first on {moment(begin)}.",
            f"It ends {', or '.join(ends)}. Nothing is ever taken twice in a {every.value}, or made up for.",
            *instead,
        ]
    )


def mine(desk: Desk) -> list[int]:
    """Return the numbers of your pledges."""
    wanted = None, "0x" + desk.account[2:].lower().rjust(64, "0")
    return [event["pledge"] for event in desk.ledger.events(desk.ledger.pledges, "Pledged", *wanted)]


def _promised(desk: Desk, token: Token, but: int) -> int:
    """Return what your other pledges in a token may still take: one allowance is for all of them."""
    known = [desk.view(desk.ledger.pledges, "pledgeOf", number) for number in mine(desk) if number != but]
    live = [p for p in known if p["state"] in (State.LIVE, State.PAUSED) and p["cap"] > p["collected"]]
    same = {p["pool"]: desk.token(p["pool"]).contract.address == token.contract.address for p in live}
    return sum(p["cap"] - p["collected"] for p in live if same[p["pool"]])


def found(desk: Desk, number: int) -> tuple[dict[str, Any], Token]:
    """Return a pledge and the token of its pool."""
    known = desk.view(desk.ledger.pledges, "pledgeOf", number)
    if known["state"] == State.NONE:
        raise RefusedError(f"There is no pledge {number}.")
    return known, desk.token(known["pool"])


def _change(desk: Desk, number: int, function: str, what: str, final: str, *more: int) -> None:
    known, token = found(desk, number)
    said = f"Pledge {number} of {token.shown(known['amount'])} to {desk.title(known['pool'])} {what}"
    desk.do([said], final, desk.ledger.pledges, function, number, *more)


@action(donor.app, "pledge-pause")
def pledge_pause(desk: Desk, number: int) -> None:
    """Let nothing be collected until you resume."""
    _change(desk, number, "pause", "pauses at once.", "You can resume it. What falls due meanwhile is not owed.")


@action(donor.app, "pledge-resume")
def pledge_resume(desk: Desk, number: int) -> None:
    """Go on with a paused pledge."""
    _change(desk, number, "resume", "goes on.", "You can pause it again at any moment.")


@action(donor.app, "pledge-skip")
def pledge_skip(desk: Desk, number: int) -> None:
    """Let nothing be collected for the next period only."""
    period, start = desk.view(desk.ledger.pledges, "nextPeriodOf", number)
    word = list(Every)[found(desk, number)[0]["period"]].value
    what = f"is skipped once: nothing is taken for the {word} that begins on {moment(start)}."
    _change(desk, number, "skip", what, "A period that is skipped stays skipped.", period)


@action(donor.app, "pledge-stop")
def pledge_stop(desk: Desk, number: int) -> None:
    """End a pledge at once."""
    _change(desk, number, "stop", "ends at once.", "It is ended for ever; you can make a new one.")


@action(donor.app, "pledge-lower")
def pledge_lower(desk: Desk, number: int, amount: ask.Amount = "", cap: ask.Cap = "") -> None:
    """Make the amount, the cap or both less."""
    if not amount and not cap:
        raise TypedError("Say what becomes less: --amount, --cap or both.")
    known, token = found(desk, number)
    units = token.units(amount) if amount else known["amount"]
    most = token.units(cap) if cap else known["cap"]
    desk.do(
        [
            f"Pledge {number} takes {token.shown(units)} instead of {token.shown(known['amount'])} each time, "
            f"and {token.shown(most)} instead of {token.shown(known['cap'])} in all."
        ]
        + [f"It took {token.shown(known['collected'])} already, so nothing more."] * (most < known["collected"]),
        "To make it more again takes a new pledge.",
        desk.ledger.pledges,
        "lower",
        number,
        units,
        most,
    )
