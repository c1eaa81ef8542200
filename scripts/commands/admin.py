"""What the admin does: changes roles, and says so days before."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from scripts import roles
from scripts.commands import typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk
from scripts.commands.refusals import moment

app = role("The admin: changes roles, and says so days before.")


class Role(StrEnum):
    """A role of the consortium."""

    ADMIN = "admin"
    OPERATOR = "operator"
    REGISTRAR = "registrar"
    GATEWAY = "gateway"
    PAUSER = "pauser"
    CANCELLER = "canceller"


NUMBERS = {label.lower(): number for number, label in roles.LABELS.items()}


def _change(desk: Desk, number: int, account: str, *, dismiss: bool) -> tuple[str, tuple[Any, ...], str]:
    """Return the call that changes a member of a role, and what it does in words."""
    who, label = typed.address(account), roles.LABELS[number]
    if dismiss:
        return "revokeRole", (number, who), f"{desk.who(who)} is no longer {label}"
    delay = {roles.CANCELLER: roles.CANCEL_DELAY, roles.ADMIN: roles.ADMIN_DELAY}.get(number, 0)
    acts = f", and acts {delay // roles.DAY} days after it says so" if delay else ""
    return "grantRole", (number, who, delay), f"{desk.who(who)} is {label}{acts}"


def _call(desk: Desk, who: Role, account: str, *, dismiss: bool) -> tuple[bytes, str]:
    """Return the call of a change, as it is announced, and the change in words."""
    function, arguments, words = _change(desk, NUMBERS[who.value], account, dismiss=dismiss)
    return bytes.fromhex(desk.ledger.consortium.data(function, *arguments)[2:]), words


Dismiss = Annotated[bool, typer.Option("--dismiss", help="take the role away instead")]


@action(app, "schedule")
def schedule(desk: Desk, who: Role, account: str, *, dismiss: Dismiss = False) -> None:
    """Announce that an account gets (or loses) a role."""
    consortium = desk.ledger.consortium
    data, words = _call(desk, who, account, dismiss=dismiss)
    final = f"Everybody sees it. You can do it from {moment(desk.now + roles.ADMIN_DELAY)} on, for a week."
    desk.do([f"You announce: {words}."], final, consortium, "schedule", consortium.address, data, 0)


@action(app, "execute")
def execute(desk: Desk, who: Role, account: str, *, dismiss: Dismiss = False) -> None:
    """Do what was announced."""
    number = NUMBERS[who.value]
    function, arguments, words = _change(desk, number, account, dismiss=dismiss)
    delay = 0 if dismiss else desk.view(desk.ledger.consortium, "getRoleGrantDelay", number)
    when = f", from {moment(desk.now + delay)} on" if delay else ""
    desk.do([f"{words}{when}."], "It can be changed again, as slowly.", desk.ledger.consortium, function, *arguments)


@action(app, "withdraw")
def withdraw(desk: Desk, who: Role, account: str, *, dismiss: Dismiss = False) -> None:
    """Take back your announcement of a change, as you made it."""
    consortium = desk.ledger.consortium
    data, words = _call(desk, who, account, dismiss=dismiss)
    what = f"You take back what you announced: {words}."
    final = "It cannot be done unless you announce it again."
    desk.do([what], final, consortium, "cancel", desk.account, consortium.address, data)


@action(app, "stop-cancel")
def stop_cancel(desk: Desk, pool: int, operator: str) -> None:
    """Stop the cancellation of a pool that an operator has announced."""
    fund, who = desk.ledger.fund, typed.address(operator)
    data = bytes.fromhex(fund.data("cancelByOperator", pool)[2:])
    what = f"{desk.who(who)} cannot cancel {desk.title(pool)}, unless it announces it again."
    desk.do([what], "Everybody sees it.", desk.ledger.consortium, "cancel", who, fund.address, data)
