from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.world import SITE_PORT, Server, World, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
HOME = f"http://127.0.0.1:{SITE_PORT}"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    played = start(tmp_path_factory.mktemp("world"))
    try:
        yield played
    finally:
        played.stop()


@pytest.fixture(scope="session")
def site(world: World) -> Iterator[str]:
    with Server(world.settings) as server:
        yield server.url


@pytest.fixture
def open_page(chromium: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts of their own, and fails the test if one of them had an error of its own."""
    contexts, problems = [], []

    def opened(path: str | None = None, **options: Any) -> Page:
        context = chromium.new_context(base_url=site, **{"viewport": DESKTOP, **options})
        contexts.append(context)
        context.set_default_timeout(5000)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if "Content Security Policy" in m.text else None)
        if path is not None:
            page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def paths(world: World) -> dict[str, str]:
    """Every kind of page, by name."""
    donor = world.ledger.donors[0]
    return {
        "front": "/",
        **{f"pool {name}": f"/pool/{number}" for name, number in world.pools.items()},
        "contributions": "/pool/1/contributions",
        "no contributions": f"/pool/{world.pools['empty']}/contributions",
        **{f"receipt {name}": f"/contribution/{receipt}" for name, receipt in world.receipts.items()},
        "who paid a milestone": f"/pool/{world.pools['meals']}/milestones/0/contributions",
        "batch": f"/batch/{world.batch}",
        "donor": f"/donor/{donor}",
        "donor with an order": f"/donor/{world.ledger.donors[1]}",
        "sponsor": f"/donor/{world.ledger.donors[4]}",
        "NGO": f"/ngo/{world.ledger.ngo}",
        "hostile NGO": f"/ngo/{world.hostile}",
        "nothing found": "/search?q=<script>window.hit=1</script>",
        "check": "/check",
        "not found": "/pool/99",
    }
