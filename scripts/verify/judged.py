# ruff: noqa: D102, N802 (the rules are found by the events' names, which say what they are)
"""The Judgement's rules: what becomes of milestones, and who sits on the panels."""

from __future__ import annotations

from .out import Report
from .state import (
    APPROVED,
    ATTESTOR,
    DAY,
    DISPUTED,
    REJECTED,
    RELEASED,
    SUBMITTED,
    BrokenError,
    Pool,
    Round,
    State,
    Values,
)
from .tape import Place


class Judged:
    """Takes in the Judgement's events."""

    def __init__(self, state: State, report: Report) -> None:
        """Begin."""
        self._state, self._report = state, report

    def _milestone(self, v: Values) -> tuple[Pool, Values]:
        pool = self._state.pool(v["pool"])
        if v["milestone"] >= len(pool.judged):
            raise BrokenError(f"pool {pool.number} has no milestone {v['milestone']}")
        return pool, pool.judged[v["milestone"]]

    def _round(self, v: Values, **wanted: object) -> tuple[Pool, Values, Round]:
        """Return the milestone's present round; what the log says of it must be so."""
        pool, milestone = self._milestone(v)
        rounds = pool.rounds[v["milestone"]]
        if not rounds:
            raise BrokenError(f"milestone {v['milestone']} of pool {pool.number} has no evidence")
        said = {name: v[name] for name in wanted}
        if said != wanted or v["evidence"] != milestone["evidence"]:
            raise BrokenError(f"it speaks of another round or evidence than milestone {v['milestone']}'s present one")
        return pool, milestone, rounds[-1]

    def AttestorSeated(self, v: Values, at: Place, where: str) -> None:
        pool = self._state.pool(v["pool"])
        if not self._state.is_member(v["attestor"], ATTESTOR):
            self._report.add(where, "an attestor takes a seat that the register does not have")
        pool.seats.append((v["attestor"], None, at))
        pool.panel["attestors"] += 1

    def EvidenceSubmitted(self, v: Values, at: Place, where: str) -> None:
        pool, milestone = self._milestone(v)
        if v["ngo"] != pool.panel["ngo"] or v["line"] != pool.line.raised:
            self._report.add(where, "the evidence is not the pool's NGO's, or names another length of the line")
        if milestone["state"] != DISPUTED:
            milestone["rotations"] = pool.panel["rotations"]
            pool.panel["reserved"] += pool.planned[v["milestone"]]["amount"]
        self._begin(milestone, v, SUBMITTED)
        milestone.update(evidence=v["evidence"], submittedAt=at.time, lineAtEvidence=v["line"])
        milestone["due"] = _end(pool, at.time, pool.panel["attestationWindow"])
        pool.rounds[v["milestone"]].append(Round(v["round"], v["evidence"], v["uri"], v["line"], False, at))

    def _begin(self, milestone: Values, v: Values, state: int) -> None:
        if v["round"] != milestone["round"] + 1:
            raise BrokenError(f"round {v['round']} begins after round {milestone['round']}")
        milestone.update(state=state, round=v["round"], yes=0, no=0, objected=0)

    def Attested(self, v: Values, at: Place, where: str) -> None:
        _, milestone, present = self._round(v, round=self._milestone(v)[1]["round"])
        if any(said["attestor"] == v["attestor"] for _, said in present.attestations):
            self._report.add(where, "an attestor speaks twice in one round")
        milestone["yes" if v["approved"] else "no"] += 1
        present.attestations.append((at, v))

    def MilestoneApproved(self, v: Values, at: Place, where: str) -> None:
        pool, milestone, present = self._round(v)
        panel = pool.panel
        needed = panel["attestors"] if milestone["state"] == DISPUTED else panel["quorum"]
        if milestone["yes"] < needed:
            self._report.add(where, f"it is approved by {milestone['yes']} of the {needed} attestors that it needs")
        self._report.same(
            f"{where}, releasable at", its_log=v["releasableAt"], the_rule=at.time + panel["objectionWindow"]
        )
        milestone.update(state=APPROVED, decidedAt=at.time)
        milestone["due"] = _end(pool, at.time, panel["objectionWindow"] + 90 * DAY)
        present.verdict = (at, v)

    def MilestoneRejected(self, v: Values, at: Place, where: str) -> None:
        pool, milestone, present = self._round(v)
        late = at.time > milestone["evidenceDeadline"] + pool.stood_still(at.time)
        self._report.same(f"{where}, for good", its_log=v["last"], the_rule=milestone["disputed"] or late)
        milestone.update(state=REJECTED, decidedAt=at.time)
        milestone["due"] = at.time - 1 - pool.stored["clockShift"] if v["last"] else milestone["evidenceDeadline"]
        pool.panel["reserved"] -= pool.planned[v["milestone"]]["amount"]
        present.verdict = (at, v)
        if v["last"]:
            pool.stopped = at.tx

    def Objected(self, v: Values, _at: Place, where: str) -> None:
        pool, milestone, present = self._round(v, round=self._milestone(v)[1]["round"])
        gift = pool.gifts.find(v["start"])
        if gift is None or (gift.donor, gift.amount) != (v["donor"], v["amount"]):
            self._report.add(where, f"no gift of pool {pool.number} at {v['start']} is of this donor and amount")
        if v["start"] >= milestone["lineAtEvidence"]:
            self._report.add(where, "a gift objects that came after the evidence")
        milestone["objected"] += v["amount"]
        present.objections += 1
        present.objected += v["amount"]

    def MilestoneDisputed(self, v: Values, at: Place, where: str) -> None:
        pool, milestone, present = self._round(v)
        if (v["objected"], v["line"]) != (milestone["objected"], milestone["lineAtEvidence"]):
            self._report.add(where, "it adds up the objections otherwise than they were told")
        self._begin(milestone, v, DISPUTED)
        milestone.update(disputed=True, decidedAt=at.time)
        milestone["due"] = _end(pool, at.time, pool.panel["attestationWindow"])
        present.disputed = at
        pool.rounds[v["milestone"]].append(Round(v["round"], v["evidence"], "", v["line"], True, at))

    def AttestorReplaced(self, v: Values, at: Place, where: str) -> None:
        pool = self._state.pool(v["pool"])
        consents, since = pool.rotations.get((v["leaving"], v["joining"]), ([], []))
        if len(consents) < pool.panel["quorum"] or not since or at.time < since[0]:
            self._report.add(where, "an attestor is replaced without its peers' consent, or too early")
        seat = next((i for i, (who, _, _) in enumerate(pool.seats) if who == v["leaving"]), None)
        if seat is None:
            raise BrokenError("an attestor leaves that had no seat")
        pool.seats[seat] = (v["joining"], v["leaving"], at)
        pool.panel["rotations"] += 1
        # Whatever was consented to by the panel as it was is void.
        pool.rotations.clear()
        pool.proposals.clear()

    def RotationConsented(self, v: Values, _at: Place, _where: str) -> None:
        pool = self._state.pool(v["pool"])
        pool.rotations.setdefault((v["leaving"], v["joining"]), ([], []))[0].append(v["attestor"])

    def RotationAgreed(self, v: Values, _at: Place, _where: str) -> None:
        pool = self._state.pool(v["pool"])
        pool.rotations.setdefault((v["leaving"], v["joining"]), ([], []))[1].append(v["at"])

    def MilestoneConsented(self, v: Values, _at: Place, _where: str) -> None:
        pool, plan = self._state.pool(v["pool"]), (v["payee"], v["amount"], v["evidenceDeadline"])
        if v["milestone"] != len(pool.planned):
            raise BrokenError(f"it consents to milestone {v['milestone']} where {len(pool.planned)} is next")
        pool.proposals.setdefault(plan, []).append(v["attestor"])

    def released(self, v: Values, at: Place, where: str) -> None:
        """Take in that the fund paid a milestone."""
        pool, milestone = self._milestone(v)
        panel, judged = pool.panel, pool.judged
        if milestone["state"] != APPROVED or at.time < milestone["decidedAt"] + panel["objectionWindow"]:
            self._report.add(where, f"milestone {v['milestone']} of pool {pool.number} was paid before it was due")
        milestone["state"] = RELEASED
        panel["reserved"] -= v["amount"]
        while panel["firstOpen"] < len(judged) and judged[panel["firstOpen"]]["state"] == RELEASED:
            panel["firstOpen"] += 1
        panel["idleUntil"] = _end(pool, at.time, 180 * DAY)


def _end(pool: Pool, time: int, window: int) -> int:
    """Return when a window ends that begins now, without what pauses add to it: as it is stored."""
    return time + window - pool.stood_still(time)
