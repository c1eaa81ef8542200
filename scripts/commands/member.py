"""What whoever holds a role, or tokens, can do with them."""

from __future__ import annotations

from scripts import roles
from scripts.commands import typed
from scripts.commands.admin import NUMBERS, Role
from scripts.commands.common import action, role
from scripts.commands.desk import Desk, RefusedError

app = role("Whoever holds a role of the consortium.")
holder = role("Whoever holds tokens.")


@action(app, "renounce")
def renounce(desk: Desk, what: Role) -> None:
    """Give a role up, at once."""
    number = NUMBERS[what.value]
    label, consortium = roles.LABELS[number], desk.ledger.consortium
    if not desk.view(consortium, "hasRole", number, desk.account)[0]:
        raise RefusedError(f"{desk.account} is not {label}.")
    final = "Only whoever appoints this role can give it back."
    if what is Role.ADMIN:
        final += " If you are the only admin, nobody ever can."
    desk.do([f"You are no longer {label}."], final, consortium, "renounceRole", number, desk.account)


@action(holder, "send")
def send(desk: Desk, to: str, amount: str) -> None:
    """Send tokens to an account."""
    token, receiver = desk.money, typed.address(to)
    units = token.units(amount)
    if receiver in [contract.address for contract in desk.ledger.contracts.values()]:
        raise RefusedError(f"{receiver} is one of Moa's contracts: what is sent there is lost. To give: donor give.")
    what = f"You send {token.shown(units)} to {desk.who(receiver)}."
    desk.do([what], "It cannot be taken back, and is no gift to a pool.", token.contract, "transfer", receiver, units)


@action(holder, "allow")
def allow(desk: Desk, spender: str, amount: str) -> None:
    """Set how much an account or one of Moa's contracts (PledgeBook, …) may take from your wallet; 0 ends it."""
    token = desk.money
    known = desk.ledger.contracts.get(spender)
    who, units = known.address if known else typed.address(spender), token.units(amount, zero=True)
    now = desk.view(token.contract, "allowance", desk.account, who)
    words = known.name if known else desk.who(who)
    what = f"{words} may take {token.shown(units)} from your wallet, instead of {token.shown(now)}."
    desk.do([what], "You can change it at any time; what was taken is gone.", token.contract, "approve", who, units)
