"""The rules that no sequence of calls may break (DESIGN, section 4), and where each is tested.

1.  **Solvent.** For each token, the fund's balance is at least what the pools hold; tokens sent to it by mistake
    belong to no pool.
2.  **One way out.** A pool's money goes to its milestones' payees, or back to its contributors. Nowhere else, by
    nobody.
3.  **No early release.** A milestone is paid once, after its quorum approved this very evidence hash, after the
    window, with objections under the threshold.
4.  **The plan is fixed.** A milestone once opened never changes. An open-ended pool may only append, with its
    attestors' quorum.
5.  **Default is refund.** A missed deadline, a rejection that is not cured, an unmet threshold or a cancellation
    freezes the pool. Each contribution then pulls exactly the part of its interval that was not released, once; the
    pulls add up to what the pool holds, to the unit.
6.  **No master key.** No role can take, redirect or hasten money. The worst that the operator can do, after a public
    delay, is to cancel a pool. A pause stops new contributions and new evidence, never a refund, a claim or an
    objection.
7.  **Events tell the whole truth.** Replaying the events from the first block gives exactly the contracts' storage.
8.  **Batches are honest.** The contract itself adds up the entries, pulls exactly that sum, builds the Merkle root and
    refuses a reference seen before. A proof binds pool, batch, position, start, donor, time and amount.
9.  **A pledge never surprises.** Not above the cap, not twice in a period, never back-pay, never after the end or a
    stop; one failing pledge fails alone.
10. **Nobody can be pulled from who did not sign.** Permits and authorisations survive front-running.

Here each rule is shown once, in short. At random they are checked by the walks over all contracts (test_walk.py: rules
1 to 7 after every step, and at the end that nobody is stuck) and over pledges (test_pledge_walk.py: rule 9). Rule 5 to
the unit is test_refunds.py, rule 6 by tables test_roles.py, rule 8 by forgeries test_proofs.py, rule 10 also
test_pledge_signatures.py, rules 1 and 10 against odd tokens test_bad_tokens.py. tests/mutants breaks each on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from entrytree import Tree, entry_of, seed_of
from pledging import WEEK, Pledges, Terms
from refusals import reverts
from replay import Replay
from signing import CHAIN, PERMIT, RECEIVE, parts, separator, sign
from truth import check_lines, check_members, check_solvent, check_storage
from world import (
    ADMIN,
    DAY,
    GATEWAY,
    NEVER,
    OPERATOR,
    PAUSER,
    PEOPLE,
    REGISTRAR,
    UNIT,
    ZERO,
    RefusedError,
    World,
    b32,
    evidence_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

FROZEN = 3
DISPUTED, REJECTED = 3, 4


def release(w: World, pool: int, milestone: int = 0) -> dict[str, Any]:
    """Release a milestone."""
    return w.do(w.stranger, w.fund, "release", pool, milestone)


def money_of(w: World, names: Iterable[str]) -> dict[str, int]:
    """Return what these people have."""
    return {name: w.balance(w.addresses[name]) for name in names}


def test_rule_1_solvent(w: World) -> None:
    """Two pools in one token, a mistake, gifts and a release: the balance is what is held, and the mistake."""
    first, second = w.open_pool(), w.open_pool(sender=w.ngo2)
    w.give(first, 120 * UNIT)
    w.give(second, 30 * UNIT, w.donor2)
    w.do(w.donor2, w.token, "transfer", w.fund.address, 7)
    check_solvent(w)
    w.approve(first)
    w.node.wait(DAY)
    release(w, first)
    held = [w.see(w.fund, "heldOf", pool) for pool in (first, second)]
    assert held == [20 * UNIT, 30 * UNIT]
    assert w.balance(w.fund.address) == sum(held) + 7
    check_solvent(w)


def test_rule_2_one_way_out(w: World, funded: int) -> None:
    """Everyone, with every right, calls everything on a full pool: only a release moves money, to the payee alone."""
    w.give(funded, 200 * UNIT)
    w.approve(funded)
    w.node.wait(DAY)
    for role in (ADMIN, OPERATOR, REGISTRAR, GATEWAY, PAUSER):
        w.do(
            {GATEWAY: w.registrar, PAUSER: w.operator}.get(role, w.admin),
            w.consortium,
            "grantRole",
            role,
            w.stranger,
            0,
        )
    before = money_of(w, PEOPLE)
    held = w.balance(w.fund.address)
    calls: list[tuple[Any, ...]] = [
        (w.token, "transferFrom", w.fund.address, w.stranger, 1),
        (w.judgement, "submitEvidence", funded, 1, evidence_of("x"), ""),
        (w.judgement, "attest", funded, 0, evidence_of("done"), True),
        (w.fund, "pause", funded),
        (w.fund, "unpause", funded),
        (w.fund, "release", funded, 1),
        (w.register, "revoke", w.ngo),
        (w.consortium, "setTargetClosed", w.fund.address, True),
        (w.consortium, "setTargetClosed", w.fund.address, False),
        (w.fund, "cancel", funded),
        (w.fund, "giveBack", funded, 0, 1),
        (w.fund, "refund", funded, 0, w.stranger),
        (w.fund, "refundBatch", b32("x"), w.stranger),
        (w.fund, "moveClock", funded),
        (w.fund, "setMatched", funded, True),
        (w.judgement, "release", funded, 0, 100 * UNIT),
        (w.payouts, "begin", funded, 0, 100 * UNIT),
        (w.payouts, "expire", funded, 0),
        (w.sponsors, "draw", funded, entry_of(w.donor1, 1, UNIT)),
        (w.sponsors, "withdraw", funded, 1, w.stranger),
        (w.vouchers, "expire", funded, 0),
        (w.pledges, "collect", [1]),
        (w.consortium, "execute", w.token.address, w.token.data("transfer", w.stranger, 1)),
        (w.consortium, "execute", w.fund.address, w.fund.data("release", funded, 1)),
    ]
    for contract, function, *args in calls:
        try:
            w.do(w.stranger, contract, function, *args)
        except RefusedError:
            continue
        assert w.balance(w.fund.address) == held, function
    release(w, funded)
    after = money_of(w, PEOPLE)
    assert {name: after[name] - before[name] for name in PEOPLE if after[name] != before[name]} == {"payee": 100 * UNIT}
    changing = {
        item["name"]
        for item in w.artifacts["PooledFund"]["abi"]
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    ways_in = {"contribute", "contributeWithPermit", "contributeWithAuthorization", "contributeMany", "recordBatch"}
    no_money = {"openPool", "appendMilestone", "cancel", "cancelByOperator", "pause", "unpause", "setAuthority"}
    internal = {"moveClock", "setMatched"}
    ways_back = {"refund", "refundEntry", "refundBatch"}
    assert changing - ways_in - no_money - internal == {"release", "giveBack", *ways_back}


def test_rule_3_no_early_release(w: World, funded: int) -> None:
    """Each condition alone is not enough, all together are, and only once."""
    with reverts("MilestoneIs", funded, 0, 0):
        release(w, funded)
    wrong, right = evidence_of("first"), evidence_of("second")
    w.do(w.ngo, w.judgement, "submitEvidence", funded, 0, wrong, "")
    w.do(w.attestor1, w.judgement, "attest", funded, 0, wrong, True)
    for attestor in (w.attestor2, w.attestor3):
        w.do(attestor, w.judgement, "attest", funded, 0, wrong, False)
    w.node.wait(2 * DAY)
    with reverts("MilestoneIs", funded, 0, REJECTED):
        release(w, funded)
    w.do(w.ngo, w.judgement, "submitEvidence", funded, 0, right, "")
    w.do(w.attestor2, w.judgement, "attest", funded, 0, right, True)
    with reverts("OtherEvidence", right):
        w.do(w.attestor1, w.judgement, "attest", funded, 0, wrong, True)
    with reverts("MilestoneIs", funded, 0, 1):
        release(w, funded)
    w.do(w.attestor3, w.judgement, "attest", funded, 0, right, True)
    end = w.node.now + DAY
    w.node.go_to(end - 2)
    with reverts("TooEarly", end):
        release(w, funded)
    release(w, funded)
    assert (w.balance(w.payee), w.node.now) == (100 * UNIT, end)
    with reverts("AlreadyReleased", funded, 0):
        release(w, funded)


def test_rule_3_no_release_against_objections(w: World, funded: int) -> None:
    """Above a fifth of what was given before the evidence, and for good if it happens again."""
    w.give(funded, 31 * UNIT, w.donor2)
    evidence = w.approve(funded)
    w.do(w.donor2, w.judgement, "object", funded, 0, evidence, [120 * UNIT])
    w.node.wait(DAY)
    with reverts("MilestoneIs", funded, 0, DISPUTED):
        release(w, funded)
    assert w.state(funded) == "active"
    w.node.wait(2 * DAY)
    assert (w.state(funded), w.balance(w.payee)) == ("frozen", 0)


def test_rule_4_the_plan_is_fixed(w: World, funded: int) -> None:
    """Through a whole life with pauses, rejections and releases, no word of the plan moves."""

    def plan() -> Any:
        pool = w.pool(funded)
        fixed = {k: v for k, v in pool.items() if k not in moving}
        milestones = [w.milestone(funded, number) for number in range(2)]
        tranches = [{k: m[k] for k in ("payee", "amount", "evidenceDeadline")} for m in milestones]
        return fixed, tranches, [w.see(w.judgement, "isAttestor", funded, who) for who in w.attestors]

    moving = (
        *("raised", "released", "returned", "refunded", "acceptsUntil", "defaultsAt", "milestonesReleased"),
        *("paused", "pausedUntil", "clockShift"),
    )
    before = plan()
    w.do(w.pauser, w.fund, "pause", funded)
    w.do(w.operator, w.fund, "unpause", funded)
    w.reject(funded)
    w.give(funded, 500 * UNIT)
    w.open_pool()
    w.do(w.registrar, w.register, "revoke", w.attestor1)
    for milestone in (0, 1):
        w.approve(funded, milestone)
        w.node.wait(DAY)
        release(w, funded, milestone)
    assert (plan(), w.state(funded)) == (before, "completed")


@pytest.mark.parametrize("cause", ["evidence", "verdict", "rejection", "threshold", "cancellation"])
def test_rule_5_default_is_refund(w: World, pool: int, cause: str) -> None:
    """Each kind of default freezes the pool for ever, and gives back all that it holds, to the unit, once."""
    w.give(pool, 30 * UNIT + 1)
    if cause != "threshold":
        w.give(pool, 100 * UNIT, w.donor2)
    if cause == "verdict":
        w.do(w.ngo, w.judgement, "submitEvidence", pool, 0, evidence_of("done"), "")
    elif cause == "rejection":
        w.reject(pool)
    elif cause == "cancellation":
        w.do(w.ngo, w.fund, "cancel", pool)
    if cause != "cancellation":
        stored = w.pool(pool)
        w.node.go_to((stored["fundingDeadline"] if cause == "threshold" else stored["defaultsAt"]) + 1)
    for _ in range(2):
        assert w.state(pool) == "frozen"
        for refused in (
            lambda: release(w, pool, 0),
            lambda: w.do(w.ngo, w.judgement, "submitEvidence", pool, 0, evidence_of("late"), ""),
            lambda: w.do(w.attestor3, w.judgement, "attest", pool, 0, evidence_of("done"), True),
            lambda: w.do(w.pauser, w.fund, "pause", pool),
            lambda: w.do(w.ngo, w.fund, "cancel", pool),
        ):
            with reverts("PoolIs", pool, FROZEN):
                refused()
        with reverts("NotAccepting", pool, w.pool(pool)["acceptsUntil"]):
            w.give(pool, 1000 * UNIT)
        w.node.wait(1000 * DAY)
    gifts = {0: (w.donor1, 30 * UNIT + 1)} | ({} if cause == "threshold" else {30 * UNIT + 1: (w.donor2, 100 * UNIT)})
    for start, (donor, amount) in gifts.items():
        before = w.balance(donor)
        w.do(w.stranger, w.fund, "refund", pool, start, donor)
        assert w.balance(donor) - before == amount
        with reverts("NothingToRefund", pool, start):
            w.do(donor, w.fund, "refund", pool, start, donor)
    assert (w.see(w.fund, "heldOf", pool), w.balance(w.fund.address)) == (0, 0)


def test_rule_6_no_master_key(w: World, funded: int) -> None:
    """The consortium as one, with every role in one hand, cannot hasten a release nor stop one that is due."""
    w.do(w.ngo, w.judgement, "submitEvidence", funded, 0, evidence_of("done"), "")
    before = w.pool(funded), w.see(w.judgement, "milestonesOf", funded)
    for who in (w.admin, w.operator, w.registrar, w.gateway, w.pauser):
        with reverts("NotAnAttestor", funded, who):
            w.do(who, w.judgement, "attest", funded, 0, evidence_of("done"), True)
        with reverts("MilestoneIs", funded, 0, 1):
            w.do(who, w.fund, "release", funded, 0)
    assert (w.pool(funded), w.see(w.judgement, "milestonesOf", funded)) == before
    for attestor in w.attestors[:2]:
        w.do(attestor, w.judgement, "attest", funded, 0, evidence_of("done"), True)
    w.do(w.pauser, w.fund, "pause", funded)
    for member in (w.ngo, w.attestor1, w.attestor2, w.token.address):
        w.do(w.registrar, w.register, "revoke", member)
    for contract in (w.fund, w.register, w.token):
        w.do(w.admin, w.consortium, "setTargetClosed", contract.address, True)
    w.node.wait(DAY)
    release(w, funded)
    assert w.balance(w.payee) == 100 * UNIT


def test_rule_7_events_tell_the_whole_truth(w: World, funded: int) -> None:
    """A small life by hand, replayed from block 0; the random walk does it at length."""
    w.do(w.gateway, w.fund, "recordBatch", funded, b32("b"), entry_of(b"\1" * 20, 5, 7) + entry_of(bytes(20), 6, 8))
    w.reject(funded)
    w.approve(funded, text="cured")
    w.node.wait(DAY)
    release(w, funded)
    w.do(w.pauser, w.fund, "pause", funded)
    w.do(w.registrar, w.register, "revoke", w.ngo2)
    told = Replay(w)
    told.follow()
    check_storage(w, told, told.gifts, told.batches)
    check_members(w, told)
    check_lines(told)
    assert (len(told.gifts), len(told.batches), len(told.lines[funded])) == (1, 1, 3)


def test_rule_7_every_money_event_says_pool_token_actor_and_amount(w: World) -> None:
    actors = {
        "PooledFund": {
            **{"Contributed": "donor", "ContributionsBrought": "bearer", "BatchRecorded": "gateway"},
            **{"Released": "caller", "Returned": "payee", "Refunded": "caller", "BatchRefunded": "gateway"},
        },
        "SponsorBook": {"Locked": "sponsor", "Matched": "sponsor", "Withdrawn": "caller"},
        "PayoutBook": {"Delivered": "caller", "RoundExpired": "caller"},
        "PledgeBook": {"Collected": "keeper"},
        "VoucherBook": {"VoucherRedeemed": "payer", "VouchersExpired": "caller"},
    }
    amounts = {"Locked": "budget", "VoucherRedeemed": "fromPool"}
    for contract, named in actors.items():
        items = [i for i in w.artifacts[contract]["abi"] if i["type"] == "event"]
        events = {i["name"]: {p["name"] for p in i["inputs"]} for i in items}
        for name, actor in named.items():
            assert {"pool", "token", amounts.get(name, "amount"), actor} <= events[name], name


def test_rule_8_batches_are_honest(w: World, funded: int) -> None:
    """Sum, start, root and reference are the contract's own; each entry is proved, and nothing else is."""
    entries = tuple(entry_of(bytes([i]) * 20, 1000 + i, (i + 1) * UNIT) for i in range(5))
    before = w.balance(w.gateway)
    w.do(w.gateway, w.fund, "recordBatch", funded, b32("b"), b"".join(entries))
    batch = w.see(w.fund, "batchId", w.gateway, b32("b"))
    tree = Tree(seed_of(CHAIN, w.fund.address, funded, batch), 120 * UNIT, entries)
    stored = w.see(w.fund, "batchOf", batch)
    assert (stored["root"], stored["start"], stored["amount"], stored["count"]) == (tree.root, 120 * UNIT, 15 * UNIT, 5)
    assert before - w.balance(w.gateway) == 15 * UNIT
    with reverts("ReferenceUsed", w.gateway, b32("b")):
        w.do(w.gateway, w.fund, "recordBatch", funded, b32("b"), entries[0])
    for claimed in range(5):
        for said in range(5):
            receipt = (batch, claimed, tree.starts[claimed], entries[said], tree.path(claimed))
            assert w.see(w.fund, "verifyEntry", receipt) == (claimed == said)


def test_rule_9_a_pledge_never_surprises(w: World, pool: int) -> None:
    """A weekly pledge of 5, at most 11: not twice a week, no week made up for, not above the cap, not after a stop."""
    book = Pledges(w, w.pledges)
    w.do(w.donor1, w.token, "approve", w.pledges.address, 2**256 - 1)
    pledge = book.make(w.donor1, Terms(pool, 5 * UNIT, WEEK, w.node.now, cap=11 * UNIT))
    other = book.make(w.donor2, Terms(pool, 5 * UNIT, WEEK, w.node.now, cap=11 * UNIT))
    assert book.outcome(pledge, other, pledge) == ["collected", "no allowance", "not due"]
    w.node.wait(20 * DAY)
    assert book.outcome(pledge) == ["collected"]
    assert book.outcome(pledge) == ["not due"]
    w.node.wait(7 * DAY)
    assert book.outcome(pledge) == ["cap reached"]
    book.do(w.donor1, "stop", pledge)
    assert book.outcome(pledge) == ["stopped"]
    assert w.pool(pool)["raised"] == 10 * UNIT


def test_rule_10_nobody_is_pulled_from_who_did_not_sign(w: World, pool: int) -> None:
    """With an endless allowance to the fund, a donor's money moves by the donor's own call or signature alone."""
    before = w.balance(w.donor1)
    salt, domain = b32("salt"), separator("Moa USD", w.token.address)
    nonce = w.see(w.fund, "authorizationNonce", pool, salt)
    values = (w.donor1, w.fund.address, UNIT, 0, NEVER, nonce)
    forged = sign(w.keys["stranger"], domain, RECEIVE, *values)
    for call in (
        ("contributeWithAuthorization", pool, (w.donor1, UNIT, 0, NEVER, salt, forged)),
        ("contribute", pool, UNIT),
        ("contributeWithPermit", pool, UNIT, NEVER, 27, salt, salt),
    ):
        with pytest.raises(RefusedError):
            w.do(w.stranger, w.fund, *call)
    entry = entry_of(w.donor1, 1, UNIT)
    w.do(w.gateway, w.fund, "recordBatch", pool, b32("b"), entry)
    assert w.balance(w.donor1) == before
    permit = parts(sign(w.keys["donor3"], domain, PERMIT, w.donor3, w.fund.address, UNIT, 0, NEVER))
    w.mint(w.donor3, UNIT)
    w.do(w.stranger, w.token, "permit", w.donor3, w.fund.address, UNIT, NEVER, *permit)
    with reverts("ERC20InsufficientAllowance", w.fund.address, 0, UNIT):
        w.do(w.stranger, w.fund, "contributeWithPermit", pool, UNIT, NEVER, *permit)
    w.do(w.donor3, w.fund, "contributeWithPermit", pool, UNIT, NEVER, *permit)
    assert w.see(w.fund, "giftAt", pool, UNIT) == {"donor": w.donor3, "amount": UNIT}
    assert w.see(w.fund, "giftAt", pool, 0) == {"donor": ZERO, "amount": 0}
