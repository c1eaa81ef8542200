"""Vouchers: the NGO that signs them, the provider that is paid with them."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from scripts import codes, vouchers
from scripts.commands import ask, ngo, typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk, RefusedError
from scripts.commands.refusals import moment
from scripts.commands.typed import TypedError

app = role("Whoever is paid by voucher: a clinic, a pharmacy, a school.")


@action(ngo.app, "sign-voucher")
def sign_voucher(desk: Desk, pool: int, milestone: int, amount: str, out: Path, *, until: ask.Until) -> None:
    """Sign a voucher for at most this amount and write it to a file; its code is shown once, for its holder."""
    token, code = desk.token(pool), codes.new_code()
    typed.new_file(out)
    key = vouchers.hand_of(desk.ledger, code, pool, milestone)
    made = vouchers.Voucher(
        pool, milestone, key.address, token.units(amount), desk.later(until), secrets.token_bytes(32)
    )
    if desk.view(desk.ledger.fund, "poolOf", pool)["ngo"] != desk.account:
        raise RefusedError(f"You are not the NGO of {desk.title(pool)}.")
    planned = desk.view(desk.ledger.fund, "milestoneOf", pool, milestone)
    if made.max_part > planned["amount"]:
        raise RefusedError(f"The whole of milestone {milestone} is only {token.shown(planned['amount'])}.")
    if planned["payee"] != desk.ledger.vouchers.address:
        raise RefusedError(f"Milestone {milestone} of {desk.title(pool)} is not for vouchers.")
    source = f"milestone {milestone} of {desk.title(pool)}"
    desk.say(f"You promise to pay up to {token.shown(made.max_part)} of one bill, from {source}.")
    desk.say(f"It is good until {moment(made.valid_until)}. Until it is redeemed you can revoke it.")
    desk.ask()
    typed.write_new(out, vouchers.write(made, made.sign(desk.ledger, desk.hand)))
    desk.say(f"The voucher is in {out}. Its holder's code, which is kept nowhere: {code}")


def voucher_of(path: Path) -> tuple[vouchers.Voucher, bytes]:
    """Read a voucher's file."""
    plain = typed.parsed(path, "a voucher")
    try:
        return vouchers.read(plain)
    except ValueError:
        raise TypedError(f"{path} is not a voucher.") from None


@action(ngo.app, "revoke-voucher")
def revoke_voucher(desk: Desk, file: Path) -> None:
    """Take back a voucher that is not redeemed."""
    made, _ = voucher_of(file)
    money = desk.token(made.pool).shown(made.max_part)
    said = f"You take back the voucher of up to {money} on {desk.title(made.pool)}."
    desk.do([said], "It can never be redeemed.", desk.ledger.vouchers, "revoke", made.words())


@action(app, "redeem")
def redeem(
    desk: Desk,
    voucher: Path,
    from_pool: str,
    bill: Path,
    *,
    own: Annotated[str, typer.Option("--own", help="the beneficiary's own part, which you pay for it")] = "0",
    to: Annotated[str, typer.Option("--provider", metavar="ADDRESS", help="who is paid")] = "",
    code_file: ask.CodeFile = None,
) -> None:
    """Be paid for a bill with a voucher; its holder gives the code for this bill only."""
    made, signature = voucher_of(voucher)
    token, receiver = desk.token(made.pool), typed.address(to) if to else desk.account
    part, rest = token.units(own, zero=True), token.units(from_pool)
    hand = vouchers.hand_of(desk.ledger, ask.code(code_file), made.pool, made.milestone)
    asked = vouchers.Bill(receiver, part, rest, typed.file_hash(bill), desk.now + 3_600)
    desk.do(
        [
            f"{desk.who(receiver)} is paid {token.shown(rest)} by {desk.title(made.pool)} "
            f"and {token.shown(part)} by you, for the bill {bill.name}."
        ],
        "The voucher works once.",
        desk.ledger.vouchers,
        "redeem",
        *(made.words(), signature, asked.words(), asked.sign(desk.ledger, hand, made)),
        allow=(token, part) if part else None,
    )
