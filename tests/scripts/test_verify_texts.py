"""Texts of strangers: the verifier reads each as an index has it, or it would accuse an honest one."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from api import events
from api.indexer.chain.hexed import text_of
from scripts.verify import abi, tables
from scripts.verify.node import Log
from scripts.verify.state import Member, State
from scripts.verify.tokens import tokens_of

if TYPE_CHECKING:
    from scripts.verify.node import Node

TEXTS = {
    "NUL": b"A\0B",
    "NUL at the end": b"A\0",
    "no UTF-8": b"\xff\xfe\xc3",
    "a lone surrogate": b"\xed\xa0\x80",
    "half a sign": b"\xf0\x9f\x98",
    "NUL in too many bytes": b"\xc0\x80",
    "a byte order mark": b"\xef\xbb\xbfA",
    "lines": b"a\r\nb\xe2\x80\xa8c\xc2\x85d",
    "nothing": b"",
    "10 kB": b"\xc3\xa9\0" * 3_400,
}


def packed(data: bytes) -> bytes:
    """Return a string as a contract answers it."""
    return (32).to_bytes(32) + len(data).to_bytes(32) + data + bytes(-len(data) % 32)


class Token:
    """A node on which every contract is a token of this symbol and name."""

    def __init__(self, symbol: bytes, name: bytes) -> None:
        self._answers = [symbol, name, (6).to_bytes(32)]

    def many(self, _calls: object) -> list[str]:
        return ["0x" + answer.hex() for answer in self._answers]


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_in_an_event(kind: str) -> None:
    [event] = [each for each in abi.events_of("Judgement").values() if each.name == "EvidenceSubmitted"]
    data = bytes(64) + (128).to_bytes(32) + bytes(32) + packed(TEXTS[kind])[32:]
    mine = event.decode([event.topic, *[bytes(32)] * 3], data)
    theirs = events.find("Judgement", event.topic).decode(event.topic + bytes(96), data)
    assert mine["uri"] == theirs["uri"] == events.text(TEXTS[kind])


@pytest.mark.parametrize("kind", TEXTS)
def test_a_name_in_a_word(kind: str) -> None:
    word = TEXTS[kind][:31].ljust(32, b"\0")
    name = events.text(word.rstrip(b"\0"))
    assert abi.name_of(word) == Member(word, 1, bytes(32)).text == name
    log = Log(1, 0, bytes(32), 0, bytes(20), [], b"", bytes(32))
    values = {"account": bytes(20), "kind": 1, "name": word, "detailsHash": bytes(32), "detailsURI": ""}
    made = tables.row_of(log, "Accredited", values, State(0))
    assert made is not None
    assert made[1][3] == name


@pytest.mark.parametrize("kind", TEXTS)
def test_a_token_s_words(kind: str) -> None:
    for answer in (packed(TEXTS[kind]), TEXTS[kind][:32].ljust(32, b"\0"), packed(TEXTS[kind])[:70]):
        node = cast("Node", Token(answer, answer))
        [found] = tokens_of(node, {bytes(20)}, 1).values()
        assert found == {"symbol": text_of(answer), "name": text_of(answer), "decimals": 6}
