"""What somebody signed without sending it: the file that carries it, and what it does when anyone hands it in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scripts.commands import typed
from scripts.commands.refusals import moment
from scripts.commands.typed import TypedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from scripts.commands.desk import Desk, Token

PERIODS = ("day", "week", "month")


@dataclass(frozen=True)
class Kind:
    """One kind of signed word: the call that it is for, what that does in words, and what its bearer pays for it."""

    contract: str
    function: str
    words: Callable[..., str]
    pays: Callable[..., tuple[Token, int] | None] = lambda *_: None


def _attestation(desk: Desk, attestor: str, pool: int, milestone: int, evidence: bytes, *rest: Any) -> str:
    word = "YES" if rest[0] else "NO"
    what = f"0x{evidence.hex()}, for milestone {milestone} of {desk.title(pool)}"
    return f"{desk.who(attestor)} says {word} to {what}."


def _gift(desk: Desk, pool: int, gift: Any) -> str:
    return f"{desk.who(gift[0])} gives {desk.token(pool).shown(gift[1])} to {desk.title(pool)}."


def _pledge(desk: Desk, donor: str, terms: Any, *_: Any) -> str:
    pool, amount, period, first, last, times, cap, replaces = terms
    token = desk.token(pool)
    ends = f" until {moment(last)}" * bool(last) + f", {times} times" * bool(times)
    instead = f", in place of its pledge {replaces}" * bool(replaces)
    return (
        f"{desk.who(donor)} pledges {token.shown(amount)} a {PERIODS[period]} to {desk.title(pool)}, first on "
        f"{moment(first)}{ends}, at most {token.shown(cap)} in all{instead}."
    )


def _objection(desk: Desk, donor: str, pool: int, milestone: int, *rest: Any) -> str:
    gifts = len(rest[1]) + len(rest[2])
    return f"{desk.who(donor)} objects to milestone {milestone} of {desk.title(pool)}, with {gifts} of its gifts."


def _refund(desk: Desk, receipt: Any, to: str, *_: Any) -> str:
    batch = desk.view(desk.ledger.fund, "batchOf", receipt[0])
    return f"What is unspent of the receipt at {receipt[2]} of {desk.title(batch['pool'])} goes to {desk.who(to)}."


def _claim(desk: Desk, claim: Any) -> str:
    money = desk.token(claim[0]).shown(claim[4])
    return f"{money} of milestone {claim[1]} of {desk.title(claim[0])} go to {desk.who(claim[6])}."


def _bill(desk: Desk, voucher: Any, _: bytes, bill: Any, *__: Any) -> str:
    token = desk.token(voucher[0])
    return (
        f"{desk.who(bill[0])} is paid {token.shown(bill[2])} by {desk.title(voucher[0])} and {token.shown(bill[1])} by "
        f"you, for the bill with the hash 0x{bill[3].hex()}."
    )


def _own_part(desk: Desk, voucher: Any, _: bytes, bill: Any, *__: Any) -> tuple[Token, int] | None:
    return (desk.token(voucher[0]), bill[1]) if bill[1] else None


KINDS = {
    "attestation": Kind("Judgement", "attestBySignature", _attestation),
    "gift": Kind("PooledFund", "contributeWithAuthorization", _gift),
    "pledge": Kind("PledgeBook", "pledgeBySignature", _pledge),
    "objection": Kind("Judgement", "objectBySignature", _objection),
    "refund": Kind("PooledFund", "refundEntry", _refund),
    "claim": Kind("PayoutBook", "claim", _claim),
    "bill": Kind("VoucherBook", "redeem", _bill, _own_part),
}


def write(desk: Desk, out: Path, kind: str, *signed: tuple[Any, ...]) -> None:
    """Write what was signed into a new file, if the ledger would take it now."""
    known = KINDS[kind]
    for arguments in signed:
        desk.would(desk.ledger.contracts[known.contract], known.function, *arguments)
    address = desk.ledger.contracts[known.contract].address
    made = {"signed": kind, "for": address, "chain": desk.ledger.deployment.chain_id}
    typed.write_new(out, json.dumps(made | {"arguments": _plain(signed)}, indent=1) + "\n")
    desk.say(f"It is in {out}. Anyone can hand it in: keeper hand-in.")


def read(desk: Desk, path: Path) -> tuple[str, list[tuple[Any, ...]]]:
    """Read such a file: the kind, and the arguments of each call."""
    found = typed.parsed(path, "something signed")
    if not isinstance(found, dict) or found.get("signed") not in list(KINDS):
        raise TypedError(f"{path} is not something signed. It could be: {', '.join(KINDS)}.")
    known = KINDS[found["signed"]]
    contract = desk.ledger.contracts[known.contract]
    if (found.get("for"), found.get("chain")) != (contract.address, desk.ledger.deployment.chain_id):
        raise TypedError(f"{path} was signed for another ledger, or for something else.")
    inputs = contract.functions[known.function]["inputs"]
    try:
        calls = [_read(inputs, each) for each in found["arguments"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f": {error}" if isinstance(error, TypedError) else "."
        raise TypedError(f"{path} is damaged{why}") from None
    if not calls:
        raise TypedError(f"{path} is damaged.")
    return found["signed"], calls


def hand_in(desk: Desk, path: Path) -> None:
    """Do what a file says that somebody signed."""
    kind, calls = read(desk, path)
    known = KINDS[kind]
    for arguments in calls:
        what = [known.words(desk, *arguments)]
        contract, pays = desk.ledger.contracts[known.contract], known.pays(desk, *arguments)
        desk.do(what, "It cannot be taken back.", contract, known.function, *arguments, allow=pays)


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _read(entries: Iterable[dict[str, Any]], values: Any) -> tuple[Any, ...]:
    return tuple(_value(entry, value) for entry, value in zip(entries, values, strict=True))


def _value(entry: dict[str, Any], value: Any) -> Any:
    kind: str = entry["type"]
    if kind.endswith("]"):
        return [_value(entry | {"type": kind[: kind.rindex("[")]}, each) for each in value]
    if kind == "tuple":
        return _read(entry["components"], value)
    if kind == "address":
        return typed.address(value)
    if kind.startswith("bytes"):
        made = bytes.fromhex(value.removeprefix("0x"))
        if kind != "bytes" and len(made) != int(kind[5:]):
            raise ValueError(kind)
        return made
    if not isinstance(value, bool if kind == "bool" else int) or (kind != "bool" and isinstance(value, bool)):
        raise TypeError(kind)
    return value
