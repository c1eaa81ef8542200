"""What the logs add up to, held against what the contracts store at the same block."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

from .deployment import Deployment
from .node import Node
from .out import Progress, Report
from .state import Pool, State

Question = tuple[str, str, tuple[int | bytes, ...], str, Any]
"""The contract, the view, its arguments, what it is about, and what the logs say."""

_TOGETHER, _ROWS = 400, 50


def check(state: State, node: Node, deployment: Deployment, block: int, *, report: Report, progress: Progress) -> None:
    """Ask the contracts for everything that they store of pools, batches and the books, and for a sample of gifts.

    Args:
        state: As of the block.
        node: Who is asked.
        deployment: Where the contracts stand.
        block: At which they are asked.
        report: Hears of differences.
        progress: Hears how far it is.

    """
    progress.begin()
    whole = 8 * len(state.pools) + len(state.batches) + len(state.pledges) + 2 * state.sample
    done, questions = 0, _questions(state, deployment)
    while part := list(islice(questions, _TOGETHER)):
        asked = [(deployment.addresses[name], view, arguments) for name, view, arguments, _, _ in part]
        for (name, view, _, what, said), answer in zip(part, node.views(asked, block), strict=True):
            compare(report, what, f"{name}.{view.rpartition('.')[2].partition('(')[0]}", answer, said)
        done += len(part)
        progress.tell("asking the contracts' storage", done, max(whole, done))
    _check_tokens(state, node, deployment, block, report)


def compare(report: Report, what: str, source: str, stored: Any, told: Any) -> None:
    """Say where an answer differs from what the logs say, field by field."""
    if isinstance(stored, dict):
        for name, value in stored.items():
            report.same(f"{what}, {name}", storage=value, logs=told.get(name)) if isinstance(told, dict) else None
    elif isinstance(stored, list) and isinstance(told, list):
        if report.same(f"{what}, length of {source}", storage=len(stored), logs=len(told)):
            for i, (one, other) in enumerate(zip(stored, told, strict=True)):
                compare(report, f"{what}, {source} {i}", source, one, other)
    else:
        report.same(f"{what}, {source}", storage=stored, logs=told)


def _questions(state: State, deployment: Deployment) -> Iterator[Question]:
    yield "PooledFund", "poolCount()", (), "the fund", len(state.pools)
    yield "PledgeBook", "pledgeCount()", (), "the book of pledges", len(state.pledges)
    yield "SettlementToken", "totalSupply()", (), "the token", state.supply
    for name in ("PooledFund", "PayoutBook", "SponsorBook", "VoucherBook", "PledgeBook"):
        address = deployment.addresses[name]
        yield "SettlementToken", "balanceOf(address)", (address,), f"{name}'s tokens", state.balances[address]
    for account, member in state.members.items():
        stored: dict[str, Any] = {"kind": member.kind, "name": member.name, "detailsHash": member.details}
        if member.revoked:
            stored = {"kind": 0, "name": bytes(32), "detailsHash": bytes(32)}
        yield "Register", "memberOf(address)", (account,), f"member 0x{account.hex()}", stored
    for gateway, reference in _some(state.lists["Minted"].forwards(), state.lists["Minted"].count, state.sample):
        what = f"deposit 0x{reference.hex()} of 0x{gateway.hex()}"
        yield "SettlementToken", "depositReferenceUsed(address,bytes32)", (gateway, reference), what, True
    vouchers = state.lists["VoucherTold"]
    for _, v in _some(vouchers.forwards(), vouchers.count, state.sample):
        said = 1 if v["provider"] else 2
        what = f"voucher 0x{v['voucher'].hex()}"
        yield "VoucherBook", "VoucherBook.stateOf(bytes32)", (v["voucher"],), what, said
    for (scope, nullifier), paid in state.room.items():
        yield "PayoutBook", "paidOf(bytes32,bytes32)", (scope, nullifier), f"person 0x{nullifier.hex()}", paid
    for pool in state.pools:
        yield from _of_pool(pool)
        yield from _of_books(pool, deployment)
    for batch in state.batches.values():
        yield "PooledFund", "batchOf(bytes32)", (batch.identity,), f"batch 0x{batch.identity.hex()}", batch.stored
    for number, pledge in enumerate(state.pledges, 1):
        yield "PledgeBook", "pledgeOf(uint256)", (number,), f"standing order {number}", pledge.stored
    for number, start, donor, amount in state.some_direct:
        stored, what = {"donor": donor, "amount": amount}, f"gift {number}-{start}"
        yield "PooledFund", "giftAt(uint256,uint64)", (number, start), what, stored
    refunds = ((pool.number, start, amount) for pool in state.pools for start, amount in pool.refunds.items())
    count = sum(len(pool.refunds) for pool in state.pools)
    for number, start, amount in _some(refunds, count, state.sample):
        what = f"refund of gift {number}-{start}"
        yield "PooledFund", "refundedOf(uint256,uint64)", (number, start), what, amount


def _of_pool(pool: Pool) -> Iterator[Question]:
    number, what = (pool.number,), f"pool {pool.number}"
    yield "PooledFund", "poolOf(uint256)", number, what, pool.stored
    yield "PooledFund", "limitsOf(uint256)", number, what, pool.limits
    yield "PooledFund", "heldOf(uint256)", number, what, pool.held
    yield "PooledFund", "isMatched(uint256)", number, what, pool.matched
    yield "PooledFund", "milestonesOf(uint256)", number, what, pool.planned
    yield "Judgement", "Judgement.milestonesOf(uint256)", number, what, pool.judged
    yield "Judgement", "panelOf(uint256)", number, what, pool.panel
    yield "PooledFund", "returnedOf(uint256)", number, what, _intervals(pool.line.holes)
    for milestone in pool.releases:
        spent = _intervals(pool.line.spent.get(milestone, []))
        yield "PooledFund", "spentOf(uint256,uint256)", (pool.number, milestone), f"{what}, {milestone}", spent
    for milestone, rounds in enumerate(pool.rounds):
        for _, v in rounds[-1].attestations if rounds else ():
            where = (pool.number, milestone, v["attestor"])
            yield "Judgement", "hasAttested(uint256,uint256,address)", where, f"{what}, {milestone}", True
    for sponsor, invited in pool.invited.items():
        yield "SponsorBook", "isInvited(uint256,address)", (pool.number, sponsor), f"{what}'s sponsors", invited
    seats = dict(zip(("first", "second", "third", "fourth"), pool.sponsors, strict=True))
    yield "SponsorBook", "seatsOf(uint256)", number, f"{what}'s sponsors", seats
    for plan, consents in pool.proposals.items():
        view = "milestoneConsents(uint256,(address,uint64,uint32))"
        yield "Judgement", view, (pool.number, *plan), f"{what}'s next milestone", len(consents)
    for pair, (by, since) in pool.rotations.items():
        said = {"consents": len(by), "at": since[0] if since else 0}
        yield "Judgement", "rotationConsents(uint256,address,address)", (pool.number, *pair), f"{what}'s panel", said
    for attestor, _, _ in pool.seats:
        yield "Judgement", "isAttestor(uint256,address)", (pool.number, attestor), f"{what}'s panel", True


def _intervals(spans: list[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"start": start, "amount": end - start} for start, end in spans]


def _of_books(pool: Pool, deployment: Deployment) -> Iterator[Question]:
    for milestone, payout in pool.payouts.items():
        what = f"payout round {pool.number}-{milestone}"
        yield "PayoutBook", "roundOf(uint256,uint256)", (pool.number, milestone), what, payout.stored
        for row in list(payout.claimed)[:_ROWS]:
            where = (pool.number, milestone, row)
            yield "PayoutBook", "isClaimed(uint256,uint256,uint32)", where, f"{what}, row {row}", True
    for number, sponsorship in enumerate(pool.sponsorships, 1):
        what = f"sponsorship {number} of pool {pool.number}"
        yield "SponsorBook", "sponsorshipOf(uint256,uint256)", (pool.number, number), what, sponsorship.stored
    for milestone, release in pool.releases.items():
        if release.values["payee"] == deployment.addresses["VoucherBook"]:
            left = release.values["amount"] - release.paid - release.returned
            what = f"vouchers of milestone {pool.number}-{milestone}"
            yield "VoucherBook", "leftOf(uint256,uint256)", (pool.number, milestone), what, left


def _some(rows: Iterator[Any], count: int, sample: int) -> Iterator[Any]:
    """Yield so many rows, evenly from all, from where nobody can know."""
    every = 1 + count // (sample + 1)
    return islice(rows, random.SystemRandom().randrange(every), None, every)


def _check_tokens(state: State, node: Node, deployment: Deployment, block: int, report: Report) -> None:
    """Check that the fund and the books have at least what they owe, in every token."""
    owed: dict[tuple[str, bytes], int] = {}

    def owe(who: str, token: bytes, amount: int) -> None:
        owed[who, token] = owed.get((who, token), 0) + amount

    for token, amount in state.held().items():
        owe("PooledFund", token, amount)
    for pool in state.pools:
        token = pool.stored["token"]
        for sponsorship in pool.sponsorships:
            owe("SponsorBook", sponsorship.token, sponsorship.stored["left"])
        for payout in pool.payouts.values():
            if payout.opened and not payout.stored["closed"]:
                owe("PayoutBook", token, payout.stored["amount"] - payout.stored["delivered"])
        for release in pool.releases.values():
            if release.values["payee"] == deployment.addresses["VoucherBook"]:
                owe("VoucherBook", token, release.values["amount"] - release.paid - release.returned)
    asked = [(token, "balanceOf(address)", (deployment.addresses[who],)) for who, token in owed]
    for ((who, token), amount), has in zip(owed.items(), node.views(asked, block), strict=True):
        what = f"{who}'s balance of the token 0x{token.hex()}"
        if has < amount:
            report.differs(what, it_has=has, it_owes=amount)
        elif has > amount:
            report.note(f"{what} is {has - amount} more than it owes: tokens sent to it by mistake belong to no pool")
