"""Payout rounds: the NGO that seals a list, the beneficiary or agent who is paid."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts import codes
from scripts.commands import ask, ngo, typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk, RefusedError
from scripts.commands.refusals import sentence
from scripts.commands.typed import TypedError
from scripts.ledger import LedgerError
from scripts.rounds import round_of, sealed

app = role("A beneficiary, or the field agent who pays out cash, with one-time codes.")
Nullifier = Annotated[str, typer.Option("--nullifier", metavar="HASH", help="in a pool with a cap: who you are")]
Window = Annotated[str, typer.Option("--window", help="how long claims are taken after the release")]
CODES_COLUMNS = ("who", "amount", "code", "nullifier")


@action(ngo.app, "seal-payout")
def seal_payout(desk: Desk, pool: int, milestone: int, people: Path, out: Path, *, window: Window = "30 d") -> None:
    """Make a one-time code for each line of a list (CSV: who, amount[, nullifier]), and seal the round with them.

    The codes are written to OUT, which only you may read: hand each to its person and then delete the file.
    """
    token, span = desk.token(pool), typed.span(window)
    typed.new_file(out)
    where = round_of(desk.ledger, pool, milestone)
    capped = where.capped
    found, rows = [], []
    for line, person in _lines(people, ("who", "amount")):
        try:
            amount = token.units(person["amount"])
            nullifier = typed.digest(person.get("nullifier") or "") if capped else codes.NONE
        except TypedError as error:
            raise TypedError(f"{people.name}, line {line}: {error}") from None
        code = codes.new_code()
        rows.append(codes.row_of(codes.claim_key(code, where), amount, nullifier))
        found.append((person["who"], person["amount"], code, "0x" + nullifier.hex() if capped else ""))
    total = sum(int.from_bytes(row[24:], "big") for row in rows)
    text = io.StringIO()
    csv.writer(text).writerows([CODES_COLUMNS, *found])
    desk.say(f"The codes of {len(found)} people are written to {out}.")
    try:
        desk.do(
            [
                f"You seal the list of milestone {milestone} of {desk.title(pool)}: {len(rows)} people, "
                f"{token.shown(total)}.",
                f"After the release each can claim for {span / 86_400:g} days; the rest goes back to the pool.",
            ],
            "The list can be replaced until evidence is submitted; its codes are of no use then.",
            desk.ledger.payouts,
            "seal",
            *(pool, milestone, b"".join(rows), span),
            first=lambda: typed.write_new(out, text.getvalue()),
        )
    except (RefusedError, LedgerError):
        # It was refused for certain. If the node was lost instead, the list may be sealed with these codes.
        out.unlink(missing_ok=True)
        raise


def _lines(path: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, Any]]]:
    try:
        text = typed.contents(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TypedError(f"{path} is not UTF-8 text.") from None
    reader = csv.DictReader(io.StringIO(text), restval="")
    if missing := [name for name in needed if name not in (reader.fieldnames or [])]:
        raise TypedError(f"{path} has no column {missing[0]!r}. Its first line names them: {', '.join(needed)}.")
    found = [(reader.line_num, row) for row in reader]
    if not found:
        raise TypedError(f"{path} has no lines.")
    for line, row in found:
        if None in row:
            raise TypedError(f"{path.name}, line {line}: there are more fields than columns.")
    return found


def claim_of(desk: Desk, pool: int, milestone: int, code: str, to: str, nullifier: str) -> tuple[int, tuple[Any, ...]]:
    """Return the amount of a code's row, and its claim."""
    who = typed.digest(nullifier) if nullifier else codes.NONE
    made = sealed(desk.ledger, round_of(desk.ledger, pool, milestone)).claim(code, to, who)
    return made.amount, tuple(made)


@action(app, "claim")
def claim(
    desk: Desk, pool: int, milestone: int, *, to: ask.To = "", code_file: ask.CodeFile = None, nullifier: Nullifier = ""
) -> None:
    """Be paid with a one-time code; an agent who pays cash names its own address."""
    receiver = typed.address(to) if to else desk.account
    amount, words = claim_of(desk, pool, milestone, ask.code(code_file), receiver, nullifier)
    money = desk.token(pool).shown(amount)
    desk.do(
        [f"{money} of milestone {milestone} of {desk.title(pool)} go to {desk.who(receiver)}."],
        "The code works once.",
        desk.ledger.payouts,
        "claim",
        words,
    )


@action(app, "claim-many")
def claim_many(desk: Desk, pool: int, milestone: int, file: Path, to: ask.To = "") -> None:
    """As claim, for a file of codes (CSV: code[, to, nullifier]); one that is refused stops no other."""
    claims = []
    for line, person in _lines(file, ("code",)):
        try:
            receiver = typed.address(person.get("to") or to or desk.account)
            code = codes.read_code(person["code"])
            claims.append(claim_of(desk, pool, milestone, code, receiver, person.get("nullifier") or ""))
        except (TypedError, RefusedError, codes.CodeError) as error:
            raise TypedError(f"{file.name}, line {line}: {error}") from None
    total = desk.token(pool).shown(sum(amount for amount, _ in claims))
    receipt = desk.do(
        [f"{len(claims)} codes of milestone {milestone} of {desk.title(pool)} are claimed: {total}."],
        "Each code works once.",
        desk.ledger.payouts,
        "claimMany",
        [words for _, words in claims],
    )
    book = desk.ledger.payouts
    for log in receipt["logs"]:
        if log["topics"][0] == book.topic("ClaimFailed"):
            failed = book.event("ClaimFailed", log)
            why = sentence(*desk.ledger.refusal("0x" + failed["reason"].hex()))
            desk.say(f"Row {failed['position']} was refused: {why}")
