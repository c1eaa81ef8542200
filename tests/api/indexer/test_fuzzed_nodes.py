"""A node of which one answer is wrong in one place: nothing falls over, and a second node keeps the index true.

Each run changes one value, drawn by lot, in one of the node's answers; then the honest node goes on.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from api.errors import MoaError, OtherChainError
from api.indexer.chain import Node
from api.indexer.store import Store
from api.indexer.sync import Sync
from tests.api.indexer.conftest import catch_up
from tests.api.indexer.test_sync import content, play
from tests.api.stores import LONG
from tests.strange import StrangeNode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.settings import Deployment
    from tests.ledger import Ledger
    from tests.strange import Call, Reply

RUNS = 300 if LONG else 3
LAST = 60
"""Answers about calls of which one is changed, at most."""


class Change:
    """Changes one value of the answer to one call: which and how is drawn by lot."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311
        self._at = self._dice.randrange(LAST)
        self.done = "nothing"

    def __call__(self, call: Call, ask: Callable[[Call], Reply]) -> Reply:
        reply = ask(call)
        self._at -= 1
        if self._at == -1:
            reply = self._change(reply, call["method"])
        return reply

    def _change(self, value: Any, path: str) -> Any:
        dice = self._dice
        if isinstance(value, dict) and value:
            key = dice.choice(sorted(value))
            if dice.random() < 0.1:
                self.done = f"{path} without {key}"
                return {name: each for name, each in value.items() if name != key}
            return value | {key: self._change(value[key], f"{path}.{key}")}
        if isinstance(value, list) and value and dice.random() < 0.8:
            at = dice.randrange(len(value))
            return [*value[:at], self._change(value[at], f"{path}[{at}]"), *value[at + 1 :]]
        found = dice.choice(self._others(value))
        self.done = f"{path}: {str(value)[:80]!r} to {str(found)[:80]!r}"
        return found

    def _others(self, value: Any) -> list[Any]:
        anything: list[Any] = [
            None,
            "",
            "0x",
            "zz",
            7,
            -1,
            [],
            {},
            ["0x1"],
            "0x" + "f" * 70,
            "-0x1",
            "0x-1",
            True,
            1e300,
        ]
        if isinstance(value, list):
            return [*anything, value[1:], value[:-1], value + value[-1:], value[::-1]]
        if not isinstance(value, str) or len(value) < 3:
            return anything
        at = self._dice.randrange(2, len(value))
        digit = self._dice.choice("0123456789abcdef")
        return [*anything, value[:-1], value + "0", value[:2] + value[4:], value.upper(), *[
            f"{value[:at]}{digit}{value[at + 1 :]}"] * len(anything)]  # fmt: skip


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "with a second node"])
def test_one_wrong_value(alone: bool, ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    play(ledger)
    url = ledger.node.url
    peace = Store(tmp_path / "peace.db")
    catch_up(Sync(Node(url), peace, deployment))
    peace.close()
    truth = content(peace.where)
    dice = random.Random(None if LONG else 1)  # noqa: S311
    for _ in range(RUNS):
        seed = dice.randrange(2**32)
        change = Change(seed)
        liar = StrangeNode(url, change)
        store = Store(tmp_path / f"{seed}.db")
        try:
            for node in (liar.url, url):
                sync = Sync(Node(node), store, deployment, witness=None if alone else Node(url))
                try:
                    catch_up(sync)
                except MoaError as error:
                    told = error
                else:
                    told = None
                sync.close()
            # What the contracts' code is, no second node is asked.
            of_code = isinstance(told, OtherChainError) and "code of" in str(told)
            if not alone and not of_code:
                assert told is None, told
                assert content(store.where) == truth
        except Exception as error:
            error.add_note(f"seed {seed}: {change.done}")
            raise
        finally:
            store.close()
            liar.stop()
