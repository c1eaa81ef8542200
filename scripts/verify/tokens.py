"""What a token says of itself."""

from __future__ import annotations

from typing import Any

from .abi import name_of, text
from .node import Node, RefusedError
from .out import CannotCheckError

_SYMBOL, _NAME, _DECIMALS = "0x95d89b41", "0x06fdde03", "0x313ce567"


def tokens_of(node: Node, addresses: set[bytes], block: int) -> dict[bytes, dict[str, Any]]:
    """Return symbol, name and decimals of tokens; of one that does not say them nothing."""
    found = {}
    for address in sorted(addresses):
        asked = [
            ("eth_call", [{"to": "0x" + address.hex(), "data": d}, hex(block)]) for d in (_SYMBOL, _NAME, _DECIMALS)
        ]
        try:
            symbol, name, decimals = (bytes.fromhex(answer[2:]) for answer in node.many(asked))
        except (RefusedError, CannotCheckError, ValueError, TypeError):
            continue
        if len(decimals) == 32 and not any(decimals[:31]):
            found[address] = {"symbol": _text(symbol), "name": _text(name), "decimals": decimals[31]}
    return found


def _text(answer: bytes) -> str:
    """Return a string; some old tokens answer with 32 bytes."""
    if len(answer) == 32:
        return name_of(answer)
    length = int.from_bytes(answer[32:64])
    return text(answer[64 : 64 + length])
