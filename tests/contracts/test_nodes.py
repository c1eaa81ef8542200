"""Both nodes keep the rules that the tests stand on: the clock, refusals with their values, Berlin, the size limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import looks
import pytest
from eth_abi import decode, encode
from refusals import reverts
from world import DAY, UNIT, World

if TYPE_CHECKING:
    from collections.abc import Iterator

PUSH0, BASEFEE, CHAINID = "0x5f", "0x48", "0x4660005260206000f3"


@pytest.fixture
def there(anywhere: World) -> Iterator[World]:
    """The world on either node, which forgets."""
    before = anywhere.node.rpc("evm_snapshot")
    yield anywhere
    anywhere.node.rpc("evm_revert", before)


def test_each_block_comes_one_second_later_and_time_moves_only_when_told(there: World) -> None:
    node, begin = there.node, there.node.now
    there.mint(there.donor1, UNIT)
    assert node.now == begin + 1
    node.wait(DAY)
    assert node.now == begin + 1 + DAY
    before = node.rpc("evm_snapshot")
    there.do(there.donor1, there.token, "approve", there.ngo, 1, at=begin + 5 * DAY)
    assert node.now == begin + 5 * DAY
    node.rpc("evm_revert", before)
    assert node.now == begin + 1 + DAY
    there.do(there.donor1, there.token, "approve", there.ngo, 1)
    assert node.now == begin + 2 + DAY


def test_a_view_sees_the_time_of_the_latest_block(there: World) -> None:
    there.node.wait(DAY)
    seen = there.node.rpc("eth_call", {"data": "0x4260005260206000f3"}, "latest")
    assert int(seen, 16) == there.node.now


def test_a_refused_call_says_why_and_stands_in_a_block(there: World) -> None:
    node, begin = there.node, there.node.now
    with reverts("NotAccepting", 999, 0):
        there.give(999, UNIT)
    assert node.now == begin + 1
    with reverts("UnknownPool", 999):
        there.see(there.fund, "milestoneOf", 999, 0)


def test_a_call_refused_without_a_word(there: World) -> None:
    with reverts(""):
        there.node.send_raw({"from": there.donor1, "data": "0x60006000fd"})
    with reverts(""):
        there.node.rpc("eth_call", {"data": "0x60006000fd"}, "latest")


def test_nobody_pays_for_gas(there: World) -> None:
    receipt = there.node.send_raw({"from": there.stranger, "to": there.ngo, "data": "0x"})
    assert int(receipt.get("effectiveGasPrice", "0x0"), 16) == 0


def test_the_fork_is_berlin_and_the_chain_is_1337(there: World) -> None:
    for later in (PUSH0, BASEFEE):
        with pytest.raises(RuntimeError, match=r"(?i)notactivated|invalid opcode"):
            there.node.rpc("eth_call", {"gas": "0x5f5e100", "data": later}, "latest")
    assert int(there.node.rpc("eth_call", {"data": CHAINID}, "latest"), 16) == 1337
    block = there.node.latest
    assert (int(block["gasLimit"], 16), block.get("baseFeePerGas")) == (100_000_000, None)


def test_code_of_more_than_24576_bytes_is_refused(there: World) -> None:
    there.node.send_raw({"from": there.donor1, "data": "0x6160006000f3"})
    with pytest.raises(RuntimeError, match=r"(?i)size"):
        there.node.send_raw({"from": there.donor1, "data": "0x6160016000f3"})


def test_looks_are_packed_as_the_abi_says(there: World) -> None:
    calls = [(there.fund, "poolCount"), (there.token, "balanceOf", there.donor1), (there.fund, "limitsOf", 1)]
    for some in (calls, calls[:1], []):
        asked = [call[0].data(*call[1:]) for call in some]
        packed = looks.pack(some)
        assert packed[4:] == encode(["address[]", "bytes[]"], [[call[0].address for call in some], asked])
        answers = [b"", b"a", b"b" * 32, b"c" * 65][: len(some) + 1]
        answer = encode(["bytes[]"], [answers])
        assert looks.unpack(answer) == list(decode(["bytes[]"], answer)[0]) == answers
