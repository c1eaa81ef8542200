"""Givers who say no, checkers who are asked again, and panels that change: shown as the Judgement says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from tests.ledger import DAY, USD
from tests.signatures import entry_receipt, sign

if TYPE_CHECKING:
    from tests.api.chain.conftest import Site
    from tests.ledger import Ledger

STATES = ("planned", "submitted", "approved", "disputed", "rejected", "released")
EVIDENCE, BETTER = b"e" * 32, b"b" * 32
CODE = Account.from_key(b"\7" * 32)


def check(site: Site, pool: int, milestone: int = 0) -> dict[str, Any]:
    """Compare a milestone with the contract, and return it."""
    ledger = site.ledger
    stored = ledger.see(ledger.judgement, "milestoneOf", pool, milestone)
    custody = ledger.see(ledger.fund, "poolOf", pool)
    shown: dict[str, Any] = site.get(f"/pools/{pool}/milestones")[milestone]
    assert (shown["state"], shown["round"]) == (STATES[stored["state"]], stored["round"])
    if shown["state"] != "released":
        assert shown["due"] == stored["due"] + custody["clockShift"]
        assert shown["late"] == (shown["due"] < ledger.now())
    if shown["evidence"]:
        last = shown["evidence"][-1]
        assert last["line"] == str(stored["lineAtEvidence"])
        assert last["objections"]["amount"] == str(stored["objected"])
        assert (sum(a["approved"] for a in last["attestations"]), len(last["attestations"])) == (
            stored["yes"], stored["yes"] + stored["no"],
        )  # fmt: skip
    return shown


def test_objections_dispute_a_milestone_and_all_checkers_confirm_it(site: Site, ledger: Ledger) -> None:
    pool, donors = ledger.open_pool(), ledger.donors
    ledger.give(pool, 75 * USD, donors[0])
    ledger.give(pool, 20 * USD, donors[1])
    entry = bytes.fromhex(CODE.address[2:]) + (1_700_000_000).to_bytes(4, "big") + (5 * USD).to_bytes(8, "big")
    ledger.record(pool, entry)
    check(site, pool)
    ledger.submit(pool, 0, EVIDENCE)
    check(site, pool)
    ledger.attest(pool, 0, EVIDENCE, True, True)
    check(site, pool)
    ledger.object(pool, 0, EVIDENCE, donors[1], 75 * USD)
    shown = check(site, pool)
    assert shown["evidence"][0]["objections"] == {"count": 1, "amount": str(20 * USD), "limit": str(20 * USD)}
    assert shown["state"] == "approved"

    kind = "Objection(address donor,uint256 pool,uint256 milestone,uint256 round,bytes32 evidence,uint256 deadline)"
    deadline = ledger.now() + DAY
    signature = sign(CODE.key, ledger.judgement, "Judgement", kind, CODE.address, pool, 0, 1, EVIDENCE, deadline)
    receipts = [entry_receipt(site.get(f"/contributions/{pool}-{95 * USD}"))]
    values = (CODE.address, pool, 0, EVIDENCE, [], receipts, deadline, signature)
    ledger.send(ledger.judgement.functions.objectBySignature(*values), donors[4])
    shown = check(site, pool)
    first, second = shown["evidence"]
    assert (shown["state"], first["objections"]["count"], first["disputed"]) == ("disputed", 2, second["submitted"])
    assert (second["confirms"], second["content"], second["verdict"]) == (True, first["content"], None)
    page = site.read(f"/pool/{pool}")
    assert "Too many givers doubt the proof" in page
    assert "✗ 2 objections from givers of 25.00 MUSD together. Above 20.00 MUSD all checkers must confirm" in page
    items = site.get("/objections", pool=pool, milestone=0)["items"]
    assert [(i["donor"], i["amount"], i["contribution"]) for i in items] == [
        (CODE.address.lower(), str(5 * USD), f"{pool}-{95 * USD}"),
        (donors[1].lower(), str(20 * USD), f"{pool}-{75 * USD}"),
    ]
    assert site.get("/objections", donor=CODE.address)["items"][0]["objected"] == items[0]["objected"]
    assert "dispute" in [move["kind"] for move in site.get("/movements", limit=20)["items"]]

    ledger.send(ledger.fund.functions.pause(pool), ledger.admin)
    check(site, pool)
    ledger.wait(2 * DAY)
    ledger.send(ledger.fund.functions.unpause(pool), ledger.admin)
    check(site, pool)
    ledger.attest(pool, 0, EVIDENCE, True, True)
    assert check(site, pool)["state"] == "disputed"
    ledger.send(ledger.judgement.functions.attest(pool, 0, EVIDENCE, True), ledger.attestors[2])
    shown = check(site, pool)
    assert (shown["state"], len(shown["evidence"][1]["attestations"])) == ("approved", 3)
    ledger.wait(3 * DAY + 60)
    ledger.release(pool, 0)
    assert check(site, pool)["state"] == "released"


def test_an_approval_in_a_pause_keeps_its_window(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool()
    ledger.give(pool, 100 * USD)
    ledger.submit(pool, 0, EVIDENCE)
    ledger.send(ledger.fund.functions.pause(pool), ledger.admin)
    ledger.wait(DAY)
    ledger.attest(pool, 0, EVIDENCE, True, True)
    assert check(site, pool)["state"] == "approved"
    ledger.wait(8 * DAY)
    check(site, pool)
    ledger.send(ledger.fund.functions.unpause(pool), ledger.admin)
    check(site, pool)


def test_a_dispute_in_a_pause_keeps_its_window(site: Site, ledger: Ledger) -> None:
    pool, donors = ledger.open_pool(), ledger.donors
    ledger.give(pool, 75 * USD, donors[0])
    ledger.give(pool, 40 * USD, donors[1])
    ledger.submit(pool, 0, EVIDENCE)
    ledger.attest(pool, 0, EVIDENCE, True, True)
    ledger.send(ledger.fund.functions.pause(pool), ledger.admin)
    ledger.wait(DAY)
    ledger.object(pool, 0, EVIDENCE, donors[1], 75 * USD)
    assert check(site, pool)["state"] == "disputed"
    ledger.wait(3600)
    ledger.send(ledger.fund.functions.unpause(pool), ledger.admin)
    shown = check(site, pool)
    assert 7 * DAY - 60 < shown["due"] - ledger.now() <= 7 * DAY


def test_a_second_dispute_refuses_it_for_good_and_stops_the_pool(site: Site, ledger: Ledger) -> None:
    pool, donors = ledger.open_pool(objectionThreshold=0), ledger.donors
    ledger.give(pool, 150 * USD, donors[0])
    ledger.give(pool, 1, donors[1])
    ledger.submit(pool, 0, EVIDENCE)
    ledger.attest(pool, 0, EVIDENCE, True, True)
    ledger.object(pool, 0, EVIDENCE, donors[1], 150 * USD)
    assert check(site, pool)["state"] == "disputed"
    ledger.submit(pool, 0, BETTER)
    assert check(site, pool)["state"] == "submitted"
    ledger.attest(pool, 0, BETTER, True, True)
    ledger.object(pool, 0, BETTER, donors[1], 150 * USD)
    shown = check(site, pool)
    assert (shown["state"], shown["evidence"][-1]["verdict"]["last"]) == ("rejected", True)
    pool_shown = site.get(f"/pools/{pool}")
    assert (pool_shown["state"], pool_shown["stopped"]["reason"], pool_shown["stopped"]["milestone"]) == (
        "frozen", "rejected", 0,
    )  # fmt: skip
    page = site.read(f"/pool/{pool}")
    assert "The proof of the work was refused for good." in page
    assert "Not accepted" in page
    assert "Above 0.00 MUSD all checkers must confirm the proof." in page
    assert "Above 0.00 MUSD the proof is refused for good." in page
    assert "If any giver objects, all checkers must confirm." in page
    assert "Too late" not in page


def test_a_rejection_can_be_cured_until_the_deadline(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool()
    ledger.give(pool, 100 * USD)
    ledger.submit(pool, 0, EVIDENCE)
    ledger.attest(pool, 0, EVIDENCE, False, False)
    shown = check(site, pool)
    assert (shown["state"], shown["evidence"][0]["verdict"]["last"]) == ("rejected", False)
    assert "A better one can be handed in until" in site.read(f"/pool/{pool}")
    ledger.wait(91 * DAY)
    assert check(site, pool)["late"]
    shown = site.get(f"/pools/{pool}")
    assert (shown["stop"], shown["stopped"]["milestone"]) == ("late", 0)
    assert "No better proof of the work came by" in site.read(f"/pool/{pool}")


@pytest.mark.parametrize(
    ("votes", "said"), [((), "the checkers gave no answer by"), ((True, True), "nobody had it paid")]
)
def test_a_stopped_pool_no_longer_says_who_will_be_paid(
    site: Site, ledger: Ledger, votes: tuple[bool, ...], said: str
) -> None:
    pool = ledger.open_pool()
    ledger.give(pool, 100 * USD)
    ledger.submit(pool, 0, EVIDENCE)
    ledger.attest(pool, 0, EVIDENCE, *votes)
    ledger.wait(100 * DAY)
    page = site.read(f"/pool/{pool}")
    assert said in page
    assert "Nothing is paid for this milestone any more." in page
    assert "will be paid" not in page
    assert "Not paid" in page


def test_the_panel_is_who_sits_there_now(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool()
    leaving, others = ledger.attestors[2], ledger.attestors[:2]
    joining = ledger.w3.eth.accounts[14]
    ledger.accredit(joining, 2, "Attestor 4")
    ledger.send(ledger.judgement.functions.consentToRotation(pool, leaving, joining), others[0])
    [rotation] = site.get(f"/pools/{pool}")["rotations"]
    assert (rotation["joining"]["name"], len(rotation["consents"]), rotation["at"]) == ("Attestor 4", 1, None)
    ledger.send(ledger.judgement.functions.consentToRotation(pool, leaving, joining), others[1])
    [rotation] = site.get(f"/pools/{pool}")["rotations"]
    consents, at = ledger.judgement.functions.rotationConsents(pool, leaving, joining).call()
    assert (len(rotation["consents"]), rotation["at"]) == (consents, at)
    assert "Attestor 4 is to take the place of Attestor 3: 2 checkers agreed" in site.read(f"/pool/{pool}")
    ledger.wait(7 * DAY)
    ledger.send(ledger.judgement.functions.rotate(pool, leaving, joining), others[0])
    shown = site.get(f"/pools/{pool}")
    assert [who["name"] for who in shown["attestors"]] == ["Attestor 1", "Attestor 2", "Attestor 4"]
    assert shown["seats"][2]["leaving"]["name"] == "Attestor 3"
    assert shown["rotations"] == []
    assert "in the place of Attestor 3" in site.read(f"/pool/{pool}")


def test_a_next_milestone_shows_who_agreed_to_it(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool(openEnded=True, milestones=[(ledger.payee, 5 * USD, ledger.now() + 9 * DAY)])
    plan = (ledger.payee, 8 * USD, ledger.now() + 20 * DAY)
    for i, attestor in enumerate(ledger.attestors[:2], 1):
        ledger.send(ledger.judgement.functions.consentToMilestone(pool, plan), attestor)
        [proposal] = site.get(f"/pools/{pool}")["proposals"]
        assert (proposal["amount"], len(proposal["consents"])) == (str(plan[1]), i)
    assert "Next milestone, 8.00 MUSD" in site.read(f"/pool/{pool}")
    ledger.send(ledger.fund.functions.appendMilestone(pool, plan), ledger.ngo)
    shown = site.get(f"/pools/{pool}")
    assert (shown["proposals"], len(shown["milestones"])) == ([], 2)
