"""What a gateway does: mints for deposits, records batches, and takes back what its donors did not claim."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from scripts import gifts, receipts
from scripts.commands import ask, typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk, RefusedError
from scripts.commands.typed import TypedError
from scripts.ledger import topic_of
from scripts.lines import FileError
from scripts.recorder import Column, Recorder, column, plan
from scripts.roles import GATEWAY

Secret = Annotated[Path, typer.Option("--secret", help="the file with your secret, which makes receipt codes")]
app = role("A payment gateway: mobile money, cards, a bank.")


@action(app, "mint")
def mint(desk: Desk, to: str, amount: str, reference: str) -> None:
    """Mint tokens for a deposit that you hold, named by your reference, which works once."""
    token, receiver = desk.money, typed.address(to)
    units = token.units(amount)
    if not reference.strip():
        raise TypedError("Name the deposit that you mint for: its reference is empty.")
    digest = hashlib.sha256(reference.encode()).digest()
    desk.do(
        [f"You mint {token.shown(units)} to {desk.who(receiver)}, for your deposit {reference} (0x{digest.hex()})."],
        "It is public under your name, and cannot be taken back. You must hold that money.",
        token.contract,
        "mint",
        *(receiver, units, digest),
    )


@action(app, "record")
def record(
    desk: Desk,
    file: Path,
    secret: Secret,
    zone: Annotated[str, typer.Option("--zone", help="time zone of times that name none")] = "",
) -> None:
    """Record those of a file's gifts (donated_at, pool by number, donor, amount_usd) that are not recorded yet."""
    try:
        found = gifts.read(file, desk.now, zone or None)
    except FileError as error:
        raise TypedError(str(error)) from None
    if found.refused:
        first = found.refused[0]
        raise TypedError(f"{file}, line {first.line}: {first.reason}. Nothing was recorded.")
    keys = {pool: desk.view(desk.ledger.fund, "poolOf", pool)["descriptionHash"] for pool in _pools(desk, found)}
    if not desk.view(desk.ledger.consortium, "hasRole", GATEWAY, desk.account)[0]:
        raise RefusedError(f"{desk.account} is not GATEWAY, who alone may record. Ask the registrar.")
    recorder = Recorder(desk.ledger, desk.account)
    known = _secret(secret, there=len(recorder.there().pools))
    key = known or receipts.new_secret()
    wanted = _column(found, key)
    batches = plan(wanted, recorder.there(), keys)
    new = sum(batch.count for batch in batches)
    desk.say(f"{new} of {len(found.times)} gifts are new: {desk.money.shown(sum(b.amount for b in batches))}.")
    if new:
        desk.say(f"What you lack of that is minted to you, and {len(batches)} batches are recorded under your name.")
        if not known:
            desk.say(f"A new secret is made in {secret}. Without it no code can be made again: keep it safe.")
        desk.ask()
        if not known:
            _keep(secret, key)
        desk.say(f"Recorded {recorder.record(wanted, keys, lambda _: None, lambda _: None)} gifts.")


def _secret(path: Path, *, there: int) -> bytes | None:
    """Return the secret of a file; nothing if there is none, and none is needed yet."""
    try:
        found = receipts.read_secret(path)
    except OSError as error:
        raise TypedError(f"The secret {path} cannot be read: {error.strerror or error}.") from error
    except receipts.SecretError as error:
        raise TypedError(str(error)) from None
    if found is None:
        if there:
            raise TypedError(
                f"There is no secret {path}, and {there} gifts that you recorded with one are on the ledger: "
                "with a new one they would be recorded again."
            )
        if not path.parent.is_dir():
            raise TypedError(f"There is no folder {path.parent}.")
    return found


def _keep(path: Path, key: bytes) -> None:
    try:
        receipts.keep_secret(path, key)
    except OSError as error:
        raise TypedError(f"The secret {path} cannot be written: {error.strerror or error}.") from error


def _pools(desk: Desk, found: gifts.Gifts) -> list[int]:
    for title in found.titles:
        if not (title.isascii() and title.isdigit() and len(title) < 10):
            raise TypedError(f"{title!r} is not the number of a pool.")
        what = desk.title(int(title))
        if desk.now > desk.view(desk.ledger.fund, "poolOf", int(title))["acceptsUntil"]:
            raise RefusedError(f"{what} takes no gifts: it is paused or over. Nothing was recorded.")
    return [int(title) for title in found.titles]


def _column(found: gifts.Gifts, secret: bytes) -> Column:
    ids = b"".join(receipts.donor_id(secret, name) for name in found.names)
    donors = np.frombuffer(ids, dtype=np.uint8).reshape(-1, 20)
    numbers = np.array([int(title) for title in found.titles], dtype=np.int64)
    which, whose, times, amounts = (
        np.frombuffer(a, dtype=np.int64) for a in (found.pools, found.donors, found.times, found.amounts)
    )
    return column(numbers[which], donors[whose], times, amounts)


@action(app, "refund-batch")
def refund_batch(desk: Desk, pool: int, to: ask.To = "") -> None:
    """Take what the donors of your batches have not claimed 30 days after a pool's end, to pay it back in fiat."""
    fund, receiver = desk.ledger.fund, typed.address(to) if to else desk.account
    wanted = "0x" + pool.to_bytes(32, "big").hex(), None, topic_of(desk.account)
    done = 0
    for told in desk.ledger.events(fund, "BatchRecorded", *wanted):
        batch = desk.view(fund, "batchOf", told["batch"])
        rest = desk.view(fund, "unspentOf", pool, batch["start"], batch["amount"]) - batch["refunded"]
        if rest:
            done += 1
            money, place = desk.token(pool).shown(rest), f"your batch at {batch['start']} of {desk.title(pool)}"
            what = f"{money} of {place} go to {desk.who(receiver)}."
            final = "From then on its donors claim from you, not from the ledger: you owe them this."
            desk.do([what], final, fund, "refundBatch", told["gatewayReference"], receiver)
    if not done:
        raise RefusedError(f"No batch of yours has anything unclaimed in {desk.title(pool)}.")
