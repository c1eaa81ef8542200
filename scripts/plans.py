"""A pool's plan, as its NGO says it and as `PooledFund.openPool` takes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DAY = 86_400
NO_PROGRAMME = bytes(32)


@dataclass(frozen=True)
class Panel:
    """Who judges, and by which rules. Windows in seconds, the threshold in hundredths of a percent."""

    attestors: list[str]
    quorum: int
    objection_window: int = 3 * DAY
    attestation_window: int = 14 * DAY
    objection_threshold: int = 2_000

    def words(self) -> tuple[Any, ...]:
        """Return the plan's part as the contract takes it."""
        return (
            self.objection_window,
            self.attestation_window,
            self.objection_threshold,
            self.quorum,
            self.attestors,
        )


@dataclass(frozen=True)
class Limits:
    """What bounds the pool's payouts and vouchers. Amounts in base units, the period in seconds."""

    programme: bytes = NO_PROGRAMME
    beneficiary_cap: int = 0
    voucher_cap: int = 0
    voucher_period: int = 0

    def words(self) -> tuple[Any, ...]:
        """Return the plan's part as the contract takes it."""
        return self.programme, self.beneficiary_cap, self.voucher_cap, self.voucher_period


@dataclass(frozen=True)
class Milestone:
    """One tranche: base units, and the last second in which its evidence is taken."""

    payee: str
    amount: int
    evidence_deadline: int

    def words(self) -> tuple[Any, ...]:
        """Return the plan's part as the contract takes it."""
        return self.payee, self.amount, self.evidence_deadline


@dataclass(frozen=True)
class Plan:
    """Everything an NGO says when it opens a pool. `description` is the SHA-256 of the text at `uri`."""

    token: str
    name: bytes
    description: bytes
    uri: str
    panel: Panel
    milestones: list[Milestone]
    threshold: int = 0
    deadline: int = 0
    open_ended: bool = False
    limits: Limits = field(default_factory=Limits)

    def words(self) -> tuple[Any, ...]:
        """Return the plan as the contract takes it."""
        return (
            self.token,
            self.name,
            self.description,
            self.uri,
            self.threshold,
            self.deadline,
            self.open_ended,
            self.limits.words(),
            self.panel.words(),
            [milestone.words() for milestone in self.milestones],
        )
