"""What the operator does: announces and does a cancellation, ends a pause, appoints pausers."""

from __future__ import annotations

from typing import Any

from scripts import roles
from scripts.commands import typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk
from scripts.commands.refusals import moment

app = role("The operator of the system.")


def appoint(desk: Desk, number: int, account: str, *, appointed: bool) -> None:
    """Give an account a role that somebody else than the admin gives, or take it away."""
    who, label = typed.address(account), roles.LABELS[number]
    delay = desk.view(desk.ledger.consortium, "getRoleGrantDelay", number)
    since = f"from {moment(desk.now + delay)} on" if delay and appointed else "at once"
    what = f"{desk.who(who)} is {label if appointed else 'no longer ' + label}, {since}."
    arguments: tuple[Any, ...] = (number, who, 0) if appointed else (number, who)
    function = "grantRole" if appointed else "revokeRole"
    desk.do([what], "You can change it again.", desk.ledger.consortium, function, *arguments)


def _cancel_data(desk: Desk, pool: int) -> tuple[str, bytes]:
    fund = desk.ledger.fund
    return fund.address, bytes.fromhex(fund.data("cancelByOperator", pool)[2:])


@action(app, "schedule-cancel")
def schedule_cancel(desk: Desk, pool: int) -> None:
    """Announce that you will cancel a pool, 7 days before you can."""
    desk.do(
        [f"You announce that {desk.title(pool)} will be cancelled, so that its money goes back to its contributors."],
        f"Everybody sees it. You can do it from {moment(desk.now + roles.CANCEL_DELAY)} on, for a week.",
        desk.ledger.consortium,
        "schedule",
        *_cancel_data(desk, pool),
        0,
    )


@action(app, "withdraw-cancel")
def withdraw_cancel(desk: Desk, pool: int) -> None:
    """Take back the announcement that you will cancel a pool."""
    what = f"{desk.title(pool)} will not be cancelled, unless you announce it again."
    desk.do([what], "Everybody sees it.", desk.ledger.consortium, "cancel", desk.account, *_cancel_data(desk, pool))


@action(app, "cancel")
def cancel(desk: Desk, pool: int) -> None:
    """Cancel a pool, as was announced 7 days before."""
    held = desk.token(pool).shown(desk.view(desk.ledger.fund, "heldOf", pool))
    what = f"You cancel {desk.title(pool)}. The {held} that it holds go back to its contributors."
    desk.do([what], "It can never be opened again.", desk.ledger.fund, "cancelByOperator", pool)


@action(app, "unpause")
def unpause(desk: Desk, pool: int) -> None:
    """End a pause before its 7 days are over."""
    what = f"{desk.title(pool)} takes gifts and evidence again."
    desk.do([what], "It cannot be paused again for 28 days.", desk.ledger.fund, "unpause", pool)


@action(app, "appoint-pauser")
def appoint_pauser(desk: Desk, account: str) -> None:
    """Let an account pull the brake."""
    appoint(desk, roles.PAUSER, account, appointed=True)


@action(app, "dismiss-pauser")
def dismiss_pauser(desk: Desk, account: str) -> None:
    """Let an account no longer pull the brake."""
    appoint(desk, roles.PAUSER, account, appointed=False)
