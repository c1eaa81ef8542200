from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.chromium import launch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests: Playwright's own loop runs once a process."""
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()
