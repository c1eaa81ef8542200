"""The month's beginning: members enter, pools open, wallets are filled."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

from scripts import plans
from scripts.content import uri
from scripts.gifts import name_of
from scripts.members import (
    ATTESTOR_KIND,
    CARDS,
    DONORS,
    GATEWAY_KIND,
    KEEPER,
    MOBILE_MONEY,
    NGO_KIND,
    PROVIDER_KIND,
    SPONSOR,
)
from scripts.month import story
from scripts.month.stage import DAY, HOUR, SEED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.month.stage import Act, Stage

WALLET = 600 * story.USD
ATTESTATION_DAYS = 5
LONG = 120


class Beginning:
    """Who is there, and which pools."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.minted: set[bytes] = set()

    def look(self) -> None:
        """See which pools and wallets are there."""
        ledger, stage = self.stage.ledger, self.stage
        numbers = {stage.describe(number): number for number in range(len(story.PROGRAMMES))}
        for opened in ledger.events(ledger.fund, "PoolOpened"):
            if opened["descriptionHash"] in numbers:
                stage.pools[numbers[opened["descriptionHash"]]] = opened["pool"]
        self.minted = {e["depositReference"] for e in ledger.events(ledger.token, "Minted")}

    def acts(self) -> Iterator[Act]:
        """Return the first day's steps."""
        yield 0, self._enter
        for programme in range(len(story.PROGRAMMES)):
            yield HOUR * (2 + programme / 2), partial(self._open, programme)
        yield 8 * HOUR, self._fund_wallets

    def _enter(self) -> None:
        cast = self.stage.cast
        for place, name, about in story.MEMBERS_GATEWAY:
            cast.appoint_gateway(place)
            cast.accredit(place, GATEWAY_KIND, name, about)
        for place, name, about in story.MEMBERS_NGO:
            cast.accredit(place, NGO_KIND, name, about)
        for place, name, about in story.MEMBERS_ATTESTOR:
            cast.accredit(place, ATTESTOR_KIND, name, about)
        for place, name, about in story.MEMBERS_PROVIDER:
            cast.accredit(place, PROVIDER_KIND, name, about)

    def _open(self, number: int) -> None:
        stage = self.stage
        if number in stage.pools:
            return
        programme, cast, ledger = story.PROGRAMMES[number], stage.cast, stage.ledger
        digest = stage.describe(number)
        closes = programme.closes if programme.closes is not None else 0 if programme.open_ended else LONG
        panel = plans.Panel(
            [cast[place] for place in programme.attestors],
            programme.quorum,
            programme.window * DAY,
            ATTESTATION_DAYS * DAY,
            programme.objections,
        )
        milestones = [
            plans.Milestone(self._payee(m.payee), m.dollars * story.USD, stage.start + m.deadline * DAY)
            for m in programme.milestones
        ]
        plan = plans.Plan(
            ledger.token.address,
            name_of(programme.title),
            digest,
            uri(digest),
            panel,
            milestones,
            threshold=programme.threshold * story.USD,
            deadline=stage.start + closes * DAY if closes else 0,
            open_ended=programme.open_ended,
            limits=plans.Limits(
                voucher_cap=programme.vouchers * story.USD, voucher_period=7 * DAY if programme.vouchers else 0
            ),
        )
        receipt = stage.send(programme.ngo, ledger.fund, "openPool", plan.words())
        topic = ledger.fund.topic("PoolOpened")
        opened = next(log for log in receipt["logs"] if log["topics"][0] == topic)
        stage.pools[number] = int(opened["topics"][1], 16)

    def _payee(self, payee: int | str) -> str:
        """Return a payee's address: an account of the cast, or one of the books by its name."""
        return self.stage.cast[payee] if isinstance(payee, int) else self.stage.ledger.contracts[payee].address

    def _fund_wallets(self) -> None:
        """Mint what the direct donors paid in to the gateways."""
        stage = self.stage
        for place in (*DONORS, SPONSOR, KEEPER):
            gateway = CARDS if place % 3 else MOBILE_MONEY
            reference = hashlib.sha256(f"{SEED} wallet {place}".encode()).digest()
            if reference not in self.minted:
                stage.send(
                    gateway,
                    stage.ledger.token,
                    "mint",
                    stage.cast[place],
                    2 * WALLET if place == SPONSOR else WALLET,
                    reference,
                )
