"""A receipt's list of deliveries and vouchers, page by page: one thing in it is told wrong, and it is noticed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from scripts.verify import receipts, site
from scripts.verify.forms import Forms
from scripts.verify.out import Report
from scripts.verify.receipts import Receipts
from scripts.verify.site import Site
from tests.scripts.liars import Remembering, changed, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripts.verify.__main__ import Check
    from tests.scripts.liars import Stage

Items = list[dict[str, Any]]


class Reading:
    """Holds the receipts of all gifts to the chain; what an explorer's list says is edited before."""

    def __init__(self, stage: Stage, check: Check) -> None:
        self._stage, self._check = stage, check
        self._wire = Remembering(stage.server.url, "the explorer")
        self.some = list(check.replay.state.some_gifts(1_000))
        self.notes: list[str] = []

    def lines(self, edit: Callable[[str, Any], Any] = lambda _path, page: page) -> list[str]:
        """Return what is said to differ."""
        check, report = self._check, Report()
        addresses, chain_id = check.deployment.addresses, check.deployment.chain_id
        forms = Forms(check.replay.state, addresses, chain_id, check.tokens, lambda: [self._stage.ledger.now()])
        there = Site(self._stage.server.url, report)
        there._wire = self._wire

        def lie(path: str, _asked: bytes, true: bytes) -> bytes:
            return json.dumps(edit(path, parsed(true))).encode() if "/deliveries?" in path else true

        self._wire.lie = lie
        looked = Receipts(there, forms, report, self.some)
        for pool, gift in self.some:
            looked.check(pool, gift)
        self.notes = report.notes
        return [line for line in report.lines if "/deliveries" in line.partition(":")[0]]

    def pages(self) -> dict[str, Items]:
        """Return the pages that have items, by the paths that were asked for."""
        asked: dict[str, Items] = {}
        assert self.lines(lambda path, page: (asked.update({path: page["items"]}), page)[1]) == []
        assert len(asked) >= len(self.some)
        return {path: items for path, items in asked.items() if items}


@pytest.fixture
def reading(stage: Stage, check: Check) -> Reading:
    return Reading(stage, check)


def values(item: dict[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in item.items():
        yield from values(value, (*before, name)) if isinstance(value, dict) else [(*before, name)]


def with_another(item: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = names
    return item | {first: with_another(item[first], tuple(rest)) if rest else changed(item[first])}


@pytest.mark.usefixtures("size")
def test_every_value_of_every_item(reading: Reading) -> None:
    fates, pages = set(), reading.pages()
    reading.some = [
        each for each in reading.some if any(f"/{each[0].number}-{each[1].start}/" in path for path in pages)
    ]
    for path, items in pages.items():
        for i, item in enumerate(items):
            fates.add(item["fate"])
            for names in values(item):

                def edit(asked: str, page: Any, at: tuple[Any, ...] = (path, i, names)) -> Any:
                    told = [with_another(each, at[2]) if n == at[1] else each for n, each in enumerate(page["items"])]
                    return page | {"items": told} if asked == at[0] else page

                lines = reading.lines(edit)
                assert lines, (path, i, names)
                assert all(line.startswith(path.removeprefix("/api/v1").partition("?")[0]) for line in lines)
    assert fates == {"delivered", "redeemed"}


EDITS: dict[str, Callable[[Items], Any]] = {
    "one is left out": lambda items: items[1:],
    "one is told twice": lambda items: [items[0], *items],
    "one is added": lambda items: [*items, items[-1] | {"start": items[-1]["end"]}],
    "they change places": lambda items: [*items[1:], items[0]] if len(items) > 1 else [],
    "there is none": lambda _: [],
    "they are no list": lambda _: {"a": 1},
    "one is no item": lambda items: [*items[:-1], None],
}


@pytest.mark.usefixtures("size")
@pytest.mark.parametrize("name", EDITS)
def test_a_list_that_is_another(reading: Reading, name: str) -> None:
    for path, items in reading.pages().items():
        told = EDITS[name](items)
        assert reading.lines(lambda asked, page, at=path, told=told: page | {"items": told} if asked == at else page)


def test_a_gift_that_nobody_handed_on_is_said_to_be(reading: Reading) -> None:
    items = next(iter(reading.pages().values()))
    some = [line.partition(",")[0] for line in reading.lines(lambda _, page: {"items": page["items"] or items[:1]})]
    assert len(set(some)) == len(reading.some) - len(reading.pages())


def test_a_list_that_ends_early_or_never(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "_LIMIT", 2)
    assert any("API: nothing" in line for line in reading.lines(lambda _, page: page | {"next": None}))
    assert any("not read on" in line for line in reading.lines(lambda _, page: page | {"next": "h0"}))
    assert reading.lines(lambda _, page: page | {"next": 5})


@pytest.mark.parametrize("most", [1, 2, 3])
def test_of_a_very_long_list_the_first_ones_are_compared(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    [path] = {path.partition("?")[0] for path in reading.pages()}
    assert reading.notes == []
    monkeypatch.setattr(receipts, "MOST", most)
    monkeypatch.setattr(site, "_LIMIT", 1)
    seen = [items[0]["start"] for items in reading.pages().values()]
    assert len(seen) >= most
    assert reading.notes == [f"of a gift's deliveries and vouchers the first {most} were compared"]

    def lie_at(i: int) -> list[str]:
        def edit(asked: str, page: Any) -> Any:
            items = page["items"]
            here = asked.startswith(path) and items and items[0]["start"] == seen[i]
            return page | {"items": [items[0] | {"whole": "7"}]} if here else page

        return reading.lines(edit)

    assert lie_at(most - 1)
    assert not lie_at(most)
