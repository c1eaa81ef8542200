"""What the month hands out: a payout round claimed with codes, vouchers for bills, a sponsor's match."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from scripts import codes, vouchers
from scripts.codes import PayoutList
from scripts.members import AGENT, CLINIC, KEEPER
from scripts.month import kinds, story
from scripts.month.stage import DAY, SEED
from scripts.rounds import round_of
from scripts.vouchers import Bill, Voucher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.month.stage import Act, Stage

CLOSED = 4
UNUSED = 0


class HandedOut:
    """Who is paid beyond the payees."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.lists: dict[codes.Round, PayoutList] = {}

    def look(self) -> None:
        """Nothing: each step asks the chain itself."""

    def acts(self) -> Iterator[Act]:
        """Return what sponsors, beneficiaries and patients do."""
        for sponsorship in story.SPONSORSHIPS:
            yield sponsorship.day * DAY, partial(self._lock, sponsorship)
            yield sponsorship.withdrawn * DAY, partial(self._withdraw, sponsorship)
        for round_ in story.ROUNDS:
            yield round_.sealed * DAY, partial(self._seal, round_)
            for visit, day in enumerate(round_.days):
                yield day * DAY, partial(self._claim, round_, visit)
            yield round_.expires * DAY, partial(self._expire, round_)
        for number, bill in enumerate(story.BILLS):
            yield bill.day * DAY, partial(self._redeem, number, bill)

    # --------------------------------------------------------------------------------------------- a sponsor

    def _lock(self, told: kinds.Sponsorship) -> None:
        stage, pool = self.stage, self.stage.pools[told.programme]
        book, sponsor = stage.ledger.sponsors, stage.cast[told.sponsor]
        if stage.ledger.view(book, "sponsorshipCount", pool):
            return
        if not stage.ledger.view(book, "isInvited", pool, sponsor):
            stage.send(story.PROGRAMMES[told.programme].ngo, book, "invite", pool, sponsor, True)
        budget = told.dollars * story.USD
        stage.allow(told.sponsor, book, budget)
        terms = budget, told.percent, told.most * story.USD, stage.start + told.until * DAY
        stage.send(told.sponsor, book, "lock", pool, *terms)

    def _withdraw(self, told: kinds.Sponsorship) -> None:
        stage, pool = self.stage, self.stage.pools[told.programme]
        if stage.ledger.view(stage.ledger.sponsors, "sponsorshipOf", pool, 1)["left"]:
            stage.send(told.sponsor, stage.ledger.sponsors, "withdraw", pool, 1, stage.cast[told.sponsor])

    # ---------------------------------------------------------------------------------------- a payout round

    def _codes(self, told: kinds.Round) -> list[str]:
        """Return the codes that the union council told the families."""
        return [codes.code_of(self.stage.secret, f"{SEED} family {n}") for n in range(told.families)]

    def _list(self, told: kinds.Round) -> PayoutList:
        """Return the round's list; its keys are slow to make, on purpose, so they are made once."""
        where = round_of(self.stage.ledger, self.stage.pools[told.programme], told.milestone)
        if where not in self.lists:
            keys = (codes.claim_key(code, where) for code in self._codes(told))
            rows = b"".join(codes.row_of(key, told.dollars * story.USD) for key in keys)
            self.lists[where] = PayoutList(where, rows)
        return self.lists[where]

    def _seal(self, told: kinds.Round) -> None:
        stage, place = self.stage, (self.stage.pools[told.programme], told.milestone)
        if not stage.ledger.view(stage.ledger.payouts, "stateOf", *place):
            ngo = story.PROGRAMMES[told.programme].ngo
            stage.send(ngo, stage.ledger.payouts, "seal", *place, self._list(told).data, told.claim_days * DAY)

    def _claim(self, told: kinds.Round, visit: int) -> None:
        """Let an agent hand in the codes of those who came to it on this day, and pay them in cash."""
        stage, ledger = self.stage, self.stage.ledger
        place = stage.pools[told.programme], told.milestone
        share = -(-told.come // len(told.days))
        came = range(visit * share, min((visit + 1) * share, told.come))
        waiting = [n for n in came if not ledger.view(ledger.payouts, "isClaimed", *place, n)]
        known = self._codes(told)
        claims = [tuple(self._list(told).claim(known[n], stage.cast[AGENT])) for n in waiting]
        if claims:
            stage.send(AGENT, ledger.payouts, "claimMany", claims)

    def _expire(self, told: kinds.Round) -> None:
        stage, place = self.stage, (self.stage.pools[told.programme], told.milestone)
        # A view sees the time of the last block, so that it may say that the round is still open.
        if stage.ledger.view(stage.ledger.payouts, "stateOf", *place) != CLOSED:
            stage.send(KEEPER, stage.ledger.payouts, "expire", *place)

    # ----------------------------------------------------------------------------------------------- vouchers

    def _redeem(self, number: int, told: kinds.Bill) -> None:
        """Let a patient pay what it can, through somebody with a wallet, and the pool the rest, both at once."""
        stage, ledger = self.stage, self.stage.ledger
        place = stage.pools[told.programme], told.milestone
        holder = vouchers.hand_of(ledger, codes.code_of(stage.secret, f"{SEED} patient {number}"), *place)
        salt = hashlib.sha256(f"{SEED} voucher {number}".encode()).digest()
        voucher = Voucher(*place, holder.address, 15 * story.USD, stage.never, salt)
        if ledger.view(ledger.vouchers, "stateOf", ledger.view(ledger.vouchers, "idOf", voucher.words())) != UNUSED:
            return
        evidence = hashlib.sha256(told.text.encode()).digest()
        bill = Bill(stage.cast[CLINIC], told.own * story.USD, told.from_pool * story.USD, evidence, stage.never)
        ngo = stage.hand(story.PROGRAMMES[told.programme].ngo)
        said = voucher.words(), voucher.sign(ledger, ngo), bill.words(), bill.sign(ledger, holder, voucher)
        stage.allow(KEEPER, ledger.vouchers, bill.own)
        stage.send(KEEPER, ledger.vouchers, "redeem", *said)
