"""How the month's milestones are judged: evidence, attestations, objections, releases."""

from __future__ import annotations

import hashlib
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from scripts import receipts, signing
from scripts.content import uri
from scripts.entries import gifts_of, receipts_of
from scripts.members import RELAYER
from scripts.month import kinds, story
from scripts.month.stage import DAY
from scripts.signing import KeyHand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.month.stage import Act, Stage


class Judged:
    """Who shows what, and who says what of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shown: set[tuple[int, int, bytes]] = set()
        self.attested: set[tuple[int, int, bytes, str]] = set()
        self.released: set[tuple[int, int]] = set()

    def look(self) -> None:
        """See what was shown, said and released."""
        ledger = self.stage.ledger
        shown = ledger.events(ledger.judgement, "EvidenceSubmitted")
        self.shown = {(e["pool"], e["milestone"], e["evidence"]) for e in shown}
        for e in ledger.events(ledger.judgement, "Attested"):
            self.attested.add((e["pool"], e["milestone"], e["evidence"], e["attestor"].lower()))
        self.released = {(e["pool"], e["milestone"]) for e in ledger.events(ledger.fund, "Released")}

    def acts(self) -> Iterator[Act]:
        """Return what happens around each piece of evidence."""
        for shown in story.EVIDENCE:
            yield shown.day * DAY, partial(self._show, shown)
            for said in shown.says:
                yield said[1] * DAY, partial(self._attest, shown, said)
            if shown.released is not None:
                yield shown.released * DAY, partial(self._release, shown)
        for objection in story.OBJECTIONS:
            yield objection.day * DAY, partial(self._object, objection)

    def _key(self, shown: kinds.Shown | kinds.Objection) -> tuple[int, int]:
        return self.stage.pools[shown.programme], shown.milestone

    def _show(self, shown: kinds.Shown) -> None:
        stage, key = self.stage, self._key(shown)
        digest = stage.cast.content.put(story.file_of(shown))
        if (*key, digest) not in self.shown:
            ngo = story.PROGRAMMES[shown.programme].ngo
            stage.send(ngo, stage.ledger.judgement, "submitEvidence", *key, digest, uri(digest))
            self.shown.add((*key, digest))

    def _attest(self, shown: kinds.Shown, said: tuple[int, float, bool, bool]) -> None:
        place, _, approved, by_signature = said
        stage, key = self.stage, self._key(shown)
        ledger, evidence = stage.ledger, hashlib.sha256(story.file_of(shown)).digest()
        mark = (*key, evidence, stage.cast[place].lower())
        if mark in self.attested:
            return
        if by_signature:
            signed = signing.attestation(ledger, stage.hand(place), key, evidence, approved, stage.never)
            stage.send(RELAYER, ledger.judgement, "attestBySignature", *signed)
        else:
            stage.send(place, ledger.judgement, "attest", *key, evidence, approved)
        self.attested.add(mark)

    def _object(self, objection: kinds.Objection) -> None:
        """Let a wallet object with all that it gave to the pool, or a receipt key with its first receipts."""
        stage, key = self.stage, self._key(objection)
        ledger = stage.ledger
        found = ledger.view(ledger.judgement, "milestoneOf", *key)
        evidence, line = found["evidence"], found["lineAtEvidence"]
        if isinstance(objection.who, int):
            given = gifts_of(ledger, stage.cast[objection.who], key[0])
            starts = [start for start, _ in given if start < line]
            if not self._objected(key, starts[0]):
                stage.send(objection.who, ledger.judgement, "object", *key, evidence, starts)
            return
        hand = KeyHand(receipts.key_of(receipts.code_of(stage.secret, objection.who)))
        donor = bytes.fromhex(hand.address[2:])
        mine = [r for r in islice(receipts_of(ledger, donor, key[0]), objection.receipts) if r.start < line]
        if not self._objected(key, mine[0].start):
            signed = signing.objection(ledger, hand, key, evidence, stage.never)
            words = [r.words() for r in mine]
            call: tuple[Any, ...] = (hand.address, *key, evidence, [], words, stage.never, signed)
            stage.send(RELAYER, ledger.judgement, "objectBySignature", *call)

    def _objected(self, key: tuple[int, int], start: int) -> bool:
        """Tell whether it is said already: a dispute begins a new round, which forgets the objections of the last."""
        judgement = self.stage.ledger.judgement
        said = self.stage.ledger.events(judgement, "Objected", *("0x" + n.to_bytes(32, "big").hex() for n in key))
        return any(e["start"] == start for e in said)

    def _release(self, shown: kinds.Shown) -> None:
        stage, key = self.stage, self._key(shown)
        if key not in self.released:
            stage.send(story.PROGRAMMES[shown.programme].ngo, stage.ledger.fund, "release", *key)
            self.released.add(key)
