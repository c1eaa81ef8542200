"""The month's standing orders: who pledges, by its own call or by one signature, and a keeper who collects each day."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from scripts import collecting, signing
from scripts.members import KEEPER, RELAYER
from scripts.month import kinds, story
from scripts.month.stage import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.month.stage import Act, Stage

COLLECTING_DAYS = 31


class Pledged:
    """Who gives again and again."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def look(self) -> None:
        """Nothing: each step asks the chain itself."""

    def acts(self) -> Iterator[Act]:
        """Return the pledges, what becomes of them, and the keeper's rounds."""
        for pledge in story.PLEDGES:
            yield pledge.day * DAY, partial(self._pledge, pledge)
        for change in story.PLEDGE_CHANGES:
            yield change.day * DAY, partial(self._change, change)
        for day in range(COLLECTING_DAYS):
            yield day * DAY + 22 * HOUR, self._collect

    def _number(self, pledge: kinds.Pledge) -> int | None:
        """Return the number of a pledge on the chain; a donor of the story has one."""
        wanted = None, "0x" + self.stage.cast[pledge.donor][2:].lower().rjust(64, "0")
        found = self.stage.ledger.events(self.stage.ledger.pledges, "Pledged", *wanted)
        return next((int(event["pledge"]) for event in found), None)

    def _pledge(self, pledge: kinds.Pledge) -> None:
        stage, donor = self.stage, pledge.donor
        if self._number(pledge) is not None:
            return
        book, amount = stage.ledger.pledges, pledge.dollars * story.USD
        first, cap = stage.start + int(pledge.day * DAY), pledge.times * amount
        terms = stage.pools[pledge.programme], amount, pledge.period, first, 0, pledge.times, cap, 0
        if pledge.by_signature:
            signed = signing.pledge(stage.ledger, stage.hand(donor), terms, stage.never)
            stage.send(RELAYER, book, "pledgeBySignature", stage.cast[donor], terms, stage.never, signed)
        else:
            stage.allow(donor, book, cap)
            stage.send(donor, book, "pledge", terms)

    def _change(self, change: kinds.PledgeChange) -> None:
        stage, pledge = self.stage, story.PLEDGES[change.pledge]
        number, book = self._number(pledge) or 0, stage.ledger.pledges
        event = {"pause": "Paused", "resume": "Resumed", "lower": "Lowered", "stop": "Stopped"}[change.what]
        if any(stage.ledger.events(book, f"Pledge{event}", "0x" + number.to_bytes(32, "big").hex())):
            return
        arguments: tuple[int, ...] = ()
        if change.what == "lower":
            arguments = change.dollars * story.USD, stage.ledger.view(book, "pledgeOf", number)["cap"]
        stage.send(pledge.donor, book, change.what, number, *arguments)

    def _collect(self) -> None:
        ledger = self.stage.ledger
        for numbers in collecting.calls(ledger, collecting.due(ledger).found):
            self.stage.send(KEEPER, ledger.pledges, "collect", numbers)
