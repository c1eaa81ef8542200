"""What comes back, from payees and to givers: shown to the unit, as the contract says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from web3 import Web3

from tests.api.chain.traced import follow
from tests.api.listed import check_listed
from tests.ledger import DAY, USD
from tests.signatures import entry_receipt, sign

if TYPE_CHECKING:
    from tests.api.chain.conftest import Site
    from tests.ledger import Ledger

EVIDENCE = b"e" * 32
CODE = Account.from_key(b"\7" * 32)


def check(site: Site, pool: int) -> list[dict[str, Any]]:
    """Compare a pool and all its contributions with the contract; return the contributions by their place."""
    ledger = site.ledger
    held = ledger.see(ledger.fund, "poolOf", pool)
    shown = site.get(f"/pools/{pool}")
    for name in ("raised", "released", "returned", "refunded"):
        assert shown[name] == str(held[name]), name
    assert shown["held"] == str(ledger.see(ledger.fund, "heldOf", pool))
    state = ("none", "funding", "active", "frozen", "completed")[ledger.see(ledger.fund, "stateOf", pool)]
    assert shown["state"] == state
    page = site.get(f"/pools/{pool}/contributions", limit=200)
    gifts: list[dict[str, Any]] = page["items"][::-1]
    for gift in gifts:
        start, amount = int(gift["start"]), int(gift["amount"])
        unspent = ledger.see(ledger.fund, "unspentOf", pool, start, amount)
        assert int(gift["spent"]) == amount - unspent, gift
        assert int(gift["spent"]) + int(gift["refunded"]) + int(gift["waiting"]) == amount
        single = site.get(f"/contributions/{gift['id']}")
        check_listed(page, gift, single)
        trace = single["trace"]
        end = str(int(gift["start"]) + int(gift["amount"]))
        assert [trace[0]["start"], trace[-1]["end"]] == [gift["start"], end]
        assert [part["end"] for part in trace[:-1]] == [part["start"] for part in trace[1:]]
        assert sum(int(part["amount"]) for part in trace) == amount
        for name, kind in (("spent", "release"), ("refunded", "refund"), ("waiting", "waiting")):
            assert sum(int(part["amount"]) for part in trace if kind in part) == int(gift[name])
    # What the milestones hold is what their releases spent and was not given back.
    spent: dict[int, list[tuple[int, int]]] = {m["milestone"]: [] for m in shown["milestones"]}
    for gift in gifts:
        for part in site.get(f"/contributions/{gift['id']}")["trace"]:
            if "milestone" in part:
                spent[part["milestone"]].append((int(part["start"]), int(part["end"])))
    for milestone, parts in spent.items():
        stored = ledger.see(ledger.fund, "spentOf", pool, milestone)
        units = sum(interval["amount"] for interval in stored)
        assert sum(end - start for start, end in parts) == units
        for start, end in parts:
            assert any(i["start"] <= start and end <= i["start"] + i["amount"] for i in stored) or len(stored) > 1
    follow(site, pool, gifts)
    return gifts


def test_what_payees_give_back_is_spent_again_before_anything_newer(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool(milestones=(100 * USD, 50 * USD, 40 * USD, 60 * USD))
    for amount in (30, 45, 25, 60, 90):
        ledger.give(pool, amount * USD)
    ledger.pay(pool, 0, EVIDENCE)
    ledger.give_back(pool, 0, 10 * USD)
    ledger.give_back(pool, 0, 25 * USD + 1)
    gifts = check(site, pool)
    assert gifts[1]["waiting"] == str(10 * USD + 1)
    ledger.pay(pool, 1, EVIDENCE)
    gifts = check(site, pool)
    assert [gift["waiting"] for gift in gifts[:3]] == ["0", "0", "0"]
    first, *others = site.get(f"/contributions/{pool}-{30 * USD}")["trace"]
    assert (first["milestone"], [part["milestone"] for part in others]) == (0, [1])
    # The second spent a hole and then the front, and gives both back, and so does the first: two holes that touch.
    ledger.give_back(pool, 1, 50 * USD)
    ledger.give_back(pool, 0, 20 * USD)
    check(site, pool)
    ledger.pay(pool, 2, EVIDENCE)
    check(site, pool)
    shown = site.get(f"/pools/{pool}")
    releases = {release["milestone"]: release for release in shown["releases"]}
    assert releases[0]["returned"] == str(55 * USD + 1)
    assert len(shown["returns"]) == 5
    assert site.get("/returns", pool=pool)["items"] == shown["returns"]
    page = site.read(f"/pool/{pool}")
    assert "20.00 MUSD of milestone 1 was not spent, and" in page
    assert "of it was given back since" in page
    moves = [move for move in site.get("/movements")["items"] if move["pool"] == pool]
    assert {move["kind"] for move in moves} >= {"return", "release", "contribution"}


def test_a_cancelled_pool_pays_each_giver_what_was_not_spent(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool(milestones=(100 * USD, 900 * USD))
    first, second, third = ledger.donors[:3]
    ledger.give(pool, 80 * USD, first)
    ledger.give(pool, 50 * USD, second)
    ledger.give(pool, 7 * USD, third)
    ledger.pay(pool, 0, EVIDENCE)
    ledger.send(ledger.fund.functions.cancel(pool), ledger.ngo)
    shown = site.get(f"/pools/{pool}")
    assert (shown["stop"], shown["stopped"]["by"]["name"], shown["state"]) == ("cancelled", "Kisumu Kitchen", "frozen")
    assert shown["ended"] == ledger.see(ledger.fund, "poolOf", pool)["defaultsAt"]
    assert [gift["waiting"] for gift in check(site, pool)] == ["0", str(30 * USD), str(7 * USD)]
    page = site.read(f"/pool/{pool}")
    assert "This pool was stopped. What was not spent comes back to its givers." in page
    assert "It was given up." in page
    assert "37.00 MUSD can be taken back by those who gave it" in page
    receipt = f"/contribution/{pool}-{80 * USD}"
    assert "How to get 30.00 MUSD back" in site.read(receipt)
    assert "How to get" not in site.read(f"/contribution/{pool}-0")

    ledger.refund(pool, 80 * USD, second)
    assert [gift["refunded"] for gift in check(site, pool)] == ["0", str(30 * USD), "0"]
    assert "30.00 MUSD went back to its giver" in site.read(receipt)
    assert "20.00 MUSD of your 50.00 MUSD is at work; 30.00 MUSD came back." in site.read(receipt)
    # Only now does the payee give back: the second gift pays again, the first for the first time.
    ledger.give_back(pool, 0, 60 * USD)
    assert [gift["waiting"] for gift in check(site, pool)] == [str(40 * USD), str(20 * USD), str(7 * USD)]
    assert "20.00 MUSD can still be taken back" in site.read(receipt)
    ledger.refund(pool, 80 * USD, second)
    ledger.refund(pool, 0, first)
    ledger.refund(pool, 130 * USD, third)
    assert [gift["waiting"] for gift in check(site, pool)] == ["0", "0", "0"]
    assert "All of it came back." in site.read(receipt)
    assert "Everything that was not spent went back." in site.read(f"/pool/{pool}")
    assert len(site.get("/refunds", pool=pool)["items"]) == 4
    assert len(site.get("/refunds", pool=pool, account=second)["items"]) == 2
    [own] = [p for p in site.get(f"/donors/{second}")["pools"] if p["pool"] == pool]
    assert own["claimable"] == "0"
    assert (own["spent"], own["refunded"], own["waiting"]) == ("0", str(50 * USD), "0")


def test_entries_are_claimed_with_their_code_and_the_rest_by_the_gateway(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool(milestones=(10 * USD, 900 * USD))
    reference = ledger.random.randbytes(32)
    donor = bytes.fromhex(CODE.address[2:])
    entries = [
        who + (1_700_000_000).to_bytes(4, "big") + (amount * USD).to_bytes(8, "big")
        for who, amount in ((b"\1" * 20, 8), (donor, 6), (bytes(20), 5), (donor, 4), (b"\2" * 20, 3))
    ]
    batch = ledger.record(pool, b"".join(entries), reference=reference)
    ledger.pay(pool, 0, EVIDENCE)
    ledger.wait(91 * DAY)
    shown = site.get(f"/pools/{pool}")
    assert (shown["stop"], shown["stopped"]["milestone"], shown["state"]) == ("late", 1, "frozen")
    starts = [0, 8 * USD, 14 * USD, 19 * USD, 23 * USD]
    receipt, anonymous = f"/contribution/{pool}-{starts[1]}", f"/contribution/{pool}-{starts[2]}"
    claim = site.get(f"/contributions/{pool}-{starts[1]}")["claim"]
    assert claim == {"amount": str(4 * USD), "by": "code", "gateway_from": shown["ended"] + 30 * DAY}
    assert "the receipt code that you got when you paid" in site.read(receipt)
    assert site.get(f"/contributions/{pool}-{starts[2]}")["claim"]["by"] == "gateway"
    assert "This gift has no receipt code" in site.read(anonymous)

    to, deadline = ledger.donors[4], ledger.now() + DAY
    kind = "Refund(bytes32 batch,uint256 position,uint64 refunded,address to,uint256 deadline)"
    signature = sign(CODE.key, ledger.fund, "PooledFund", kind, batch, 1, 0, to, deadline)
    proof = entry_receipt(site.get(f"/contributions/{pool}-{starts[1]}"))
    ledger.send(ledger.fund.functions.refundEntry(proof, to, deadline, signature), ledger.donors[0])
    gifts = check(site, pool)
    assert [gift["refunded"] for gift in gifts] == ["0", str(4 * USD), "0", "0", "0"]
    [refund] = site.get("/refunds", pool=pool)["items"]
    assert (refund["contribution"], refund["to"]) == (gifts[1]["id"], to.lower())
    assert refund["account"]["address"] == CODE.address.lower()

    ledger.wait(31 * DAY)
    ledger.take_batch(reference)
    gifts = check(site, pool)
    assert [gift["refunded"] for gift in gifts] == ["0"] + [str(n * USD) for n in (4, 5, 4, 3)]
    shown = site.get(f"/batches/0x{batch.hex()}")
    assert (shown["refunded"], shown["taken"]) == (str(16 * USD), True)
    assert "All of it went to" in site.read(anonymous)
    assert "to be paid back to its giver" in site.read(anonymous)
    assert "came back" not in site.read(anonymous)
    assert "Ask " not in site.read(receipt)  # its own giver took it
    assert shown["taken_amount"] == str(12 * USD)
    told = "4.00 MUSD to its givers; the gateway took what its givers had not claimed, 12.00 MUSD"
    assert told in site.read(f"/batch/0x{batch.hex()}")
    [own] = [p for p in site.get(f"/donors/{CODE.address}")["pools"] if p["pool"] == pool]
    assert (own["spent"], own["refunded"], own["waiting"]) == (str(2 * USD), str(8 * USD), "0")

    # The payee gives back after that: what lies unspent now waits for the gateway alone.
    ledger.give_back(pool, 0, 3 * USD)
    gifts = check(site, pool)
    assert [gift["waiting"] for gift in gifts] == [str(1 * USD), str(2 * USD), "0", "0", "0"]
    assert site.get(f"/contributions/{pool}-{starts[1]}")["claim"]["by"] == "gateway"
    assert "has begun to pay this batch back, and may take this too from " in site.read(receipt)
    assert site.get(f"/contributions/{pool}-{starts[1]}")["claim"]["gateway_from"] == ledger.now() + 30 * DAY
    ledger.wait(31 * DAY)
    ledger.take_batch(reference)
    assert [gift["waiting"] for gift in check(site, pool)] == ["0"] * 5
    kinds = [(m["kind"], "batch" in m) for m in site.get("/movements")["items"] if m["pool"] == pool]
    assert kinds[:2] == [("refund", True), ("return", False)]


def test_what_a_finished_pool_did_not_need_can_be_taken_back(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool(milestones=(10 * USD,))
    ledger.give(pool, 10 * USD, ledger.donors[0])
    ledger.give(pool, 5 * USD, ledger.donors[1])
    ledger.pay(pool, 0, EVIDENCE)
    assert "5.00 MUSD is left over. It can be taken back by those whose gifts were not needed" in site.read(
        f"/pool/{pool}"
    )
    [own] = [p for p in site.get(f"/donors/{ledger.donors[1]}")["pools"] if p["pool"] == pool]
    assert (own["waiting"], own["claimable"]) == (str(5 * USD),) * 2
    ledger.refund(pool, 10 * USD, ledger.donors[1])
    assert "left over" not in site.read(f"/pool/{pool}")


def test_a_pool_that_missed_its_goal_says_so(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool(fundingThreshold=100 * USD, fundingDeadline=ledger.now() + 5 * DAY)
    ledger.give(pool, 30 * USD)
    ledger.wait(6 * DAY)
    shown = site.get(f"/pools/{pool}")
    assert (shown["state"], shown["stop"], shown["ended"]) == ("frozen", "threshold", shown["funding_deadline"])
    assert "The goal to start was not reached in time." in site.read(f"/pool/{pool}")
    ledger.refund(pool, 0, ledger.donors[0])
    check(site, pool)


def test_gifts_that_somebody_brings_are_their_donors(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool()
    gifts = [bytes.fromhex(d[2:]) + bytes(4) + (n * USD).to_bytes(8, "big") for n, d in enumerate(ledger.donors, 1)]
    ledger.give(pool, USD)
    ledger.send(ledger.fund.functions.contributeMany(pool, gifts), ledger.gateway)
    ledger.give(pool, USD)
    items = site.get(f"/pools/{pool}/contributions")["items"][::-1]
    assert [item["via"] for item in items] == ["wallet", *["bearer"] * 5, "wallet"]
    assert [item["donor"] for item in items[1:6]] == [donor.lower() for donor in ledger.donors]
    assert items[3]["bearer"]["name"] == "Mobile Money"
    assert "Mobile Money" in site.read(f"/contribution/{items[3]['id']}")
    check(site, pool)


def test_a_pause_moves_every_deadline(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool(fundingThreshold=100 * USD, fundingDeadline=ledger.now() + 5 * DAY)
    planned = site.get(f"/pools/{pool}")
    ledger.send(ledger.fund.functions.pause(pool), ledger.admin)
    paused = site.get(f"/pools/{pool}")
    assert (paused["paused"], paused["paused_until"] > ledger.now(), paused["accepts_until"]) == (True, True, 0)
    ledger.wait(6 * DAY)
    ledger.send(ledger.fund.functions.unpause(pool), ledger.admin)
    shown = site.get(f"/pools/{pool}")
    shift = ledger.see(ledger.fund, "poolOf", pool)["clockShift"]
    assert 6 * DAY <= shift < 7 * DAY
    assert shown["funding_deadline"] == planned["funding_deadline"] + shift
    assert (shown["state"], shown["paused"], shown["paused_until"]) == ("funding", False, None)
    assert shown["milestones"][0]["due"] == ledger.see(ledger.fund, "poolOf", pool)["defaultsAt"]
    ledger.wait(5 * DAY)
    check(site, pool)


@pytest.mark.parametrize("words", [{"beneficiaryCap": 5 * USD}, {"voucherCap": 9 * USD, "voucherPeriod": 7 * DAY}])
def test_limits_are_shown(site: Site, ledger: Ledger, words: dict[str, int]) -> None:
    programme = Web3.keccak(text="programme") if "beneficiaryCap" in words else bytes(32)
    limits = (programme, words.get("beneficiaryCap", 0), words.get("voucherCap", 0), words.get("voucherPeriod", 0))
    pool = ledger.open_pool(limits=limits)
    shown = site.get(f"/pools/{pool}")["limits"]
    assert shown == {
        "programme": "0x" + programme.hex() if any(programme) else None,
        "beneficiary_cap": str(limits[1]) if limits[1] else None,
        "voucher_cap": str(limits[2]) if limits[2] else None,
        "voucher_period": limits[3] or None,
    }
    page = site.read(f"/pool/{pool}")
    assert ("At most for one person 5.00 MUSD" in page) == bool(limits[1])
    assert ("9.00 MUSD every 7 days" in page) == bool(limits[2])
