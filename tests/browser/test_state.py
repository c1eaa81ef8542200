"""What the pages say of themselves: live, behind, halted, empty, away; and the vendored file."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from api.indexer.store import Store
from tests.browser.world import Server
from tests.ledger import ROOT, USD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.world import World

    Open = Callable[..., Page]

PORT = 8664


def altered(world: World, path: Path, **meta: str) -> Path:
    """Return a copy of the index with other words in its meta table."""
    with closing(sqlite3.connect(world.settings.database)) as true, closing(sqlite3.connect(path)) as copy:
        true.backup(copy)
        copy.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
        copy.commit()
    return path


def test_a_new_gift_arrives_by_itself(open_page: Open, world: World) -> None:
    page = open_page("/")
    page.wait_for_selector("#live-state.on")
    before = page.inner_text(".totals dd >> nth=0")
    world.ledger.give(world.pools["empty"], 3 * USD)
    world.index()
    page.wait_for_selector("#moves li.new >> text=Library bus")
    assert "3.00" in page.inner_text("#moves li >> nth=0")
    assert page.inner_text(".totals dd >> nth=0") != before
    page.wait_for_selector("#live-say >> text=given to Library bus", state="attached")
    assert page.locator("#moves li").count() == 10


def test_the_stream_comes_back(open_page: Open, world: World) -> None:
    page = open_page()
    with Server(world.serving(PORT)) as server:
        page.goto(server.url)
        page.wait_for_selector("#live-state.on")
    page.wait_for_selector("#live-state:not(.on)")
    with Server(world.serving(PORT)):
        page.wait_for_selector("#live-state.on", timeout=15_000)


def test_a_node_that_is_away_is_told_on_every_page(open_page: Open, world: World, tmp_path: Path) -> None:
    copy = altered(world, tmp_path / "away.db", node_seen_at=str(int(time.time()) - 7300))
    page = open_page()
    with Server(world.serving(PORT, database=copy)) as server:
        for path in ("/", "/pool/1", "/check"):
            page.goto(server.url + path)
            assert "the ledger last answered 2 hours ago" in page.inner_text(".banner")
        page.goto("about:blank")


def test_a_halt_is_told_with_its_reason(open_page: Open, world: World, tmp_path: Path) -> None:
    copy = altered(world, tmp_path / "halted.db", halted="unknown log 7 in block 40 <script>window.hit=1</script>")
    page = open_page()
    with Server(world.serving(PORT, database=copy)) as server:
        page.goto(server.url)
        assert "stopped being updated" in page.inner_text(".banner")
        assert "unknown log 7 in block 40 <script>" in page.inner_text(".banner")
        page.goto("about:blank")


def test_an_empty_index_is_told(open_page: Open, world: World, tmp_path: Path) -> None:
    store = Store(tmp_path / "empty.db")
    page = open_page()
    with Server(world.serving(PORT, database=tmp_path / "empty.db")) as server:
        page.goto(server.url)
        text = page.inner_text("body")
        assert "No gifts yet" in text
        assert "No pool has been opened yet" in text
        assert "Nothing has been read from the ledger yet" in text
        page.goto(server.url + "/check")
        assert "not known yet" in page.inner_text("main")
        page.goto("about:blank")
    store.close()


def test_no_index_is_told(open_page: Open, world: World, tmp_path: Path) -> None:
    page = open_page()
    with Server(world.serving(PORT, database=tmp_path / "none.db")) as server:
        for path in ("/", "/pool/1", "/search?q=1", "/check"):
            answer = page.goto(server.url + path)
            assert answer is not None
            assert answer.status == 503
            assert "there is no index yet" in page.inner_text("main").lower()
            assert "safe" in page.inner_text("main")


def test_the_vendored_keccak_is_the_locked_one() -> None:
    static = ROOT / "api" / "explorer" / "static" / "vendor"
    package = ROOT / "node_modules" / "js-sha3"
    assert (static / "sha3.min.js").read_bytes() == (package / "build" / "sha3.min.js").read_bytes()
    assert (static / "sha3.LICENSE.txt").read_bytes() == (package / "LICENSE.txt").read_bytes()
