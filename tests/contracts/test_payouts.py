"""Payout rounds: sealing a list, claiming its rows by one-time keys, the cap of a person, the rest back to the pool."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from entrytree import entry_of
from eth_utils import keccak
from refusals import reverts
from rounds import SHEET, PayList, Person, crowd, key_of, open_round, paying, release, row_of, seal
from signing import CHAIN
from world import (
    DAY,
    HOUR,
    MAX63,
    TOKEN_KIND,
    UNIT,
    ZERO,
    ZERO32,
    RefusedError,
    World,
    b32,
    evidence_of,
)

from scripts import codes

pytestmark = pytest.mark.swift
PLANNED, SUBMITTED, APPROVED, DISPUTED, REJECTED, RELEASED = range(6)
NONE, SEALED, OPEN, EXPIRED, CLOSED = range(5)
PROGRAMME = b32("Winter 2026")
PEOPLE = crowd(20)


def state_of(w: World, lst: PayList) -> int:
    """Return the state of a round."""
    found: int = w.see(w.payouts, "stateOf", lst.pool, lst.milestone)
    return found


def round_of(w: World, lst: PayList) -> dict[str, Any]:
    """Return what the book stores of a round."""
    found: dict[str, Any] = w.see(w.payouts, "roundOf", lst.pool, lst.milestone)
    return found


def claim(w: World, claimed: Any, sender: str | None = None, at: int | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Hand in a claim; return what the book said."""
    receipt = w.do(sender or w.relayer, w.payouts, "claim", claimed.args, at=at)
    return w.events(receipt, w.payouts)


def claim_many(w: World, *claims: Any) -> list[tuple[str, dict[str, Any]]]:
    """Hand in many claims; return what the book said."""
    return w.events(w.do(w.relayer, w.payouts, "claimMany", [c.args for c in claims]), w.payouts)


def reason(w: World, event: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """Return why one of many claims failed."""
    error: RefusedError = w.node.refusal(event["reason"])
    return error.name, error.values


def capped(cap: int, programme: bytes = PROGRAMME) -> tuple[Any, ...]:
    """Return a pool's limits with a cap for each beneficiary."""
    return (programme, cap, 0, 0)


def person(name: str, who: str, amount: int) -> Person:
    """Return the row of somebody whose nullifier is the same wherever it stands."""
    return Person(key_of(name), amount, keccak(text=who))


@pytest.fixture
def lst(w: World) -> PayList:
    """A round of twenty rows, two sheets, open to claims for 30 days."""
    return paying(w, *PEOPLE)


class TestSeal:
    """The list is handed in by the NGO, before evidence, and adds up by itself."""

    def test_the_list_is_in_the_log_and_counted(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE)
        assert state_of(w, lst) == NONE
        [(name, event)] = w.events(seal(w, lst, 7 * DAY), w.payouts)
        said = {"pool": lst.pool, "milestone": 0, "ngo": w.ngo, "version": 1, "amount": lst.total, "count": 20}
        assert (name, event) == ("RoundSealed", said | {"claimWindow": 7 * DAY, "rows": lst.data})
        stored = round_of(w, lst)
        expected = {"amount": lst.total, "count": 20, "version": 1, "claimWindow": 7 * DAY, "beneficiaryCap": 0}
        assert stored | expected == stored
        assert (stored["token"], stored["claimsUntil"], stored["delivered"]) == (ZERO, 0, 0)
        assert state_of(w, lst) == SEALED

    def test_only_the_pools_ngo(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE)
        for other in (w.ngo2, w.operator, w.admin, w.attestor1, w.stranger):
            with reverts("NotTheNgo", lst.pool, other):
                seal(w, lst, ngo=other)
        with reverts("NotTheNgo", 99, w.ngo):
            seal(w, replace(lst, pool=99))

    def test_only_a_milestone_that_pays_the_book(self, w: World, pool: int) -> None:
        with reverts("NotARound", pool, 0):
            seal(w, PayList(w.payouts.address, pool, 0, crowd(1, amount=100 * UNIT)))
        with reverts("UnknownMilestone", pool, 2):
            seal(w, PayList(w.payouts.address, pool, 2, PEOPLE))

    @pytest.mark.parametrize("window", [0, 7 * DAY - 1, 365 * DAY + 1, 2**32 - 1])
    def test_the_window_is_7_to_365_days(self, w: World, window: int) -> None:
        [lst] = open_round(w, PEOPLE)
        with reverts("BadWindow", window):
            seal(w, lst, window)
        seal(w, lst, 7 * DAY)
        seal(w, lst, 365 * DAY)

    @pytest.mark.parametrize("length", [0, 1, 31, 33, 32 * 20 - 1, 32 * 20 + 1])
    def test_bytes_that_are_not_whole_rows(self, w: World, length: int) -> None:
        [lst] = open_round(w, PEOPLE)
        with reverts("BadRows", length):
            w.do(w.ngo, w.payouts, "seal", lst.pool, 0, (lst.data * 2)[:length], 30 * DAY)

    @pytest.mark.parametrize("position", [0, 1, 15, 16, 19])
    @pytest.mark.parametrize("tail", [bytes(12), bytes([1]) + bytes(10) + b"\1", b"\0\0\0\1" + bytes(7) + b"\1"])
    def test_a_row_of_nothing_or_with_something_between(self, w: World, position: int, tail: bytes) -> None:
        [lst] = open_round(w, PEOPLE)
        rows = lst.rows.copy()
        rows[position] = rows[position][:20] + tail
        with reverts("BadRow", position):
            w.do(w.ngo, w.payouts, "seal", lst.pool, 0, b"".join(rows), 30 * DAY)

    def test_the_first_bad_row_is_named(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE)
        rows = [row[:20] + bytes(12) if i in {17, 3, 5} else row for i, row in enumerate(lst.rows)]
        with reverts("BadRow", 3):
            w.do(w.ngo, w.payouts, "seal", lst.pool, 0, b"".join(rows), 30 * DAY)

    @pytest.mark.parametrize("more", [-1, 1])
    def test_the_sum_is_the_milestones_to_the_unit(self, w: World, more: int) -> None:
        [lst] = open_round(w, PEOPLE)
        other = replace(lst, people=(*PEOPLE[:-1], replace(PEOPLE[-1], amount=PEOPLE[-1].amount + more)))
        with reverts("WrongSum", lst.total + more, lst.total):
            seal(w, other)

    def test_a_sum_that_wraps_64_bits_is_not_the_milestones(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE)
        people = [replace(p, amount=MAX63) for p in crowd(17)]
        total = sum(p.amount for p in people[:16])  # above 2^64 after the first sheet: no further
        with reverts("WrongSum", total, lst.total):
            seal(w, replace(lst, people=(*people, Person(key_of("x"), lst.total))))
        wraps = (replace(people[0], amount=2**64 - 1), replace(people[1], amount=lst.total + 1))
        with reverts("WrongSum", 2**64 + lst.total, lst.total):
            seal(w, replace(lst, people=wraps))

    def test_a_list_may_be_replaced_until_evidence_stands_and_after_a_rejection(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE)
        seal(w, lst)
        [(_, event)] = w.events(seal(w, lst, 8 * DAY), w.payouts)
        assert event["version"] == 2
        evidence = evidence_of("done")
        w.do(w.ngo, w.judgement, "submitEvidence", lst.pool, 0, evidence, "content:done")
        with reverts("MilestoneIs", lst.pool, 0, SUBMITTED):
            seal(w, lst)
        for attestor in w.attestors[:2]:
            w.do(attestor, w.judgement, "attest", lst.pool, 0, evidence, False)
        [(_, event)] = w.events(seal(w, lst), w.payouts)
        assert event["version"] == 3
        w.approve(lst.pool)
        with reverts("MilestoneIs", lst.pool, 0, APPROVED):
            seal(w, lst)
        w.do(w.donor3, w.judgement, "object", lst.pool, 0, evidence, [0])
        with reverts("MilestoneIs", lst.pool, 0, DISPUTED):
            seal(w, lst)

    def test_not_once_it_is_released(self, w: World, lst: PayList) -> None:
        with reverts("MilestoneIs", lst.pool, 0, RELEASED):
            seal(w, lst)

    def test_no_evidence_before_the_list(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE)
        evidence = evidence_of("done")
        with reverts("RoundNotSealed", lst.pool, 0):
            w.do(w.ngo, w.judgement, "submitEvidence", lst.pool, 0, evidence, "")
        assert not w.see(w.payouts, "isReady", lst.pool, 0, lst.total)
        assert not w.see(w.payouts, "isReady", lst.pool, 0, 0)
        seal(w, lst)
        assert w.see(w.payouts, "isReady", lst.pool, 0, lst.total)
        assert not w.see(w.payouts, "isReady", lst.pool, 0, lst.total + 1)
        w.do(w.ngo, w.judgement, "submitEvidence", lst.pool, 0, evidence, "")


class TestBegin:
    """The fund alone opens a round, when it pays it."""

    def test_a_release_opens_the_round_and_brings_its_money(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE, limits=capped(UNIT))
        seal(w, lst, 9 * DAY)
        receipt = release(w, lst)
        now = w.node.now
        [(name, event)] = w.events(receipt, w.payouts)
        scope = w.see(w.payouts, "scopeOf", w.token.address, PROGRAMME, lst.pool)
        said = {"pool": lst.pool, "milestone": 0, "token": w.token.address, "amount": lst.total}
        said |= {"claimsUntil": now + 9 * DAY, "beneficiaryCap": UNIT, "scope": scope}
        assert (name, event) == ("RoundOpened", said)
        assert w.balance(w.payouts.address) == lst.total
        stored = round_of(w, lst)
        assert (stored["token"], stored["claimsUntil"]) == (w.token.address, now + 9 * DAY)
        assert (stored["beneficiaryCap"], stored["scope"], state_of(w, lst)) == (UNIT, scope, OPEN)

    def test_nobody_else(self, w: World, lst: PayList) -> None:
        for other in (w.ngo, w.operator, w.admin, w.judgement.address, w.payouts.address, w.stranger):
            with reverts("NotTheFund", other):
                w.node.rpc("eth_call", {"from": other, **w.payouts.call("begin", lst.pool, 0, lst.total)}, "latest")

    def test_not_twice_not_unsealed_not_another_amount(self, w: World, lst: PayList) -> None:
        """The fund does none of these. If it did, the book would not follow."""

        def as_fund(one: PayList, amount: int) -> None:
            call = w.payouts.call("begin", one.pool, one.milestone, amount)
            w.node.rpc("eth_call", {"from": w.fund.address, **call}, "latest")

        with reverts("RoundIs", lst.pool, 0, OPEN):
            as_fund(lst, lst.total)
        [other] = open_round(w, PEOPLE)
        with reverts("RoundIs", other.pool, 0, NONE):
            as_fund(other, other.total)
        seal(w, other)
        with reverts("WrongSum", other.total, other.total - 1):
            as_fund(other, other.total - 1)
        as_fund(other, other.total)

    def test_a_scope_is_of_the_token_and_programme_or_of_the_pool(self, w: World) -> None:
        asked = [(w.token.address, PROGRAMME, 1), (w.fund.address, PROGRAMME, 1), (w.token.address, b32("x"), 1)]
        asked += [(w.token.address, ZERO32, 1), (w.token.address, ZERO32, 2)]
        scopes = [w.see(w.payouts, "scopeOf", *one) for one in asked]
        assert len(set(scopes)) == 5
        assert w.see(w.payouts, "scopeOf", w.token.address, PROGRAMME, 2) == scopes[0]
        assert w.see(w.payouts, "scopeOf", w.fund.address, ZERO32, 1) == scopes[3]


class TestClaim:
    """A row goes where its claim key says, once."""

    def test_it_is_paid_and_told(self, w: World, lst: PayList) -> None:
        first, second = lst.claim(7, w.stranger), lst.claim(2, w.payee)
        [(name, event)] = claim(w, first)
        said = {"pool": lst.pool, "milestone": 0, "position": 7, "to": w.stranger, "token": w.token.address}
        assert (name, event) == ("Delivered", said | {"amount": first.amount, "start": 0, "caller": w.relayer})
        [(_, event)] = claim(w, second, sender=w.donor1)
        assert (event["start"], event["amount"], event["caller"]) == (first.amount, second.amount, w.donor1)
        assert (w.balance(w.stranger), w.balance(w.payee)) == (first.amount, second.amount)
        assert w.balance(w.payouts.address) == lst.total - first.amount - second.amount
        assert round_of(w, lst)["delivered"] == first.amount + second.amount
        claimed = [i for i in range(40) if w.see(w.payouts, "isClaimed", lst.pool, 0, i)]
        assert claimed == [2, 7]

    @pytest.mark.parametrize("count", [1, 2, 3, 7, 15, 16, 17, 18, 31, 32, 33, 47, 50, 65])
    def test_every_row_of_a_list_of_any_length(self, w: World, count: int) -> None:
        lst = paying(w, *crowd(count))
        events = claim_many(w, *(lst.claim(i, w.stranger) for i in range(count)))
        assert [(n, e["position"], e["start"]) for n, e in events] == [
            ("Delivered", i, lst.starts[i]) for i in range(count)
        ]
        assert (w.balance(w.stranger), w.balance(w.payouts.address)) == (lst.total, 0)
        assert state_of(w, lst) == OPEN

    def test_once(self, w: World, lst: PayList) -> None:
        claim(w, lst.claim(16, w.stranger))
        for again in (lst.claim(16, w.stranger), lst.claim(16, w.payee)):
            with reverts("AlreadyClaimed", lst.pool, 0, 16):
                claim(w, again)

    def test_who_sees_a_claim_cannot_redirect_it(self, w: World, lst: PayList) -> None:
        """A front-runner can only pay the beneficiary; the beneficiary's own call then finds it done."""
        one = lst.claim(4, w.payee)
        with reverts("BadProof", lst.pool, 0, 4):
            claim(w, one.but(to=w.stranger), sender=w.stranger)
        claim(w, one, sender=w.stranger)
        assert (w.balance(w.payee), w.balance(w.stranger)) == (one.amount, 0)
        with reverts("AlreadyClaimed", lst.pool, 0, 4):
            claim(w, one, sender=w.payee)

    def test_another_key_does_not_open_a_row(self, w: World, lst: PayList) -> None:
        with reverts("BadProof", lst.pool, 0, 5):
            claim(w, lst.claim(5, w.stranger, key=key_of("somebody")))
        with reverts("BadProof", lst.pool, 0, 5):
            claim(w, lst.claim(5, w.stranger, key=PEOPLE[6].key))

    @pytest.mark.parametrize(("r", "vs"), [(ZERO32, ZERO32), (b"\xff" * 32, b"\1" * 32), (b"\1" * 32, ZERO32)])
    def test_what_is_no_signature(self, w: World, lst: PayList, r: bytes, vs: bytes) -> None:
        with reverts("BadSignature"):
            claim(w, lst.claim(5, w.stranger).but(r=r, vs=vs))

    def test_a_row_for_the_address_0_is_nobodys(self, w: World) -> None:
        """A failed recovery gives the address 0: a commitment to it must not open."""
        [lst] = open_round(w, crowd(1))
        row = keccak(bytes(64))[12:] + lst.rows[0][20:]
        w.do(w.ngo, w.payouts, "seal", lst.pool, 0, row, 30 * DAY)
        release(w, lst)
        with reverts("BadSignature"):
            claim(w, lst.claim(0, w.stranger).but(r=ZERO32, vs=ZERO32))

    def test_not_to_nobody_nor_into_the_book_the_fund_or_the_token(self, w: World, lst: PayList) -> None:
        for to in (ZERO, w.payouts.address, w.fund.address, w.token.address):
            with reverts("BadReceiver", to):
                claim(w, lst.claim(5, to))

    def test_forged_proofs(self, w: World, lst: PayList) -> None:
        """Any lie about the row, its place or its siblings; the key signs whatever is claimed."""
        one = lst.claim(9, w.stranger)
        node = one.proof[0]
        lies: list[dict[str, Any]] = [
            *({"start": s} for s in (0, one.start - 1, one.start + 1, lst.starts[8], 2**64 - 1)),
            *({"amount": a} for a in (0, 1, one.amount - 1, one.amount + 1, lst.total, 2**64 - 1)),
            {"nullifier": b"\1" * 32},
            *({"proof": (*one.proof[:i], ZERO32, *one.proof[i + 1 :])} for i in range(4)),
            *({"proof": (*one.proof[:i], node, *one.proof[i + 1 :])} for i in range(1, 4)),
            {"proof": one.proof[::-1]},
            {"proof": (ZERO32,) * 4},
            {"proof": lst.proof(8)},
            {"proof": lst.proof(16)},
        ]
        for lie in lies:
            with reverts("BadProof", lst.pool, 0, 9):
                claim(w, one.but(**lie))
        for place in (8, 10, 16 + 9, 19, 20, 31, 32, 2**32 - 1):
            r, vs = lst.signed(place, w.stranger, PEOPLE[9].key)
            with reverts("BadProof", lst.pool, 0, place):
                claim(w, one.but(position=place, r=r, vs=vs))
        claim(w, one)

    def test_a_leaf_and_a_root_stand_for_nothing_else(self, w: World) -> None:
        """In a sheet of one row the root is the leaf; the siblings must then all be 0."""
        lst = paying(w, *crowd(SHEET + 1))
        one = lst.claim(SHEET, w.stranger)
        assert one.proof == (ZERO32,) * 4
        with reverts("BadProof", lst.pool, 0, SHEET):
            claim(w, one.but(proof=lst.proof(0)))
        claim(w, one)

    def test_not_before_the_release(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE)
        with reverts("RoundIs", lst.pool, 0, NONE):
            claim(w, lst.claim(0, w.stranger))
        seal(w, lst)
        with reverts("RoundIs", lst.pool, 0, SEALED):
            claim(w, lst.claim(0, w.stranger))

    def test_the_list_before_is_gone(self, w: World) -> None:
        """An older list's sheets are overwritten, and cleared where it was longer."""
        [old] = open_round(w, crowd(40, "old", amount=UNIT))
        seal(w, old)
        new = replace(old, people=(*crowd(19, "new", amount=2 * UNIT), Person(key_of("last"), 2 * UNIT)))
        seal(w, new)
        release(w, new)
        for i in (0, 15, 16, 19, 20, 32, 39):
            with reverts("BadProof", old.pool, 0, i):
                claim(w, old.claim(i, w.stranger))
        claim(w, new.claim(19, w.stranger))

    def test_a_row_that_only_moved_wants_its_new_place(self, w: World) -> None:
        [old] = open_round(w, PEOPLE)
        seal(w, old)
        new = replace(old, people=PEOPLE[::-1])
        seal(w, new)
        release(w, new)
        with reverts("BadProof", old.pool, 0, 1):
            claim(w, old.claim(1, w.stranger))
        claim(w, new.claim(18, w.stranger))


class TestReplay:
    """A claim is good in one round of one pool of one contract on one chain."""

    def test_not_in_another_round_or_pool(self, w: World) -> None:
        """Three rounds of the very same rows: each must be claimed by itself."""
        lists = [*open_round(w, PEOPLE, PEOPLE), *open_round(w, PEOPLE)]
        for lst in lists:
            seal(w, lst)
            release(w, lst)
        for lst, other in itertools.permutations(lists, 2):
            one, key = lst.claim(3, w.stranger), other.claim(3, w.stranger)
            for forged in (one.but(pool=other.pool, milestone=other.milestone), key.but(proof=one.proof)):
                with reverts("BadProof", other.pool, other.milestone, 3):
                    claim(w, forged)
        for lst in lists:
            claim(w, lst.claim(3, w.stranger))
        assert w.balance(w.stranger) == 3 * PEOPLE[3].amount

    def test_not_on_another_chain_or_contract(self, w: World, lst: PayList) -> None:
        for other in (replace(lst, chain=CHAIN + 1), replace(lst, book=w.fund.address)):
            r, vs = other.signed(3, w.stranger)
            with reverts("BadProof", lst.pool, 0, 3):
                claim(w, lst.claim(3, w.stranger).but(r=r, vs=vs))

    def test_a_book_of_no_fund_of_ours_has_no_rounds(self, w: World, lst: PayList) -> None:
        other = w.deploy("PayoutBook", w.fund.address)
        with reverts("RoundIs", lst.pool, 0, NONE):
            w.do(w.relayer, other, "claim", lst.claim(3, w.stranger).args)
        with reverts("NotARound", lst.pool, 0):
            w.do(w.ngo, other, "seal", lst.pool, 0, lst.data, 30 * DAY)

    def test_a_pool_beyond_128_bits_is_no_other_pool(self, w: World, lst: PayList) -> None:
        far = replace(lst, pool=lst.pool + 2**128)
        r, vs = far.signed(3, w.stranger)
        with reverts("RoundIs", far.pool, 0, NONE):
            claim(w, lst.claim(3, w.stranger).but(pool=far.pool, r=r, vs=vs))


class TestClaimMany:
    """Each claim fails alone."""

    def test_broken_claims_in_the_middle_stop_nothing(self, w: World, lst: PayList) -> None:
        good = [lst.claim(i, w.stranger) for i in range(6)]
        ahead = lst.claim(3, w.stranger)
        claim(w, ahead, sender=w.donor1)  # somebody was faster
        broken = good[1].but(r=ZERO32, vs=ZERO32)
        lying = good[2].but(amount=10**9)
        elsewhere = good[2].but(pool=77)
        events = claim_many(w, good[0], broken, lying, good[3], elsewhere, good[0], good[4])
        kinds = ["Delivered", *["ClaimFailed"] * 5, "Delivered"]
        assert [name for name, _ in events] == kinds
        assert [e["caller"] for _, e in events] == [w.relayer] * 7
        assert [reason(w, e) for name, e in events if name == "ClaimFailed"] == [
            ("BadSignature", ()),
            ("BadProof", (lst.pool, 0, 2)),
            ("AlreadyClaimed", (lst.pool, 0, 3)),
            ("RoundIs", (77, 0, NONE)),
            ("AlreadyClaimed", (lst.pool, 0, 0)),
        ]
        assert [(e["pool"], e["position"]) for _, e in events[1:6]] == [
            (lst.pool, 1),
            (lst.pool, 2),
            (lst.pool, 3),
            (77, 2),
            (lst.pool, 0),
        ]
        paid = sum(good[i].amount for i in (0, 3, 4))
        assert (round_of(w, lst)["delivered"], w.balance(w.stranger)) == (paid, paid)
        claim_many(w, good[1], good[2])
        assert w.balance(w.stranger) == sum(c.amount for c in good[:5])

    def test_a_barred_receiver_stops_only_itself(self, w: World) -> None:
        """Nothing of its claim remains: it can be claimed later, or for another address."""
        token = w.deploy("BarringToken")
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("Barring"), ZERO32, "")
        lst = paying(w, *PEOPLE, token=token)
        w.do(w.stranger, token, "bar", w.payee, True)
        claims = [lst.claim(0, w.stranger), lst.claim(1, w.payee), lst.claim(2, w.payee2)]
        events = claim_many(w, *claims)
        assert [(n, e["position"]) for n, e in events] == [("Delivered", 0), ("ClaimFailed", 1), ("Delivered", 2)]
        assert reason(w, events[1][1]) == ("Barred", (w.payee,))
        assert events[2][1]["start"] == claims[0].amount
        assert not w.see(w.payouts, "isClaimed", lst.pool, 0, 1)
        with reverts("Barred", w.payee):
            claim(w, claims[1])
        claim(w, lst.claim(1, w.stranger))
        assert w.balance(w.stranger, token) == claims[0].amount + claims[1].amount

    def test_a_failed_claim_uses_no_room_under_the_cap(self, w: World) -> None:
        token = w.deploy("BarringToken")
        w.do(w.registrar, w.register, "accredit", token.address, TOKEN_KIND, b32("Barring"), ZERO32, "")
        people = (person("a", "ann", 5 * UNIT), person("b", "ann", 6 * UNIT))
        lst = paying(w, *people, token=token, limits=capped(8 * UNIT))
        w.do(w.stranger, token, "bar", w.payee, True)
        claim_many(w, lst.claim(0, w.payee), lst.claim(1, w.stranger))
        assert w.balance(w.stranger, token) == 6 * UNIT
        scope = round_of(w, lst)["scope"]
        assert w.see(w.payouts, "paidOf", scope, people[0].nullifier) == 6 * UNIT

    def test_claims_of_several_rounds_at_once(self, w: World) -> None:
        lists = [paying(w, *crowd(3, name)) for name in "ab"]
        claims = [lst.claim(i, w.stranger) for i in range(3) for lst in lists]
        assert [name for name, _ in claim_many(w, *claims)] == ["Delivered"] * 6
        assert w.balance(w.payouts.address) == 0

    def test_none_at_all(self, w: World) -> None:
        assert claim_many(w) == []


class TestCap:
    """In a pool with a cap, a person is paid up to it, over all rounds and pools that count together."""

    def pays(self, w: World, lst: PayList, position: int) -> int:
        before = w.balance(w.stranger)
        events = claim(w, lst.claim(position, w.stranger))
        paid = w.balance(w.stranger) - before
        assert [name for name, _ in events] == ["RoomUsed", "Delivered"]
        used, delivered = events[0][1], events[1][1]
        assert (used["amount"], delivered["amount"]) == (paid, paid)
        assert (used["scope"], used["nullifier"]) == (round_of(w, lst)["scope"], lst.people[position].nullifier)
        return paid

    @pytest.mark.parametrize("programme", [PROGRAMME, ZERO32])
    def test_two_rounds_of_one_pool_share_the_room_and_the_last_part_is_paid_in_part(
        self, w: World, programme: bytes
    ) -> None:
        lists = open_round(
            w,
            (person("1", "ann", 6 * UNIT), person("2", "ben", 6 * UNIT)),
            (person("3", "ann", 6 * UNIT), person("4", "ann", 1), person("5", "ben", 4 * UNIT)),
            limits=capped(10 * UNIT, programme),
        )
        for lst in lists:
            seal(w, lst)
            release(w, lst)
        assert self.pays(w, lists[0], 0) == 6 * UNIT
        assert self.pays(w, lists[1], 0) == 4 * UNIT  # of 6
        with reverts("CapReached", round_of(w, lists[1])["scope"], keccak(text="ann"), 10 * UNIT):
            claim(w, lists[1].claim(1, w.stranger))
        with reverts("AlreadyClaimed", lists[1].pool, 1, 0):
            claim(w, lists[1].claim(0, w.stranger))
        assert self.pays(w, lists[0], 1) == 6 * UNIT
        assert self.pays(w, lists[1], 2) == 4 * UNIT
        assert w.balance(w.payouts.address) == 2 * UNIT + 1
        w.node.wait(31 * DAY)
        events = w.events(w.do(w.stranger, w.payouts, "expire", lists[1].pool, 1))
        assert sum(e["amount"] for name, e in events if name == "Returned") == 2 * UNIT + 1

    def test_the_pools_of_two_ngos_with_one_programme_share_it(self, w: World) -> None:
        one = paying(w, person("1", "ann", 6 * UNIT), limits=capped(10 * UNIT))
        other = paying(w, person("2", "ann", 6 * UNIT), ngo=w.ngo2, limits=capped(10 * UNIT))
        assert round_of(w, one)["scope"] == round_of(w, other)["scope"]
        assert (self.pays(w, one, 0), self.pays(w, other, 0)) == (6 * UNIT, 4 * UNIT)

    def test_each_pool_applies_its_own_cap_to_what_all_paid(self, w: World) -> None:
        one = paying(w, person("1", "ann", 9 * UNIT), limits=capped(9 * UNIT))
        low = paying(w, person("2", "ann", UNIT), ngo=w.ngo2, limits=capped(5 * UNIT))
        high = paying(w, person("3", "ann", 9 * UNIT), ngo=w.ngo2, limits=capped(11 * UNIT))
        assert self.pays(w, one, 0) == 9 * UNIT
        with reverts("CapReached", round_of(w, low)["scope"], keccak(text="ann"), 5 * UNIT):
            claim(w, low.claim(0, w.stranger))
        assert self.pays(w, high, 0) == 2 * UNIT

    @pytest.mark.parametrize("programmes", [(ZERO32, ZERO32), (PROGRAMME, b32("other")), (PROGRAMME, ZERO32)])
    def test_other_programmes_do_not(self, w: World, programmes: tuple[bytes, bytes]) -> None:
        for name, programme in zip("12", programmes, strict=True):
            lst = paying(w, person(name, "ann", 6 * UNIT), limits=capped(6 * UNIT, programme))
            assert self.pays(w, lst, 0) == 6 * UNIT

    def test_no_claim_without_a_nullifier_there(self, w: World) -> None:
        """Even if the list has such a row: the cap would not see it."""
        lst = paying(w, Person(key_of("1"), UNIT), limits=capped(6 * UNIT))
        with reverts("BadProof", lst.pool, 0, 0):
            claim(w, lst.claim(0, w.stranger))
        with reverts("BadProof", lst.pool, 0, 0):
            claim(w, replace(lst, capped=False).claim(0, w.stranger))

    def test_no_claim_with_one_where_there_is_no_cap(self, w: World) -> None:
        lst = paying(w, person("1", "ann", UNIT))
        with reverts("BadProof", lst.pool, 0, 0):
            claim(w, lst.claim(0, w.stranger))

    def test_a_nullifier_of_ones_own_choice_opens_nothing(self, w: World) -> None:
        lst = paying(w, person("1", "ann", 2 * UNIT), person("2", "ann", 2 * UNIT), limits=capped(2 * UNIT))
        assert self.pays(w, lst, 0) == 2 * UNIT
        with reverts("BadProof", lst.pool, 0, 1):
            claim(w, lst.claim(1, w.stranger).but(nullifier=keccak(text="ben")))


class TestExpiry:
    """What nobody claims goes back, to the places that it came from."""

    def test_claims_are_taken_up_to_the_second(self, w: World, lst: PayList) -> None:
        end = round_of(w, lst)["claimsUntil"]
        claim(w, lst.claim(0, w.stranger), at=end)
        assert w.node.now == end
        with reverts("RoundIs", lst.pool, 0, EXPIRED):
            claim(w, lst.claim(1, w.stranger), at=end + 1)
        assert state_of(w, lst) == EXPIRED

    def test_the_gateway_waits_until_the_donors_had_their_30_days(self, w: World) -> None:
        """Of what a round gives back long after its pool's end, and not a day longer if the rest comes in time."""
        [lst] = open_round(w, PEOPLE[:2])
        entry = entry_of(w.donor2, 1, 50 * UNIT)
        w.do(w.gateway, w.fund, "recordBatch", lst.pool, b32("late"), entry)
        seal(w, lst, 300 * DAY)
        release(w, lst)
        end = round_of(w, lst)["claimsUntil"]
        assert w.state(lst.pool) == "completed"
        assert w.pool(lst.pool)["returnsUntil"] == end
        take = w.fund.call("refundBatch", b32("late"), w.gateway)
        with reverts("TooEarly", end + 30 * DAY):
            w.node.send(take, w.gateway, at=end + 30 * DAY - 1)
        w.node.send(take, w.gateway, at=end + 30 * DAY)

    def test_it_expires_in_the_second_after(self, w: World, lst: PayList) -> None:
        end = round_of(w, lst)["claimsUntil"]
        with reverts("RoundIs", lst.pool, 0, OPEN):
            w.node.send(w.payouts.call("expire", lst.pool, 0), w.stranger, at=end)
        w.node.send(w.payouts.call("expire", lst.pool, 0), w.stranger, at=end + 1)

    def test_the_rest_is_the_end_of_what_the_release_spent(self, w: World) -> None:
        lst = paying(w, *PEOPLE)
        paid = sum(e["amount"] for _, e in claim_many(w, lst.claim(19, w.stranger), lst.claim(4, w.stranger)))
        w.node.wait(31 * DAY)
        receipt = w.do(w.stranger, w.payouts, "expire", lst.pool, 0)
        [(name, event)] = w.events(receipt, w.payouts)
        said = {"pool": lst.pool, "milestone": 0, "token": w.token.address, "amount": lst.total - paid}
        assert (name, event) == ("RoundExpired", said | {"caller": w.stranger})
        [(name, event)] = w.events(receipt)
        assert (name, event["start"], event["amount"]) == ("Returned", paid, lst.total - paid)
        assert event["payee"] == w.payouts.address
        assert (w.balance(w.payouts.address), w.see(w.fund, "heldOf", lst.pool)) == (0, lst.total - paid)
        assert w.see(w.token, "allowance", w.payouts.address, w.fund.address) == 0
        assert (state_of(w, lst), round_of(w, lst)["closed"]) == (CLOSED, True)
        assert round_of(w, lst)["delivered"] == paid

    def test_once(self, w: World, lst: PayList) -> None:
        w.node.wait(31 * DAY)
        w.do(w.stranger, w.payouts, "expire", lst.pool, 0)
        with reverts("RoundIs", lst.pool, 0, CLOSED):
            w.do(w.stranger, w.payouts, "expire", lst.pool, 0)
        with reverts("RoundIs", lst.pool, 0, CLOSED):
            claim(w, lst.claim(0, w.stranger))

    def test_not_what_never_opened(self, w: World) -> None:
        [lst] = open_round(w, PEOPLE)
        with reverts("RoundIs", lst.pool, 0, NONE):
            w.do(w.stranger, w.payouts, "expire", lst.pool, 0)
        seal(w, lst)
        w.node.wait(HOUR)
        with reverts("RoundIs", lst.pool, 0, SEALED):
            w.do(w.stranger, w.payouts, "expire", lst.pool, 0)

    def test_a_round_that_was_claimed_whole_closes_with_nothing(self, w: World) -> None:
        lst = paying(w, *crowd(2))
        claim_many(w, lst.claim(0, w.stranger), lst.claim(1, w.stranger))
        w.node.wait(31 * DAY)
        receipt = w.do(w.stranger, w.payouts, "expire", lst.pool, 0)
        [(_, event)] = w.events(receipt, w.payouts)
        assert (event["amount"], w.events(receipt), state_of(w, lst)) == (0, [], CLOSED)

    def test_another_rounds_money_stays(self, w: World) -> None:
        short, long = paying(w, *PEOPLE, window=7 * DAY), paying(w, *PEOPLE, window=90 * DAY)
        w.node.wait(8 * DAY)
        w.do(w.stranger, w.payouts, "expire", short.pool, 0)
        assert w.balance(w.payouts.address) == long.total
        claim_many(w, *(long.claim(i, w.stranger) for i in range(20)))
        assert w.balance(w.stranger) == long.total

    def test_it_is_refunded_if_the_pool_is_over(self, w: World, lst: PayList) -> None:
        """The pool is completed by its only release: the donor pulls what no beneficiary took."""
        claim(w, lst.claim(0, w.stranger))
        w.node.wait(31 * DAY)
        w.do(w.stranger, w.payouts, "expire", lst.pool, 0)
        before = w.balance(w.donor3)
        w.do(w.stranger, w.fund, "refund", lst.pool, 0, w.donor3)
        assert w.balance(w.donor3) - before == lst.total - PEOPLE[0].amount


@pytest.mark.parametrize("cap", [0, 10**9])
def test_what_the_scripts_make_is_what_the_contract_takes(w: World, cap: int) -> None:
    """From codes to money: keys, nullifiers, rows, claims, all by scripts/codes.py."""
    secret, programme = bytes(range(32)), PROGRAMME if cap else ZERO32
    [pool] = {lst.pool for lst in open_round(w, crowd(19, amount=UNIT), limits=(programme, cap, 0, 0))}
    where = codes.Round(CHAIN, w.payouts.address, pool, 0, cap != 0)
    scope = codes.scope_of(w.token.address, programme, pool)
    assert scope == w.see(w.payouts, "scopeOf", w.token.address, programme, pool)
    handed = [codes.new_code() for _ in range(19)]
    people = [codes.nullifier_of(secret, scope, f"ID {i}") if cap else codes.NONE for i in range(19)]
    keys = [codes.claim_key(code, where) for code in handed]
    rows = b"".join(codes.row_of(key, UNIT, who) for key, who in zip(keys, people, strict=True))
    w.do(w.ngo, w.payouts, "seal", pool, 0, rows, 30 * DAY)
    made = codes.PayoutList(where, rows)
    release(w, PayList(w.payouts.address, pool, 0, ()))
    claims = [made.claim(code, w.stranger, who) for code, who in zip(handed, people, strict=True)]
    events = w.events(w.do(w.relayer, w.payouts, "claimMany", claims), w.payouts)
    assert [e["position"] for name, e in events if name == "Delivered"] == list(range(19))
    assert w.balance(w.stranger) == 19 * UNIT


def test_the_book_is_of_its_fund(w: World) -> None:
    assert w.see(w.payouts, "FUND") == w.fund.address
    assert w.see(w.fund, "PAYOUTS") == w.payouts.address


def test_a_row_names_nobody() -> None:
    """The same person with another code, or with another nullifier, has another commitment."""
    rows = {row_of(key_of(code), keccak(text=who), UNIT)[:20] for code in "ab" for who in ("ann", "ben")}
    assert len(rows) == 4
