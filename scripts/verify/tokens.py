"""What tokens say of themselves: at the block that is checked, and when they were accredited.

An index keeps what it heard when it met a token first; a token may call itself otherwise since.
"""

from __future__ import annotations

from .abi import name_of, text
from .forms import Either, Shape
from .node import AnsweredError, Node, RefusedError
from .out import Report

_SYMBOL, _NAME, _DECIMALS = "0x95d89b41", "0x06fdde03", "0x313ce567"


def tokens_of(node: Node, met: dict[bytes, int], block: int, report: Report) -> dict[bytes, Shape]:
    """Return symbol, name and decimals of tokens; of one that does not say them nothing, and that is noted.

    Args:
        node: Who is asked.
        met: In which block each token was accredited.
        block: At which they are asked.
        report: Hears which tokens do not answer.

    Raises:
        CannotCheckError: The node does not answer, which is not the token's fault.

    """
    found = {}
    for address, first in sorted(met.items()):
        try:
            now = _words(node, address, block)
            why = "its decimals are no such number"
        except AnsweredError as error:
            now, why = None, str(error)
        if now is None:
            what = f"the token 0x{address.hex()} does not say its symbol, name and decimals ({why})"
            report.note(f"{what}: what is shown of them is not compared")
            continue
        try:
            then = _words(node, address, first) or now
        except RefusedError:  # it forgets old state
            then = now
        found[address] = {name: _either(now[name], then[name]) for name in now}
    return found


def _words(node: Node, address: bytes, block: int) -> Shape | None:
    asked = [("eth_call", [{"to": "0x" + address.hex(), "data": d}, hex(block)]) for d in (_SYMBOL, _NAME, _DECIMALS)]
    symbol, name, decimals = map(node.hexed, node.many(asked))
    if len(decimals) != 32 or any(decimals[:31]):
        return None
    return {"symbol": _text(symbol), "name": _text(name), "decimals": decimals[31]}


def _either(now: str | int, then: str | int) -> str | int | Either:
    return now if now == then else Either((now, then))


def _text(answer: bytes) -> str:
    """Return a string; some old tokens answer with 32 bytes."""
    if len(answer) == 32:
        return name_of(answer)
    length = int.from_bytes(answer[32:64])
    return text(answer[64 : 64 + length])
