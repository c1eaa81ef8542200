"""The machine's own Chromium, quiet: no background requests, no profile."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright) -> Browser:
    """Start it headless; MOA_CHROMIUM may name another program."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("MOA_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    return playwright.chromium.launch(executable_path=program, args=list(QUIET))
