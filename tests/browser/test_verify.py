"""The receipt's check against a real node: true receipts pass, and no lie does."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import HOME
from tests.browser.world import RPC_PORT, Server
from tests.ledger import Ganache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.world import World

    Open = Callable[..., Page]

OTHER_PORT, LIAR_PORT, CLOSED_PORT = 8662, 8663, 8679
ONES = "0x" + "1" * 64
SOMEBODY = "0x" + "1" * 40


def check(page: Page) -> str:
    """Press the button and return the verdict."""
    page.click("#verify-go")
    page.wait_for_selector("#verdict.good, #verdict.bad")
    return page.inner_text("#verdict")


@pytest.mark.parametrize("name", ["direct", "entry", "anonymous", "partly", "single"])
def test_a_true_receipt_passes(open_page: Open, world: World, name: str) -> None:
    page = open_page(f"/contribution/{world.receipts[name]}")
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.resource_type in ("fetch", "xhr") else None)
    assert "True. The ledger confirms" in check(page)
    assert page.locator(".steps .fail").count() == 0
    assert page.locator(".steps .pass").count() >= 8
    # Everything came from the node; the website was not asked for anything.
    assert {url.rstrip("/") for url in asked} == {f"http://127.0.0.1:{RPC_PORT}"}


def test_every_entry_of_a_batch_passes(open_page: Open, world: World) -> None:
    page = open_page(f"/batch/{world.batch}")
    links = page.locator("tbody td:first-child a").evaluate_all("all => all.map((a) => a.pathname)")
    for link in links[::8]:
        page.goto(link)
        assert "True" in check(page), link


LIES = [
    ("entry", field, lie)
    for field, lie in {
        "donor": SOMEBODY, "time": "1700000000", "amount": "2000000", "start": "20000001", "position": "1",
        "count": "41", "pool": "2", "chain": "1", "fund": SOMEBODY, "batch": ONES, "root": ONES, "siblings": ONES,
        "token": SOMEBODY, "decimals": "2",
    }.items()
] + [
    ("direct", field, lie)
    for field, lie in {
        "donor": SOMEBODY, "time": "1700000000", "amount": "2000000", "start": "1", "pool": "2", "chain": "1",
        "fund": SOMEBODY, "tx": ONES, "token": SOMEBODY, "decimals": "2",
    }.items()
] + [
    ("entry", "donor", "0x"), ("entry", "amount", "-1"), ("entry", "amount", "x"), ("entry", "siblings", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def receipts(chromium: object, site: str, world: World) -> Iterator[dict[str, Page]]:
    context = chromium.new_context(base_url=site)  # type: ignore[attr-defined]
    pages = {name: context.new_page() for name in ("entry", "direct")}
    for name, page in pages.items():
        page.goto(f"/contribution/{world.receipts[name]}")
    yield pages
    context.close()


@pytest.mark.parametrize(("name", "field", "lie"), LIES)
def test_a_tampered_value_fails(receipts: dict[str, Page], name: str, field: str, lie: str) -> None:
    page = receipts[name]
    put = """([field, value]) => {
        const values = document.querySelector("#verify").dataset, was = values[field];
        values[field] = value;
        return was;
    }"""
    true = page.evaluate(put, [field, lie])
    assert true is not None, "the page says this value"
    assert true != lie
    try:
        # By script: of two open pages one lies behind, and there the mouse waits a second for each frame.
        page.evaluate("document.querySelector('#verify-go').click()")
        page.wait_for_selector("#verify-go:not([aria-busy=true])")
        assert page.locator("#verdict.bad").count() == 1, page.inner_text("#verdict")
        assert "not agree" in page.inner_text("#verdict") or "node" in page.inner_text("#verdict")
    finally:
        page.evaluate(put, [field, true])


def test_a_server_that_lies_is_caught(open_page: Open, world: World, tmp_path: Path) -> None:
    page, copy = open_page(), tmp_path / "lies.db"

    def tell(lie: str) -> None:
        with closing(sqlite3.connect(world.settings.database)) as true, closing(sqlite3.connect(copy)) as false:
            true.backup(false)
            assert false.execute(lie).rowcount
            false.commit()

    with Server(world.serving(LIAR_PORT, database=copy)) as liar:
        for lie, verdict in {
            "UPDATE batches SET root = zeroblob(32)": "another root",
            "UPDATE contributions SET amount = amount + 1 WHERE start = 20000000": "not agree",
            "UPDATE contributions SET donor = zeroblob(20) WHERE start = 20000000": "not agree",
            "UPDATE contributions SET paid_at = paid_at - 60 WHERE start = 20000000": "not agree",
        }.items():
            tell(lie)
            page.goto(f"{liar.url}/contribution/{world.receipts['entry']}")
            assert verdict in check(page), lie


def test_a_node_that_is_away_is_told(open_page: Open, world: World) -> None:
    page = open_page(f"/contribution/{world.receipts['entry']}")
    page.fill("#rpc", f"http://127.0.0.1:{CLOSED_PORT}")
    assert "cannot be reached" in check(page)
    page.fill("#rpc", "not an address")
    assert "cannot be reached" in check(page)
    page.fill("#rpc", f"{HOME}/check")  # answers, but is no node
    assert "cannot be reached" in check(page)
    page.fill("#rpc", world.node.url)
    assert "True" in check(page)


def test_another_chain_is_told(open_page: Open, world: World) -> None:
    other = Ganache(OTHER_PORT, "--chain.chainId", "4242")
    try:
        page = open_page(f"/contribution/{world.receipts['entry']}")
        page.fill("#rpc", other.url)
        assert "another ledger" in check(page)
        assert page.locator(".steps .fail").count() == 1
        # Even a page that says the other chain's id finds no contract there.
        page.evaluate("document.querySelector('#verify').dataset.chain = '4242'")
        assert "no such contract" in check(page)
    finally:
        other.stop()


def test_the_program_on_the_page_tells_the_truth(open_page: Open, world: World) -> None:
    page = open_page("/check")
    program = page.inner_text("pre[aria-label='Python program']")
    for name in ("entry", "single"):
        arguments = [sys.executable, "-c", program, HOME, world.node.url, world.receipts[name]]
        said = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=30).stdout
        assert said == "true pool 1\n"
    call = page.inner_text("pre[aria-label='Shell command'] >> nth=0")
    data = call.split('"data":"')[1].split('"')[0]
    held = world.node.rpc("eth_call", {"to": world.ledger.fund.address, "data": data}, "latest")
    assert int(held, 16) == world.ledger.fund.functions.heldOf(1).call()
