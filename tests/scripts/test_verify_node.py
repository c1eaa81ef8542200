"""The verifier's client of nodes that are strict, crowded or broken, by stand-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scripts.verify.node import Node, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable


class Empty(Node):
    """A node whose chain has no logs; it refuses the ranges that it is told to."""

    def __init__(self, refuses: Callable[[int, int], bool]) -> None:
        super().__init__("http://127.0.0.1:1")
        self.asked: list[tuple[int, int]] = []
        self._refuses = refuses

    def call(self, _method: str, *params: Any) -> Any:
        first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
        self.asked.append((first, last))
        assert len(self.asked) < 5_000, "it asks and asks"
        if self._refuses(first, last):
            raise RefusedError("too many")
        return []

    def read(self, last: int) -> int:
        """Read up to a block, each once; return how many questions it took."""
        ends = [end for end, _ in self.logs([bytes(20)], 0, last)]
        assert ends[-1] == last
        told = [span for span in self.asked if not self._refuses(*span)]
        assert [first for first, _ in told] == [0, *(end + 1 for end in ends[:-1])]
        return len(self.asked)


def test_ranges_grow_again_after_a_crowded_place() -> None:
    node = Empty(lambda first, last: first <= 5_000 <= last and last > first)
    assert node.read(10_000_000) < 250
    longest = max(last - first + 1 for first, last in node.asked)
    assert longest == 200_000


@pytest.mark.parametrize("most", [1, 7, 1_000])
def test_a_strict_node_is_seldom_asked_for_more_than_it_gives(most: int) -> None:
    node = Empty(lambda first, last: last - first >= most)
    node.read(1_000 * most)
    refused = [span for span in node.asked if span[1] - span[0] >= most]
    assert len(refused) < 15
    assert len(node.asked) < 1_000 * 2.1


class Told(Node):
    """A node that answers every question by its id, and many at once as it is told to."""

    def __init__(self, many: Callable[[list[dict[str, Any]]], Any]) -> None:
        super().__init__("http://127.0.0.1:1")
        self._many, self.requests = many, 0

    def _post(self, question: Any) -> Any:
        self.requests += 1
        return self._many(question) if isinstance(question, list) else answer_to(question)


def answer_to(question: dict[str, Any]) -> dict[str, Any]:
    """Answer with what was asked."""
    return {"jsonrpc": "2.0", "id": question["id"], "result": question["params"][0]}


def refuse(_asked: Any) -> Any:
    """As hosted nodes do: HTTP 413, 400 or 403."""
    raise RefusedError("the node answers HTTP 413")


@pytest.mark.parametrize(
    "many",
    [
        refuse,
        lambda _: {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "too many"}},
        lambda _: [{"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "too many"}}],
        lambda _: [],
        lambda _: None,
        lambda asked: [answer_to(each) for each in asked][::-1],
    ],
)
def test_who_refuses_many_questions_at_once_is_asked_one_by_one(many: Callable[..., Any]) -> None:
    node = Told(many)
    assert node.many([("eth_call", [str(i)]) for i in range(103)]) == [str(i) for i in range(103)]
    assert node.requests in (2, 105)
