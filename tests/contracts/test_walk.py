"""A random walk over everything that can be done, refused calls included, beside an exact model of the fund.

After every single call: the contract did what the model says, its storage is what its events say, the events say what
the model holds, and no money is missing. `MOA_LONG=1` walks further.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from entrytree import entry_of
from fundmodel import Model
from hypothesis import HealthCheck, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from replay import APPROVED, Replay
from signing import ATTESTATION, RECEIVE, separator, sign
from truth import check_lines, check_members, check_pools, check_storage
from world import DAY, HOUR, NEVER, UNIT, RefusedError, World, b32, evidence_of

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = bool(os.environ.get("MOA_LONG"))
USUAL = st.integers(1, 120 * UNIT)
AMOUNTS = st.one_of(
    USUAL, USUAL, USUAL, st.integers(0, 300 * UNIT), st.sampled_from([0, 0, 1, 100 * UNIT, 10**13, 2**63 - 1, 2**63])
)
POOLS, MILESTONES = st.sampled_from([1, 1, 1, 2, 2, 3, 9]), st.sampled_from([0, 0, 0, 1, 1, 7])
ENTRIES = st.lists(
    st.tuples(st.sampled_from([bytes(20), b"\x01" * 20, b"\xff" * 20]), st.integers(0, 2**32 - 1), AMOUNTS), max_size=9
)
TEXTS = st.sampled_from(["a", "b"])
# A walk that goes nowhere proves nothing. All of this must have happened on the way, and on a long one the rest too.
MUST_SEE = {
    *("went through", "state 1", "state 2", "state 3", "state 4", "PoolOpened", "Contributed", "BatchRecorded"),
    *("EvidenceSubmitted", "Attested", "MilestoneApproved", "Released", "DeadlineMoved", "MilestoneIs", "PoolIs"),
    *("OtherEvidence", "AlreadyAttested", "TooEarly", "NotEnoughHeld", "NotAccepting", "AccessManagedUnauthorized"),
}
MUST_SEE_IN_TIME = {
    *("MilestoneRejected", "Paused", "Unpaused", "NotAccredited", "ZeroAmount", "ZeroEntry", "BadEntries", "TooMuch"),
    *("ReferenceUsed", "NotTheNgo", "PauseIs", "NotAnAttestor", "UnknownPool", "UnknownMilestone", "AuthorizationUsed"),
    *("AuthorizationBadSignature", "ERC20InsufficientAllowance", "ERC20InsufficientBalance"),
}


class Walk(RuleBasedStateMachine):
    """One walk."""

    w: ClassVar[World]
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        w = self.w
        self.before = w.node.rpc("evm_snapshot")
        self.told = Replay(w)
        self.told.follow()
        givers = {w.donor1, w.donor2, w.gateway, w.gateway2}
        self.model = Model(
            *(w.fund.address, dict(self.told.balances), givers, {w.gateway, w.gateway2}, w.pauser, w.operator),
            {w.ngo, w.ngo2},
        )
        self.steps = 0
        self.salt = 0

    def teardown(self) -> None:
        afresh = Replay(self.w)
        afresh.follow()
        beside = {(pool, start + 1) for pool, start in afresh.gifts} - set(afresh.gifts)
        check_storage(self.w, afresh, {*afresh.gifts, *beside}, afresh.batches)
        check_members(self.w, afresh)
        self.w.node.rpc("evm_revert", self.before)

    def both(self, pool: int, call: Callable[[], Any], modelled: Callable[[int], None]) -> None:
        """Do something in the model and on the chain: they must agree, also on why it is refused."""
        expected = None
        try:
            modelled(self.told.now + 1)
        except RefusedError as refused:
            expected = (refused.name, refused.values)
        try:
            call()
        except RefusedError as refused:
            outcome = (refused.name, refused.values)
        else:
            outcome = None
        assert outcome == expected
        self.seen[outcome[0] if outcome else "went through"] += 1
        self.check(pool)

    def check(self, touched: int = 0) -> None:
        """Compare contract, events and model."""
        told, model = self.told, self.model
        self.seen.update(told.follow())
        self.steps += 1
        if LONG or self.steps % 10 == 0:
            check_storage(self.w, told, told.gifts, told.batches)
        else:
            # What a call did not touch is looked at in turn, and all of it now and then: nothing there may move.
            in_turn = 1 + self.steps % max(1, len(told.pools))
            check_pools(self.w, told, {in_turn, touched} & set(told.pools))
        check_lines(told)
        assert told.balances == {k: v for k, v in model.balances.items() if v or k in told.balances}
        states = self.w.see_all([(self.w.fund, "stateOf", number) for number in model.pools])
        for state, (number, pool) in zip(states, model.pools.items(), strict=True):
            assert told.pools[number] == pool.storage()
            assert told.milestones[number] == [m.storage() for m in pool.milestones]
            assert state == pool.state(told.now)
            self.seen[f"state {state}"] += 1

    def do(self, sender: str, function: str, *args: Any) -> Callable[[], Any]:
        """Return a call to the fund, to be made later."""
        return lambda: self.w.do(sender, self.w.fund, function, *args)

    # ---- what people do

    @initialize(raised=st.sampled_from([40, 100, 150]), gone=st.integers(0, 2))
    def begin(self, raised: int, gone: int) -> None:
        """Two pools, one of which may have gone some of its way."""
        self.opens("ngo", 2, 2, False, 0)
        self.opens("ngo2", 1, 2, True, 50 * UNIT)
        self.gives(1, "donor1", raised * UNIT)
        self.records(1, "gateway", "a", [(bytes(20), 0, 3), (b"\1" * 20, 1, 5), (b"\2" * 20, 2, 1)])
        for milestone in range(gone):
            self.goes_through(1, milestone, True, True)

    @precondition(lambda self: len(self.model.pools) < 4)
    @rule(
        who=st.sampled_from(["ngo", "ngo2", "stranger"]),
        quorum=st.integers(1, 3),
        seats=st.integers(1, 4),
        open_ended=st.booleans(),
        threshold=st.sampled_from([0, 1, 50 * UNIT, 150 * UNIT]),
    )
    def opens(self, who: str, quorum: int, seats: int, open_ended: bool, threshold: int) -> None:
        now = self.told.now
        plan = self.w.plan(
            openEnded=open_ended,
            quorum=min(quorum, seats),
            attestors=self.w.attestors[:seats],
            fundingThreshold=threshold,
            fundingDeadline=0 if open_ended and threshold == 0 else now + 10 * DAY,
            objectionWindow=HOUR * (1 + quorum),
            attestationWindow=DAY * seats,
            milestones=[(self.w.payee, 60 * UNIT, now + 7 * DAY), (self.w.payee2, 90 * UNIT, now + 12 * DAY)],
        )
        sender = getattr(self.w, who)
        call = self.do(sender, "openPool", tuple(plan.values()))
        self.both(len(self.model.pools) + 1, call, lambda now: self.model.open_pool(now, sender, plan))

    @rule(pool=POOLS, who=st.sampled_from(["donor1", "donor1", "donor2", "stranger"]), amount=AMOUNTS)
    def gives(self, pool: int, who: str, amount: int) -> None:
        donor = getattr(self.w, who)
        call = self.do(donor, "contribute", pool, amount)
        self.both(pool, call, lambda now: self.model.contribute(now, donor, pool, amount))

    @rule(pool=POOLS, who=st.sampled_from(["donor1", "donor3"]), amount=AMOUNTS, redirected=st.booleans())
    def signs(self, pool: int, who: str, amount: int, redirected: bool) -> None:
        """A relayed gift; a dishonest relayer says that it was meant for another pool."""
        self.salt += 1
        w, salt, donor = self.w, self.salt.to_bytes(32), getattr(self.w, who)
        meant = 3 - pool if redirected and pool < 3 else pool
        nonce = w.see(w.fund, "authorizationNonce", meant, salt)
        domain = separator("Moa USD", w.token.address)
        signature = sign(w.keys[who], domain, RECEIVE, donor, w.fund.address, amount, 0, NEVER, nonce)
        call = self.do(w.relayer, "contributeWithAuthorization", pool, (donor, amount, 0, NEVER, salt, signature))

        def modelled(now: int) -> None:
            if meant == pool:
                return self.model.contribute(now, donor, pool, amount, signed=True)
            if amount:
                self.model.lengthen(now, pool, amount)
            raise RefusedError(*(("AuthorizationBadSignature", (donor,)) if amount else ("ZeroAmount", ())))

        self.both(pool, call, modelled)

    @rule(pool=POOLS, who=st.sampled_from(["gateway", "gateway", "gateway2", "stranger"]), name=TEXTS, gifts=ENTRIES)
    def records(self, pool: int, who: str, name: str, gifts: list[tuple[bytes, int, int]]) -> None:
        gateway, entries = getattr(self.w, who), [entry_of(*gift) for gift in gifts]
        reference = b32(name)
        call = self.do(gateway, "recordBatch", pool, reference, b"".join(entries))
        self.both(pool, call, lambda now: self.model.record_batch(now, gateway, pool, reference, entries))

    @rule(pool=POOLS, milestone=MILESTONES, who=st.sampled_from(["ngo", "ngo", "ngo2", "stranger"]), text=TEXTS)
    def submits(self, pool: int, milestone: int, who: str, text: str) -> None:
        sender, evidence = getattr(self.w, who), evidence_of(text)
        call = self.do(sender, "submitEvidence", pool, milestone, evidence, text)
        self.both(pool, call, lambda now: self.model.submit_evidence(now, sender, pool, milestone, evidence))

    @rule(
        pool=POOLS,
        milestone=MILESTONES,
        seat=st.integers(1, 4),
        text=TEXTS,
        approved=st.booleans(),
        signed=st.booleans(),
    )
    def attests(self, *, pool: int, milestone: int, seat: int, text: str, approved: bool, signed: bool) -> None:
        w, name, evidence = self.w, f"attestor{seat}", evidence_of(text)
        attestor, known = getattr(w, name), self.model.pools.get(pool)
        call = self.do(attestor, "attest", pool, milestone, evidence, approved)
        if signed and known and milestone < len(known.milestones):
            round_ = len(known.milestones[milestone].votes)
            signed_words = (attestor, pool, milestone, round_, evidence, approved, NEVER)
            signature = sign(w.keys[name], separator("Moa PooledFund", w.fund.address), ATTESTATION, *signed_words)
            args = (attestor, pool, milestone, evidence, approved, NEVER, signature)
            call = self.do(w.relayer, "attestBySignature", *args)
        self.both(
            pool, call, lambda now: self.model.attest(now, attestor, pool, milestone, evidence, approved=approved)
        )

    @rule(pool=POOLS, milestone=MILESTONES)
    def releases(self, pool: int, milestone: int) -> None:
        call = self.do(self.w.stranger, "release", pool, milestone)
        self.both(pool, call, lambda now: self.model.release(now, pool, milestone))

    @rule(number=POOLS, milestone=MILESTONES, verdict=st.booleans(), patient=st.booleans())
    def goes_through(self, number: int, milestone: int, verdict: bool, patient: bool) -> None:
        """The usual way of a milestone: evidence, all attestations, perhaps the wait, the release."""
        pool = self.model.pools.get(number)
        if pool is None or milestone >= len(pool.milestones):
            return
        self.submits(number, milestone, "ngo" if pool.ngo == self.w.ngo else "ngo2", "a")
        self.attests(pool=number, milestone=milestone, seat=1, text="b", approved=True, signed=False)
        for seat in (1, *range(1, len(pool.plan["attestors"]) + 1)):
            self.attests(pool=number, milestone=milestone, seat=seat, text="a", approved=verdict, signed=False)
        self.releases(number, milestone)
        if patient and pool.milestones[milestone].state == APPROVED:
            self.w.node.wait(pool.plan["objectionWindow"])
            self.check()
            self.releases(number, milestone)

    @rule(pool=POOLS, who=st.sampled_from(["pauser", "pauser", "operator", "stranger"]), paused=st.booleans())
    def brakes(self, pool: int, who: str, paused: bool) -> None:
        sender = getattr(self.w, who)
        if not paused and who == "pauser":
            sender = self.w.operator
        call = self.do(sender, "pause" if paused else "unpause", pool)
        self.both(pool, call, lambda _now: self.model.set_paused(sender, pool, paused))

    @rule(days=st.sampled_from([0, 0, 0, 1, 3]), which=st.integers(0, 30), late=st.integers(0, 1))
    def waits(self, days: int, which: int, late: int) -> None:
        """Some days, or to just before a moment at which something changes, so that the next call meets it."""
        now = self.told.now
        moments = [m for m in self.moments() if now < m + late - 1 < now + 20 * DAY]
        self.w.node.go_to(now + days * DAY + 1 if days or not moments else moments[which % len(moments)] + late - 1)
        self.check()

    def moments(self) -> list[int]:
        """The last seconds of everything, and the first ones of releases."""
        found = set()
        for pool in self.model.pools.values():
            found |= {pool.accepts_until, pool.defaults_at, pool.funding_deadline}
            found |= {m.approved_at + pool.plan["objectionWindow"] for m in pool.milestones if m.approved_at}
        return sorted(found)

    @rule(amount=st.integers(0, 10 * UNIT))
    def errs(self, amount: int) -> None:
        """Tokens sent to the fund by mistake belong to no pool."""
        w = self.w
        call: Callable[[], Any] = lambda: w.do(w.donor2, w.token, "transfer", w.fund.address, amount)  # noqa: E731
        self.both(0, call, lambda _now: self.model.move(w.donor2, w.fund.address, amount))

    @rule(who=st.sampled_from(["ngo2", "attestor1"]))
    def leaves(self, who: str) -> None:
        """A member is revoked, and comes back; pools that are open do not care."""
        w, account = self.w, getattr(self.w, who)
        member = w.see(w.register, "memberOf", account)
        w.do(w.registrar, w.register, "revoke", account)
        self.check()
        assert w.see(w.register, "memberOf", account)["kind"] == 0
        w.do(w.registrar, w.register, "accredit", account, member["kind"], member["name"], member["detailsHash"], "")
        self.check()


@pytest.mark.timeout(7200 if LONG else 600)
def test_storage_is_what_the_events_say_after_every_step_of_a_random_walk(anywhere: World) -> None:
    Walk.w, Walk.seen = anywhere, Counter()
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=400 if LONG else 22,
            stateful_step_count=60 if LONG else 20,
            derandomize=not LONG,
            database=None,
            deadline=None,
            verbosity=Verbosity.normal,
            print_blob=True,
            suppress_health_check=HealthCheck.all(),
        ),
    )
    missing = MUST_SEE.union(MUST_SEE_IN_TIME if LONG else ()) - set(Walk.seen)
    assert not missing, Walk.seen
