"""The events that add one row as they stand: the table of each, and its values in the columns' order. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from api.events import text

Row: TypeAlias = tuple[Any, ...]


def _text(word: bytes) -> str:
    return text(word.rstrip(b"\0"))


def _pick(*names: str) -> Callable[[dict[str, Any]], Row]:
    return lambda values: tuple(values[name] for name in names)


def _failed(v: dict[str, Any]) -> Row | None:
    # Anyone may ask for a pledge that is not there, by any number: that says nothing of any pledge.
    return (v["pledge"], v["reason"]) if any(v["donor"]) else None


SIMPLE: dict[str, tuple[str, Callable[[dict[str, Any]], Row | None]]] = {
    "Accredited": ("members", lambda v: (v["account"], v["kind"], _text(v["name"]), v["detailsHash"], v["detailsURI"])),
    "Revoked": ("members", lambda v: (v["account"], 0, "", bytes(32), "")),
    "PoolOpened": (
        "pools",
        lambda v: (
            v["pool"], v["ngo"], v["token"], _text(v["name"]), v["descriptionHash"], v["descriptionURI"],
            v["fundingThreshold"], v["fundingDeadline"], v["openEnded"], v["objectionWindow"],
            v["attestationWindow"], v["objectionThreshold"], v["quorum"],
        ),
    ),
    "LimitsSet": ("limits", _pick("pool", "programme", "beneficiaryCap", "voucherCap", "voucherPeriod")),
    "MilestoneOpened": ("milestones", _pick("pool", "milestone", "payee", "amount", "evidenceDeadline")),
    "DeadlineMoved": ("deadlines", _pick("pool", "acceptsUntil", "defaultsAt")),
    "Paused": ("pauses", lambda v: (v["pool"], True, v["account"], v["until"], v["clockShift"])),
    "Unpaused": ("pauses", lambda v: (v["pool"], False, v["account"], None, v["clockShift"])),
    "Cancelled": ("cancellations", _pick("pool", "account")),
    "MatchingSet": ("matchings", _pick("pool", "matched")),
    "ContributionsBrought": ("brought", _pick("pool", "bearer", "token", "amount", "start", "count")),
    "BatchRecorded": (
        "batches",
        _pick("batch", "pool", "gateway", "gatewayReference", "root", "start", "amount", "count"),
    ),
    "Released": ("releases", _pick("pool", "milestone", "payee", "token", "amount", "caller")),
    "Spent": ("spends", _pick("pool", "milestone", "start", "amount")),
    "Returned": ("returns", _pick("pool", "milestone", "payee", "token", "amount", "start")),
    "AttestorSeated": ("attestors", lambda v: (v["pool"], v["attestor"], None)),
    "AttestorReplaced": ("attestors", _pick("pool", "joining", "leaving")),
    "RotationConsented": ("rotations", lambda v: (v["pool"], v["leaving"], v["joining"], v["attestor"], None)),
    "RotationAgreed": ("rotations", lambda v: (v["pool"], v["leaving"], v["joining"], None, v["at"])),
    "MilestoneConsented": (
        "consents",
        _pick("pool", "milestone", "attestor", "payee", "amount", "evidenceDeadline"),
    ),
    "EvidenceSubmitted": ("evidence", _pick("pool", "milestone", "round", "ngo", "evidence", "uri", "line")),
    "Attested": ("attestations", _pick("pool", "milestone", "round", "attestor", "evidence", "approved")),
    "MilestoneApproved": (
        "verdicts",
        lambda v: (v["pool"], v["milestone"], v["evidence"], True, v["releasableAt"], False),
    ),
    "MilestoneRejected": (
        "verdicts",
        lambda v: (v["pool"], v["milestone"], v["evidence"], False, None, v["last"]),
    ),
    "Objected": ("objections", _pick("pool", "milestone", "round", "donor", "evidence", "start", "amount")),
    "MilestoneDisputed": ("disputes", _pick("pool", "milestone", "evidence", "round", "objected", "line")),
    "Pledged": (
        "pledges",
        _pick(
            "pledge", "donor", "pool", "token", "amount", "period", "firstDue", "lastDue", "times", "cap", "replaces",
            "caller",
        ),
    ),
    "PledgePaused": ("pledge_changes", lambda v: (v["pledge"], "paused", None, None, None)),
    "PledgeResumed": ("pledge_changes", lambda v: (v["pledge"], "resumed", None, None, None)),
    "PledgeSkipped": ("pledge_changes", lambda v: (v["pledge"], "skipped", v["period"], None, None)),
    "PledgeLowered": ("pledge_changes", lambda v: (v["pledge"], "lowered", None, v["amount"], v["cap"])),
    "PledgeStopped": ("pledge_changes", lambda v: (v["pledge"], "stopped", None, None, None)),
    "CollectionFailed": ("collection_failures", _failed),
    "RoundSealed": ("seals", _pick("pool", "milestone", "ngo", "version", "amount", "count", "claimWindow")),
    "RoundOpened": (
        "openings",
        _pick("pool", "milestone", "token", "amount", "claimsUntil", "beneficiaryCap", "scope"),
    ),
    "Delivered": (
        "deliveries",
        _pick("pool", "milestone", "to", "position", "token", "amount", "start", "caller"),
    ),
    "RoundExpired": ("expiries", _pick("pool", "milestone", "token", "amount", "caller")),
    "VouchersExpired": ("expiries", _pick("pool", "milestone", "token", "amount", "caller")),
    "Invited": ("invitations", _pick("pool", "sponsor", "invited")),
    "Locked": (
        "sponsorships",
        _pick("pool", "sponsorship", "sponsor", "token", "budget", "ratioPercent", "capPerGift", "endsAt"),
    ),
    "Withdrawn": ("withdrawals", _pick("pool", "sponsorship", "sponsor", "to", "token", "amount", "caller")),
    "VoucherRedeemed": (
        "vouchers",
        _pick("pool", "milestone", "voucher", "provider", "own", "fromPool", "evidence", "payer"),
    ),
    "VoucherRevoked": (
        "vouchers",
        lambda v: (v["pool"], v["milestone"], v["voucher"], None, 0, 0, None, v["ngo"]),
    ),
}  # fmt: skip
"""The events that add one row as they stand. Kept as raw logs only: the roles' changes, what sponsors' seats are
free, refused claims, what was asked of pledges that are not there, and what was used of a person's room under a cap.
Not kept at all: events.UNWATCHED, what holders do with the token.
"""
