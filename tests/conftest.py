from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import sync_playwright

from tests.chromium import launch

LONG = bool(os.environ.get("MOA_LONG"))

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

# How long an example takes says how busy the machine is, four lanes at a time, and nothing of what is tested.
settings.register_profile("moa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("moa")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests: Playwright's own loop runs once a process."""
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is marked `long` to `make test-long`: all of it together would take half an hour."""
    if LONG:
        return
    left = [item for item in items if item.get_closest_marker("long")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("long")]
