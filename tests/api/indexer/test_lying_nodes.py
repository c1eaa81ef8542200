"""Nodes that answer from two chains at once, or leave out what they have: no row is wrong or lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.errors import (
    ForkedError,
    NodeRefusedError,
    OtherChainError,
    UnsteadyChainError,
)
from api.indexer import engines
from api.indexer.chain import Node
from api.indexer.sync import Sync
from tests import strange
from tests.api.indexer.conftest import catch_up
from tests.api.indexer.test_strange_nodes import between, store_kind, truth  # noqa: F401 -- fixtures
from tests.api.indexer.test_sync import content, play
from tests.ledger import USD, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.indexer.store import Store
    from api.settings import Deployment
    from tests.strange import Call, Reply, StrangeNode


def _answering(method: str, change: Callable[[Any, Call], Any]) -> strange.Quirk:
    """Another result of one method."""

    def quirk(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        reply = ask(call)
        return {**reply, "result": change(reply["result"], call)} if call["method"] == method else reply

    return quirk


@pytest.mark.parametrize(
    "number", ["-0x1", "0x" + "f" * 16, "0x" + "f" * 6_000], ids=["less than none", "64 bits", "long"]
)
def test_a_number_that_is_none_is_refused(number: str, between: Callable[..., StrangeNode]) -> None:  # noqa: F811
    node = between(_answering("eth_blockNumber", lambda _, __: number))
    with pytest.raises(NodeRefusedError, match="a number that is none"):
        Node(node.url).head()


# ------------------------------------------------------------------------------------------------ what is left out


def test_logs_and_receipts_that_are_left_out_are_missed(
    ledger: Ledger,
    between: Callable[..., StrangeNode],  # noqa: F811
    store: Store,
    deployment: Deployment,
    truth: Callable[[], Any],  # noqa: F811
) -> None:
    play(ledger)
    node = between(strange.change_logs(lambda _: []), _answering("eth_getTransactionReceipt", lambda *_: None))
    sync = Sync(Node(node.url), store, deployment)
    with pytest.raises(UnsteadyChainError, match="no receipt of a transaction of block"):
        catch_up(sync)
    node.quirks[:] = [_answering("eth_getLogs", lambda *_: None)]
    with pytest.raises(NodeRefusedError, match="no list of logs"):
        catch_up(sync)
    node.quirks.clear()
    catch_up(sync)
    assert content(store.where) == truth()


@pytest.mark.parametrize("bloom", ["0x" + "f" * 512, ""], ids=["crowded", "not told"])
def test_a_block_whose_filter_says_nothing_is_asked_for_by_its_hash(
    bloom: str,
    ledger: Ledger,
    between: Callable[..., StrangeNode],  # noqa: F811
    store: Store,
    deployment: Deployment,
    truth: Callable[[], Any],  # noqa: F811
) -> None:
    """The logs by number may be those of another chain, on which the block has none."""
    ledger.give(play(ledger), USD)
    last = hex(ledger.w3.eth.block_number)

    def other_chain(call: Call, ask: Callable[[Call], Reply]) -> Reply:
        reply = ask(call)
        if call["method"] == "eth_getLogs" and "blockHash" not in call["params"][0]:
            reply["result"] = [log for log in reply["result"] if log["blockNumber"] != last]
        return reply

    node = between(other_chain, _answering("eth_getBlockByNumber", lambda block, _: {**block, "logsBloom": bloom}))
    sync = Sync(Node(node.url), store, deployment)
    with pytest.raises(NodeRefusedError, match=f"left out logs of block {int(last, 16)}: asked by its hash"):
        catch_up(sync)
    node.quirks[:] = node.quirks[1:]
    catch_up(sync)
    assert content(store.where) == truth()


def test_a_deposit_that_is_left_out_is_missed(
    ledger: Ledger,
    between: Callable[..., StrangeNode],  # noqa: F811
    store: Store,
    deployment: Deployment,
) -> None:
    """Of the token only some events are asked for: its address alone says nothing."""
    ledger.send(ledger.token.functions.transfer(ledger.donors[0], 1), ledger.donors[1])
    ledger.send(ledger.token.functions.mint(ledger.payee, 5, b"5" * 32), ledger.gateway)
    block, token = ledger.w3.eth.block_number, ledger.token.address.lower()
    node = between(strange.change_logs(lambda logs: [log for log in logs if log["address"].lower() != token]))
    sync = Sync(Node(ledger.node.url), store, deployment)
    ledger.node.rpc("evm_mine")
    liar = Sync(Node(node.url), store, deployment)
    with pytest.raises(NodeRefusedError, match="left out logs of block"):
        catch_up(liar)
    asked = {call["params"][0] for call in node.asked if call["method"] == "eth_getBlockByHash"}
    transfers = ledger.w3.eth.get_block(block - 1)["hash"].hex()
    catch_up(sync)
    assert "0x" + transfers.removeprefix("0x") not in asked
    assert content(store.where)["deposits"][-1][-1] == 5


# --------------------------------------------------------------------------------------- several nodes as if one


@pytest.mark.parametrize("engine", [None, engines.Engine("Besu", 0)], ids=["Ganache", "Besu"])
def test_a_head_from_a_node_that_is_ahead_costs_no_row(
    engine: engines.Engine | None,
    ledger: Ledger,
    between: Callable[..., StrangeNode],  # noqa: F811
    store: Store,
    deployment: Deployment,
) -> None:
    """Behind one address there are two nodes: one tells the head, and the other has not got its block yet."""
    play(ledger)
    node = between()
    sync = Sync(Node(node.url), store, deployment, engine)
    catch_up(sync)
    before, head = content(store.where), ledger.w3.eth.block_number
    behind = _answering("eth_getBlockByNumber", lambda b, c: b if int(c["params"][0], 16) < head - 3 else None)
    node.quirks[:] = [behind]
    with pytest.raises(UnsteadyChainError, match=f"at block {head}, but has no block {head}"):
        sync.step()
    assert content(store.where) == before
    node.quirks[:] = [_answering("eth_blockNumber", lambda *_: hex(head - 3))]
    progress = sync.step()  # the other way round: nothing is behind, and the next look waits for its turn
    assert (progress.tip, progress.head, progress.rewound_to) == (head, head, None)
    assert content(store.where) == before


def test_a_first_block_that_is_not_told_is_no_other_chain(
    between: Callable[..., StrangeNode],  # noqa: F811
    store: Store,
    deployment: Deployment,
) -> None:
    node = between(_answering("eth_getBlockByNumber", lambda *_: None))
    with pytest.raises(NodeRefusedError, match="does not tell its block 0"):
        Sync(Node(node.url), store, deployment).check_chain()


def test_nothing_is_taken_from_an_address_whose_chain_was_not_checked(
    ledger: Ledger,
    between: Callable[..., StrangeNode],  # noqa: F811
    store: Store,
    deployment: Deployment,
) -> None:
    """The first address dies once its chain was checked; at the second one lies another chain."""
    play(ledger)
    other = between(
        _answering(
            "eth_getBlockByNumber", lambda b, c: {**b, "hash": "0x" + "3" * 64} if c["params"][0] == "0x0" else b
        )
    )
    first = between()
    first.status = lambda: 503 if any(call["method"] == "eth_blockNumber" for call in first.asked) else 200
    sync = Sync(Node(first.url, other.url), store, deployment)
    with pytest.raises(UnsteadyChainError, match="took over before the first block"):
        sync.step()
    with pytest.raises(OtherChainError, match="starts with another block"):
        sync.step()
    assert store.tip() is None


def test_a_second_node_is_asked_what_a_token_says(
    ledger: Ledger,
    between: Callable[..., StrangeNode],  # noqa: F811
    store: Store,
    deployment: Deployment,
    truth: Callable[[], Any],  # noqa: F811
) -> None:
    play(ledger)
    decimals = bytes.fromhex("313ce567")
    node = between(strange.change_views(decimals, lambda _: (2).to_bytes(32, "big")))
    sync = Sync(Node(node.url), store, deployment, witness=Node(ledger.node.url))
    with pytest.raises(ForkedError, match="disagree about the token 0x"):
        catch_up(sync)
    node.quirks.clear()
    catch_up(sync)
    assert content(store.where) == truth()


def test_a_second_node_that_goes_over_to_another_chain_is_heard(
    ledger: Ledger,
    between: Callable[..., StrangeNode],  # noqa: F811
    store: Store,
    deployment: Deployment,
) -> None:
    """The first node stays where it is: no new block of it will ever be asked about."""
    play(ledger)
    witness = between()
    sync = Sync(Node(ledger.node.url), store, deployment, witness=Node(witness.url))
    catch_up(sync)
    before, head = content(store.where), ledger.w3.eth.block_number
    witness.quirks[:] = [_answering("eth_getBlockByNumber", lambda block, _: {**block, "hash": "0x" + "4" * 64})]
    with pytest.raises(ForkedError, match=f"disagree about block {head} "):
        sync.step()
    witness.quirks[:] = [strange.lag(lambda: 2)]
    assert sync.step().rewound_to is None
    assert content(store.where) == before
