"""Strict, slow and lying nodes: the index is right, or it waits and says why. A real node stands behind each."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from api.errors import (
    BrokenLineError,
    ForkedError,
    NodeAwayError,
    NodeBehindError,
    NodeRefusedError,
    OtherChainError,
    RangeRefusedError,
    UnknownLogError,
    UnsteadyChainError,
)
from api.indexer import agree, engines
from api.indexer.chain import Node, wire
from api.indexer.store import Store
from api.indexer.sync import Sync
from tests import strange
from tests.api.indexer.conftest import catch_up
from tests.api.indexer.test_sync import content, play
from tests.api.stores import SQLITE_BY_DAY
from tests.ledger import USD, Ledger, free_port
from tests.strange import StrangeNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from api.settings import Deployment


@pytest.fixture(params=SQLITE_BY_DAY)
def store_kind(request: pytest.FixtureRequest) -> str:
    """What the store is: what a node tells is the same to both."""
    return str(request.param)


@pytest.fixture
def between(ledger: Ledger) -> Iterator[Callable[..., StrangeNode]]:
    """Yield what puts a strange node before the real one."""
    made: list[StrangeNode] = []

    def make(*quirks: strange.Quirk) -> StrangeNode:
        made.append(StrangeNode(ledger.node.url, *quirks))
        return made[-1]

    yield make
    for node in made:
        node.stop()


@pytest.fixture
def truth(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> Callable[[], Any]:
    """Return what gives the rows of an index that was built in peace."""
    turns = iter(range(100))

    def build() -> Any:
        store = Store(tmp_path / f"peace {next(turns)}.db")
        catch_up(Sync(Node(ledger.node.url), store, deployment))
        store.close()
        return content(store.where)

    return build


def sync_of(store: Store, deployment: Deployment, *urls: str, **more: Any) -> Sync:
    return Sync(Node(*urls), store, deployment, **more)


QUIRKS: dict[str, strange.Quirk] = {
    "a range of 7 blocks": strange.range_limit(7),
    "one block at a time": strange.range_limit(1),
    "9 logs at a time": strange.result_limit(9),
    "long extraData and no tags": strange.proof_of_authority,
    "logs out of order": strange.change_logs(lambda logs: random.Random(4).sample(logs, len(logs))),  # noqa: S311
}


def by_day(names: Iterable[str], *long: str) -> list[Any]:
    """Return the names as parameters; what takes long and shows little more than its neighbours is for the long run."""
    return [pytest.param(name, marks=[pytest.mark.long] * (name in long)) for name in names]


@pytest.mark.parametrize("quirk", by_day(QUIRKS, "one block at a time"))
def test_a_strict_node_costs_nothing(
    quirk: str,
    ledger: Ledger,
    between: Callable[..., StrangeNode],
    store: Store,
    deployment: Deployment,
    truth: Callable[[], Any],
) -> None:
    play(ledger)
    catch_up(sync_of(store, deployment, between(QUIRKS[quirk]).url))
    assert content(store.where) == truth()


def test_answers_out_of_order_are_put_in_order(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment, truth: Callable[[], Any]
) -> None:
    import json

    play(ledger)
    node = between()

    def turned(body: bytes) -> bytes:
        found = json.loads(body)
        return json.dumps(found[::-1] if isinstance(found, list) else found).encode()

    node.body = turned
    catch_up(sync_of(store, deployment, node.url))
    assert content(store.where) == truth()


def test_a_line_that_is_cut_in_mid_answer_is_a_node_that_is_away(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment, truth: Callable[[], Any]
) -> None:
    play(ledger)
    node = between()
    sync = sync_of(store, deployment, node.url)
    for bytes_ in (1, 100, 2_000, 20_000):
        node.cut_after = bytes_
        with pytest.raises(NodeAwayError, match=r"does not answer|else than JSON-RPC"):
            catch_up(sync)
        assert store.tip() is None
    node.cut_after = None
    catch_up(sync)
    assert content(store.where) == truth()


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>busy</html>", NodeAwayError),
        (b"", NodeAwayError),
        (b'{"jsonrpc": "2.0", "id": 0, "result": 7}', NodeRefusedError),
        (b'{"jsonrpc": "2.0", "id": 0, "result": null}', NodeRefusedError),
        (b'{"jsonrpc": "2.0", "id": 0, "result": "0xzz"}', NodeRefusedError),
        (b'{"jsonrpc": "2.0", "id": 0, "error": {"code": 1, "message": "no"}}', NodeRefusedError),
        (b'{"jsonrpc": "2.0", "id": 0, "error": {"message": "asked too often: rate limit"}}', NodeAwayError),
        (b"[]", NodeRefusedError),
    ],
)
def test_nonsense_is_told_and_writes_nothing(
    body: bytes,
    error: type[Exception],
    between: Callable[..., StrangeNode],
    store: Store,
    deployment: Deployment,
) -> None:
    node = between()
    node.body = lambda _: body
    with pytest.raises(error):
        catch_up(sync_of(store, deployment, node.url))
    assert store.tip() is None


@pytest.mark.parametrize("status", [429, *(pytest.param(n, marks=pytest.mark.long) for n in (500, 502, 503))])
def test_a_busy_server_is_waited_for(
    status: int,
    ledger: Ledger,
    between: Callable[..., StrangeNode],
    store: Store,
    deployment: Deployment,
    truth: Callable[[], Any],
) -> None:
    play(ledger)
    node = between()
    turns = iter(range(10_000))
    node.status = lambda: status if (turn := next(turns)) < 10 or turn % 3 else 200
    heard: list[str] = []
    head = ledger.w3.eth.block_number

    def arrived() -> bool:
        tip = store.tip()
        return tip is not None and tip.number == head

    sync_of(store, deployment, node.url).follow(lambda _: None, 0.001, arrived, heard.append)
    assert any(str(status) in reason for reason in heard)
    assert content(store.where) == truth()


def test_a_node_that_hangs_is_a_node_that_is_away(
    between: Callable[..., StrangeNode], store: Store, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "TIMEOUT", 0.2)
    node = between()
    node.delay = 1.0
    with pytest.raises(NodeAwayError, match="TimeoutError"):
        catch_up(sync_of(store, deployment, node.url))


def test_too_large_an_answer_is_cut_off_and_less_is_asked_for(
    ledger: Ledger,
    between: Callable[..., StrangeNode],
    store: Store,
    deployment: Deployment,
    truth: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.indexer.chain.LARGEST", 6_000)
    play(ledger)
    node = between()
    catch_up(sync_of(store, deployment, node.url))
    spans = {
        int(c["params"][0]["toBlock"], 16) - int(c["params"][0]["fromBlock"], 16)
        for c in node.asked
        if c["method"] == "eth_getLogs"
    }
    assert min(spans) < 8
    assert content(store.where) == truth()


# ------------------------------------------------------------------------------------------------------------- lies


def test_logs_that_are_left_out_are_missed(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment, truth: Callable[[], Any]
) -> None:
    """Of a whole block: the header's filter knows. Of a part of the money: the line has a gap."""
    pool = play(ledger)
    ledger.give(pool, USD)
    ledger.give(pool, 2 * USD)
    [*_, one, _] = sorted({log["blockNumber"] for log in ledger.node.rpc("eth_getLogs", {"fromBlock": "0x0"})})
    node = between(strange.change_logs(lambda logs: [log for log in logs if log["blockNumber"] != one]))
    sync = sync_of(store, deployment, node.url)
    with pytest.raises(NodeRefusedError, match=f"left out logs of block {int(one, 16)}"):
        catch_up(sync)
    node.quirks.clear()
    catch_up(sync)
    assert content(store.where) == truth()


LIES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], type[Exception]]] = {
    "another block's hash": (lambda log: {**log, "blockHash": "0x" + "1" * 64}, UnsteadyChainError),
    "another block's number": (lambda log: {**log, "blockNumber": "0x2"}, UnsteadyChainError),
    "a topic too much": (lambda log: {**log, "topics": [*log["topics"], "0x" + "0" * 64]}, UnknownLogError),
    "half a topic": (lambda log: {**log, "topics": [log["topics"][0][:20]]}, NodeRefusedError),
    "short data": (lambda log: {**log, "data": log["data"][:-64]}, UnknownLogError),
    "no hex": (lambda log: {**log, "data": "0xzz"}, NodeRefusedError),
    "another's address": (lambda log: {**log, "address": "0x" + "9" * 40}, UnknownLogError),
    "a pending log": (lambda log: {**log, "blockNumber": None}, NodeRefusedError),
    "an index that runs into the next block": (lambda log: {**log, "logIndex": "0x100000"}, NodeRefusedError),
    "a number that no place can be made of": (lambda log: {**log, "blockNumber": hex(2**43)}, NodeRefusedError),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_a_log_writes_nothing_of_its_block(
    lie: str, ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment
) -> None:
    change, error = LIES[lie]
    pool = ledger.open_pool()
    sync = sync_of(store, deployment, between().url)
    catch_up(sync)
    before = content(store.where)
    ledger.give(pool, USD)
    liar = sync_of(store, deployment, between(strange.change_logs(lambda logs: [change(log) for log in logs])).url)
    with pytest.raises(error):
        catch_up(liar)
    assert content(store.where) == before


def test_a_batch_with_another_donor_does_not_come_to_its_root(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment
) -> None:
    def bent(log: dict[str, Any]) -> dict[str, Any]:
        data = log["data"]
        digit = "1" if data[-64] == "0" else "0"  # the first of the last entry's donor
        return {**log, "data": f"{data[:-64]}{digit}{data[-63:]}"}

    pool = ledger.open_pool()
    sync = sync_of(store, deployment, between().url)
    catch_up(sync)
    before = content(store.where)
    ledger.record(pool, 25)
    liar = sync_of(store, deployment, between(strange.change_logs(lambda logs: [bent(log) for log in logs])).url)
    with pytest.raises(BrokenLineError, match="its entries come to 0x"):
        catch_up(liar)
    assert content(store.where) == before


def test_a_log_that_is_told_twice_is_refused(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment
) -> None:
    play(ledger)
    node = between(strange.change_logs(lambda logs: logs + logs[-1:]))
    with pytest.raises(NodeAwayError, match="two logs at one place"):
        catch_up(sync_of(store, deployment, node.url))


def _of_header(**changed: str | None) -> strange.Quirk:
    def quirk(call: strange.Call, ask: Callable[[strange.Call], strange.Reply]) -> strange.Reply:
        reply = ask(call)
        if call["method"] == "eth_getBlockByNumber" and call["params"][0] != "0x0":
            reply["result"].update(changed)
        return reply

    return quirk


def _bent(log: dict[str, Any]) -> dict[str, Any]:
    """Return a log of a gift as if another had given it. All hashes are true."""
    return {**log, "topics": [*log["topics"][:-1], "0x" + "7".rjust(64, "0")]} if len(log["topics"]) == 4 else log


@pytest.mark.parametrize("time", ["0x100000000", "0x" + "f" * 64, "-0x1", "", None])
def test_a_time_that_is_none_is_refused(
    time: str | None, between: Callable[..., StrangeNode], store: Store, deployment: Deployment
) -> None:
    with pytest.raises(NodeRefusedError, match=r"eth_getBlockByNumber|makes no sense"):
        catch_up(sync_of(store, deployment, between(_of_header(timestamp=time)).url))
    assert store.tip() is None


def test_what_was_said_of_the_code_before_anything_was_taken_binds_nobody(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment, truth: Callable[[], Any]
) -> None:
    def bare(call: strange.Call, ask: Callable[[strange.Call], strange.Reply]) -> strange.Reply:
        return {**ask(call), "result": "0x60"} if call["method"] == "eth_getCode" else ask(call)

    play(ledger)
    liar = between(bare, strange.change_logs(lambda logs: [{**log, "data": "0x1"} for log in logs]))
    with pytest.raises(NodeRefusedError):
        catch_up(sync_of(store, deployment, liar.url))
    catch_up(sync_of(store, deployment, ledger.node.url))
    assert content(store.where) == truth()
    with pytest.raises(OtherChainError, match="code of"):
        catch_up(sync_of(store, deployment, liar.url))


OTHERS: dict[str, tuple[strange.Quirk, str]] = {
    "another hash": (_of_header(hash="0x" + "2" * 64), r"disagree about block \d+ \(0x.*2222"),
    "another time": (_of_header(timestamp="0x7"), r"disagree about block \d+ \(0x.* of 7\)"),
    "another donor": (
        strange.change_logs(lambda logs: [_bent(log) for log in logs]),
        r"disagree about log \d+ of block",
    ),
    "a log less": (strange.change_logs(lambda logs: logs[:-1]), r"disagree about log \d+ of block"),
}


@pytest.mark.parametrize("other", by_day(OTHERS, "another time", "a log less"))
def test_a_second_node_that_disagrees_is_heard(
    other: str,
    ledger: Ledger,
    between: Callable[..., StrangeNode],
    store: Store,
    deployment: Deployment,
    truth: Callable[[], Any],
) -> None:
    ledger.give(play(ledger), USD)
    quirk, said = OTHERS[other]
    witness = between(quirk)
    sync = sync_of(store, deployment, ledger.node.url, witness=Node(witness.url))
    with pytest.raises(ForkedError, match=said):
        catch_up(sync)
    assert not content(store.where)["contributions"]
    witness.quirks[:] = [strange.lag(lambda: 3)]
    with pytest.raises(NodeBehindError, match="second node has not got block"):
        catch_up(sync)
    witness.quirks[:] = [strange.range_limit(2)]
    catch_up(sync)
    assert content(store.where) == truth()


def test_how_far_nodes_answer_is_remembered(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment, tmp_path: Path
) -> None:
    play(ledger)
    for _ in range(60):
        ledger.node.rpc("evm_mine")
    limit = 7
    strict, witness = between(strange.range_limit(limit)), between(strange.range_limit(limit))
    catch_up(sync_of(store, deployment, ledger.node.url, witness=Node(witness.url)))
    elsewhere = Store(tmp_path / "strict.db")
    catch_up(sync_of(elsewhere, deployment, strict.url))
    elsewhere.close()
    for node in (strict, witness):
        logs = [call["params"][0] for call in node.asked if call["method"] == "eth_getLogs"]
        refused = [each for each in logs if int(each["toBlock"], 16) - int(each["fromBlock"], 16) >= limit]
        assert 0 < len(refused) < len(logs) / 5


# ------------------------------------------------------------------------------------------- several, and behind


def test_two_threads_that_met_the_same_dead_address_turn_from_it_once() -> None:
    asked = wire.Wire(["http://127.0.0.1:1", "http://127.0.0.1:2"])
    dead, alive = asked._addresses
    for _ in range(2):
        asked.turn(dead)
        assert asked._addresses == [alive, dead]
    assert asked.switches == 1
    asked.turn()
    assert asked.switches == 2


def test_another_address_takes_over_and_its_chain_is_checked(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment, truth: Callable[[], Any]
) -> None:
    play(ledger)
    first, second = between(), between()
    sync = sync_of(store, deployment, f"http://127.0.0.1:{free_port()}", first.url, second.url)
    catch_up(sync)
    assert not second.requests
    first.status = lambda: 503
    ledger.give(ledger.open_pool(), USD)
    catch_up(sync)
    assert any(call["method"] == "eth_chainId" for call in second.asked)
    assert content(store.where) == truth()


def test_a_node_behind_costs_no_row_where_blocks_are_final(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment
) -> None:
    play(ledger)
    behind = 0
    node = between(strange.lag(lambda: behind), strange.says("besu/v26.1.0/linux-x86_64/openjdk-java-21"))
    sync = sync_of(store, deployment, node.url)
    catch_up(sync)
    before = content(store.where)
    behind = 4
    with pytest.raises(NodeBehindError, match="waiting for the node"):
        sync.step()
    assert content(store.where) == before
    behind = 0
    sync.step()


def test_a_change_of_what_is_final_is_an_alarm(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment
) -> None:
    pool = ledger.open_pool()
    snapshot = ledger.node.rpc("evm_snapshot")
    for dollars in range(1, 6):
        ledger.give(pool, dollars * USD)
    node = between(strange.says("Geth/v1.13.15-stable"))
    sync = sync_of(store, deployment, node.url, engine=engines.Engine("Clique", 3))
    catch_up(sync)
    before = content(store.where)
    ledger.node.rpc("evm_revert", snapshot)
    for dollars in range(6, 1, -1):
        ledger.give(pool, dollars * USD)
    with pytest.raises(ForkedError, match=r"final \(Clique: 3 confirmations\)"):
        sync.step()
    assert content(store.where) == before


def test_what_was_final_stays_so_after_a_rewind(
    ledger: Ledger, between: Callable[..., StrangeNode], store: Store, deployment: Deployment
) -> None:
    pool = ledger.open_pool()
    snapshots = []
    for dollars in range(1, 7):
        snapshots.append(ledger.node.rpc("evm_snapshot"))
        ledger.give(pool, dollars * USD)
    sync = sync_of(store, deployment, between(strange.says("Geth")).url, engine=engines.Engine("Clique", 3))
    catch_up(sync)
    ledger.node.rpc("evm_revert", snapshots[4])  # two blocks gone, one other: nothing that was final
    ledger.give(pool, 10 * USD)
    assert any(step.rewound_to for step in catch_up(sync))
    ledger.node.rpc("evm_revert", snapshots[2])  # three gone: the first of them was final when six were there
    for dollars in range(20, 23):
        ledger.give(pool, dollars * USD)
    with pytest.raises(ForkedError, match=r"final \(Clique: 3 confirmations\)"):
        sync.step()


def test_a_node_that_went_on_between_two_questions_is_waited_for() -> None:
    with pytest.raises(NodeBehindError, match="waiting for the node"):
        agree.check_rewind(engines.Engine("Besu", 0), tip=10, noted=10, common=7, head=5)


@pytest.mark.parametrize(
    ("version", "signers", "confirmations"),
    [
        ("Ganache/v7.9.2/EthereumJS TestRPC/v7.9.2/ethereum-js", 0, None),
        ("anvil/v1.7.1", 0, None),
        ("besu/v26.1.0/linux-x86_64/openjdk-java-21", 0, 0),
        ("Geth/v1.10.3-stable(quorum-v24.4.1)/linux-amd64/go1.21", 0, 0),
        ("Geth/v1.13.15-stable/linux-amd64/go1.21", 5, 3),
        ("Geth/v1.13.15-stable/linux-amd64/go1.21", 0, engines.UNKNOWN_CONFIRMATIONS),
        ("", 0, engines.UNKNOWN_CONFIRMATIONS),
    ],
)
def test_engines_are_known_by_their_words(version: str, signers: int, confirmations: int | None) -> None:
    assert engines.engine_of(version, signers).confirmations == confirmations


def test_a_single_block_that_is_refused_is_told(
    between: Callable[..., StrangeNode], store: Store, deployment: Deployment
) -> None:
    with pytest.raises(RangeRefusedError, match="exceeds maximum"):
        catch_up(sync_of(store, deployment, between(strange.range_limit(0)).url))
