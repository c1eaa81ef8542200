"""What a donor does: gives, objects, gets back. With a wallet, or with the code of a receipt."""

from __future__ import annotations

from scripts import signing
from scripts.commands import ask, typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk, RefusedError
from scripts.entries import gifts_of, receipts_of

app = role("A donor, with a wallet or with a receipt's code.")
HANDED_IN_WITHIN = 3_600
"""Seconds that a signature which is handed in at once is good for."""


@action(app, "give")
def give(desk: Desk, pool: int, amount: str) -> None:
    """Give to a pool."""
    token = desk.token(pool)
    units = token.units(amount)
    ngo = desk.who(desk.view(desk.ledger.fund, "poolOf", pool)["ngo"])
    desk.do(
        [f"You give {token.shown(units)} to {desk.title(pool)} of {ngo}."],
        "A gift cannot be taken back. What is not spent when the pool is over comes back to you.",
        desk.ledger.fund,
        "contribute",
        pool,
        units,
        allow=(token, units),
    )


@action(app, "refund")
def refund(desk: Desk, pool: int, to: ask.To = "") -> None:
    """Get back what is unspent of all that your wallet gave to a pool that is over."""
    fund, receiver = desk.ledger.fund, typed.address(to) if to else desk.account
    due = []
    for start, amount in gifts_of(desk.ledger, desk.account, pool):
        unspent = desk.view(fund, "unspentOf", pool, start, amount)
        if rest := unspent - desk.view(fund, "refundedOf", pool, start):
            due.append((start, rest))
    if not due:
        raise RefusedError(f"Nothing of yours is unspent in {desk.title(pool)}, or it is paid back already.")
    for start, rest in due:
        money, place = desk.token(pool).shown(rest), f"your gift at {start} of {desk.title(pool)}"
        what = f"You get back {money}, paid to {desk.who(receiver)}: {place}."
        desk.do([what], "It is paid once.", fund, "refund", pool, start, receiver)


@action(app, "refund-entry")
def refund_entry(desk: Desk, pool: int, to: ask.To = "", code_file: ask.CodeFile = None) -> None:
    """Get back what is unspent of the gifts of a receipt code, from a pool that is over."""
    fund, hand = desk.ledger.fund, ask.receipt_hand(code_file)
    receiver = typed.address(to) if to else desk.account
    found = 0
    for receipt in receipts_of(desk.ledger, bytes.fromhex(hand.address[2:]), pool):
        unspent = desk.view(fund, "unspentOf", pool, receipt.start, receipt.amount)
        before = desk.view(fund, "refundedOf", pool, receipt.start)
        if rest := unspent - before:
            found += 1
            deadline = desk.now + HANDED_IN_WITHIN
            signed = signing.refund(desk.ledger, hand, receipt.batch, receipt.position, before, receiver, deadline)
            money, place = desk.token(pool).shown(rest), f"the receipt at {receipt.start} of {desk.title(pool)}"
            what = f"{money} of {place} go to {desk.who(receiver)}."
            said = receipt.words(), receiver, deadline, signed
            desk.do([what], "It is paid once.", fund, "refundEntry", *said)
    if not found:
        raise RefusedError(f"This code has nothing unspent in {desk.title(pool)}, or it is paid back already.")


@action(app, "object")
def object_(desk: Desk, pool: int, milestone: int) -> None:
    """Say no to an approved milestone, with all that your wallet gave before its evidence came."""
    judged = desk.view(desk.ledger.judgement, "milestoneOf", pool, milestone)
    mine = [g for g in gifts_of(desk.ledger, desk.account, pool) if g[0] < judged["lineAtEvidence"]]
    starts = [s for s, _ in mine if not desk.view(desk.ledger.judgement, "hasObjected", pool, milestone, s)]
    if not starts:
        raise RefusedError("Your wallet gave nothing before the evidence came with which you have not objected.")
    desk.do(
        [_objection(desk, pool, milestone, sum(a for s, a in mine if s in starts))],
        "You cannot take it back.",
        desk.ledger.judgement,
        "object",
        pool,
        milestone,
        judged["evidence"],
        starts,
    )


@action(app, "object-by-code")
def object_by_code(desk: Desk, pool: int, milestone: int, code_file: ask.CodeFile = None) -> None:
    """As object, with the gifts of a receipt code; your account only hands it in."""
    judgement, hand = desk.ledger.judgement, ask.receipt_hand(code_file)
    judged = desk.view(judgement, "milestoneOf", pool, milestone)
    mine = [
        r
        for r in receipts_of(desk.ledger, bytes.fromhex(hand.address[2:]), pool)
        if r.start < judged["lineAtEvidence"] and not desk.view(judgement, "hasObjected", pool, milestone, r.start)
    ]
    if not mine:
        raise RefusedError("This code gave nothing before the evidence came with which it has not objected.")
    deadline = desk.now + HANDED_IN_WITHIN
    signed = signing.objection(desk.ledger, hand, (pool, milestone), judged["evidence"], deadline)
    words = [r.words() for r in mine]
    desk.do(
        [_objection(desk, pool, milestone, sum(r.amount for r in mine))],
        "It cannot be taken back.",
        judgement,
        "objectBySignature",
        *(hand.address, pool, milestone, judged["evidence"], [], words, deadline, signed),
    )


def _objection(desk: Desk, pool: int, milestone: int, weight: int) -> str:
    judged = desk.view(desk.ledger.judgement, "milestoneOf", pool, milestone)
    limit = desk.view(desk.ledger.judgement, "panelOf", pool)["objectionThreshold"]
    token = desk.token(pool)
    line = judged["lineAtEvidence"] * limit // 10_000
    return (
        f"An objection to milestone {milestone} of {desk.title(pool)}, with the weight of {token.shown(weight)}. "
        f"With {token.shown(judged['objected'] + weight)} in all; more than {token.shown(line)} dispute it."
    )
