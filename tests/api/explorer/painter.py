"""The plainest model of where gifts went: each move is painted over the gift in turn, refunds among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st

from api.explorer.trace import Kind, Move, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Part(NamedTuple):
    """A part of a gift. `log` is of what spent or refunded it last, 0 while it waits."""

    start: int
    end: int
    log: int


def paint(gift: Span, moves: Sequence[Move]) -> list[Part]:
    """Cut a gift into its parts, by all that happened to it in the ledger's order."""
    parts = [Part(*gift, 0)]
    for move in moves:
        start, end = max(gift.start, move.start), min(gift.end, move.end)
        if start < end:
            parts = _join(_paint(parts, Span(start, end), move))
    return parts


def _paint(parts: Iterable[Part], over: Span, move: Move) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        start, end = max(part.start, over.start), min(part.end, over.end)
        if start >= end or (part.log and move.kind is not Kind.RETURNED):
            found.append(part)
            continue
        if part.start < start:
            found.append(Part(part.start, start, part.log))
        found.append(Part(start, end, 0 if move.kind is Kind.RETURNED else move.log))
        if end < part.end:
            found.append(Part(end, part.end, part.log))
    return found


def _join(parts: Iterable[Part]) -> list[Part]:
    joined: list[Part] = []
    for part in parts:
        if joined and joined[-1].log == part.log:
            joined[-1] = Part(joined[-1].start, part.end, part.log)
        else:
            joined.append(part)
    return joined


@dataclass
class Story:
    """What a pool could have gone through: gifts, batches of them, what was done to the line, and refunds."""

    gifts: list[Span] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)  # spends and returns
    refunds: dict[Span, list[int]] = field(default_factory=dict)  # by gift: the logs
    paid: dict[int, int] = field(default_factory=dict)  # by milestone: what its release paid
    back: dict[int, int] = field(default_factory=dict)  # and what of it came back
    log: int = 0

    def of(self, gift: Span) -> list[Move]:
        """Return all that happened to a gift, its refunds as moves."""
        back = [Move(log, Kind.REFUNDED, -1, *gift) for log in self.refunds.get(gift, [])]
        return sorted([*self.moves, *back], key=lambda move: move.log)

    def next(self) -> int:
        """Return the next log's place."""
        self.log += 1
        return self.log


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw one by the rules of PooledFund: the lowest places are spent first, the last ones given back, and what is
    over spends nothing more, but is still given back to."""
    story, spent_by = Story(), list[int | None]()
    for _ in range(draw(st.integers(0, 14))):
        what = draw(st.sampled_from(["gift", "gift", "release", "release", "back"]))
        if what == "gift":
            amount = draw(st.integers(1, 12))
            story.gifts.append(Span(len(spent_by), len(spent_by) + amount))
            spent_by += [None] * amount
        elif what == "release" and (free := [i for i, by in enumerate(spent_by) if by is None]):
            _release(story, spent_by, free[: draw(st.integers(1, len(free)))])
        elif what == "back":
            _give_back(draw, story, spent_by)
    for _ in range(draw(st.integers(0, 8))):  # it is over
        if draw(st.booleans()):
            _give_back(draw, story, spent_by)
        elif story.gifts:
            first = draw(st.integers(0, len(story.gifts) - 1))
            last = draw(st.sampled_from([first, len(story.gifts) - 1]))  # one gift's, or a batch's by its gateway
            log = story.next()
            for gift in story.gifts[first : last + 1]:
                story.refunds.setdefault(gift, []).append(log)
    return story


def _release(story: Story, spent_by: list[int | None], places: list[int]) -> None:
    milestone = len(story.paid)
    story.paid[milestone], story.back[milestone] = len(places), 0
    for start, end in _runs(places):
        story.moves.append(Move(story.next(), Kind.SPENT, milestone, start, end))
    for place in places:
        spent_by[place] = milestone


def _give_back(draw: st.DrawFn, story: Story, spent_by: list[int | None]) -> None:
    kept = [milestone for milestone in story.paid if milestone in spent_by]
    if not kept:
        return
    milestone = draw(st.sampled_from(kept))
    places = [i for i, by in enumerate(spent_by) if by == milestone]
    places = places[-draw(st.integers(1, len(places))) :]
    story.back[milestone] += len(places)
    for start, end in reversed(_runs(places)):
        story.moves.append(Move(story.next(), Kind.RETURNED, milestone, start, end))
    for place in places:
        spent_by[place] = None


def _runs(places: list[int]) -> list[Span]:
    found: list[Span] = []
    for place in places:
        if found and found[-1].end == place:
            found[-1] = Span(found[-1].start, place + 1)
        else:
            found.append(Span(place, place + 1))
    return found
