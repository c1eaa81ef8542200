"""The Judgement's model: evidence, attestations, objections, the panel, and when a pool becomes due."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from world import DAY, NEVER, ZERO, ZERO32

from model.words import ACTIVE, APPROVED, DISPUTED, PLANNED, REJECTED, RELEASED, SUBMITTED, refuse

if TYPE_CHECKING:
    from model.fund import Model, Pool

Case = tuple[int, int, bytes]
"""A pool, its milestone, a hash of evidence."""


@dataclass
class Milestone:
    """One tranche, as planned and as judged."""

    payee: str
    amount: int
    deadline: int
    evidence: bytes = ZERO32
    state: int = PLANNED
    disputed: bool = False
    rotations: int = 0
    votes: list[dict[str, bool]] = field(default_factory=list)
    objections: dict[int, int] = field(default_factory=dict)
    submitted_at: int = 0
    decided_at: int = 0
    due: int = 0
    line: int = 0
    released_at: int = 0

    def storage(self) -> dict[str, Any]:
        """Return what the Judgement should store."""
        votes = list(self.votes[-1].values()) if self.votes else []
        return {
            "evidence": self.evidence,
            "state": self.state,
            "disputed": self.disputed,
            "round": len(self.votes),
            "rotations": self.rotations,
            "yes": votes.count(True),
            "no": votes.count(False),
            "evidenceDeadline": self.deadline,
            "submittedAt": self.submitted_at,
            "decidedAt": self.decided_at,
            "due": self.due,
            "lineAtEvidence": self.line,
            "objected": sum(self.objections.values()),
        }


@dataclass
class Panel:
    """Who judges a pool: each attestor's seat, and the rotations between which it judges new evidence."""

    seats: dict[str, tuple[int, int, int | None]]
    rotations: int = 0
    consents: dict[Any, set[str]] = field(default_factory=dict)
    agreed: dict[Any, int] = field(default_factory=dict)
    idle_until: int = 0

    def sits(self, account: str, rotations: int | None = None) -> bool:
        """Whether an account judges what came after so many rotations."""
        at = self.rotations if rotations is None else rotations
        _, since, until = self.seats.get(account, (0, NEVER, None))
        return since <= at and (until is None or at < until)

    def consent(self, pool: int, sender: str, subject: Any) -> int:
        """Count a consent."""
        if not self.sits(sender):
            refuse("NotAnAttestor", pool, sender)
        given = self.consents.setdefault(subject, set())
        if sender in given:
            refuse("AlreadyConsented", sender)
        given.add(sender)
        return len(given)


class Judging:
    """What the Judgement does; the other half of the model holds the pools."""

    def active(self: Model, now: int, number: int, milestone: int) -> tuple[Pool, Milestone]:
        """Return a milestone of a pool that is active."""
        pool, m = self.known(number, milestone)
        if pool.state(now) != ACTIVE:
            refuse("PoolIs", number, pool.state(now))
        return pool, m

    def submit_evidence(self: Model, now: int, sender: str, case: Case) -> None:
        """Name the evidence for a milestone."""
        number, milestone, evidence = case
        pool, m = self.active(now, number, milestone)
        if sender != pool.ngo:
            refuse("NotTheNgo", number, sender)
        if pool.paused and now < pool.paused_until:
            refuse("PauseIs", number, True)
        if m.state in (SUBMITTED, APPROVED, RELEASED):
            refuse("MilestoneIs", number, milestone, m.state)
        if evidence == ZERO32:
            refuse("NoEvidence")
        if m.state == DISPUTED and evidence == m.evidence:
            refuse("SameEvidence", evidence)
        if m.state != DISPUTED:
            free = pool.held - pool.reserved
            if free < m.amount:
                refuse("NotCovered", free, m.amount)
            if m.payee == self.books.get("payouts") and (number, milestone) not in self.rounds:
                refuse("RoundNotSealed", number, milestone)
        if m.state != DISPUTED:
            m.rotations = pool.panel.rotations
        m.evidence, m.state, m.submitted_at, m.line = evidence, SUBMITTED, now, pool.line.end
        m.votes.append({})
        m.objections = {}
        m.due = now + pool.plan["attestationWindow"] - pool.stood_still(now)
        pool.move_clock(now)

    def attest(self: Model, now: int, attestor: str, case: Case, *, approved: bool) -> None:
        """Say yes or no to the evidence."""
        number, milestone, evidence = case
        pool, m = self.active(now, number, milestone)
        if not pool.panel.sits(attestor, m.rotations):
            refuse("NotAnAttestor", number, attestor)
        if m.state not in (SUBMITTED, DISPUTED):
            refuse("MilestoneIs", number, milestone, m.state)
        if evidence != m.evidence:
            refuse("OtherEvidence", m.evidence)
        votes, everyone, quorum = m.votes[-1], len(pool.plan["attestors"]), pool.plan["quorum"]
        if attestor in votes:
            refuse("AlreadyAttested", number, milestone, attestor)
        votes[attestor] = approved
        counted = list(votes.values())
        if approved and counted.count(True) == (quorum if m.state == SUBMITTED else everyone):
            m.state, m.decided_at = APPROVED, now
            m.due = now + pool.plan["objectionWindow"] + 90 * DAY - pool.stood_still(now)
            pool.move_clock(now)
        elif not approved and m.state == SUBMITTED and everyone - counted.count(False) < quorum:
            self.reject(now, pool, m)

    def reject(self, now: int, pool: Pool, m: Milestone) -> None:
        """Reject a milestone; for good after a dispute, or when its time for other evidence is over."""
        m.state, m.decided_at = REJECTED, now
        last = m.disputed or now > m.deadline + pool.stood_still(now)
        m.due = now - 1 - pool.shift if last else m.deadline
        pool.move_clock(now)

    def objectable(self: Model, now: int, case: Case) -> tuple[Pool, Milestone]:
        """Return a milestone in its objection window."""
        number, milestone, evidence = case
        pool, m = self.active(now, number, milestone)
        if m.state != APPROVED:
            refuse("MilestoneIs", number, milestone, m.state)
        if evidence != m.evidence:
            refuse("OtherEvidence", m.evidence)
        closes = m.decided_at + pool.plan["objectionWindow"]
        if now >= closes:
            refuse("WindowClosed", closes)
        return pool, m

    def object(self: Model, now: int, donor: str, case: Case, starts: list[int]) -> None:
        """Object with direct gifts."""
        pool, m = self.objectable(now, case)
        number = pool.number
        objections = dict(m.objections)
        for start in starts:
            if start not in pool.gifts:
                refuse("NoGift", number, start)
            giver, amount = pool.gifts[start]
            if giver != donor:
                refuse("NotTheDonor", number, start, donor)
            self.count_objection(m, objections, (start, amount))
        self.weigh(now, pool, m, objections)

    def object_with_entry(self: Model, now: int, donor: str, case: Case, entry: tuple[bytes, int]) -> None:
        """Object with an entry of a batch, named by batch and position, by the donor's signature."""
        pool, m = self.objectable(now, case)
        number, (batch, position) = pool.number, entry
        kept = self.batches[batch]
        if kept.pool != number:
            refuse("OtherPool", kept.pool)
        who, start, amount = kept.entries[position]
        if who != donor or donor == ZERO:
            refuse("NotTheDonor", number, start, donor)
        objections = dict(m.objections)
        self.count_objection(m, objections, (start, amount))
        self.weigh(now, pool, m, objections)

    @staticmethod
    def count_objection(m: Milestone, objections: dict[int, int], gift: tuple[int, int]) -> None:
        """Count one contribution, once, if it came before the evidence."""
        start, amount = gift
        if start >= m.line:
            refuse("GaveLater", start, m.line)
        objections[start] = amount

    def weigh(self, now: int, pool: Pool, m: Milestone, objections: dict[int, int]) -> None:
        """Dispute a milestone, or reject it the second time."""
        m.objections = objections
        if sum(objections.values()) * 10_000 <= m.line * pool.plan["objectionThreshold"]:
            return
        if m.disputed:
            self.reject(now, pool, m)
            return
        m.disputed, m.state, m.decided_at = True, DISPUTED, now
        m.votes.append({})
        m.objections = {}
        m.due = now + pool.plan["attestationWindow"] - pool.stood_still(now)
        pool.move_clock(now)

    def consent_to_milestone(self: Model, sender: str, number: int, plan: tuple[str, int, int]) -> None:
        """Consent to exactly this next milestone."""
        pool = self.pools.get(number)
        if pool is None or not pool.plan["openEnded"]:
            refuse("NotOpenEnded", number)
        pool.panel.consent(number, sender, (pool.panel.rotations, len(pool.milestones), plan))

    def append(self: Model, now: int, sender: str, number: int, plan: tuple[str, int, int]) -> None:
        """Append a milestone that the quorum consented to."""
        pool = self.ngos_own(now, sender, number)
        if not pool.plan["openEnded"]:
            refuse("NotOpenEnded", number)
        consents = len(pool.panel.consents.get((pool.panel.rotations, len(pool.milestones), plan), ()))
        if consents < pool.plan["quorum"]:
            refuse("NoQuorum", consents, pool.plan["quorum"])
        if plan[2] <= now or plan[2] < pool.milestones[-1].deadline:
            refuse("BadPlan", "milestones: evidenceDeadline past or out of order")
        pool.milestones.append(Milestone(*plan, due=plan[2]))
        pool.move_clock(now)

    def consent_to_rotation(self: Model, now: int, sender: str, number: int, leaving: str, joining: str) -> None:
        """Consent that somebody takes another's seat."""
        pool = self.rotatable(number, leaving, joining)
        everyone, quorum = len(pool.plan["attestors"]), pool.plan["quorum"]
        if sender == leaving and quorum < everyone:
            refuse("BadRotation", "who leaves has no say")
        subject = (pool.panel.rotations, leaving, joining)
        consents = pool.panel.consent(number, sender, subject)
        if consents == quorum:
            pool.panel.agreed[subject] = now + 7 * DAY

    def rotate(self: Model, now: int, number: int, leaving: str, joining: str) -> None:
        """Replace an attestor."""
        pool = self.rotatable(number, leaving, joining)
        at = pool.panel.agreed.get((pool.panel.rotations, leaving, joining))
        if at is None:
            refuse("BadRotation", "not agreed")
        if now < at:
            refuse("TooEarly", at)
        panel = pool.panel
        panel.rotations += 1
        seat, since, _ = panel.seats[leaving]
        panel.seats[leaving] = (seat, since, panel.rotations)
        panel.seats[joining] = (seat, panel.rotations, None)

    def rotatable(self: Model, number: int, leaving: str, joining: str) -> Pool:
        """Return the pool if such a rotation can be."""
        pool = self.pools.get(number)
        if pool is None or not pool.panel.sits(leaving):
            refuse("NotAnAttestor", number, leaving)
        if len(pool.plan["attestors"]) == 1:
            refuse("BadRotation", "nobody remains")
        if joining in pool.panel.seats:
            refuse("BadRotation", "who joins sat here before")
        if joining == pool.ngo:
            refuse("BadRotation", "who joins is the NGO")
        if joining not in self.attestors:
            refuse("NotAccredited", joining)
        if any(m.payee == joining for m in pool.milestones[pool.first_open :]):
            refuse("BadRotation", "who joins is a payee")
        return pool
