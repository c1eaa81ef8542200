"""One signature for a pledge: `SettlementToken.permitWitness` and `PledgeBook.pledgeBySignature`. Rule 10.

permitWitness
├── after the deadline: PermitWitnessExpired; in its last second: taken
├── by anyone but the spender that was named, or with anything changed: PermitWitnessBadSignature, the nonce stays good
├── a second time, on another chain, for another token, book or function: PermitWitnessBadSignature
└── else the allowance grows by the value (an endless one stays), and the nonce is used
pledgeBySignature
├── when the relayer changes anything that the donor said: PermitWitnessBadSignature
├── when somebody hands it in first: the pledge is there, exactly as signed, once
├── when the token has no permitWitness, or only swallows the call: refused
└── else it is the donor's pledge, whoever handed it in
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from conftest import accredit
from eth_abi import encode
from eth_utils import keccak
from pledging import DAY, LIVE, MONTH, PLEDGE, STOPPED, WEEK, WITNESS, Pledges, Terms, permit_digest, signed
from refusals import reverts
from signing import PERMIT, RECEIVE, parts, separator, sign
from test_pledges import GIFT, open_ended
from world import NEVER, TOKEN_KIND, UNIT, ZERO, RefusedError, World

if TYPE_CHECKING:
    from world import Contract

pytestmark = pytest.mark.swift
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
BAD = "PermitWitnessBadSignature"


@pytest.fixture
def pledges(w: World) -> Pledges:
    """The book; donor3 has tokens, and has allowed nothing to anyone."""
    w.mint(w.donor3, 100 * UNIT)
    return Pledges(w, w.deploy("PledgeBook", w.fund.address))


@pytest.fixture
def pool(w: World) -> int:
    return open_ended(w)


@pytest.fixture
def terms(w: World, pool: int) -> Terms:
    return Terms(pool, GIFT, WEEK, w.node.now, w.node.now + 10**7, 9, 40 * UNIT)


def allowance(w: World, donor: str, spender: Contract) -> int:
    """Return what the spender may take of the donor's."""
    found: int = w.see(w.token, "allowance", donor, spender.address)
    return found


class TestHandedIn:
    def test_the_pledge_is_the_donors(self, w: World, pledges: Pledges, terms: Terms) -> None:
        receipt = pledges.hand_in(w.donor3, terms, pledges.sign(w.keys["donor3"], w.donor3, terms))
        ((name, event),) = w.events(receipt, pledges.book)
        assert (name, event["donor"], event["caller"]) == ("Pledged", w.donor3, w.relayer)
        stored = pledges.of(1)
        assert (stored["donor"], stored["amount"], stored["cap"]) == (w.donor3, GIFT, terms.cap)
        assert (stored["period"], stored["times"], stored["state"]) == (WEEK, 9, LIVE)
        assert allowance(w, w.donor3, pledges.book) == terms.cap
        assert w.see(w.token, "nonces", w.donor3) == 1
        assert pledges.outcome(1) == ["collected"]
        assert allowance(w, w.donor3, pledges.book) == terms.cap - GIFT

    @pytest.mark.parametrize("period", [DAY, WEEK, MONTH])
    def test_the_period_is_a_word(self, w: World, pledges: Pledges, terms: Terms, period: int) -> None:
        asked = replace(terms, period=period)
        for word in ("day", "week", "month"):
            signature = pledges.sign(w.keys["donor3"], w.donor3, asked, witness=asked.hash(word))
            if word == ("day", "week", "month")[period]:
                pledges.hand_in(w.donor3, asked, signature)
                break
            with reverts(BAD, w.donor3):
                pledges.hand_in(w.donor3, asked, signature)
        assert pledges.of(1)["period"] == period

    def test_the_last_second_counts(self, w: World, pledges: Pledges, terms: Terms) -> None:
        until = w.node.now + 100
        signature = pledges.sign(w.keys["donor3"], w.donor3, terms, deadline=until)
        with reverts("PermitWitnessExpired", until):
            before = w.node.rpc("evm_snapshot")
            try:
                pledges.hand_in(w.donor3, terms, signature, deadline=until, at=until + 1)
            finally:
                w.node.rpc("evm_revert", before)
        pledges.hand_in(w.donor3, terms, signature, deadline=until, at=until)

    def test_it_adds_to_the_allowance(self, w: World, pledges: Pledges, terms: Terms) -> None:
        for i in (1, 2):
            assert pledges.by_signature("donor3", terms) == i
            assert allowance(w, w.donor3, pledges.book) == i * terms.cap
        w.do(w.donor3, w.token, "approve", pledges.book.address, 2**256 - 1)
        pledges.by_signature("donor3", terms)
        assert allowance(w, w.donor3, pledges.book) == 2**256 - 1

    def test_an_allowance_never_wraps(self, w: World, pledges: Pledges, terms: Terms) -> None:
        w.do(w.donor3, w.token, "approve", pledges.book.address, 2**256 - 2)
        with reverts("Panic", "overflow"):
            pledges.by_signature("donor3", terms)

    def test_it_may_replace(self, pledges: Pledges, terms: Terms) -> None:
        old = pledges.by_signature("donor3", terms)
        pledges.by_signature("donor3", replace(terms, amount=2 * GIFT, replaces=old))
        assert [pledges.of(i)["state"] for i in (old, old + 1)] == [STOPPED, LIVE]

    def test_a_stop_also_ends_a_replacement_that_waits(self, w: World, pledges: Pledges, terms: Terms) -> None:
        old = pledges.by_signature("donor3", terms)
        new = replace(terms, replaces=old)
        signature = pledges.sign(w.keys["donor3"], w.donor3, new)
        pledges.do(w.donor3, "stop", old)
        with reverts("PledgeIs", old, STOPPED):
            pledges.hand_in(w.donor3, new, signature)

    def test_a_contract_account_signs_by_erc_1271(self, w: World, pledges: Pledges, terms: Terms) -> None:
        wallet = w.deploy("MockWallet", w.donor3).address
        w.mint(wallet, 10 * UNIT)
        with reverts(BAD, wallet):
            pledges.hand_in(wallet, terms, pledges.sign(w.keys["donor1"], wallet, terms))
        with reverts(BAD, wallet):
            pledges.hand_in(wallet, terms, pledges.sign(w.keys["donor3"], w.donor3, terms))
        pledges.hand_in(wallet, terms, pledges.sign(w.keys["donor3"], wallet, terms))
        assert pledges.outcome(1) == ["collected"]
        assert w.balance(wallet) == 10 * UNIT - GIFT

    def test_a_contract_that_is_no_wallet(self, w: World, pledges: Pledges, terms: Terms) -> None:
        for address in (w.fund.address, w.token.address, pledges.book.address):
            with reverts(BAD, address):
                pledges.hand_in(address, terms, pledges.sign(w.keys["donor3"], address, terms))


class TestNothingElsePasses:
    """Rule 10: nobody can be pulled from who did not sign."""

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": GIFT + 1},
            {"period": DAY},
            {"first_due": 0},
            {"last_due": 0},
            {"times": 0},
            {"cap": 41 * UNIT},
            {"replaces": 1},
            {"pool": 2},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_what_the_donor_said(self, w: World, pledges: Pledges, terms: Terms, change: dict[str, int]) -> None:
        open_ended(w)
        pledges.by_signature("donor3", terms)
        signature = pledges.sign(w.keys["donor3"], w.donor3, terms)
        with reverts(BAD, w.donor3):
            pledges.hand_in(w.donor3, replace(terms, **change), signature)
        pledges.hand_in(w.donor3, terms, signature)

    @pytest.mark.parametrize(
        "wrong",
        ["key", "owner", "spender", "value", "nonce", "deadline", "chain", "version", "name", "token", "type", "word"],
    )
    def test_who_signed_and_for_what(self, w: World, pledges: Pledges, terms: Terms, wrong: str) -> None:
        other = w.deploy("SettlementToken", w.consortium.address, "Moa USD", "mUSD")
        changes: dict[str, dict[str, Any]] = {
            "owner": {"owner": w.donor2},
            "spender": {"spender": w.deploy("PledgeBook", w.fund.address).address},
            "value": {"value": terms.cap + 1},
            "nonce": {"nonce": 1},
            "deadline": {"deadline": NEVER - 1},
            "chain": {"domain": separator("Moa USD", w.token.address, chain=1)},
            "version": {"domain": separator("Moa USD", w.token.address, version="2")},
            "name": {"domain": separator("Moa EUR", w.token.address)},
            "token": {"domain": separator("Moa USD", other.address)},
            "type": {"rest": WITNESS.replace("cap", "max")},
            "word": {"witness": keccak(text="other")},
        }
        key = w.keys["donor2" if wrong == "key" else "donor3"]
        signature = pledges.sign(key, w.donor3, terms, **changes.get(wrong, {}))
        with reverts(BAD, w.donor3):
            pledges.hand_in(w.donor3, terms, signature)
        assert (allowance(w, w.donor3, pledges.book), pledges.count) == (0, 0)

    def test_a_second_time(self, w: World, pledges: Pledges, terms: Terms) -> None:
        signature = pledges.sign(w.keys["donor3"], w.donor3, terms)
        pledges.hand_in(w.donor3, terms, signature)
        with reverts(BAD, w.donor3):
            pledges.hand_in(w.donor3, terms, signature)
        pledges.do(w.donor3, "stop", 1)
        with reverts(BAD, w.donor3):
            pledges.hand_in(w.donor3, terms, signature)
        assert (pledges.count, allowance(w, w.donor3, pledges.book)) == (1, terms.cap)

    def test_the_other_s_and_other_lengths(self, w: World, pledges: Pledges, terms: Terms) -> None:
        good = pledges.sign(w.keys["donor3"], w.donor3, terms)
        r, s, v = good[:32], int.from_bytes(good[32:64]), good[64]
        mirrored = r + (ORDER - s).to_bytes(32) + bytes([55 - v])
        compact = r + (s | ((v - 27) << 255)).to_bytes(32)
        zero = bytes(64) + b"\x1b"
        for bad in (mirrored, compact, good + b"\0", good[:64] + bytes([v - 27]), b"", zero):
            with reverts(BAD, w.donor3):
                pledges.hand_in(w.donor3, terms, bad)
        pledges.hand_in(w.donor3, terms, good)

    def test_nobody_pledges_for_nobody(self, w: World, pledges: Pledges, terms: Terms) -> None:
        for signature in (b"", bytes(65), pledges.sign(w.keys["donor3"], ZERO, terms)):
            with reverts("BadSignature", ZERO):
                pledges.hand_in(ZERO, terms, signature)

    def test_one_function_does_not_pass_for_another(self, w: World, pledges: Pledges, terms: Terms) -> None:
        """A permit or an authorization is no pledge, and a pledge is neither of them."""
        domain, book, key = separator("Moa USD", w.token.address), pledges.book.address, w.keys["donor3"]
        permit = sign(key, domain, PERMIT, w.donor3, book, terms.cap, 0, NEVER)
        receive = sign(key, domain, RECEIVE, w.donor3, book, terms.cap, 0, NEVER, terms.hash())
        for signature in (permit, receive):
            with reverts(BAD, w.donor3):
                pledges.hand_in(w.donor3, terms, signature)
        pledge = pledges.sign(key, w.donor3, terms)
        with pytest.raises(RefusedError, match="ERC2612InvalidSigner"):
            w.do(w.relayer, w.token, "permit", w.donor3, book, terms.cap, NEVER, *parts(pledge))
        with reverts("AuthorizationBadSignature", w.donor3):
            args = (w.donor3, w.stranger, terms.cap, 0, NEVER, terms.hash(), pledge)
            w.do(w.stranger, w.token, "receiveWithAuthorization", *args)

    def test_a_used_nonce_undoes_a_signature(self, w: World, pledges: Pledges, terms: Terms) -> None:
        signature = pledges.sign(w.keys["donor3"], w.donor3, terms)
        permit = sign(w.keys["donor3"], separator("Moa USD", w.token.address), PERMIT, w.donor3, w.donor3, 0, 0, NEVER)
        w.do(w.donor3, w.token, "permit", w.donor3, w.donor3, 0, NEVER, *parts(permit))
        with reverts(BAD, w.donor3):
            pledges.hand_in(w.donor3, terms, signature)


class TestFrontRun:
    def witness(self, w: World, who: str, terms: Terms, signature: bytes) -> Any:
        """Let somebody call the token by itself."""
        args = (w.donor3, terms.cap, NEVER, terms.hash(), WITNESS, signature)
        return w.do(who, w.token, "permitWitness", *args)

    def test_the_token_takes_it_from_the_spender_alone(self, w: World, pledges: Pledges, terms: Terms) -> None:
        """Whoever sees the signature on its way cannot use it up, take the allowance or take the pledge off it."""
        signature = pledges.sign(w.keys["donor3"], w.donor3, terms)
        for who in (w.stranger, w.relayer, w.donor3, w.ngo):
            with reverts(BAD, w.donor3):
                self.witness(w, who, terms, signature)
        assert w.see(w.token, "nonces", w.donor3) == 0
        pledges.hand_in(w.donor3, terms, signature)

    def test_who_hands_it_in_first_changes_nothing(self, w: World, pledges: Pledges, terms: Terms) -> None:
        signature = pledges.sign(w.keys["donor3"], w.donor3, terms)
        pledges.hand_in(w.donor3, terms, signature, sender=w.stranger)
        stored = pledges.of(1)
        assert (stored["donor"], stored["amount"], stored["cap"]) == (w.donor3, terms.amount, terms.cap)
        with reverts(BAD, w.donor3):
            pledges.hand_in(w.donor3, terms, signature)
        assert (pledges.count, allowance(w, w.donor3, pledges.book)) == (1, terms.cap)
        with reverts("NotTheDonor", 1, w.stranger):
            pledges.do(w.stranger, "stop", 1)

    def test_a_spender_uses_it_for_itself(self, w: World) -> None:
        """What the token by itself does: the allowance of the caller that was named, with the caller's own words."""
        rest = "Note note)Note(string text)"
        text = keccak(encode(["bytes32", "bytes32"], [keccak(text="Note(string text)"), keccak(text="tea")]))
        domain = separator("Moa USD", w.token.address)
        values = {"owner": w.donor3, "spender": w.stranger, "value": 7, "nonce": 0, "deadline": NEVER}
        said = permit_digest(domain, **values, witness=text, rest=rest)
        args = (w.donor3, 7, NEVER, text, rest, signed(w.keys["donor3"], said))
        receipt = w.do(w.stranger, w.token, "permitWitness", *args)
        assert w.see(w.token, "allowance", w.donor3, w.stranger) == 7
        said_by_token = {"owner": w.donor3, "spender": w.stranger, "value": 7}
        assert w.events(receipt, w.token) == [("Approval", said_by_token)]
        assert PLEDGE not in rest


class TestTokensWithoutIt:
    def with_token(self, w: World, pledges: Pledges, kind: str, *args: Any) -> tuple[Contract, Terms]:
        token = w.deploy(kind, *args)
        accredit(w, token.address, TOKEN_KIND, kind)
        w.do(w.donor3, token, "mint", w.donor3, 10**9)
        w.do(w.donor3, token, "approve", pledges.book.address, 10**9)
        return token, Terms(open_ended(w, token=token.address))

    def test_a_token_that_has_no_such_function(self, w: World, pledges: Pledges) -> None:
        _, terms = self.with_token(w, pledges, "MockToken", 6)
        with reverts(""):
            pledges.hand_in(w.donor3, terms, bytes(65))
        assert pledges.make(w.donor3, terms) == 1
        assert pledges.outcome(1) == ["collected"]

    def test_a_token_that_swallows_every_call(self, w: World, pledges: Pledges) -> None:
        """Donor3 has allowed the book some of it for a pledge of its own: nobody else may pledge the rest."""
        token, terms = self.with_token(w, pledges, "PhantomToken")
        pledges.make(w.donor3, terms)
        with reverts(""):
            pledges.hand_in(w.donor3, terms, b"")
        for answer in (bytes(32), b"\xff" * 4 + bytes(28), keccak(text="permitWitness")[:4] + bytes(28)):
            w.do(w.stranger, token, "answerWith", answer)
            with reverts("BadSignature", w.donor3):
                pledges.hand_in(w.donor3, terms, b"")
        assert pledges.count == 1
