"""Play a month of a welfare programme through the real contracts, on a chain whose clock starts 31 days ago.

Every step knows how to see on the chain that it is done, and the days that are over are noted in a journal, so that a
month that was stopped anywhere is played on from there. The same month comes out every time.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts import receipts, signing, story
from scripts.content import uri
from scripts.gifts import name_of
from scripts.members import (
    ATTESTOR_KIND,
    CARDS,
    DONORS,
    GATEWAY_KIND,
    MOBILE_MONEY,
    NGO_KIND,
    RELAYER,
    Cast,
)
from scripts.recorder import Recorder, column
from scripts.replay import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.journal import Journal

DAYS = 31
SEED = "a month of Moa"
HOUR = 3600
WALLET = 400 * story.USD
LARGE_GIFTS = (1, 1, 1, 2, 2, 3, 5, 5, 10, 20)
GIFTS_OF_A_DONOR = 4


@dataclass(order=True)
class Step:
    """Something that happens at a time, unless the chain says that it has."""

    at: int
    order: int
    act: Callable[[], None] = field(compare=False)


class Month:
    """The month on one ledger."""

    def __init__(self, cast: Cast, secret: bytes, journal: Journal) -> None:
        self.cast = cast
        self.ledger = cast.ledger
        self.secret = secret
        self.journal = journal
        self.start = journal.month_start
        self.pools: dict[int, int] = {}
        self.rounds: dict[tuple[int, int], int] = {}
        self.attested: set[tuple[Any, ...]] = set()
        self.released: set[tuple[int, int]] = set()
        self.given: dict[tuple[int, str], int] = {}
        self.minted: set[bytes] = set()
        self.recorders = {place: Recorder(self.ledger, cast[place]) for place in (MOBILE_MONEY, CARDS)}

    def play(self, told: Callable[[int], None]) -> None:
        """Play on from where the month stands; `told` hears of each day that is over."""
        self._look()
        steps = sorted(self._steps())
        for day in range(self.journal.month_days, DAYS):
            for step in steps:
                if day * DAY <= step.at < (day + 1) * DAY:
                    self._set_clock(step.at)
                    step.act()
            self.journal.day_over(day + 1)
            told(day + 1)

    def _look(self) -> None:
        """See what the chain has already."""
        ledger, fund = self.ledger, self.ledger.fund
        hashes = {self._describe(number): number for number in range(len(story.PROGRAMMES))}
        for opened in ledger.events(fund, "PoolOpened"):
            if opened["descriptionHash"] in hashes:
                self.pools[hashes[opened["descriptionHash"]]] = opened["pool"]
        for shown in ledger.events(fund, "EvidenceSubmitted"):
            self.rounds[shown["pool"], shown["milestone"]] = shown["round"]
        for said in ledger.events(fund, "Attested"):
            self.attested.add((said["pool"], said["milestone"], said["round"], said["attestor"].lower()))
        self.released = {(e["pool"], e["milestone"]) for e in ledger.events(fund, "Released")}
        for gift in ledger.events(fund, "Contributed"):
            key = gift["pool"], gift["donor"].lower()
            self.given[key] = self.given.get(key, 0) + 1
        self.minted = {e["depositReference"] for e in ledger.events(ledger.token, "Minted")}

    def _set_clock(self, at: int) -> None:
        """Put the chain's clock where the story is; it never goes back."""
        node = self.ledger.node
        latest = int(node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        node.call("evm_setTime", max(self.start + at, latest + 1) * 1000)

    def _steps(self) -> Iterator[Step]:
        """Return everything that happens, in no order."""
        for number, (at, act) in enumerate(self._acts()):
            yield Step(int(at), number, act)

    def _acts(self) -> Iterator[tuple[float, Callable[[], None]]]:
        yield 0, self._enter
        for programme in range(len(story.PROGRAMMES)):
            yield HOUR * (2 + programme), partial(self._open, programme)
        yield 8 * HOUR, self._fund_wallets
        yield from self._direct()
        for day in range(DAYS):
            for gateway, hour in ((MOBILE_MONEY, 20), (CARDS, 21)):
                yield day * DAY + hour * HOUR, partial(self._daily, gateway, day)
        for shown in story.EVIDENCE:
            yield from self._judged(shown)

    # ---------------------------------------------------------------------------------------- members and pools

    def _enter(self) -> None:
        for place, name, about in story.MEMBERS_GATEWAY:
            self.cast.appoint_gateway(place)
            self.cast.accredit(place, GATEWAY_KIND, name, about)
        for place, name, about in story.MEMBERS_NGO:
            self.cast.accredit(place, NGO_KIND, name, about)
        for place, name, about in story.MEMBERS_ATTESTOR:
            self.cast.accredit(place, ATTESTOR_KIND, name, about)

    def _describe(self, number: int) -> bytes:
        programme = story.PROGRAMMES[number]
        return self.cast.content.text(programme.title, programme.text)

    def _open(self, number: int) -> None:
        if number in self.pools:
            return
        programme, cast, ledger = story.PROGRAMMES[number], self.cast, self.ledger
        digest = self._describe(number)
        milestones = [
            (cast[m.payee], m.dollars * story.USD, self.start + m.deadline * DAY) for m in programme.milestones
        ]
        closes = programme.closes if programme.closes is not None else 0 if programme.open_ended else 120
        plan = (
            ledger.token.address, name_of(programme.title), digest, uri(digest), programme.threshold * story.USD,
            self.start + closes * DAY if closes else 0, programme.open_ended, programme.window * DAY, 5 * DAY,
            programme.quorum, [cast[a] for a in programme.attestors], milestones,
        )  # fmt: skip
        receipt = ledger.send(cast[programme.ngo], ledger.fund, "openPool", plan)
        topic = ledger.fund.topic("PoolOpened")
        opened = next(log for log in receipt["logs"] if log["topics"][0] == topic)
        self.pools[number] = int(opened["topics"][1], 16)

    # ------------------------------------------------------------------------------------------------- gifts

    def _takes(self, number: int, day: float) -> bool:
        programme = story.PROGRAMMES[number]
        return programme.closes is None or day < programme.closes

    def _daily(self, gateway: int, day: int) -> None:
        """Let a gateway record the gifts of its day."""
        dice = random.Random(f"{SEED} {gateway} {day}")  # noqa: S311 -- a story, not a secret
        pools, donors, times, amounts = [], [], [], []
        for number, programme in enumerate(story.PROGRAMMES):
            usual = programme.daily.get(gateway, 0)
            if not usual or not self._takes(number, day + 1):
                continue
            for _ in range(dice.randint(usual * 7 // 10, usual * 13 // 10)):
                pools.append(self.pools[number])
                # The same people give again and again; a few stay anonymous.
                who = int(dice.paretovariate(0.7))
                name = "" if dice.random() < 0.06 else f"{gateway}-{number}-{who % 600}"
                donors.append(receipts.donor_id(self.secret, name))
                times.append(self.start + day * DAY + dice.randrange(int(19.5 * HOUR)))
                dollars = dice.choice(LARGE_GIFTS) * (2 if gateway == CARDS else 1)
                amounts.append(min(dollars, 20) * story.USD + dice.choice((0, 0, 0, 250_000, 500_000)))
        whose = np.frombuffer(b"".join(donors), dtype=np.uint8).reshape(-1, 20)
        wanted = column(np.array(pools), whose, np.array(times), np.array(amounts))
        keys = {pool: self._describe(number) for number, pool in self.pools.items()}
        self.recorders[gateway].record(wanted, keys, lambda _: None, lambda _: None)

    def _fund_wallets(self) -> None:
        """Mint what the direct donors paid in to the gateways."""
        ledger = self.ledger
        for place in DONORS:
            gateway = self.cast[CARDS if place % 3 else MOBILE_MONEY]
            reference = hashlib.sha256(f"{SEED} wallet {place}".encode()).digest()
            if reference not in self.minted:
                ledger.send(gateway, ledger.token, "mint", self.cast[place], WALLET, reference, gas=200_000)

    def _direct(self) -> Iterator[tuple[float, Callable[[], None]]]:
        """Return the gifts by wallets: some plain, some with a permit, some signed and relayed."""
        dice = random.Random(f"{SEED} direct")  # noqa: S311
        before: dict[tuple[int, int], int] = {}
        when = sorted((dice.uniform(1, DAYS - 0.5), place) for place in DONORS for _ in range(GIFTS_OF_A_DONOR))
        for day, place in when:
            number = dice.choice([n for n in range(len(story.PROGRAMMES)) if self._takes(n, day)])
            nth = before.get((number, place), 0)
            before[number, place] = nth + 1
            amount = dice.choice((5, 10, 10, 20, 25, 50)) * story.USD
            yield day * DAY, partial(self._give, number, place, nth, amount)

    def _give(self, number: int, place: int, nth: int, amount: int) -> None:
        ledger, donor, pool = self.ledger, self.cast[place], self.pools[number]
        if self.given.get((pool, donor.lower()), 0) > nth:
            return
        never = self.start + 400 * DAY
        if place % 3 == 0:
            if ledger.view(ledger.token, "allowance", donor, ledger.fund.address) < amount:
                ledger.send(donor, ledger.token, "approve", ledger.fund.address, amount, gas=100_000)
            ledger.send(donor, ledger.fund, "contribute", pool, amount, gas=300_000)
        elif place % 3 == 1:
            signature = signing.permit(ledger, donor, amount, never)
            ledger.send(donor, ledger.fund, "contributeWithPermit", pool, amount, never, *signature, gas=400_000)
        else:
            salt = hashlib.sha256(f"{SEED} {place} {number} {nth}".encode()).digest()
            signed = signing.authorization(ledger, pool, donor, amount, salt, never)
            ledger.send(self.cast[RELAYER], ledger.fund, "contributeWithAuthorization", pool, signed, gas=400_000)
        self.given[pool, donor.lower()] = self.given.get((pool, donor.lower()), 0) + 1

    # ---------------------------------------------------------------------------------------------- judgement

    def _judged(self, shown: story.Shown) -> Iterator[tuple[float, Callable[[], None]]]:
        """Return what happens around one piece of evidence."""
        earlier = [s for s in story.EVIDENCE if (s.programme, s.milestone) == (shown.programme, shown.milestone)]
        round_ = earlier.index(shown) + 1
        yield shown.day * DAY, partial(self._show, shown, round_)
        for said in shown.says:
            yield said[1] * DAY, partial(self._attest, shown, round_, said)
        if shown.released is not None:
            yield shown.released * DAY, partial(self._release, shown)

    def _show(self, shown: story.Shown, round_: int) -> None:
        ledger, key = self.ledger, (self.pools[shown.programme], shown.milestone)
        digest = self.cast.content.put(story.file_of(shown))
        if self.rounds.get(key, 0) < round_:
            ngo = self.cast[story.PROGRAMMES[shown.programme].ngo]
            ledger.send(ngo, ledger.fund, "submitEvidence", *key, digest, uri(digest), gas=600_000)
            self.rounds[key] = round_

    def _attest(self, shown: story.Shown, round_: int, said: tuple[int, float, bool, bool]) -> None:
        place, _, approved, by_signature = said
        ledger, key, attestor = self.ledger, (self.pools[shown.programme], shown.milestone), self.cast[place]
        mark = (*key, round_, attestor.lower())
        if mark in self.attested:
            return
        evidence = hashlib.sha256(story.file_of(shown)).digest()
        if by_signature:
            never = self.start + 400 * DAY
            signed = signing.attestation(ledger, attestor, key, round_, evidence, approved, never)
            arguments = (attestor, *key, evidence, approved, never, signed)
            ledger.send(self.cast[RELAYER], ledger.fund, "attestBySignature", *arguments, gas=600_000)
        else:
            ledger.send(attestor, ledger.fund, "attest", *key, evidence, approved, gas=600_000)
        self.attested.add(mark)

    def _release(self, shown: story.Shown) -> None:
        ledger, key = self.ledger, (self.pools[shown.programme], shown.milestone)
        if key not in self.released:
            ledger.send(self.cast[story.PROGRAMMES[shown.programme].ngo], ledger.fund, "release", *key, gas=600_000)
            self.released.add(key)
