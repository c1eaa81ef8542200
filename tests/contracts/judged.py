# ruff: noqa: N802 (the rules are found by the events' names)
"""The Judgement's storage, rebuilt from its events alone."""

from __future__ import annotations

from typing import Any

PLANNED, SUBMITTED, APPROVED, DISPUTED, REJECTED, RELEASED = range(6)
DAY = 86_400


class JudgementReplay:
    """What the Judgement's events say. The pools' clocks and the times of the logs are the other half's."""

    pools: dict[int, dict[str, Any]]
    planned: dict[int, list[dict[str, Any]]]
    gifts: dict[tuple[int, int], dict[str, Any]]

    def __init__(self) -> None:
        self.panels: dict[int, dict[str, Any]] = {}
        self.milestones: dict[int, list[dict[str, Any]]] = {}
        self.seats: dict[int, dict[str, tuple[int, int | None]]] = {}
        self.attested: set[tuple[int, int, int, str]] = set()
        self.objected: set[tuple[int, int, int, int]] = set()
        self.consents: dict[tuple[Any, ...], set[str]] = {}
        self.agreed: dict[tuple[Any, ...], int] = {}

    def time(self, log: dict[str, Any]) -> int:
        """Return the time of a log's block."""
        raise NotImplementedError

    def sits(self, pool: int, account: str) -> bool:
        """Whether somebody sits on the panel now."""
        return account in self.seats[pool] and self.seats[pool][account][1] is None

    def due(self, pool: int, time: int, window: int) -> int:
        """Return the end of a window as it is stored: from now, or the end of the pause, without what pauses added."""
        found = self.pools[pool]
        end: int = max(time, found["pausedUntil"]) + window - found["clockShift"]
        return end

    def release(self, pool: int, milestone: int, amount: int, time: int) -> None:
        """Take in a release."""
        panel, all_ = self.panels[pool], self.milestones[pool]
        all_[milestone]["state"] = RELEASED
        panel["reserved"] -= amount
        while panel["firstOpen"] < len(all_) and all_[panel["firstOpen"]]["state"] == RELEASED:
            panel["firstOpen"] += 1
        panel["idleUntil"] = self.due(pool, time, 180 * DAY)

    def on_judgement_AttestorSeated(self, v: dict[str, Any], _log: Any) -> None:
        self.seats[v["pool"]][v["attestor"]] = (0, None)
        self.panels[v["pool"]]["attestors"] += 1

    def on_judgement_EvidenceSubmitted(self, v: dict[str, Any], log: Any) -> None:
        panel, milestone = self.panels[v["pool"]], self.milestones[v["pool"]][v["milestone"]]
        assert v["ngo"] == panel["ngo"]
        assert v["line"] == self.pools[v["pool"]]["raised"]
        if milestone["state"] != DISPUTED:
            milestone["rotations"] = panel["rotations"]
            panel["reserved"] += self.planned[v["pool"]][v["milestone"]]["amount"]
        time = self.time(log)
        milestone |= {"state": SUBMITTED, "round": v["round"], "evidence": v["evidence"], "yes": 0, "no": 0}
        milestone |= {"submittedAt": time, "lineAtEvidence": v["line"], "objected": 0}
        milestone["due"] = self.due(v["pool"], time, panel["attestationWindow"])

    def on_judgement_Attested(self, v: dict[str, Any], _log: Any) -> None:
        milestone = self.milestones[v["pool"]][v["milestone"]]
        assert (v["round"], v["evidence"]) == (milestone["round"], milestone["evidence"])
        milestone["yes" if v["approved"] else "no"] += 1
        self.attested.add((v["pool"], v["milestone"], v["round"], v["attestor"]))

    def on_judgement_MilestoneApproved(self, v: dict[str, Any], log: Any) -> None:
        panel, milestone = self.panels[v["pool"]], self.milestones[v["pool"]][v["milestone"]]
        assert v["evidence"] == milestone["evidence"]
        assert v["releasableAt"] == self.time(log) + panel["objectionWindow"]
        milestone |= {"state": APPROVED, "decidedAt": self.time(log)}
        milestone["due"] = self.due(v["pool"], self.time(log), panel["objectionWindow"] + 90 * DAY)

    def on_judgement_MilestoneRejected(self, v: dict[str, Any], log: Any) -> None:
        milestone, time = self.milestones[v["pool"]][v["milestone"]], self.time(log)
        pool = self.pools[v["pool"]]
        stood = pool["clockShift"] - max(0, pool["pausedUntil"] - time)
        late = time > milestone["evidenceDeadline"] + stood
        assert (v["evidence"], v["last"]) == (milestone["evidence"], milestone["disputed"] or late)
        milestone |= {"state": REJECTED, "decidedAt": time}
        milestone["due"] = milestone["evidenceDeadline"]
        if v["last"]:
            milestone["due"] = time - 1 - pool["clockShift"]
        self.panels[v["pool"]]["reserved"] -= self.planned[v["pool"]][v["milestone"]]["amount"]

    def on_judgement_Objected(self, v: dict[str, Any], _log: Any) -> None:
        milestone = self.milestones[v["pool"]][v["milestone"]]
        assert (v["round"], v["evidence"]) == (milestone["round"], milestone["evidence"])
        gift = self.gifts.get((v["pool"], v["start"]))
        assert gift is None or gift == {"donor": v["donor"], "amount": v["amount"]}
        milestone["objected"] += v["amount"]
        place = (v["pool"], v["milestone"], v["round"], v["start"])
        assert place not in self.objected
        self.objected.add(place)

    def on_judgement_MilestoneDisputed(self, v: dict[str, Any], log: Any) -> None:
        panel, milestone = self.panels[v["pool"]], self.milestones[v["pool"]][v["milestone"]]
        assert (v["evidence"], v["objected"]) == (milestone["evidence"], milestone["objected"])
        assert v["line"] == milestone["lineAtEvidence"]
        time = self.time(log)
        milestone |= {"state": DISPUTED, "disputed": True, "decidedAt": time, "round": v["round"]}
        milestone |= {"yes": 0, "no": 0, "objected": 0}
        milestone["due"] = self.due(v["pool"], time, panel["attestationWindow"])

    def on_judgement_MilestoneConsented(self, v: dict[str, Any], _log: Any) -> None:
        subject = (v["pool"], v["milestone"], v["payee"], v["amount"], v["evidenceDeadline"])
        rotations = self.panels[v["pool"]]["rotations"]
        self.consents.setdefault(("milestone", rotations, *subject), set()).add(v["attestor"])

    def on_judgement_RotationConsented(self, v: dict[str, Any], _log: Any) -> None:
        rotations = self.panels[v["pool"]]["rotations"]
        subject = ("rotation", rotations, v["pool"], v["leaving"], v["joining"])
        self.consents.setdefault(subject, set()).add(v["attestor"])

    def on_judgement_RotationAgreed(self, v: dict[str, Any], _log: Any) -> None:
        rotations = self.panels[v["pool"]]["rotations"]
        self.agreed["rotation", rotations, v["pool"], v["leaving"], v["joining"]] = v["at"]

    def on_judgement_AttestorReplaced(self, v: dict[str, Any], _log: Any) -> None:
        panel, seats = self.panels[v["pool"]], self.seats[v["pool"]]
        panel["rotations"] += 1
        seats[v["leaving"]] = (seats[v["leaving"]][0], panel["rotations"])
        seats[v["joining"]] = (panel["rotations"], None)
