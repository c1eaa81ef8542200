"""What an explorer tells a second time: who paid releases, a donor's, a batch's, a standing order's own lists, NGOs.

An explorer that lies in these alone is noticed, whatever the lie. Single values: `test_verify_lies`.
"""

from __future__ import annotations

import json
import random
import re
from itertools import accumulate, pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from api.explorer.trace import Kind, Move
from api.explorer.trace import Line as Theirs
from api.explorer.trace import Span as Their
from scripts.verify import again, donors, payers, site
from scripts.verify.abi import name_of
from scripts.verify.again import Again
from scripts.verify.donors import Donors
from scripts.verify.forms import Forms
from scripts.verify.line import Line
from scripts.verify.out import Report
from scripts.verify.payers import Payers
from scripts.verify.site import Site
from scripts.verify.tape import Gifts, Place, Spool
from tests.conftest import LONG
from tests.scripts.liars import Remembering, changed, parsed

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.verify.__main__ import Check
    from tests.scripts.liars import Stage

Items = list[dict[str, Any]]

LISTS = {
    "payers": re.compile(r"/pools/\d+/milestones/\d+/contributions"),
    "a donor's": re.compile(r"/donors/\w+/contributions"),
    "a batch's": re.compile(r"/batches/\w+/contributions"),
    "collections": re.compile(r"/pledges/\d+/collections"),
    "NGOs": re.compile(r"/ngos"),
}
SINGLE = [re.compile(f"{path}") for path in (r"/batches/\w+", r"/pledges/\d+", r"/rounds/\d+-\d+", r"/ngos/\w+")]


def called(path: str) -> str:
    return path.removeprefix("/api/v1").partition("?")[0]


class Asking:
    """Asks for all of it; what an explorer says is edited before."""

    def __init__(self, stage: Stage, check: Check) -> None:
        self._stage, self._check = stage, check
        self._wire = Remembering(stage.server.url, "the explorer")
        self.some = list(check.replay.state.some_gifts(1_000))
        self.parts = ["donors", "payers", "again"]
        self.notes: list[str] = []
        self.asked = 0

    def lines(self, edit: Callable[[str, Any], Any] = lambda _path, page: page) -> list[str]:
        """Return what is said to differ."""
        check, report = self._check, Report()
        state, addresses, chain_id = check.replay.state, check.deployment.addresses, check.deployment.chain_id
        forms = Forms(state, addresses, chain_id, check.tokens, lambda: [self._stage.ledger.now()])
        there = Site(self._stage.server.url, report)
        there._wire = self._wire
        self._wire.lie = lambda path, _asked, true: json.dumps(edit(path, parsed(true))).encode()
        names = ((pool.number, name_of(pool.stored["name"])) for pool in state.pools)
        forms.titles = {number: "Books for all" if name == "Books" else name for number, name in names}
        if "donors" in self.parts:
            given = Donors(there, forms, report, self.some)
            for pool in state.pools:
                for gift in pool.gifts.gifts():
                    given.add(pool, gift)
            given.check()
        if "payers" in self.parts:
            Payers(there, forms, report).check()
        if "again" in self.parts:
            Again(there, forms, report, self.some).check()
        self.notes, self.asked = report.notes, there.asked
        return report.lines

    def answers(self) -> dict[str, Any]:
        """Return all true answers, by the paths that were asked for."""
        asked: dict[str, Any] = {}
        assert self.lines(lambda path, page: (asked.update({path: page}), page)[1]) == []
        return asked

    def pages(self, kind: str) -> dict[str, Items]:
        """Return the pages of a kind of list; what is none of it is not asked for from then on."""
        self.parts = [{"payers": "payers", "a donor's": "donors"}.get(kind, "again")]
        found = {path: page["items"] for path, page in self.answers().items() if LISTS[kind].fullmatch(called(path))}
        assert any(found.values()), kind
        return found

    def longest(self, kind: str) -> dict[str, Items]:
        """Return the longest pages of a kind; in the long run all."""
        found = self.pages(kind)
        return found if LONG else dict(sorted(found.items(), key=lambda page: -len(page[1]))[:3])


@pytest.fixture
def asking(stage: Stage, check: Check, monkeypatch: pytest.MonkeyPatch) -> Asking:
    monkeypatch.setattr(donors, "_DONORS", 1_000)
    monkeypatch.setattr(again, "_SOME", 1_000)
    return Asking(stage, check)


def elsewhere(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item that is like one, at another place of the list."""
    if "contribution" in item and "amount" in item and "parts" in item:
        return item | {"contribution": item["contribution"] | {"start": item["contribution"]["end"]}}
    if "start" in item:
        return item | {"start": str(int(item["start"]) + 1)}
    name = "collected" if "collected" in item else "accredited"
    return item | {name: item[name] | {"index": item[name]["index"] + 1}}


def edited(path: str, items: Any) -> Callable[[str, Any], Any]:
    """Return the lie that a page has other items."""
    return lambda asked, page: page | {"items": items} if asked == path else page


EDITS: dict[str, Callable[[Items], Any]] = {
    "one is left out": lambda items: items[1:],
    "the last is left out": lambda items: items[:-1],
    "one is told twice": lambda items: [items[0], *items],
    "one is added": lambda items: [*items, elsewhere(items[-1])],
    "they change places": lambda items: [*items[1:], items[0]] if len(items) > 1 else None,
    "there is none": lambda _: [],
    "they are no list": lambda _: {"a": 1},
    "one is no item": lambda items: [*items[:-1], None],
}


@pytest.mark.usefixtures("size")
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_that_is_another(asking: Asking, kind: str) -> None:
    several = False
    for path, items in asking.longest(kind).items():
        for name, edit in EDITS.items() if items else ():
            if (told := edit(items)) is None:
                continue
            several |= name == "they change places"
            lines = asking.lines(
                lambda asked, page, at=path, told=told: page | {"items": told} if asked == at else page
            )
            assert lines, (path, name)
            assert all(re.split("[,: ]", line)[0] == called(path) for line in lines), (name, lines)
    assert several


@pytest.mark.parametrize("kind", LISTS)
def test_every_value_of_an_item(asking: Asking, kind: str) -> None:
    """Each that stands in a page's first or last item itself; those within it are in `test_verify_lies`."""
    for path, items in asking.longest(kind).items():
        for i, item in [*enumerate(items)][:: max(1, len(items) - 1)]:
            for name in (each for each, value in item.items() if not isinstance(value, dict)):
                told = [it | {name: changed(it[name])} if n == i else it for n, it in enumerate(items)]
                assert asking.lines(edited(path, told)), (path, i, name)


def test_lists_that_should_be_empty(asking: Asking) -> None:
    """A milestone that was not released was paid by nobody; what was never collected has no collections."""
    for kind in ("payers", "collections"):
        pages = asking.pages(kind)
        others = [items for items in pages.values() if items]
        empty = [path for path, items in pages.items() if not items]
        assert empty, kind
        for path in empty:
            page = {"items": others[0][:1], "next": None}
            assert asking.lines(lambda asked, true, at=path, page=page: page if asked == at else true), path


def test_single_ones_that_are_another_or_away(asking: Asking) -> None:
    answers = asking.answers()
    asking.parts = ["again"]
    for pattern in SINGLE:
        paths = [path for path in answers if pattern.fullmatch(called(path))]
        assert len(paths) > 1, pattern
        for path, other in zip(paths, paths[1:] + paths[:1], strict=True):
            lines = asking.lines(lambda asked, true, at=path, of=other: answers[of] if asked == at else true)
            assert [line for line in lines if line.startswith(f"{called(path)},")], path


def test_what_a_release_paid_is_what_its_gifts_add_up_to(asking: Asking, check: Check) -> None:
    """It is so of the honest explorer: so the test knows that give-backs have happened."""
    sums: dict[tuple[int, int], int] = {}
    several = False
    for path, items in asking.pages("payers").items():
        pool, milestone = map(int, re.findall(r"\d+", called(path)))
        sums[pool, milestone] = sums.get((pool, milestone), 0) + sum(int(item["amount"]) for item in items)
        several |= any(len(item["parts"]) > 1 for item in items)
    for pool in check.replay.state.pools:
        for milestone in range(len(pool.planned)):
            release = pool.releases.get(milestone)
            paid = release.values["amount"] - release.returned if release else 0
            assert sums[pool.number, milestone] == paid
    assert any(release.returned for pool in check.replay.state.pools for release in pool.releases.values())
    assert several, "a gift paid a release in several parts"


def test_who_paid_is_what_the_explorer_s_own_line_says() -> None:
    """Over gifts, releases and give-backs by chance: the two programs share nothing, and agree."""
    several = 0
    for seed in range(80):
        chance, gifts, line, moves = random.Random(seed), Gifts(Spool()), Line(), list[Move]()  # noqa: S311
        edges = [0]
        for block in range(chance.randrange(1, 60)):
            amounts = [chance.randrange(1, 30) for _ in range(chance.randrange(1, 6))]
            first, at = edges[-1], Place(block, 0, bytes(32), 0)
            edges += [first + total for total in accumulate(amounts)]
            if len(amounts) == 1:
                gifts.add_direct(first, *amounts, bytes(20), at, via=0, pledge=0)
            else:
                entries = b"".join(bytes(24) + amount.to_bytes(8) for amount in amounts)
                gifts.add_batch(first, sum(amounts), bytes(32), at, entries)
            gifts.settle()
        for milestone in range(chance.randrange(1, 25)):
            kept = sum(end - start for spans in line.spent.values() for start, end in spans)
            if kept < edges[-1]:
                spent = line.spend(milestone, chance.randrange(1, min(40, edges[-1] - kept) + 1))
                moves += [Move(len(moves) + i, Kind.SPENT, milestone, *span) for i, span in enumerate(spent)]
            of = chance.choice([number for number, spans in line.spent.items() if spans])
            start, end = line.spent[of][-1]
            if (back := chance.randrange(end - start + 1)) and line.give_back(of, end - back, back):
                moves.append(Move(len(moves), Kind.RETURNED, of, end - back, end))
        theirs, pool, asking = Theirs(moves), SimpleNamespace(gifts=gifts, number=1), Payers.__new__(Payers)
        asking._gifts = SimpleNamespace(payer=lambda _pool, gift, parts: (gift.start, parts))  # type: ignore[assignment]
        for milestone in line.spent:
            wanted = []
            for start, end in pairwise(edges):
                trace = theirs.trace(Their(start, end))
                parts = [(part.start, part.end) for part in trace if part.milestone == milestone]
                wanted += [(start, parts)] if parts else []
                several += len(parts) > 1
            spans = sorted(line.spent[milestone])
            for i, (since, _) in enumerate(wanted):
                told = [shape for _, _, shape in asking._payers(pool, spans, since if i else 0)]  # type: ignore[arg-type]
                assert told == wanted[i:], (seed, milestone)
    assert several > 20


def test_of_long_lists_the_beginning_and_a_place_by_chance_are_compared(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (payers, again, donors):
        monkeypatch.setattr(module, "MOST", 1)
    monkeypatch.setattr(site, "_LIMIT", 1)
    assert asking.lines() == []
    assert {re.sub(r" the (first|newest) 1 .*", "", note) for note in asking.notes} == {
        "of who paid a release", "of a batch's list of entries", "of a donor's list of gifts",
        "of what was collected of a standing order",
    }  # fmt: skip
    for kind in ("/milestones/", "/batches/"):
        met: list[str] = []

        def lie(path: str, page: Any, kind: str = kind, met: list[str] = met) -> Any:
            if kind not in path or "?cursor=" not in path:
                return page
            met.append(path)
            return page | {"items": page["items"][1:]}

        lines = asking.lines(lie)
        assert met
        assert {called(path) for path in met} == {line.partition("?")[0] for line in lines}, (met, lines)


def test_so_many_are_asked_for(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the ledger."""
    for module, name in (
        (payers, "_RELEASED"), (payers, "_OTHERS"), (again, "_SOME"), (again, "_NGOS"), (donors, "_DONORS"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, 1)
    assert asking.lines() == []
    # Two milestones, a donor, a batch, a standing order, each with a list of its own; a round; NGOs, and one of them.
    assert asking.asked == 2 + 2 + 2 + 2 + 1 + 2
    assert len([note for note in asking.notes if note.endswith("by chance")]) == 6


def test_few_gifts_of_a_donor_are_kept(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(donors, "MOST", 1)
    kept: list[int] = []
    check = Donors.check
    monkeypatch.setattr(Donors, "check", lambda it: (kept.extend(map(len, it._newest.values())), check(it)))
    assert asking.lines() == []
    assert max(kept) == 2
