"""The month's gifts: by phone and card, recorded once a day; by wallet, plain, with a permit, signed and relayed."""

from __future__ import annotations

import hashlib
import random
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scripts import receipts, signing
from scripts.members import CARDS, DONORS, MOBILE_MONEY, RELAYER
from scripts.month import story
from scripts.month.stage import DAY, HOUR, SEED
from scripts.recorder import Recorder, column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.month.stage import Act, Stage

LARGE_GIFTS = (1, 1, 1, 2, 2, 3, 5, 5, 10, 20)
GIFTS_OF_A_DONOR = 4
LAST_GIFT_DAY = 30.5
GIFT_DAYS = 31


class Gifts:
    """Who gives what, and when."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.given: dict[tuple[int, str], int] = {}
        self.recorders = {place: Recorder(stage.ledger, stage.cast[place]) for place in (MOBILE_MONEY, CARDS)}

    def look(self) -> None:
        """Count what each wallet has given to each pool."""
        ledger = self.stage.ledger
        # What a pledge brought is the donor's gift as well, but none of those that are told here.
        runs = ledger.events(ledger.pledges, "Collected")
        pledged = {(run["pool"], int.from_bytes(row[16:24])) for run in runs for row in run["rows"]}
        for gift in ledger.events(ledger.fund, "Contributed"):
            if (gift["pool"], gift["start"]) not in pledged:
                self._count(gift["pool"], gift["donor"])

    def _count(self, pool: int, donor: str) -> None:
        key = pool, donor.lower()
        self.given[key] = self.given.get(key, 0) + 1

    def acts(self) -> Iterator[Act]:
        """Return the gateways' evenings and the wallets' gifts."""
        for day in range(GIFT_DAYS):
            for gateway, hour in ((MOBILE_MONEY, 20), (CARDS, 21)):
                yield day * DAY + hour * HOUR, partial(self._daily, gateway, day)
        yield from self._direct()

    def _daily(self, gateway: int, day: int) -> None:
        """Let a gateway record the gifts of its day."""
        stage = self.stage
        dice = random.Random(f"{SEED} {gateway} {day}")  # noqa: S311 -- a story, not a secret
        pools, donors, times, amounts = [], [], [], []
        for number, programme in enumerate(story.PROGRAMMES):
            usual = programme.daily.get(gateway, 0)
            if not usual or not stage.takes(number, day + 1):
                continue
            for _ in range(dice.randint(usual * 7 // 10, usual * 13 // 10)):
                pools.append(stage.pools[number])
                # The same people give again and again; a few stay anonymous.
                who = int(dice.paretovariate(0.7))
                name = "" if dice.random() < 0.06 else story.phone(gateway, number, who % 600)
                donors.append(receipts.donor_id(stage.secret, name))
                times.append(stage.start + day * DAY + dice.randrange(int(19.5 * HOUR)))
                dollars = dice.choice(LARGE_GIFTS) * (2 if gateway == CARDS else 1)
                amounts.append(min(dollars, 20) * story.USD + dice.choice((0, 0, 0, 250_000, 500_000)))
        whose = np.frombuffer(b"".join(donors), dtype=np.uint8).reshape(-1, 20)
        wanted = column(np.array(pools), whose, np.array(times), np.array(amounts))
        keys = {pool: stage.describe(number) for number, pool in stage.pools.items()}
        self.recorders[gateway].record(wanted, keys, lambda _: None, lambda _: None)

    def _direct(self) -> Iterator[Act]:
        """Return the gifts by wallets: those that the story names, and some more."""
        dice = random.Random(f"{SEED} direct")  # noqa: S311
        plain = [n for n in range(len(story.PROGRAMMES)) if n not in story.SHORT_LIVED]
        gifts = [(gift.day, gift.donor, gift.programme, gift.dollars) for gift in story.GIFTS]
        when = [(dice.uniform(1, LAST_GIFT_DAY), place) for place in DONORS for _ in range(GIFTS_OF_A_DONOR)]
        for day, place in sorted(when):
            number = dice.choice([n for n in plain if self.stage.takes(n, day)])
            gifts.append((day, place, number, dice.choice((5, 10, 10, 20, 25, 50))))
        before: dict[tuple[int, int], int] = {}
        for day, place, number, dollars in sorted(gifts):
            nth = before.get((number, place), 0)
            before[number, place] = nth + 1
            yield day * DAY, partial(self._give, number, place, nth, dollars * story.USD)

    def _give(self, number: int, place: int, nth: int, amount: int) -> None:
        stage = self.stage
        ledger, donor, pool = stage.ledger, stage.cast[place], stage.pools[number]
        if self.given.get((pool, donor.lower()), 0) > nth:
            return
        if place % 3 == 0:
            stage.allow(place, ledger.fund, amount)
            stage.send(place, ledger.fund, "contribute", pool, amount)
        elif place % 3 == 1:
            permit = signing.permit(ledger, stage.hand(place), amount, stage.never)
            stage.send(place, ledger.fund, "contributeWithPermit", pool, amount, stage.never, *permit)
        else:
            salt = hashlib.sha256(f"{SEED} {place} {number} {nth}".encode()).digest()
            signed = signing.authorization(ledger, stage.hand(place), pool, amount, salt, stage.never)
            stage.send(RELAYER, ledger.fund, "contributeWithAuthorization", pool, signed)
        self._count(pool, donor)
