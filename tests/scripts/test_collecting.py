"""The keeper's calls: never more than a block takes, and the pledges of a pool together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from scripts import collecting

MEASURED = 49_700
"""Gas of a pledge among a hundred (tests/contracts/gas_pledges.json)."""


def cut(limit: int, found: list[tuple[int, int]]) -> list[list[int]]:
    node: Any = SimpleNamespace(call=lambda *_: {"gasLimit": hex(limit)})
    ledger: Any = SimpleNamespace(node=node)
    return list(collecting.calls(ledger, found))


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [(100_000_000, [100, 100, 50]), (9_000_000, [100, 100, 50]), (4_700_000, [52, 52, 52, 52, 42]), (1, [1] * 250)],
)
def test_no_call_is_more_than_a_block_takes(limit: int, sizes: list[int]) -> None:
    parts = cut(limit, [(1, number) for number in range(250)])
    assert [len(part) for part in parts] == sizes
    assert [number for part in parts for number in part] == list(range(250))
    assert limit == 1 or all(len(part) * MEASURED < limit for part in parts)


def test_many_pools_are_more_than_one() -> None:
    assert [len(part) for part in cut(30_000_000, [(number, number) for number in range(1, 121)])] == [48, 48, 24]
    assert not cut(30_000_000, [])
