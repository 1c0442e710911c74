"""`python -m sandbox.demo.screens`: photographs the app's pages while `make demo` stays up, for the README.

It owns which pages are shown and how wide; the pictures are read by people, and no test compares them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, sync_playwright

from sandbox.bootstrap import chromium
from sandbox.bootstrap.steps import step
from sandbox.demo import place
from sandbox.demo.place import Place
from sandbox.demo.shopify import Control
from sandbox.leashed import CannotStart
from sandbox.shopify.seed_data import ALPHA

FOLDER = place.ROOT / "docs" / "screens"
WIDTHS = {"": (1280, 800), "-phone": (390, 844)}
ORDER = "#1003"  # many lines with shipping
SETTLE_MS = 1_500


def main() -> int:
    """Writes `<page>.png` and `<page>-phone.png` for each page. Raises CannotStart when no demo runs."""
    here = place.find(os.environ)
    control = Control(here.shopify_url)
    try:
        orders = {each["name"]: each["id"] for each in control.records(ALPHA, "order")}
    except httpx2.ConnectError as gone:
        raise CannotStart("Start `make demo` in another window first; it must stay up.") from gone
    finally:
        control.close()
    pages = {
        "home": "",
        "record": f"/records/Order/{orders[ORDER].rpartition('/')[2]}",
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.ensure(), args=[*chromium.FLAGS])
        for name, path in pages.items():
            with step(f"docs/screens/{name}.png"):
                for suffix, (width, height) in WIDTHS.items():
                    photograph(browser, here, path, FOLDER / f"{name}{suffix}.png", width, height)
        browser.close()
    return 0


def photograph(browser: Browser, here: Place, path: str, file: Path, width: int, height: int) -> None:
    """One page of shop Alpha in the admin, as tall as its content."""
    tab = browser.new_page(viewport={"width": width, "height": height})
    base = f"{here.shopify_url}/store/{ALPHA.partition('.')[0]}/apps/{here.client_id}"
    tab.goto(f"{base}/app{path}" if path else base)
    inside = tab.frame_locator("iframe")
    inside.get_by_role("heading", level=1).first.wait_for()
    tab.wait_for_timeout(SETTLE_MS)
    content = inside.locator("html").evaluate("element => element.scrollHeight")
    around = tab.locator("iframe").bounding_box()
    top = round(around["y"]) if around else 0
    tab.set_viewport_size({"width": width, "height": max(height, content + top)})
    tab.wait_for_timeout(SETTLE_MS)
    tab.screenshot(path=file)
    tab.close()


if __name__ == "__main__":
    sys.exit(main())
