"""What donors and beneficiaries sign without sending it; anyone hands it in (keeper hand-in) and pays for the call."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from scripts import signing, vouchers
from scripts.commands import ask, donor, handing, payouts, typed
from scripts.commands.common import action
from scripts.commands.desk import Desk, RefusedError
from scripts.commands.pledges import Cap, Every, First, Last, Replaces, Times, terms
from scripts.commands.refusals import moment
from scripts.commands.vouchers import voucher_of
from scripts.entries import gifts_of, receipts_of


def _begin(desk: Desk, out: Path, until: str, what: list[str]) -> int:
    """Say what is signed and ask; returns until when it can be handed in."""
    deadline = desk.later(until)
    typed.new_file(out)
    for line in what:
        desk.say(line)
    desk.say(f"Whoever has {out} can hand it in until {moment(deadline)}.")
    desk.ask()
    return deadline


def _own_token(desk: Desk, pool: int) -> None:
    if desk.token(pool).contract.address != desk.money.contract.address:
        raise RefusedError(f"{desk.title(pool)} is in another token, which may not know such signatures.")


@action(donor.app, "sign-gift")
def sign_gift(desk: Desk, pool: int, amount: str, out: Path, *, until: ask.Until) -> None:
    """Sign a gift without sending it, so that you pay nothing for the call."""
    _own_token(desk, pool)
    token = desk.money
    units = token.units(amount)
    before = _begin(desk, out, until, [f"You give {token.shown(units)} to {desk.title(pool)}, once it is handed in."])
    salt = secrets.token_bytes(32)
    made = signing.authorization(desk.ledger, desk.hand, pool, units, salt, before)
    handing.write(desk, out, "gift", (pool, made))


@action(donor.app, "cancel-gift")
def cancel_gift(desk: Desk, file: Path) -> None:
    """Take back a gift that you signed and that nobody has handed in."""
    kind, calls = handing.read(desk, file)
    if kind != "gift":
        raise typed.TypedError(f"{file} is a signed {kind}, not a gift.")
    for pool, gift in calls:
        if gift[0] != desk.account:
            raise RefusedError(f"{file} was signed by {desk.who(gift[0])}, who alone can take it back.")
        nonce = desk.view(desk.ledger.fund, "authorizationNonce", pool, gift[4])
        what = f"Your signed gift of {desk.money.shown(gift[1])} to {desk.title(pool)} is taken back."
        signed = signing.cancellation(desk.ledger, desk.hand, nonce)
        final = "It can never be handed in."
        desk.do([what], final, desk.money.contract, "cancelAuthorization", desk.account, nonce, signed)


@action(donor.app, "sign-pledge")
def sign_pledge(
    desk: Desk,
    pool: int,
    amount: str,
    every: Annotated[Every, typer.Option("--every")],
    cap: Cap,
    out: Path,
    *,
    until: ask.Until,
    first: First = "",
    last: Last = "",
    times: Times = 0,
    replaces: Replaces = 0,
) -> None:
    """Sign a pledge without sending it. With it the book may take the cap, beside what it may already."""
    _own_token(desk, pool)
    made, words = terms(desk, pool, amount, every, cap, first, last, times, replaces)
    deadline = _begin(desk, out, until, words)
    signed = signing.pledge(desk.ledger, desk.hand, made, deadline)
    handing.write(desk, out, "pledge", (desk.account, made, deadline, signed))


@action(donor.app, "sign-objection")
def sign_objection(desk: Desk, pool: int, milestone: int, out: Path, *, until: ask.Until) -> None:
    """Sign a no to an approved milestone, with all that your wallet gave before its evidence came."""
    judged = desk.view(desk.ledger.judgement, "milestoneOf", pool, milestone)
    starts = [s for s, _ in gifts_of(desk.ledger, desk.account, pool) if s < judged["lineAtEvidence"]]
    if not starts:
        raise RefusedError("Your wallet gave nothing before the evidence came.")
    what = f"You object to milestone {milestone} of {desk.title(pool)}, with {len(starts)} gifts."
    deadline = _begin(desk, out, until, [what])
    key, evidence = (pool, milestone), judged["evidence"]
    signed = signing.objection(desk.ledger, desk.hand, key, evidence, deadline)
    handing.write(desk, out, "objection", (desk.account, *key, evidence, starts, [], deadline, signed))


@action(donor.app, "sign-objection-by-code", anybody=True)
def sign_objection_by_code(
    desk: Desk, pool: int, milestone: int, out: Path, *, until: ask.Until, code_file: ask.CodeFile = None
) -> None:
    """As sign-objection, with the gifts of a receipt code; it takes no account."""
    hand = ask.receipt_hand(code_file)
    judged = desk.view(desk.ledger.judgement, "milestoneOf", pool, milestone)
    mine = receipts_of(desk.ledger, bytes.fromhex(hand.address[2:]), pool)
    words = [receipt.words() for receipt in mine if receipt.start < judged["lineAtEvidence"]]
    if not words:
        raise RefusedError("This code gave nothing before the evidence came.")
    what = f"The code objects to milestone {milestone} of {desk.title(pool)}, with {len(words)} gifts."
    deadline = _begin(desk, out, until, [what])
    key, evidence = (pool, milestone), judged["evidence"]
    signed = signing.objection(desk.ledger, hand, key, evidence, deadline)
    handing.write(desk, out, "objection", (hand.address, *key, evidence, [], words, deadline, signed))


@action(donor.app, "sign-refund-entry", anybody=True)
def sign_refund_entry(
    desk: Desk, pool: int, to: str, out: Path, *, until: ask.Until, code_file: ask.CodeFile = None
) -> None:
    """As refund-entry, to be handed in by anyone; it takes no account."""
    fund, hand, receiver = desk.ledger.fund, ask.receipt_hand(code_file), typed.address(to)
    due, total = [], 0
    for receipt in receipts_of(desk.ledger, bytes.fromhex(hand.address[2:]), pool):
        before = desk.view(fund, "refundedOf", pool, receipt.start)
        rest = desk.view(fund, "unspentOf", pool, receipt.start, receipt.amount) - before
        if rest:
            due.append((receipt, before))
            total += rest
    if not due:
        raise RefusedError(f"This code has nothing unspent in {desk.title(pool)}, or it is paid back already.")
    what = f"{desk.token(pool).shown(total)} of {desk.title(pool)} go to {desk.who(receiver)}."
    deadline = _begin(desk, out, until, [what])
    signed = [
        (r.words(), receiver, deadline, signing.refund(desk.ledger, hand, r.batch, r.position, was, receiver, deadline))
        for r, was in due
    ]
    handing.write(desk, out, "refund", *signed)


@action(payouts.app, "sign-claim", anybody=True)
def sign_claim(
    desk: Desk,
    pool: int,
    milestone: int,
    to: str,
    out: Path,
    code_file: ask.CodeFile = None,
    nullifier: payouts.Nullifier = "",
) -> None:
    """As claim, to be handed in by anyone, who does not see the code; it takes no account."""
    typed.new_file(out)
    receiver = typed.address(to)
    amount, words = payouts.claim_of(desk, pool, milestone, ask.code(code_file), receiver, nullifier)
    money = desk.token(pool).shown(amount)
    desk.say(f"{money} of milestone {milestone} of {desk.title(pool)} go to {desk.who(receiver)}.")
    desk.say(f"Whoever has {out} can hand it in, but nobody can change who is paid.")
    desk.ask()
    handing.write(desk, out, "claim", (words,))


@action(payouts.app, "sign-bill", anybody=True)
def sign_bill(
    desk: Desk,
    voucher: Path,
    from_pool: str,
    bill: Path,
    provider: str,
    out: Path,
    *,
    until: ask.Until,
    own: Annotated[str, typer.Option("--own", help="your own part, which whoever hands it in pays for you")] = "0",
    code_file: ask.CodeFile = None,
) -> None:
    """Sign a bill with a voucher's code, to be handed in by anyone; it takes no account."""
    made, promised = voucher_of(voucher)
    token, receiver = desk.token(made.pool), typed.address(provider)
    part, rest = token.units(own, zero=True), token.units(from_pool)
    digest = typed.file_hash(bill)
    hand = vouchers.hand_of(desk.ledger, ask.code(code_file), made.pool, made.milestone)
    what = (
        f"{desk.who(receiver)} is paid {token.shown(rest)} by {desk.title(made.pool)} and {token.shown(part)} by "
        f"whoever hands it in, for the bill {bill.name}."
    )
    asked = vouchers.Bill(receiver, part, rest, digest, _begin(desk, out, until, [what]))
    signed = asked.sign(desk.ledger, hand, made)
    handing.write(desk, out, "bill", (made.words(), promised, asked.words(), signed))
