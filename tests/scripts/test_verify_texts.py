"""Texts of strangers: the verifier reads each as an index has it, or it would accuse an honest one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from api import events
from api.indexer.chain.hexed import text_of
from scripts.verify import abi, tables
from scripts.verify.node import Log, Node
from scripts.verify.out import CannotCheckError, Report
from scripts.verify.state import Member, State
from scripts.verify.tape import Place
from scripts.verify.tokens import tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.scripts.liars import Answer, Stage

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


class Token(Node):
    """A node on which every contract is a token of this symbol and name."""

    def __init__(self, symbol: bytes, name: bytes) -> None:
        super().__init__("http://127.0.0.1:1")
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
    assert abi.name_of(word) == Member(word, 1, bytes(32), "", Place(0, 0, b"", 0)).text == name
    log = Log(1, 0, bytes(32), 0, bytes(20), [], b"", bytes(32))
    values = {"account": bytes(20), "kind": 1, "name": word, "detailsHash": bytes(32), "detailsURI": ""}
    made = tables.row_of(log, "Accredited", values, State(0))
    assert made is not None
    assert made[1][3] == name


@pytest.mark.parametrize("kind", TEXTS)
def test_a_token_s_words(kind: str) -> None:
    for answer in (packed(TEXTS[kind]), TEXTS[kind][:32].ljust(32, b"\0"), packed(TEXTS[kind])[:70]):
        [found] = tokens_of(Token(answer, answer), {bytes(20): 1}, 1, Report()).values()
        assert found == {"symbol": text_of(answer), "name": text_of(answer), "decimals": 6}


# ------------------------------------------------------------------------------------------ tokens that change or fail


@pytest.fixture
def asked(stage: Stage) -> Iterator[Callable[[Callable[[list[Any], bytes], bytes | Answer]], Report]]:
    """Check the bundle; the node is asked for a token's words, and something else is said."""

    def check(say: Callable[[list[Any], bytes], bytes | Answer]) -> Report:
        def lie(_path: str, asked: bytes, true: bytes) -> bytes | Answer:
            return say(json.loads(asked), true) if b"0x95d89b41" in asked else true

        stage.node_wire.lie = lie
        made = stage.check("--bundle", str(stage.bundle), "--sample", "0")
        made.run()
        return made.report

    yield check
    stage.node_wire.lie = lambda _path, _asked, true: true


def test_a_node_that_fails_while_a_token_is_asked(asked: Callable[..., Report]) -> None:
    for broken in ((502, b"no"), (200, b"<html>"), (200, b'{"jsonrpc": "2.0", "id": 0}')):
        with pytest.raises(CannotCheckError):
            asked(lambda _calls, _true, broken=broken: broken)


def test_a_token_that_calls_itself_otherwise_by_now(stage: Stage, asked: Callable[..., Report]) -> None:
    head = hex(stage.ledger.w3.eth.block_number)

    def renamed(calls: list[Any], true: bytes) -> bytes:
        answers = json.loads(true)
        if always or calls[0]["params"][1] == head:
            answers[0]["result"] = "0x" + packed(b"NEW").hex()
        return json.dumps(answers).encode()

    always = False
    assert asked(renamed).lines == []
    always = True  # it never called itself so
    [line] = asked(renamed).lines
    assert line.endswith("symbol: bundle: MUSD; chain: NEW")


def test_a_token_that_says_nothing_is_no_difference(asked: Callable[..., Report]) -> None:
    def reverted(calls: list[Any], _true: bytes) -> bytes:
        error = {"code": 3, "message": "execution reverted"}
        return json.dumps([{"jsonrpc": "2.0", "id": call["id"], "error": error} for call in calls]).encode()

    report = asked(reverted)
    assert report.lines == []
    assert any("does not say its symbol" in note for note in report.notes)
