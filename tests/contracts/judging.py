"""What NGOs, attestors and objectors say to the Judgement, for the tests of it."""

from __future__ import annotations

from typing import Any

from entrytree import Tree, seed_of
from signing import ATTESTATION, CHAIN, OBJECTION, separator, sign
from world import ATTESTOR_KIND, DAY, NEVER, UNIT, ZERO32, World, b32, evidence_of

EVIDENCE, OTHER = evidence_of("done"), evidence_of("something else")
FUNDING, ACTIVE, FROZEN, COMPLETED = range(1, 5)
Tranche = tuple[str, int, int]
"""A milestone as it is appended: payee, amount, evidence deadline."""
WEEK = 7 * DAY
PLANNED, SUBMITTED, APPROVED, DISPUTED, REJECTED, RELEASED = range(6)


def domain(w: World, **changes: Any) -> bytes:
    """Return the hash of the Judgement's EIP-712 domain."""
    return separator(**({"name": "Moa Judgement", "contract": w.judgement.address} | changes))


def names(w: World, receipt: dict[str, Any]) -> list[str]:
    """Return the names of a call's events."""
    return [name for name, _ in w.events(receipt)]


def submit(w: World, pool: int, milestone: int = 0, evidence: bytes = EVIDENCE, **how: Any) -> dict[str, Any]:
    """Let the NGO submit evidence."""
    sender, at = how.get("sender", w.ngo), how.get("at")
    return w.do(sender, w.judgement, "submitEvidence", pool, milestone, evidence, "content:x", at=at)


def attest(w: World, seat: int, pool: int, approved: bool = True, **how: Any) -> dict[str, Any]:
    """Let an attestor say yes or no."""
    milestone, evidence = how.get("milestone", 0), how.get("evidence", EVIDENCE)
    return w.do(w.attestors[seat - 1], w.judgement, "attest", pool, milestone, evidence, approved, at=how.get("at"))


def release(w: World, pool: int, milestone: int = 0, at: int | None = None) -> dict[str, Any]:
    """Let the NGO release a milestone."""
    return w.do(w.ngo, w.fund, "release", pool, milestone, at=at)


def give(w: World, pool: int, amount: int, donor: str | None = None) -> int:
    """Give directly, and return the gift's place in line."""
    place: int = w.pool(pool)["raised"]
    w.give(pool, amount, donor)
    return place


def objecting(w: World, pool: int, *starts: int, **how: Any) -> dict[str, Any]:
    """Let a donor (donor1 if nobody else is named) object with direct gifts."""
    donor, milestone, evidence = how.get("donor", w.donor1), how.get("milestone", 0), how.get("evidence", EVIDENCE)
    return w.do(donor, w.judgement, "object", pool, milestone, evidence, list(starts), at=how.get("at"))


def approved_pool(w: World, weights: list[tuple[str, int]], **changes: Any) -> tuple[int, list[int]]:
    """Open a pool, let these people give these amounts, and approve milestone 0; return the pool and the places."""
    pool = w.open_pool(**changes)
    places = [give(w, pool, amount, donor) for donor, amount in weights]
    w.approve(pool)
    return pool, places


def disputed_pool(w: World, **changes: Any) -> int:
    """Return a pool whose milestone 0 was approved and is now disputed, by donor2's gift of 60 at 120 units."""
    pool, (_, start) = approved_pool(w, [(w.donor1, 120 * UNIT), (w.donor2, 60 * UNIT)], **changes)
    objecting(w, pool, start, donor=w.donor2)
    assert w.milestone_state(pool) == "disputed"
    return pool


def confirm(w: World, pool: int, *seats: int, milestone: int = 0) -> None:
    """Let attestors (the first three if none is named) say yes again to the evidence that stands."""
    evidence = w.milestone(pool, milestone)["evidence"]
    for seat in seats or (1, 2, 3):
        attest(w, seat, pool, milestone=milestone, evidence=evidence)


def signed_attestation(w: World, pool: int, **changes: Any) -> tuple[Any, ...]:
    """Return attestor1's signed yes to the evidence, as it is handed in."""
    said = {"attestor": w.attestor1, "milestone": 0, "round": 1, "evidence": EVIDENCE, "approved": True}
    said |= {"deadline": NEVER, "key": w.keys["attestor1"], "domain": domain(w)}
    said |= changes
    values = (said["attestor"], pool, *(said[k] for k in ("milestone", "round", "evidence", "approved", "deadline")))
    signature = sign(said["key"], said["domain"], ATTESTATION, *values)
    return (said["attestor"], pool, *(said[k] for k in ("milestone", "evidence", "approved", "deadline")), signature)


def signed_objection(w: World, pool: int, *starts: int, **changes: Any) -> tuple[Any, ...]:
    """Return donor1's signed objection, as it is handed in with these gifts and `receipts`."""
    said: dict[str, Any] = {"donor": w.donor1, "milestone": 0, "round": 1, "evidence": EVIDENCE, "deadline": NEVER}
    said |= {"key": w.keys["donor1"], "domain": domain(w), "receipts": []}
    said |= changes
    values = (said["donor"], pool, *(said[k] for k in ("milestone", "round", "evidence", "deadline")))
    signature = sign(said["key"], said["domain"], OBJECTION, *values)
    what = (said["donor"], pool, said["milestone"], said["evidence"])
    return (*what, list(starts), said["receipts"], said["deadline"], signature)


def hand_in(w: World, args: tuple[Any, ...], at: int | None = None) -> dict[str, Any]:
    """Let a stranger hand in a signed objection or, of seven values, attestation."""
    function = "attestBySignature" if len(args) == 7 else "objectBySignature"
    return w.do(w.stranger, w.judgement, function, *args, at=at)


def twin(signature: bytes) -> bytes:
    """Return the same signature with the other s."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    other = (order - int.from_bytes(signature[32:64])).to_bytes(32)
    return signature[:32] + other + bytes([55 - signature[64]])


def record(w: World, pool: int, *entries: bytes, reference: str = "ref") -> list[tuple[Any, ...]]:
    """Record a batch, and return a receipt for each of its entries."""
    batch = w.see(w.fund, "batchId", w.gateway, b32(reference))
    tree = Tree(seed_of(CHAIN, w.fund.address, pool, batch), w.pool(pool)["raised"], entries)
    w.do(w.gateway, w.fund, "recordBatch", pool, b32(reference), b"".join(entries))
    return [(batch, i, tree.starts[i], entry, tree.path(i)) for i, entry in enumerate(entries)]


def finish_window(w: World, days: int = 1) -> None:
    """Let the objection window pass."""
    w.node.wait(days * DAY)


def consent(w: World, pool: int, tranche: Tranche, *seats: int) -> None:
    """Let attestors consent."""
    for seat in seats:
        w.do(w.attestors[seat - 1], w.judgement, "consentToMilestone", pool, tranche)


def consents(w: World, pool: int, tranche: Tranche) -> int:
    """Return how many consented."""
    found: int = w.see(w.judgement, "milestoneConsents", pool, tranche)
    return found


def append(w: World, pool: int, tranche: Tranche, sender: str | None = None, at: int | None = None) -> dict[str, Any]:
    """Let the NGO append a milestone."""
    return w.do(sender or w.ngo, w.fund, "appendMilestone", pool, tranche, at=at)


def accredit(w: World, who: str, kind: int = ATTESTOR_KIND) -> None:
    """Let somebody be accredited."""
    w.do(w.registrar, w.register, "accredit", who, kind, b32("x"), ZERO32, "")


def say(w: World, pool: int, who: str, leaving: str | None = None, joining: str | None = None) -> dict[str, Any]:
    """Let somebody consent that attestor4 takes attestor1's seat, if nobody else is named."""
    return w.do(who, w.judgement, "consentToRotation", pool, leaving or w.attestor1, joining or w.attestor4)


def rotate(w: World, pool: int, leaving: str | None = None, joining: str | None = None, at: int | None = None) -> Any:
    """Let a stranger carry it out."""
    return w.do(w.stranger, w.judgement, "rotate", pool, leaving or w.attestor1, joining or w.attestor4, at=at)


def replaced(w: World, pool: int, leaving: str | None = None, joining: str | None = None) -> None:
    """Let the two others agree, the time pass, and the seat change hands."""
    gone = leaving or w.attestor1
    for who in [a for a in w.attestors[:3] if a != gone]:
        say(w, pool, who, leaving, joining)
    w.node.wait(WEEK)
    rotate(w, pool, leaving, joining)
