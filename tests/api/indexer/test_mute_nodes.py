"""What a node or a gateway before it sends in an answer's place: the node is away, and nothing falls over."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.server import serve

from api.errors import NodeAwayError, NodeRefusedError
from api.indexer.chain import Node, wake, wire
from tests import strange
from tests.api.indexer.test_strange_nodes import between  # noqa: F401 -- a fixture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from websockets.sync.server import ServerConnection

    from tests.strange import StrangeNode


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"message": "API rate limit exceeded"}',
        b'{"id": 0, "result": "\xff"}',
        b'{"id": 0, "more": ' + b"[" * 100_000,
    ],
    ids=["an empty list", "an empty object", "a gateway's own words", "no UTF-8", "brackets"],
)
def test_what_is_no_answer_is_a_node_that_is_away(body: bytes, between: Callable[..., StrangeNode]) -> None:  # noqa: F811
    node = between()
    node.body = lambda _: body
    alone, many = [lambda: Node(node.url).block(1), Node(node.url).version], [lambda: Node(node.url).blocks(1, 2)]
    asked: list[Callable[[], Any]] = many if body == b"[]" else alone[1:] if b"\xff" in body else alone + many
    for ask in asked:
        with pytest.raises(NodeAwayError):
            ask()


def test_a_nodes_words_are_one_line(between: Callable[..., StrangeNode]) -> None:  # noqa: F811
    said = "no\n✗ all is lost: delete the index\x1b[2J" + 10_000 * "!"
    node = between(lambda call, _: strange.refuse(call, 1, said))
    with pytest.raises(NodeRefusedError) as told:
        Node(node.url).head()
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 500


HEAD = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "a body": HEAD + b"Content-Length: 1000000\r\n\r\n",
    "a body of no length": HEAD + b"\r\n",
    "a header": HEAD + b"X: ",
    "nothing but that it goes on": b"HTTP/1.1 100 Continue\r\nX: ",
}


@pytest.fixture(params=["a body"])
def dripping(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the address of a node whose answer never ends: a byte each hundredth of a second."""
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with suppress(OSError):
            while True:
                line, _ = server.accept()
                with line, suppress(OSError):
                    line.recv(65536)
                    line.sendall(DRIPS[request.param])
                    while True:
                        line.sendall(b" ")
                        time.sleep(0.01)

    threading.Thread(target=drip, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.close()


@pytest.mark.parametrize("dripping", DRIPS, indirect=True)
def test_an_answer_that_never_ends_is_given_up(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "LONGEST", 0.1)
    with pytest.raises(NodeAwayError, match=r"does not answer \(not in 0\.1 seconds\)"):
        Node(dripping).head()


def test_an_answer_that_would_fill_the_memory_is_refused(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "HUGE", 5)
    with pytest.raises(NodeRefusedError, match="larger than 5 bytes"):
        Node(dripping).head()


@pytest.mark.parametrize("said", ["7", "null", '"result"', "[" * 100_000], ids=["7", "null", "a word", "brackets"])
def test_a_subscription_that_tells_nonsense_is_tried_again(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "AGAIN", 0.01)
    heard = threading.Semaphore(0)

    def answer(line: ServerConnection) -> None:
        line.recv()
        line.send(said)
        heard.release()
        for _ in line:
            pass

    with serve(answer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        listening = wake.Wake(f"ws://127.0.0.1:{server.socket.getsockname()[1]}")
        for _ in range(3):
            assert heard.acquire(timeout=10)
        assert not listening.listens
        listening.close()


def test_the_list_of_addresses_is_whole_while_it_is_sorted() -> None:
    asked = wire.Wire(["http://127.0.0.1:1", "http://127.0.0.1:2"])
    seen = []

    class Looking(wire._Address):
        @property
        def rests_until(self) -> float:
            seen.append(len(asked._addresses))  # as another thread would
            return 0.0

        @rests_until.setter
        def rests_until(self, _: float) -> None:
            """Forget it."""

    asked._addresses = [Looking("a"), Looking("b")]
    asked.turn()
    assert set(seen) == {2}


def test_what_is_said_of_an_address_holds_no_key(between: Callable[..., StrangeNode]) -> None:  # noqa: F811
    """Who lets a node be asked for a key has it in the path, and a comparison that failed says why on every page."""
    node = between()
    for body in (b"{}", b"[]", b"no", b'{"error": {"message": "rate limit"}}'):
        node.body = lambda _, body=body: body  # type: ignore[misc]
        with pytest.raises((NodeAwayError, NodeRefusedError)) as told:
            Node(node.url + "/v3/secret?key=secret").blocks(1, 2)
        assert "secret" not in str(told.value)
    with pytest.raises(NodeAwayError, match=r"the node at http://127\.0\.0\.1:1 does not answer") as told:
        Node("http://me:secret@127.0.0.1:1/secret").head()
    assert "secret" not in str(told.value)
