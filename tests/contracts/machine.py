"""A random walk over everything that people do with the fund and the Judgement, beside an exact model of both.

Refused calls are part of it: the model says why. After every single call: the contracts did what the model says, their
storage is what their events say, the events say what the model holds, and no money is missing.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from drain import drain
from entrytree import entry_of
from eth_keys import keys
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from model.fund import Model
from model.words import APPROVED, COMPLETED, FROZEN, RELEASED, Tokens
from replay import Replay
from signing import ATTESTATION, OBJECTION, RECEIVE, REFUND, separator, sign
from truth import check_lines, check_members, check_pools, check_storage
from world import DAY, HOUR, NEVER, UNIT, RefusedError, World, b32, evidence_of

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = bool(os.environ.get("MOA_LONG"))
USUAL = st.integers(1, 120 * UNIT)
AMOUNTS = st.one_of(
    USUAL, USUAL, USUAL, st.integers(0, 300 * UNIT), st.sampled_from([0, 0, 1, 100 * UNIT, 10**13, 2**63 - 1, 2**63])
)
POOLS, MILESTONES = st.sampled_from([1, 1, 1, 2, 2, 3, 9]), st.sampled_from([0, 0, 0, 1, 1, 2, 7])
CODES = [bytes([i]) * 32 for i in range(1, 4)]
"""The receipt keys of donors without a wallet."""
DONORS = {keys.PrivateKey(code).public_key.to_checksum_address(): code for code in CODES}
IDS = [bytes(20), *(bytes.fromhex(donor[2:]) for donor in DONORS)]
ENTRIES = st.lists(st.tuples(st.sampled_from(IDS), st.integers(0, 2**32 - 1), AMOUNTS), max_size=9)
TEXTS = st.sampled_from(["a", "a", "b"])
PICK = st.integers(0, 1000)


class Walk(RuleBasedStateMachine):
    """One walk."""

    w: ClassVar[World]
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        w = self.w
        self.before = w.node.rpc("evm_snapshot")
        w.do(w.payee, w.token, "approve", w.fund.address, 2**256 - 1)
        self.told = Replay(w)
        self.told.follow()
        givers = (w.donor1, w.donor2, w.gateway, w.gateway2, w.payee)
        tokens = Tokens(dict(self.told.balances), {(giver, w.fund.address) for giver in givers})
        gateways, ngos, attestors = {w.gateway, w.gateway2}, {w.ngo, w.ngo2}, set(w.attestors)
        books = {name: getattr(w, name).address for name in ("sponsors", "payouts", "pledges", "vouchers")}
        self.model = Model(w.fund.address, tokens, gateways, w.pauser, w.operator, ngos, attestors, books)
        self.steps = 0
        self.salt = 0

    def teardown(self) -> None:
        try:
            self.end()
        finally:
            self.w.node.rpc("evm_revert", self.before)

    def end(self) -> None:
        """Look at everything once more, afresh, and see that nobody is stuck."""
        afresh = Replay(self.w)
        afresh.follow()
        beside = {(pool, start + 1) for pool, start in afresh.gifts} - set(afresh.gifts)
        check_storage(self.w, afresh, {*afresh.gifts, *beside}, afresh.batches)
        check_members(self.w, afresh)
        self.seen.update(drain(self.w, self.model, DONORS))

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
        assert outcome == expected, (outcome, expected)
        self.seen[outcome[0] if outcome else "went through"] += 1
        self.check(pool)

    def check(self, touched: int = 0) -> None:
        """Compare contract, events and model."""
        told, model = self.told, self.model
        self.seen.update(told.follow())
        self.steps += 1
        # What a call did not touch is looked at in turn, and all of it now and then: nothing there may move.
        in_turn = 1 + self.steps % max(1, len(told.pools))
        looked = {in_turn, touched} & set(told.pools)
        states = {number: pool.state(told.now) for number, pool in model.pools.items()}
        modelled = {(self.w.fund, "stateOf", number): state for number, state in states.items()}
        if LONG or self.steps % 10 == 0:
            looked = set(told.pools)
            check_storage(self.w, told, told.gifts, told.batches, modelled)
        else:
            check_pools(self.w, told, looked, modelled)
        check_lines(told, looked)
        balances = model.tokens.balances
        assert told.balances == {k: v for k, v in balances.items() if v or k in told.balances}
        for number, pool in model.pools.items():
            assert told.pools[number] == pool.storage()
            assert told.milestones[number] == [m.storage() for m in pool.milestones]
            assert told.panels[number]["reserved"] == pool.reserved
            assert told.matched.get(number, False) == pool.matched
            self.seen[f"state {states[number]}"] += 1

    def do(self, sender: str, function: str, *args: Any) -> Callable[[], Any]:
        """Return a call to the fund or the Judgement, to be made later."""
        contract = self.w.fund if function in self.w.fund.functions else self.w.judgement
        return lambda: self.w.do(sender, contract, function, *args)

    def ngo_of(self, number: int) -> str:
        """Return a pool's NGO, or one who is not."""
        return self.model.pools[number].ngo if number in self.model.pools else self.w.ngo

    def purposes(self, now: int) -> dict[str, Any]:
        """Return the milestones and the limits of a pool that opens."""
        return {"milestones": [(self.w.payee, 60 * UNIT, now + 7 * DAY), (self.w.payee2, 90 * UNIT, now + 12 * DAY)]}

    # ---- what people do

    @initialize(raised=st.sampled_from([40, 100, 150]), gone=st.integers(0, 2))
    def begin(self, raised: int, gone: int) -> None:
        """Two pools, one of which may have gone some of its way."""
        self.opens("ngo", 2, 2, False, 0)
        self.opens("ngo2", 1, 3, True, 50 * UNIT)
        self.gives(1, "donor1", raised * UNIT)
        self.records(1, "gateway", "a", [(IDS[0], 0, 3), (IDS[1], 1, 5), (IDS[2], 2, 1)])
        for milestone in range(gone):
            self.goes_through(1, milestone, True, True)

    @precondition(lambda self: len(self.model.pools) < 4)
    @rule(
        who=st.sampled_from(["ngo", "ngo2", "stranger"]),
        quorum=st.integers(1, 3),
        seats=st.integers(1, 3),
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
            objectionThreshold=(0, 1_000, 5_000)[seats - 1],
            objectionWindow=HOUR * (1 + quorum),
            attestationWindow=DAY * seats,
            **self.purposes(now),
        )
        sender = getattr(self.w, who)
        call = self.do(sender, "openPool", self.w.words(plan))
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

    @rule(
        pool=POOLS,
        bearer=st.sampled_from(["donor2", "gateway", "stranger"]),
        gifts=st.lists(st.tuples(st.sampled_from(["donor1", "donor3", "stranger", None]), USUAL), max_size=4),
    )
    def brings(self, pool: int, bearer: str, gifts: list[tuple[str | None, int]]) -> None:
        """Somebody brings the gifts of many; now and then one of nobody."""
        zero = "0x" + "00" * 20
        brought = [(getattr(self.w, who) if who else zero, amount) for who, amount in gifts]
        rows = [entry_of(donor, 7, amount) for donor, amount in brought]
        sender = getattr(self.w, bearer)
        call = self.do(sender, "contributeMany", pool, rows)
        self.both(pool, call, lambda now: self.model.bring(now, sender, pool, brought))

    @rule(pool=POOLS, who=st.sampled_from(["gateway", "gateway", "gateway2", "stranger"]), name=TEXTS, gifts=ENTRIES)
    def records(self, pool: int, who: str, name: str, gifts: list[tuple[bytes, int, int]]) -> None:
        gateway, entries = getattr(self.w, who), [entry_of(*gift) for gift in gifts]
        names = self.w.see(self.w.fund, "batchId", gateway, b32(name)), b32(name)
        call = self.do(gateway, "recordBatch", pool, names[1], b"".join(entries))
        self.both(pool, call, lambda now: self.model.record_batch(now, gateway, pool, names, entries))

    @rule(pool=POOLS, milestone=MILESTONES, who=st.sampled_from(["ngo", "ngo", "stranger"]), text=TEXTS)
    def submits(self, pool: int, milestone: int, who: str, text: str) -> None:
        sender = self.ngo_of(pool) if who == "ngo" else self.w.stranger
        case = (pool, milestone, evidence_of(text))
        call = self.do(sender, "submitEvidence", *case, text)
        self.both(pool, call, lambda now: self.model.submit_evidence(now, sender, case))

    @rule(
        pool=POOLS,
        milestone=MILESTONES,
        seat=st.integers(1, 4),
        text=TEXTS,
        approved=st.booleans(),
        signed=st.booleans(),
    )
    def attests(self, *, pool: int, milestone: int, seat: int, text: str, approved: bool, signed: bool) -> None:
        w, name, case = self.w, f"attestor{seat}", (pool, milestone, evidence_of(text))
        attestor, known = getattr(w, name), self.model.pools.get(pool)
        call = self.do(attestor, "attest", *case, approved)
        if signed and known and milestone < len(known.milestones):
            round_ = len(known.milestones[milestone].votes)
            said = (attestor, pool, milestone, round_, case[2], approved, NEVER)
            signature = sign(w.keys[name], separator("Moa Judgement", w.judgement.address), ATTESTATION, *said)
            call = self.do(w.relayer, "attestBySignature", attestor, *case, approved, NEVER, signature)
        self.both(pool, call, lambda now: self.model.attest(now, attestor, case, approved=approved))

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
        self.submits(number, milestone, "ngo", "a")
        self.attests(pool=number, milestone=milestone, seat=1, text="b", approved=True, signed=False)
        for seat in (1, *range(1, len(pool.plan["attestors"]) + 1)):
            self.attests(pool=number, milestone=milestone, seat=seat, text="a", approved=verdict, signed=False)
        self.releases(number, milestone)
        if patient and pool.milestones[milestone].state == APPROVED:
            self.w.node.wait(pool.plan["objectionWindow"])
            self.check()
            self.releases(number, milestone)

    # ---- what donors do when it goes wrong

    @rule(
        pool=POOLS, milestone=MILESTONES, text=TEXTS, picks=st.lists(PICK, min_size=1, max_size=3), signed=st.booleans()
    )
    def objects(self, pool: int, milestone: int, text: str, picks: list[int], signed: bool) -> None:
        """A wallet's donor objects with some of its gifts, and now and then with another's or none."""
        w, known = self.w, self.model.pools.get(pool)
        case = (pool, milestone, evidence_of(text))
        places = sorted(known.gifts) if known else []
        starts = [places[pick % len(places)] if places and pick % 7 else pick for pick in picks]
        donor = w.donor1
        call = self.do(donor, "object", *case, starts)
        if signed and known and milestone < len(known.milestones):
            round_ = len(known.milestones[milestone].votes)
            words = (donor, pool, milestone, round_, case[2], NEVER)
            signature = sign(w.keys["donor1"], separator("Moa Judgement", w.judgement.address), OBJECTION, *words)
            call = self.do(w.relayer, "objectBySignature", donor, *case, starts, [], NEVER, signature)
        self.both(pool, call, lambda now: self.model.object(now, donor, case, starts))

    @precondition(lambda self: any(m.state == APPROVED for p in self.model.pools.values() for m in p.milestones))
    @rule(pick=PICK)
    def disputes(self, pick: int) -> None:
        """Everyone who can objects to an approved milestone."""
        approved = [
            (n, i) for n, p in self.model.pools.items() for i, m in enumerate(p.milestones) if m.state == APPROVED
        ]
        number, milestone = approved[pick % len(approved)]
        pool, m = self.model.pools[number], self.model.pools[number].milestones[milestone]
        for donor in dict.fromkeys(donor for donor, _ in pool.gifts.values()):
            starts = [start for start, (who, _) in pool.gifts.items() if who == donor and start < m.line][:5]
            call = self.do(donor, "object", number, milestone, m.evidence, starts)
            case = (number, milestone, m.evidence)
            self.both(number, call, lambda now, d=donor, c=case, s=starts: self.model.object(now, d, c, s))

    @rule(number=POOLS, milestone=MILESTONES, how=st.sampled_from(["confirmed", "new evidence", "again", "in time"]))
    def is_disputed(self, number: int, milestone: int, how: str) -> None:
        """A milestone is approved and disputed; then its attestors confirm it, new evidence comes, or neither."""
        pool = self.model.pools.get(number)
        if pool is None or milestone >= len(pool.milestones):
            return
        seats = range(1, len(pool.plan["attestors"]) + 1)
        self.goes_through(number, milestone, True, False)
        if pool.milestones[milestone].state != APPROVED:
            return
        self.disputes(0)
        if how == "new evidence":
            self.submits(number, milestone, "ngo", "b")
        for seat in seats if how != "in time" else ():
            text = "b" if how == "new evidence" else "a"
            self.attests(pool=number, milestone=milestone, seat=seat, text=text, approved=True, signed=False)
        if how == "again" and pool.milestones[milestone].state == APPROVED:
            self.disputes(0)

    @precondition(lambda self: self.model.batches)
    @rule(pool=POOLS, milestone=MILESTONES, text=TEXTS, pick=PICK)
    def objects_by_code(self, pool: int, milestone: int, text: str, pick: int) -> None:
        """A donor without a wallet objects with its receipt."""
        w, known = self.w, self.model.pools.get(pool)
        if known is None or milestone >= len(known.milestones):
            return
        batch, position = self.entry(pick)
        donor = self.model.batches[batch].entries[position][0]
        code = DONORS.get(donor, CODES[0])
        case = (pool, milestone, evidence_of(text))
        words = (donor, pool, milestone, len(known.milestones[milestone].votes), case[2], NEVER)
        signature = sign(code, separator("Moa Judgement", w.judgement.address), OBJECTION, *words)
        receipts = [self.told.receipt(batch, position)]
        call = self.do(w.relayer, "objectBySignature", donor, *case, [], receipts, NEVER, signature)

        def modelled(now: int) -> None:
            if donor not in DONORS:
                self.model.objectable(now, case)
                raise RefusedError("BadSignature", (donor,))
            self.model.object_with_entry(now, donor, case, (batch, position))

        self.both(pool, call, modelled)

    def entry(self, pick: int) -> tuple[bytes, int]:
        """Return one of all entries."""
        every = [(batch, i) for batch, kept in self.model.batches.items() for i, _ in enumerate(kept.entries)]
        return every[pick % len(every)]

    @rule(
        pool=POOLS,
        pick=PICK,
        who=st.sampled_from(["donor1", "stranger"]),
        to=st.sampled_from(["donor", "donor", "payee"]),
    )
    def refunds(self, pool: int, pick: int, who: str, to: str) -> None:
        """Mostly of a pool that is over, and of a gift that is there."""
        over = [n for n, p in self.model.pools.items() if p.state(self.told.now) in (FROZEN, COMPLETED)]
        number = over[pick % len(over)] if over and pick % 5 else pool
        known = self.model.pools.get(number)
        places = sorted(known.gifts) if known else []
        start = places[pick % len(places)] if places and pick % 9 else pick
        sender, receiver = getattr(self.w, who), getattr(self.w, to, self.w.donor1)
        if to == "donor" and known and start in known.gifts:
            receiver = known.gifts[start][0]
        call = self.do(sender, "refund", number, start, receiver)
        self.both(number, call, lambda now: self.model.refund(now, sender, number, start, receiver))

    @precondition(lambda self: self.model.batches)
    @rule(pick=PICK, honest=st.sampled_from([True, True, True, False]))
    def refunds_by_code(self, pick: int, honest: bool) -> None:
        """A donor without a wallet takes its refund; a thief's signature is another's."""
        w = self.w
        batch, position = self.entry(pick)
        donor = self.model.batches[batch].entries[position][0]
        code = DONORS[donor] if honest and donor in DONORS else bytes([9]) * 32
        domain = separator("Moa PooledFund", w.fund.address)
        start = self.told.receipt(batch, position)[2]
        before = self.told.refunds.get((self.told.batches[batch]["pool"], start), 0)
        signature = sign(code, domain, REFUND, batch, position, before, w.donor3, NEVER)
        call = self.do(w.relayer, "refundEntry", self.told.receipt(batch, position), w.donor3, NEVER, signature)

        def modelled(now: int) -> None:
            if DONORS.get(donor) != code:
                raise RefusedError("BadSignature", (donor,))
            self.model.refund_entry(now, batch, position, w.donor3)

        self.both(self.model.batches[batch].pool, call, modelled)

    @rule(who=st.sampled_from(["gateway", "gateway", "gateway2"]), name=TEXTS)
    def sweeps(self, who: str, name: str) -> None:
        """A gateway takes what its donors have not claimed."""
        gateway = getattr(self.w, who)
        batch = self.w.see(self.w.fund, "batchId", gateway, b32(name))
        kept = self.model.batches.get(batch)
        call = self.do(gateway, "refundBatch", b32(name), gateway)
        self.both(kept.pool if kept else 0, call, lambda now: self.model.refund_batch(now, batch, gateway))

    @rule(
        where=st.tuples(POOLS, MILESTONES),
        pick=PICK,
        who=st.sampled_from(["its", "its", "payee", "stranger"]),
        amount=st.one_of(st.sampled_from([0, 1, 60 * UNIT]), st.integers(1, 70 * UNIT)),
    )
    def gives_back(self, where: tuple[int, int], pick: int, who: str, amount: int) -> None:
        """Mostly the payee of a milestone that is paid; the second payee lets nobody take from it."""
        pools = self.model.pools
        paid = [(n, i) for n, p in pools.items() for i, m in enumerate(p.milestones) if m.state == RELEASED]
        number, milestone = paid[pick % len(paid)] if paid and pick % 5 else where
        known = pools.get(number)
        payee = getattr(self.w, who, self.w.payee)
        if who == "its" and known and milestone < len(known.milestones):
            payee = known.milestones[milestone].payee
        if payee not in (self.w.payee, self.w.payee2, self.w.stranger):
            return  # a book gives back by its own rules
        call = self.do(payee, "giveBack", number, milestone, amount)
        self.both(number, call, lambda now: self.model.give_back(now, payee, number, milestone, amount))

    # ---- the panel and the brake

    @rule(
        number=POOLS,
        amount=st.sampled_from([10 * UNIT, 50 * UNIT]),
        consents=st.integers(0, 3),
        who=st.sampled_from(["ngo", "ngo", "stranger"]),
    )
    def appends(self, number: int, amount: int, consents: int, who: str) -> None:
        """Some attestors consent, and the NGO appends."""
        deadline = self.told.now + 9 * DAY
        plan = (self.w.payee, amount, deadline)
        for attestor in self.w.attestors[:consents]:
            call = self.do(attestor, "consentToMilestone", number, plan)
            self.both(number, call, lambda _now, a=attestor: self.model.consent_to_milestone(a, number, plan))
        sender = self.ngo_of(number) if who == "ngo" else self.w.stranger
        call = self.do(sender, "appendMilestone", number, plan)
        self.both(number, call, lambda now: self.model.append(now, sender, number, plan))

    @rule(
        number=POOLS,
        leaving=st.integers(0, 2),
        joining=st.sampled_from(["attestor4", "attestor4", "attestor1", "donor1"]),
        consents=st.integers(0, 3),
        patient=st.booleans(),
    )
    def rotates(self, number: int, leaving: int, joining: str, consents: int, patient: bool) -> None:
        """Some attestors agree on a successor, who comes in time or too early."""
        out, into = self.w.attestors[leaving], getattr(self.w, joining)
        for attestor in self.w.attestors[:consents]:
            call = self.do(attestor, "consentToRotation", number, out, into)
            self.both(number, call, lambda now, a=attestor: self.model.consent_to_rotation(now, a, number, out, into))
        if patient and consents == 2:
            self.w.node.wait(7 * DAY)
            self.check()
        call = self.do(self.w.stranger, "rotate", number, out, into)
        self.both(number, call, lambda now: self.model.rotate(now, number, out, into))

    @rule(pool=POOLS, who=st.sampled_from(["pauser", "pauser", "operator", "stranger"]), paused=st.booleans())
    def brakes(self, pool: int, who: str, paused: bool) -> None:
        sender = getattr(self.w, who)
        call = self.do(sender, "pause" if paused else "unpause", pool)
        brake = self.model.pause if paused else self.model.unpause
        self.both(pool, call, lambda now: brake(now, sender, pool))

    @rule(pool=POOLS, who=st.sampled_from(["ngo", "stranger", "stranger", "stranger"]))
    def cancels(self, pool: int, who: str) -> None:
        sender = self.ngo_of(pool) if who == "ngo" else self.w.stranger
        call = self.do(sender, "cancel", pool)
        self.both(pool, call, lambda now: self.model.cancel(now, sender, pool))

    # ---- what happens

    @rule(
        days=st.sampled_from([0, 0, 0, 0, 1, 3]), which=st.sampled_from([0, 0, 0, 1, 1, 2, 9]), late=st.integers(0, 1)
    )
    def waits(self, days: int, which: int, late: int) -> None:
        """Some days, or to just before a moment at which something changes, so that the next call meets it."""
        now = self.told.now
        moments = [m for m in self.moments() if now < m + late - 1 < now + 40 * DAY]
        self.w.node.go_to(now + days * DAY + 1 if days or not moments else moments[which % len(moments)] + late - 1)
        self.check()

    def moments(self) -> list[int]:
        """The last seconds of everything, and the first ones of releases and of gateways' refunds."""
        found = set()
        for pool in self.model.pools.values():
            found |= {pool.accepts_until, pool.defaults_at, pool.funding_end, pool.paused_until}
            found |= {pool.paused_until + 28 * DAY - 1} if pool.paused_until else set()
            found |= {m.decided_at + pool.plan["objectionWindow"] for m in pool.milestones if m.decided_at}
            if pool.state(self.told.now) == FROZEN:
                found |= {pool.end(self.told.now) + 30 * DAY}
        return sorted(found)

    @rule(amount=st.integers(0, 10 * UNIT))
    def errs(self, amount: int) -> None:
        """Tokens sent to the fund by mistake belong to no pool."""
        w = self.w
        call: Callable[[], Any] = lambda: w.do(w.donor2, w.token, "transfer", w.fund.address, amount)  # noqa: E731
        self.both(0, call, lambda _now: self.model.tokens.move(w.donor2, w.fund.address, amount))

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


MUST_SEE = {
    *("went through", "state 1", "state 2", "state 3", "state 4", "PoolOpened", "Contributed", "BatchRecorded"),
    *("EvidenceSubmitted", "Attested", "MilestoneApproved", "Released", "Spent", "DeadlineMoved", "MilestoneIs"),
    *("PoolIs", "OtherEvidence", "AlreadyAttested", "TooEarly", "NotCovered", "NotAccepting", "Objected", "Refunded"),
    *("MilestoneDisputed", "AccessManagedUnauthorized", "Returned", "Cancelled", "drained"),
}
"""A walk that goes nowhere proves nothing. All of this must have happened on the way."""

MUST_SEE_IN_TIME = {
    *("MilestoneRejected", "Paused", "Unpaused", "NotAccredited", "ZeroAmount", "ZeroEntry", "BadEntries", "TooMuch"),
    *("ReferenceUsed", "NotTheNgo", "PauseIs", "NotAnAttestor", "UnknownPool", "UnknownMilestone", "AuthorizationUsed"),
    *("AuthorizationBadSignature", "ERC20InsufficientAllowance", "ERC20InsufficientBalance", "BatchRefunded"),
    *("MilestoneConsented", "RotationConsented", "RotationAgreed", "AttestorReplaced", "BadRotation", "NoQuorum"),
    *("NotOpenEnded", "AlreadyConsented", "WindowClosed", "NoGift", "NotTheDonor"),
    *("NothingToRefund", "TakenByGateway", "BadSignature", "MoreThanReleased", "NotThePayee", "AlreadyReleased"),
    *("NoBatch", "BadDonor", "ContributionsBrought"),
}
"""And this on a long one."""
