"""Asks a running explorer, whose every answer may be a lie, and says where it differs from the chain.

An answer is bounded in size and time, a list in how many items it may have that the chain does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf
from typing import Any
from urllib.parse import quote

from .forms import Content, Either
from .out import CannotCheckError, Report, shown
from .rows import Rows
from .wire import Wire, parse

MOST = 32 << 20
"""Bytes of one answer."""

_LIMIT = 200
_ENOUGH = 50
"""Items that the chain does not have, after which a list is not read on."""

Key = tuple[int, ...]
Expected = tuple[Key, str, Any]
"""Where it stands in the list (a later item has a lower key), what it is called, and its shape."""

_NOTHING = "nothing"
_PLAIN = (str, int, bool, type(None))


class _CutError(Exception):
    """A list cannot be read on; why was said."""


class Site:
    """An explorer's JSON interface."""

    def __init__(self, url: str, report: Report) -> None:
        """Make a client; nothing is asked yet. `url`: the explorer's, with or without /api/v1."""
        base = url.rstrip("/").removesuffix("/api/v1")
        self._wire = Wire(base, "the explorer")
        self._report = report
        self._final: Any = None
        self.asked = 0

    def block(self) -> tuple[int, Any]:
        """Return the block up to which it says that it has read the chain, and the whole answer.

        Raises:
            CannotCheckError: It does not say.

        """
        status, found = self._get("/health")
        block = found.get("block") if isinstance(found, dict) else None
        if status != 200 or type(block) is not int or block < 0:
            raise CannotCheckError(f"{self._wire.what} does not say up to which block it has read (HTTP {status})")
        return block, found

    def one(self, path: str, expected: Any) -> Any:
        """Compare one answer, and return it."""
        status, found = self._tried(path)
        if status != 200:
            self._report.differs(path, API=_refusal(status), chain="it is there")
            return None
        self.compare(path, expected, found)
        return found

    def walk(self, path: str, expected: Iterable[Expected], key_of: Callable[[Any], Key], most: float = inf) -> None:
        """Compare a whole list, newest first, with what should be in it: item by item, by their keys.

        `most`: how many items are read where there should be more.
        """
        try:
            self._walk(path, iter(expected), key_of, most)
        except _CutError:
            return

    def _walk(self, path: str, waiting: Iterator[Expected], key_of: Callable[[Any], Key], most: float) -> None:
        next_, extra = next(waiting, None), 0
        for count, item in enumerate(self._items(path)):
            if count >= most and next_ is not None:
                return
            try:
                key = key_of(item)
            except (KeyError, TypeError, ValueError, IndexError, AttributeError):
                key = None
            while next_ is not None and key is not None and next_[0] > key:
                self._report.differs(f"{path}, {next_[1]}", API=_NOTHING, chain="it is there")
                next_ = next(waiting, None)
            if next_ is not None and next_[0] == key:
                if not _holds(next_[2], item):
                    self.compare(f"{path}, {next_[1]}", next_[2], item)
                next_ = next(waiting, None)
                continue
            extra += 1
            self._report.differs(path, API=f"an item {shown(key, 60) if key is None else list(key)}", chain=_NOTHING)
            if extra == _ENOUGH:
                self._report.add(path, "has more and more items that the chain does not have; not read on")
                return
        while next_ is not None:
            self._report.differs(f"{path}, {next_[1]}", API=_NOTHING, chain="it is there")
            next_ = next(waiting, None)

    def offers_export(self) -> bool:
        """Return whether it offers its tables as files."""
        status, found = self._tried("/export")
        return status == 200 and isinstance(found, dict) and isinstance(found.get("tables"), list)

    def export(self, path: str, columns: list[str], keys: int, most: int) -> Rows | None:
        """Return the rows of a file that it offers, to be compared."""
        try:
            status, file = self._wire.stream(f"/api/v1{path}", most)
        except CannotCheckError as error:
            self._report.differs(path, API=str(error), chain="it is there")
            return None
        if status != 200:
            self._report.differs(path, API=_refusal(status), chain="it is there")
            return None
        return Rows(path, file, columns, self._report, keys=keys, source="API")

    def first(self, path: str, expected: list[Any]) -> None:
        """Compare the first page of a list with the newest that there are."""
        status, found = self._tried(f"{path}{'&' if '?' in path else '?'}limit={_LIMIT}")
        items = _items(found)
        if status != 200:
            self._report.differs(path, API=_refusal(status), chain="it is there")
        else:
            self.compare(path, expected[:_LIMIT], items)

    def compare(self, what: str, expected: Any, found: Any) -> None:
        """Compare an answer with its shape: what is in the shape must be in the answer, with its type."""
        if isinstance(expected, Either):
            if not any(_holds(each, found) for each in expected):
                self._report.differs(what, API=found, chain=expected[0])
        elif isinstance(expected, dict) and isinstance(found, dict):
            for name, value in expected.items():
                if name in found:
                    self.compare(f"{what}, {name}", value, found[name])
                else:
                    self._report.differs(f"{what}, {name}", API=_NOTHING, chain="it is there")
            if isinstance(expected, Content) and not expected.proves(found.get("text"), found.get("title")):
                self._report.differs(
                    f"{what}, text", API=found.get("text"), chain=f"what hashes to {expected['hash']}, and its title"
                )
        elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
            for i, (one, other) in enumerate(zip(expected, found, strict=True)):
                self.compare(f"{what} {i}", one, other)
        elif not _same(expected, found) or isinstance(expected, dict | list):
            self._report.differs(what, API=found, chain=expected)

    # ------------------------------------------------------------------------------------------------------- within

    def _get(self, path: str) -> tuple[int, Any]:
        self.asked += 1
        status, body = self._wire.get("/api/v1" + path, MOST)
        found = parse(body, self._wire.what) if status == 200 else None
        if path == "/health":
            self._final = found.get("final_block") if isinstance(found, dict) else None
        else:
            self._look_at_final(path, found)
        return status, found

    def _look_at_final(self, path: str, found: Any) -> None:
        """See that what is final is what lies at or below the newest final block, which may rise meanwhile."""
        before = self._final
        wrong = [place for place in _places(found) if place["final"] is not _is_final(place, before)]
        if wrong:
            self._get("/health")
        for place in wrong:
            if place["final"] is not _is_final(place, self._final):
                said = f"block {shown(place.get('block'), 60)} is {'' if place['final'] else 'not '}final"
                self._report.add(f"{path}, final", f"{said}, and its newest final block is {shown(self._final, 60)}")
                return

    def _tried(self, path: str) -> tuple[int | str, Any]:
        """Return the status and what an answer says; why there is none in the place of its status."""
        try:
            return self._get(path)
        except CannotCheckError as error:
            return str(error), None

    def _items(self, path: str) -> Iterator[Any]:
        """Yield a list's items, page by page; the next page is fetched while one is compared."""
        first = f"{path}{'&' if '?' in path else '?'}limit={_LIMIT}"
        ahead = ThreadPoolExecutor(1, "pages")
        try:
            coming = ahead.submit(self._tried, first)
            while True:
                status, page = coming.result()
                items = _items(page)
                cursor = page.get("next") if isinstance(page, dict) else None
                if status != 200 or not isinstance(items, list) or not isinstance(cursor, str | None):
                    said = _refusal(status) if status != 200 else page
                    self._report.differs(f"{path}, a page of it", API=said, chain="a list goes on here")
                    raise _CutError
                if cursor is None:
                    yield from items
                    return
                if not items or len(cursor) > 200:
                    self._report.differs(f"{path}, a page of it", API=cursor, chain="no page is empty, or goes on so")
                    raise _CutError
                coming = ahead.submit(self._tried, f"{first}&cursor={quote(cursor, safe='', errors='replace')}")
                yield from items
        finally:
            ahead.shutdown(wait=False, cancel_futures=True)


def _places(found: Any) -> Iterator[dict[str, Any]]:
    """Yield all that is said of places on the chain in an answer."""
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "final" in value:
                yield value
            waiting += [inner for inner in value.values() if isinstance(inner, dict | list)]
        elif isinstance(value, list):
            waiting += [inner for inner in value if isinstance(inner, dict | list)]


def _is_final(place: dict[str, Any], newest: Any) -> bool:
    block = place.get("block")
    return type(block) is int and type(newest) is int and block <= newest


def _items(page: Any) -> Any:
    """Return a page's items; those of contributions with what stands beside them, once for many."""
    if not isinstance(page, dict):
        return None
    items, pools, recorded = page.get("items"), page.get("pools"), page.get("recorded")
    if not isinstance(items, list) or not isinstance(pools, dict) or not isinstance(recorded, dict):
        return items
    return [_joined(item, pools, recorded) if isinstance(item, dict) else item for item in items]


def _joined(item: dict[str, Any], pools: dict[str, Any], recorded: dict[str, Any]) -> dict[str, Any]:
    pool, log = pools.get(str(item.get("pool"))), recorded.get(str(item.get("recorded")))
    whole = {"position": None, "bearer": None, "pledge": None, **item}
    if isinstance(pool, dict):
        whole |= {name: pool[name] for name in ("pool_name", "token") if name in pool}
    if isinstance(log, dict):
        whole |= {name: log[name] for name in ("batch", "gateway") if name in log} | {"recorded": log.get("at")}
    return whole


def _refusal(status: int | str) -> str:
    return f"HTTP {status}" if isinstance(status, int) else status


def _holds(expected: Any, found: Any) -> bool:
    """Return whether an answer has all that is in its shape, quickly; `compare` says what it lacks."""
    if isinstance(expected, dict):
        if not isinstance(found, dict):
            return False
        for name, value in expected.items():
            other = found.get(name)
            if type(value) is type(other) and value == other and type(value) in _PLAIN:
                continue
            if name not in found or not _holds(value, other):
                return False
        return not isinstance(expected, Content) or expected.proves(found.get("text"), found.get("title"))
    if isinstance(expected, Either):
        return any(_holds(each, found) for each in expected)
    if isinstance(expected, list):
        return isinstance(found, list) and len(expected) == len(found) and all(map(_holds, expected, found))
    return _same(expected, found)


def whole(value: Any) -> int:
    """Return a whole number of an answer.

    Raises:
        TypeError: It is none.

    """
    if type(value) is not int:
        raise TypeError
    return value


def list_in(found: Any, name: str) -> list[Any]:
    """Return a list in an answer, empty if there is none."""
    inner = found.get(name) if isinstance(found, dict) else None
    return inner if isinstance(inner, list) else []


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other
