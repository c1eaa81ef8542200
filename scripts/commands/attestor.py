"""What an attestor does: says yes or no to one piece of evidence, and agrees to what changes in a pool."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from scripts import signing
from scripts.commands import ask, handing, typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk, RefusedError
from scripts.commands.ngo import milestone_of
from scripts.commands.refusals import moment

app = role("An independent verifier.")


class Word(StrEnum):
    """What an attestor says."""

    YES = "yes"
    NO = "no"


def _standing(desk: Desk, pool: int, milestone: int, evidence: bytes) -> None:
    """Raise if this is not the evidence that stands: the file that was looked at may be another."""
    standing = desk.view(desk.ledger.judgement, "milestoneOf", pool, milestone)["evidence"]
    if standing != evidence:
        raise RefusedError(
            f"The evidence that stands has the hash 0x{standing.hex()}; what you name has 0x{evidence.hex()}."
        )


def _said(desk: Desk, pool: int, milestone: int, word: Word, digest: bytes) -> str:
    what = f"milestone {milestone} of {desk.title(pool)}"
    return f"You say {word.value.upper()} to the evidence 0x{digest.hex()} for {what}."


@action(app, "attest")
def attest(
    desk: Desk, pool: int, milestone: int, word: Word, *, file: ask.EvidenceFile = None, evidence: ask.EvidenceHash = ""
) -> None:
    """Say yes or no to exactly this evidence, once."""
    digest = ask.evidence(file, evidence)
    _standing(desk, pool, milestone, digest)
    desk.do(
        [_said(desk, pool, milestone, word, digest)],
        "Your word is public under your name, and you cannot take it back.",
        desk.ledger.judgement,
        "attest",
        pool,
        milestone,
        digest,
        word is Word.YES,
    )


@action(app, "sign-attestation")
def sign_attestation(
    desk: Desk,
    pool: int,
    milestone: int,
    word: Word,
    out: Path,
    *,
    until: ask.Until,
    file: ask.EvidenceFile = None,
    evidence: ask.EvidenceHash = "",
) -> None:
    """Sign a yes or no without sending it; anyone may hand in the file (keeper hand-in)."""
    digest, deadline = ask.evidence(file, evidence), desk.later(until)
    typed.new_file(out)
    _standing(desk, pool, milestone, digest)
    desk.say(_said(desk, pool, milestone, word, digest))
    desk.say(f"Whoever has {out} can hand it in until {moment(deadline)}.")
    desk.ask()
    said = signing.attestation(desk.ledger, desk.hand, (pool, milestone), digest, word is Word.YES, deadline)
    handing.write(desk, out, "attestation", said)


@action(app, "consent-milestone")
def consent_milestone(desk: Desk, pool: int, payee: str, amount: str, deadline: str) -> None:
    """Consent that the NGO of an open-ended pool adds exactly this milestone (payee, amount, deadline)."""
    made = milestone_of(desk, pool, payee, amount, deadline)
    desk.do(
        [
            f"You consent to a next milestone of {desk.title(pool)}: {desk.token(pool).shown(made.amount)} to "
            f"{desk.who(made.payee)}, with evidence until {moment(made.evidence_deadline)}."
        ],
        "You cannot take your consent back.",
        desk.ledger.judgement,
        "consentToMilestone",
        pool,
        made.words(),
    )


def _rotation(desk: Desk, function: str, what: str, final: str, where: tuple[int, str, str]) -> None:
    pool, leaving, joining = where[0], typed.address(where[1]), typed.address(where[2])
    said = f"{what}: {desk.who(joining)} takes the seat of {desk.who(leaving)} in {desk.title(pool)}."
    desk.do([said], final, desk.ledger.judgement, function, pool, leaving, joining)


@action(app, "consent-rotation")
def consent_rotation(desk: Desk, pool: int, leaving: str, joining: str) -> None:
    """Consent that an attestor's seat goes to another; 7 days after enough consents it can be carried out."""
    _rotation(desk, "consentToRotation", "You consent", "You cannot take it back.", (pool, leaving, joining))


@action(app, "rotate")
def rotate(desk: Desk, pool: int, leaving: str, joining: str) -> None:
    """Carry out an agreed rotation. Evidence that is in stays with those who sat when it came."""
    _rotation(desk, "rotate", "As was agreed", "Who leaves cannot come back.", (pool, leaving, joining))
