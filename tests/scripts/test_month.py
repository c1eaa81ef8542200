"""The demo's month, as it stands on the chain when it is over, and that playing it again changes nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from scripts.journal import Journal
from scripts.members import CARDS, DONORS
from scripts.members import CLINIC as CLINIC_PLACE
from scripts.month import Month, story
from scripts.month.gifts import GIFTS_OF_A_DONOR
from scripts.node import start_chain
from scripts.receipts import donor_id
from scripts.replay import secret_for
from tests.ledger import free_port
from tests.scripts.conftest import Chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scripts.ledger import Ledger
    from tests.scripts.demo_runs import Runs

MEALS, CLINIC, BUSAN, SHELTER, FLOOD, GENERATOR = range(1, 7)
FUNDING, ACTIVE, FROZEN, COMPLETED = range(1, 5)
PLANNED, SUBMITTED, APPROVED, DISPUTED, REJECTED, RELEASED = range(6)


@pytest.fixture(scope="module")
def played(runs: Runs, month: list[str]) -> Iterator[Chain]:
    """The chain of the demo's month, which was stopped and killed on its way."""
    assert len(month) == 6
    child, node = start_chain(runs.state, free_port())
    yield Chain(node, runs.state / "deployments" / "1337.json", runs.state, "")
    child.stop()


@pytest.fixture
def ledger(played: Chain) -> Ledger:
    return played.ledger()


@pytest.fixture
def secret(played: Chain, ledger: Ledger) -> bytes:
    return secret_for(played.folder / "gateway.secret", ledger)


def events(ledger: Ledger, contract: str, name: str) -> list[dict[str, Any]]:
    return list(ledger.events(ledger.contracts[contract], name))


def judged(ledger: Ledger) -> list[list[int]]:
    judgement = ledger.judgement
    return [[m["state"] for m in ledger.view(judgement, "milestonesOf", pool)] for pool in range(1, 7)]


def test_pools_and_milestones_end_as_told(ledger: Ledger) -> None:
    states = [ledger.view(ledger.fund, "stateOf", pool) for pool in range(1, 7)]
    assert states == [ACTIVE, ACTIVE, ACTIVE, FROZEN, COMPLETED, FROZEN]
    assert judged(ledger)[:3] == [
        [RELEASED, RELEASED, APPROVED, PLANNED],
        [RELEASED, RELEASED, SUBMITTED, PLANNED],
        [RELEASED, PLANNED],
    ]


def test_all_is_there_once(ledger: Ledger) -> None:
    counts = [sum(1 for _ in ledger.logs(ledger.fund, event)) for event in ("Contributed", "Released")]
    collected = sum(len(run["rows"]) for run in ledger.events(ledger.pledges, "Collected"))
    matched = sum(1 for _ in ledger.logs(ledger.contracts["SponsorBook"], "Matched"))
    wallets = len(DONORS) * GIFTS_OF_A_DONOR + len(story.GIFTS)
    assert collected
    assert matched
    assert counts == [wallets + collected + matched, sum(shown.released is not None for shown in story.EVIDENCE)]
    batches = [b["batch"] for b in ledger.events(ledger.fund, "BatchRecorded")]
    assert len(set(batches)) == len(batches)


def test_it_ends_today(played: Chain) -> None:
    age = time.time() - int(played.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert 0 <= age < 86_400


def test_an_objection_disputes_a_milestone_which_new_evidence_settles(ledger: Ledger) -> None:
    assert len(events(ledger, "Judgement", "Objected")) > 5
    (disputed,) = events(ledger, "Judgement", "MilestoneDisputed")
    assert (disputed["pool"], disputed["milestone"]) == (BUSAN, 0)
    milestone = ledger.view(ledger.judgement, "milestoneOf", BUSAN, 0)
    assert (milestone["disputed"], milestone["state"]) == (True, RELEASED)
    assert milestone["evidence"] != disputed["evidence"]


def test_a_given_up_pool_is_paid_back_to_the_unit(ledger: Ledger, secret: bytes) -> None:
    assert [e["pool"] for e in events(ledger, "PooledFund", "Cancelled")] == [GENERATOR]
    held = ledger.view(ledger.fund, "heldOf", GENERATOR)
    # One wallet has not fetched its gift; all else went back.
    assert held == next(g.dollars for g in story.GIFTS if g.donor == DONORS[7]) * story.USD
    refunds = [e for e in events(ledger, "PooledFund", "Refunded") if e["pool"] == GENERATOR]
    by_code = donor_id(secret, story.phone(CARDS, 5, 1)).hex()
    assert {e["donor"].lower()[2:] for e in refunds if e["batch"] != bytes(32)} == {by_code}
    assert sum(e["batch"] == bytes(32) for e in refunds) == 1
    rest = events(ledger, "PooledFund", "BatchRefunded")
    assert rest
    assert all(ledger.view(ledger.fund, "batchOf", e["batch"])["taken"] for e in rest)


def test_pledges_are_collected_for_weeks(ledger: Ledger) -> None:
    book = ledger.pledges
    known = [ledger.view(book, "pledgeOf", n) for n in range(1, len(story.PLEDGES) + 1)]
    # Five weeks but one that was paused; four weeks and over; twenty days and over; four weeks, then stopped.
    assert [pledge["collections"] for pledge in known] == [4, 4, 20, 4]
    assert [pledge["state"] for pledge in known] == [1, 1, 1, 3]
    assert known[3]["collected"] == (20 + 20 + 8 + 8) * story.USD
    assert len(events(ledger, "PledgeBook", "Pledged")) == len(story.PLEDGES)
    assert not events(ledger, "PledgeBook", "CollectionFailed")


def test_a_round_is_claimed_and_its_rest_returns(ledger: Ledger) -> None:
    (told,) = story.ROUNDS
    delivered = events(ledger, "PayoutBook", "Delivered")
    assert len(delivered) == told.come
    assert not events(ledger, "PayoutBook", "ClaimFailed")
    (expired,) = events(ledger, "PayoutBook", "RoundExpired")
    assert expired["amount"] == (told.families - told.come) * told.dollars * story.USD
    (back,) = [e for e in events(ledger, "PooledFund", "Returned") if e["pool"] == FLOOD]
    assert back["amount"] == expired["amount"]


def test_a_sponsor_matches_and_takes_the_rest_back(ledger: Ledger) -> None:
    sponsorship = ledger.view(ledger.sponsors, "sponsorshipOf", CLINIC, 1)
    matched = sum(e["amount"] for e in events(ledger, "SponsorBook", "Matched"))
    assert matched > 0
    assert sponsorship["left"] == 0
    assert matched + sponsorship["withdrawn"] == sponsorship["budget"]


def test_vouchers_pay_the_clinic(ledger: Ledger, played: Chain) -> None:
    redeemed = events(ledger, "VoucherBook", "VoucherRedeemed")
    assert len(redeemed) == len(story.BILLS)
    total = sum(bill.own + bill.from_pool for bill in story.BILLS) * story.USD
    assert ledger.view(ledger.token, "balanceOf", played.cast()[CLINIC_PLACE]) == total


def test_the_fund_is_solvent(ledger: Ledger) -> None:
    opened = [event["pool"] for event in events(ledger, "PooledFund", "PoolOpened")]
    held = sum(ledger.view(ledger.fund, "heldOf", pool) for pool in opened)
    assert ledger.view(ledger.token, "balanceOf", ledger.fund.address) == held


def test_nothing_is_done_twice(played: Chain, secret: bytes, tmp_path: Path) -> None:
    before = int(played.node.call("eth_blockNumber"), 16)
    forgetful = Journal(tmp_path / "journal.json")
    forgetful.begin(Journal(played.folder / "journal.json").month_start)
    Month(played.cast(), secret, forgetful).play(lambda _: None)
    assert int(played.node.call("eth_blockNumber"), 16) == before
