"""Contracts, events and index compared: all agree, and each of them that is made to lie is named, and nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from api import reconciled
from api.errors import NodeAwayError, NodeRefusedError, StoreError, UnsteadyChainError
from api.indexer import reconcile
from api.indexer.chain import Node
from api.indexer.reconcile import Reconciler, UnreadyError
from api.indexer.reconcile.report import lines, once
from api.indexer.store import Store
from api.indexer.store.audit import Audit
from api.indexer.sync import Sync
from api.views import view
from tests import postgres, strange
from tests.api.indexer import money
from tests.api.indexer.conftest import catch_up, read_deployment
from tests.api.indexer.test_strange_nodes import between  # noqa: F401 -- a fixture
from tests.ledger import USD, Ledger, free_port
from tests.strange import StrangeNode

pytestmark = pytest.mark.long

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.reconciled import Difference, Reconciled
    from api.settings import Deployment

    Between = Callable[..., StrangeNode]


@pytest.fixture(scope="module")
def lived(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of a chain on which all that moves money happened."""
    folder = tmp_path_factory.mktemp("lived")
    money.play(ledger)
    store = Store(folder / "index.db")
    deployment = read_deployment(ledger.write_deployment(folder / "deployment.json"))
    catch_up(Sync(Node(ledger.node.url), store, deployment))
    store.close()
    return folder / "index.db"


@pytest.fixture
def index(lived: Path, tmp_path: Path) -> Path:
    """A copy of it, to lie in."""
    with closing(sqlite3.connect(lived)) as true, closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        true.backup(copy)
    return tmp_path / "copy.db"


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement
        connection.commit()


def compare(ledger: Ledger, where: Path | str, deployment: Deployment, url: str | None = None) -> Reconciled:
    return Reconciler(Node(url or ledger.node.url), Audit(where), deployment).compare()


def odd(difference: Difference) -> list[str]:
    """Return the sources that say something else than most; where none are most, than the first: the contract."""
    values = [v["value"] for v in difference["values"]]
    most = max(values, key=lambda value: (values.count(value), -values.index(value)))
    return [v["source"] for v in difference["values"] if v["value"] != most]


def named(note: Reconciled) -> dict[tuple[str, int | None, int | None, str], list[str]]:
    """Return what differs, and who stands alone."""
    return {
        (d["about"], d["pool"], d["milestone"] if d["sponsorship"] is None else d["sponsorship"], d["what"]): odd(d)
        for d in note["differences"]
    }


# -------------------------------------------------------------------------------------------------------- all agree


def test_all_agree_after_all_that_moves_money(ledger: Ledger, lived: Path, deployment: Deployment) -> None:
    note = compare(ledger, lived, deployment)
    assert (note["differences"], note["more"], note["trouble"]) == ([], 0, None)
    assert (note["pools"], note["tokens"], note["block"]) == (7, 1, ledger.w3.eth.block_number)
    assert note["hash"] == "0x" + ledger.w3.eth.get_block("latest")["hash"].hex().removeprefix("0x")
    held = {b["contract"]: int(b["held"]) for b in note["balances"]}
    # None of the books is empty, so none is compared with nothing alone.
    assert {name for name, amount in held.items() if amount} == {
        "PooledFund", "PayoutBook", "SponsorBook", "VoucherBook",
    }  # fmt: skip
    assert held["PooledFund"] == sum(ledger.see(ledger.fund, "heldOf", pool) for pool in range(1, 8))
    for balance in note["balances"]:
        assert balance["balance"] == balance["held"]
        at = ledger.contracts[balance["contract"]].address
        assert int(balance["balance"]) == ledger.token.functions.balanceOf(at).call()


def test_every_kind_of_money_row_is_there_to_be_compared(lived: Path) -> None:
    with closing(sqlite3.connect(lived)) as connection:
        for table in (
            *("contributions", "batches", "releases", "spends", "returns", "refunds", "brought", "collections"),
            *("seals", "openings", "deliveries", "expiries", "sponsorships", "matches", "withdrawals", "vouchers"),
        ):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,), table  # noqa: S608


def test_new_events_are_added_to_what_was_read_before(
    ledger: Ledger, index: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "SETTLED", 5)
    store = Store(index)
    sync = Sync(Node(ledger.node.url), store, deployment)
    reconciler = Reconciler(Node(ledger.node.url), Audit(index), deployment)
    read: list[int] = []
    audit_logs = reconcile.Look.logs
    monkeypatch.setattr(
        reconcile.Look, "logs", lambda look, after, to: (read.append(after), audit_logs(look, after, to))[1]
    )
    assert reconciler.compare()["differences"] == []
    first = ledger.node.rpc("evm_snapshot")
    for turn in range(12):
        ledger.give(money.OPEN, (1 + turn) * USD)
        catch_up(sync)
        note = reconciler.compare()
        assert (note["differences"], note["block"]) == ([], ledger.w3.eth.block_number)
    assert read.count(-1) == 1  # all was read once
    ledger.node.rpc("evm_revert", first)
    for dollars in range(5):
        ledger.give(money.OPEN, (1 + dollars) * USD, ledger.donors[2])
    catch_up(sync)
    assert reconciler.compare()["differences"] == []
    assert read.count(-1) == 2  # and again after a rewind that deep
    store.close()


# ---------------------------------------------------------------------------------------- the index is made to lie

POOL_3_ROUND = ("round", 3, 0)
LIES: dict[str, tuple[str, dict[tuple[Any, ...], str]]] = {
    "a gift's amount": (
        "UPDATE contributions SET amount = amount + 1 WHERE pool = 1 AND number = 3",
        {("pool", 1, None, "raised"): "sum of contributions.amount"},
    ),
    "the last gift's amount": (
        "UPDATE contributions SET amount = 5 WHERE pool = 1 AND number = 30",
        {("pool", 1, None, "raised"): "contributions"},
    ),
    "a gift that is not there": (
        "DELETE FROM contributions WHERE pool = 4 AND number = 2",
        {("pool", 4, None, "raised"): "sum of contributions", ("pool", 4, None, "gifts"): "rows of contributions"},
    ),
    "a sum beyond what a database holds": (
        "UPDATE contributions SET amount = 9223372036854775807 WHERE pool = 1 AND number < 4",
        {("pool", 1, None, "raised"): "sum of contributions.amount"},
    ),
    "a batch's amount": (
        "UPDATE batches SET amount = amount - 1 WHERE pool = 4",
        {("pool", 4, None, "raised by batches"): "sum of batches.amount"},
    ),
    "a milestone's amount": (
        "UPDATE milestones SET amount = amount + 1 WHERE pool = 1 AND milestone = 1",
        {("pool", 1, None, "planned"): "sum of milestones.amount"},
    ),
    "a release's amount": (
        "UPDATE releases SET amount = amount + 7 WHERE pool = 1",
        {("pool", 1, None, "released"): "releases - returns"},
    ),
    "what a release spent": (
        "UPDATE spends SET amount = amount - 7 WHERE pool = 1 AND start = 0",
        {("pool", 1, None, "spent"): "sum of spends.amount"},
    ),
    "what was given back": (
        "UPDATE returns SET amount = amount + 1 WHERE pool = 1 AND amount = 5000000",
        {
            ("pool", 1, None, "released"): "releases - returns",
            ("pool", 1, None, "returned and not spent again"): "spends + returns",
        },
    ),
    "a refund's amount": (
        "UPDATE refunds SET amount = amount + 1 WHERE pool = 2 AND start IS NOT NULL",
        {("pool", 2, None, "refunded"): "sum of refunds.amount"},
    ),
    "the last refund's total": (
        "UPDATE refunds SET total = total + 1 WHERE pool = 2 AND start IS NULL",
        {("pool", 2, None, "refunded"): "refunds.total of the last"},
    ),
    "when a pool stops": (
        "UPDATE deadlines SET defaults_at = 9 WHERE log = (SELECT max(log) FROM deadlines WHERE pool = 1)",
        {("pool", 1, None, "stops after"): "deadlines.defaults_at"},
    ),
    "a pause that is not there": (
        "DELETE FROM pauses WHERE log = (SELECT max(log) FROM pauses)",
        {("pool", 6, None, "paused"): "pauses.paused", ("pool", 6, None, "seconds paused"): "pauses.clock_shift"},
    ),
    "a pool's token": (
        "UPDATE pools SET token = x'00112233445566778899aabbccddeeff00112233' WHERE pool = 5",
        {("pool", 5, None, "token"): "pools.token"},
    ),
    "a list's amount": (
        "UPDATE seals SET amount = 1 WHERE pool = 3 AND milestone = 0",
        {(*POOL_3_ROUND, "amount"): "seals.amount"},
    ),
    "a list that is not there": (
        "DELETE FROM seals WHERE log = (SELECT max(log) FROM seals WHERE milestone = 0)",
        {(*POOL_3_ROUND, "lists sealed"): "seals.version"},
    ),
    "until when claims are taken": (
        "UPDATE openings SET claims_until = 1 WHERE milestone = 0",
        {(*POOL_3_ROUND, "claims taken until"): "openings.claims_until"},
    ),
    "a delivery's amount": (
        "UPDATE deliveries SET amount = amount + 1 WHERE milestone = 0 AND start = 0",
        {(*POOL_3_ROUND, "delivered"): "sum of deliveries.amount"},
    ),
    "a rest that did not go back": (
        "DELETE FROM expiries WHERE pool = 3",
        {(*POOL_3_ROUND, "closed"): "rows of expiries"},
    ),
    "a sponsor's budget": (
        "UPDATE sponsorships SET budget = budget + 1 WHERE sponsorship = 1",
        {
            ("sponsorship", 4, 1, "budget"): "sponsorships.budget",
            ("sponsorship", 4, 1, "left"): "sponsorships - matches - withdrawals",
        },
    ),
    "a match's amount": (
        "UPDATE matches SET amount = amount + 1 WHERE log = (SELECT max(log) FROM matches WHERE sponsorship = 1)",
        {("sponsorship", 4, 1, "left"): "sponsorships - matches - withdrawals"},
    ),
    "what a sponsor got back": (
        "UPDATE withdrawals SET amount = amount - 1",
        {
            ("sponsorship", 4, 2, "withdrawn"): "sum of withdrawals.amount",
            ("sponsorship", 4, 2, "left"): "sponsorships - matches - withdrawals",
        },
    ),
    "a bill's part": (
        "UPDATE vouchers SET from_pool = from_pool + 1 WHERE milestone = 1",
        {("vouchers", 5, 1, "left"): "releases - vouchers - expiries"},
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_row_that_is_made_to_lie_is_named_and_nothing_else(
    lie: str, ledger: Ledger, index: Path, deployment: Deployment
) -> None:
    statement, expected = LIES[lie]
    change(index, statement)
    found = named(compare(ledger, index, deployment))
    assert found.keys() == expected.keys()
    for about, source in expected.items():
        assert found[about], about
        assert all(source in each for each in found[about]), found[about]


def test_a_pool_that_is_not_in_the_index_is_an_alarm(ledger: Ledger, index: Path, deployment: Deployment) -> None:
    change(index, "DELETE FROM pools WHERE pool = 6")
    found = named(compare(ledger, index, deployment))
    assert found[("ledger", None, None, "pools")] == ["rows of pools"]
    assert found[("pool", 6, None, "token")] == ["pools.token"]


def test_a_pool_that_only_the_index_knows_is_an_alarm(ledger: Ledger, index: Path, deployment: Deployment) -> None:
    columns = "start, amount, number, donor, paid_at, log, position, via FROM contributions WHERE pool = 6"
    change(index, f"INSERT INTO contributions SELECT 4000000, {columns}")
    found = named(compare(ledger, index, deployment))
    assert found.keys() == {("pool", 4_000_000, None, "raised"), ("pool", 4_000_000, None, "gifts")}


def test_a_stored_event_that_is_made_to_lie_is_told_as_such(
    ledger: Ledger, index: Path, deployment: Deployment
) -> None:
    gift = "(SELECT min(log) FROM logs WHERE event = 'Contributed')"
    change(index, f"UPDATE logs SET data = x'00' WHERE log = {gift}")  # noqa: S608
    note = compare(ledger, index, deployment)
    [broken] = note["differences"]
    assert (broken["about"], note["balances"]) == ("events", [])
    assert "bytes of data in place of" in broken["values"][0]["value"]
    change(index, f"DELETE FROM logs WHERE log = {gift}")  # noqa: S608
    [broken] = compare(ledger, index, deployment)["differences"]
    assert "pool 1: starts at" in broken["values"][0]["value"]


def test_an_event_that_is_left_out_where_no_line_breaks_is_named(
    ledger: Ledger, index: Path, deployment: Deployment
) -> None:
    change(index, "DELETE FROM logs WHERE log = (SELECT max(log) FROM logs WHERE event = 'Delivered')")
    note = compare(ledger, index, deployment)
    assert named(note) == {
        ("round", 3, 1, "delivered"): ["events"],
        ("token", None, None, "balance of PayoutBook"): ["held, by the events"],
    }
    assert next(d for d in note["differences"] if d["about"] == "token")["token"] is not None


# ----------------------------------------------------------------------------------------- the node is made to lie


def word(at: int, more: int) -> Callable[[bytes], bytes]:
    """Return what adds to one word of an answer."""

    def turn(answer: bytes) -> bytes:
        value = int.from_bytes(answer[32 * at : 32 * at + 32], "big") + more
        return answer[: 32 * at] + value.to_bytes(32, "big") + answer[32 * at + 32 :]

    return turn


def of(contract: str, name: str, *values: int) -> bytes:
    return view(contract, name).call(*values)


NODE_LIES: dict[str, tuple[bytes, Callable[[bytes], bytes], dict[tuple[Any, ...], str]]] = {
    "raised": (of("PooledFund", "poolOf", 1), word(1, 5), {("pool", 1, None, "raised"): "PooledFund.poolOf(1).raised"}),
    "released": (
        of("PooledFund", "poolOf", 2), word(3, 5), {("pool", 2, None, "released"): "PooledFund.poolOf(2).released"},
    ),
    "returned": (
        of("PooledFund", "poolOf", 1), word(4, 5),
        {("pool", 1, None, "returned and not spent again"): "PooledFund.poolOf(1).returned"},
    ),
    "refunded": (
        of("PooledFund", "poolOf", 2), word(5, 1), {("pool", 2, None, "refunded"): "PooledFund.poolOf(2).refunded"},
    ),
    "planned": (
        of("PooledFund", "milestonesOf", 4), word(3, 1), {("pool", 4, None, "planned"): "PooledFund.milestonesOf(4)"},
    ),
    "pools": (of("PooledFund", "poolCount"), word(0, 1), {("ledger", None, None, "pools"): "PooledFund.poolCount"}),
    "delivered": (
        of("PayoutBook", "roundOf", 3, 1), word(1, 1),
        {("round", 3, 1, "delivered"): "PayoutBook.roundOf(3, 1).delivered"},
    ),
    "a budget's rest": (
        of("SponsorBook", "sponsorshipOf", 4, 1), word(1, 1),
        {("sponsorship", 4, 1, "left"): "SponsorBook.sponsorshipOf(4, 1).left"},
    ),
    "sponsorships": (
        of("SponsorBook", "sponsorshipCount", 4), word(0, 1),
        {("pool", 4, None, "sponsorships"): "SponsorBook.sponsorshipCount(4)"},
    ),
    "what vouchers left": (
        of("VoucherBook", "leftOf", 5, 1), word(0, 1), {("vouchers", 5, 1, "left"): "VoucherBook.leftOf(5, 1)"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("lie", NODE_LIES)
def test_a_view_that_is_made_to_lie_is_named_and_nothing_else(
    lie: str, ledger: Ledger, lived: Path, deployment: Deployment, between: Between  # noqa: F811
) -> None:  # fmt: skip
    asked, turn, expected = NODE_LIES[lie]
    node = between(strange.change_views(asked, turn))
    found = named(compare(ledger, lived, deployment, node.url))
    assert found.keys() == expected.keys()
    assert [sources for sources in found.values() if len(sources) != 1] == []
    assert {key: sources[0].partition(":")[0] for key, sources in found.items()} == expected


def test_less_money_than_is_held_is_an_alarm(
    ledger: Ledger, lived: Path, deployment: Deployment, between: Between  # noqa: F811
) -> None:  # fmt: skip
    fund = deployment.fund
    balance = view("SettlementToken", "balanceOf").call(fund)
    node = between(strange.change_views(balance, word(0, -1)))
    note = compare(ledger, lived, deployment, node.url)
    [short] = note["differences"]
    assert (short["about"], short["what"]) == ("token", "balance of PooledFund")
    said = {v["source"]: int(v["value"]) for v in short["values"]}
    assert said["held, by the events"] - said["token.balanceOf(PooledFund)"] == 1
    assert short["token"] == "0x" + deployment.addresses["SettlementToken"].hex()


def test_tokens_that_were_sent_by_mistake_are_shown_and_no_alarm(
    ledger: Ledger, index: Path, deployment: Deployment
) -> None:
    for name, units in (("PooledFund", 5 * USD), ("PledgeBook", 1)):
        ledger.send(ledger.token.functions.transfer(ledger.contracts[name].address, units), ledger.donors[0])
    store = Store(index)
    catch_up(Sync(Node(ledger.node.url), store, deployment))
    store.close()
    note = compare(ledger, index, deployment)
    assert note["differences"] == []
    assert {b["contract"]: b["surplus"] for b in note["balances"] if b["surplus"] != "0"} == {
        "PooledFund": str(5 * USD), "PledgeBook": "1",
    }  # fmt: skip
    assert any("PooledFund has 5000000 more" in line for line in lines(note))


# --------------------------------------------------------------------------------------------- what cannot be compared


def test_a_node_without_an_archive_is_asked_at_its_head_only(
    ledger: Ledger, index: Path, deployment: Deployment, between: Between  # noqa: F811
) -> None:  # fmt: skip
    node = between(strange.forgetful(2))
    assert compare(ledger, index, deployment, node.url)["differences"] == []
    ledger.give(money.OPEN, USD)
    ledger.give(money.OPEN, USD)
    with pytest.raises(NodeRefusedError, match="missing trie node"):  # the index is two blocks behind
        compare(ledger, index, deployment, node.url)
    code, said = once(Reconciler(Node(node.url), Audit(index), deployment).compare)
    assert (code, said) == (2, [said[0]])
    assert said[0].startswith("could not be compared: the node refused eth_call: missing trie node")


def test_a_token_that_does_not_speak_is_named_and_stops_no_other(
    ledger: Ledger, lived: Path, deployment: Deployment, between: Between  # noqa: F811
) -> None:  # fmt: skip
    asked = "0x" + view("SettlementToken", "balanceOf").call(deployment.fund).hex()

    def quirk(call: strange.Call, ask: Callable[[strange.Call], strange.Reply]) -> strange.Reply:
        if call["method"] == "eth_call" and call["params"][0]["data"] == asked:
            return strange.refuse(call, -32000, "execution reverted")
        return ask(call)

    note = compare(ledger, lived, deployment, between(quirk).url)
    [silent] = note["differences"]
    assert silent["values"][0] == {"source": "token.balanceOf(PooledFund)", "value": "nothing"}
    assert len(note["balances"]) == 5


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"<html>busy</html>", NodeAwayError),
        (b'{"jsonrpc": "2.0", "id": 0, "result": "0x"}', NodeRefusedError),
        (b'{"jsonrpc": "2.0", "id": 0, "error": {"code": -32000, "message": "header not found"}}', NodeRefusedError),
    ],
)
def test_nonsense_is_never_all_right(
    body: bytes,
    error: type[Exception],
    ledger: Ledger,
    lived: Path,
    deployment: Deployment,
    between: Between,  # noqa: F811
) -> None:
    node = between()
    node.body = lambda true: true if b"parentHash" in true else body
    with pytest.raises(error):
        compare(ledger, lived, deployment, node.url)
    with pytest.raises(NodeAwayError):
        compare(ledger, lived, deployment, f"http://127.0.0.1:{free_port()}")


def test_another_chain_is_not_compared(
    ledger: Ledger, index: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.indexer.reconcile.report.time.sleep", lambda _: None)
    change(index, "UPDATE blocks SET hash = zeroblob(32) WHERE number = (SELECT max(number) FROM blocks)")
    with pytest.raises(UnsteadyChainError, match="another block"):
        compare(ledger, index, deployment)
    reconciler = Reconciler(Node(ledger.node.url), Audit(index), deployment)
    assert once(reconciler.compare)[0] == 2


def test_an_empty_index_and_none_are_not_compared(ledger: Ledger, deployment: Deployment, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        compare(ledger, tmp_path / "none.db", deployment)
    store = Store(tmp_path / "empty.db")
    with pytest.raises(UnreadyError):
        compare(ledger, tmp_path / "empty.db", deployment)
    store.begin_backfill()
    store.close()
    assert once(Reconciler(Node(ledger.node.url), Audit(tmp_path / "empty.db"), deployment).compare)[0] == 2


def test_a_reorg_in_mid_check_is_no_alarm(
    ledger: Ledger, index: Path, deployment: Deployment, between: Between  # noqa: F811
) -> None:  # fmt: skip
    snapshot = ledger.node.rpc("evm_snapshot")
    ledger.give(money.OPEN, USD)
    store = Store(index)
    sync = Sync(Node(ledger.node.url), store, deployment)
    catch_up(sync)
    done: list[int] = []

    def quirk(call: strange.Call, ask: Callable[[strange.Call], strange.Reply]) -> strange.Reply:
        if call["method"] == "eth_call" and not done:
            done.append(1)
            ledger.node.rpc("evm_revert", snapshot)
            ledger.give(money.OPEN, 2 * USD, ledger.donors[1])  # the same height, another block
        return ask(call)

    reconciler = Reconciler(Node(between(quirk).url), Audit(index), deployment)
    with pytest.raises(UnsteadyChainError, match="another block"):
        reconciler.compare()
    catch_up(sync)
    note = reconciler.compare()
    assert (note["differences"], note["block"]) == ([], ledger.w3.eth.block_number)
    store.close()


# ------------------------------------------------------------------------------------------------------- elsewhere


def test_the_same_in_postgres(ledger: Ledger, lived: Path, deployment: Deployment) -> None:  # noqa: ARG001
    with postgres.server() as server:
        where = server.database()
        store = Store(where)
        catch_up(Sync(Node(ledger.node.url), store, deployment))
        assert compare(ledger, where, deployment)["differences"] == []
        engine = create_engine(make_url(where).set(drivername="postgresql+psycopg"), poolclass=NullPool)
        wrong = 0
        for lie in ("a gift's amount", "a sum beyond what a database holds", "a delivery's amount", "a pool's token"):
            statement, expected = LIES[lie]
            with engine.begin() as connection:
                text = statement.replace("x'0011", "'\\x0011")
                assert connection.exec_driver_sql(text).rowcount != 0
            wrong += len(expected)
            found = named(compare(ledger, where, deployment))
            assert expected.keys() <= found.keys()
        note = compare(ledger, where, deployment)
        assert len(note["differences"]) == wrong - 1  # two of the lies are about one figure
        store.note_reconciled(note)
        assert Reconciler(Node(ledger.node.url), Audit(where), deployment).last() == note
        store.close()


def test_a_note_of_very_many_differences_stays_short(ledger: Ledger, index: Path, deployment: Deployment) -> None:
    tables = ("contributions", "batches", "milestones", "deadlines", "releases", "spends", "refunds", "sponsorships")
    change(index, *(f"DELETE FROM {table}" for table in tables))  # noqa: S608
    note = compare(ledger, index, deployment)
    assert len(note["differences"]) == reconcile.MOST
    assert reconciled.count(note) == reconcile.MOST + note["more"] > reconcile.MOST
    assert lines(note)[-1] == f"✗ and {note['more']} more"
    assert reconciled.read(reconciled.write(note)) == note
