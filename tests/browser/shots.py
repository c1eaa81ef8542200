"""`python -m tests.browser.shots http://127.0.0.1:8000 docs 1-0`: pictures of the front, pool and receipt pages."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.chromium import launch


def main(site: str, folder: str, receipt: str) -> None:
    """Take each page on a desktop in the light and on a phone in the dark; the receipt after its check."""
    pages = {"front": "/", "pool": f"/pool/{receipt.partition('-')[0]}", "receipt": f"/contribution/{receipt}"}
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for name, scheme, width, height in (("desktop", "light", 1280, 1000), ("phone", "dark", 360, 740)):
            size = {"width": width, "height": height}
            page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            for what, path in pages.items():
                page.goto(site + path)
                if what == "receipt":
                    page.click("#verify-go")
                    page.wait_for_selector("#verdict.good")
                page.evaluate("scrollTo(0, 0)")
                page.screenshot(path=Path(folder) / f"{what}-{name}.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
