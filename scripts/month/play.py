"""Play the month: put all that happens in order, and the chain's clock to each step's time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.month import story
from scripts.month.beginning import Beginning
from scripts.month.gifts import Gifts
from scripts.month.handed_out import HandedOut
from scripts.month.judged import Judged
from scripts.month.pledged import Pledged
from scripts.month.returns import Returns
from scripts.month.stage import DAY, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.journal import Journal
    from scripts.members import Cast
    from scripts.month.stage import Scene

DAYS = 35
SIGHTS = tuple((number, shown) for number, shown in enumerate(story.SIGHTS, 1))
"""Pools of the month, which are the first on their chain, and what each shows."""


@dataclass(order=True)
class Step:
    """Something that happens at a time, in seconds from the start."""

    at: int
    order: int
    act: Callable[[], None] = field(compare=False)


class Month:
    """The month on one ledger."""

    def __init__(self, cast: Cast, secret: bytes, journal: Journal) -> None:
        self.stage = Stage(cast, secret, journal.month_start)
        self.journal = journal
        scenes: tuple[Callable[[Stage], Scene], ...] = (Beginning, Gifts, Pledged, Judged, HandedOut, Returns)
        self.scenes = [scene(self.stage) for scene in scenes]

    def play(self, told: Callable[[int], None]) -> None:
        """Play on from where the month stands; `told` hears of each day that is over."""
        for scene in self.scenes:
            scene.look()
        acts = [act for scene in self.scenes for act in scene.acts()]
        steps = sorted(Step(int(at), number, act) for number, (at, act) in enumerate(acts))
        for day in range(self.journal.month_days, DAYS):
            for step in steps:
                if day * DAY <= step.at < (day + 1) * DAY:
                    self._set_clock(step.at)
                    step.act()
            # A quiet day has its block as well: whoever looks at the head sees the month's end, not its last event.
            if self._set_clock((day + 1) * DAY - 1):
                self.stage.ledger.node.call("evm_mine")
            self.journal.day_over(day + 1)
            told(day + 1)

    def _set_clock(self, at: int) -> bool:
        """Put the chain's clock where the story is; it never goes back. Return whether it had to move on."""
        node = self.stage.ledger.node
        latest = int(node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        node.call("evm_setTime", max(self.stage.start + at, latest + 1) * 1000)
        return latest < self.stage.start + at
