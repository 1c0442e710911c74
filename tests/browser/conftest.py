"""One stack and one tab for each journey."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.stack import Stack, running

PATIENCE_MS = 20_000


@dataclass
class Journey:
    """A person in the admin of shop Alpha."""

    stack: Stack
    page: Page

    @property
    def inside(self) -> FrameLocator:
        """The app in the frame."""
        return self.page.frame_locator("iframe")

    def open(self, path: str = "", *, heading: str) -> FrameLocator:
        """Opens a screen of the app and waits until it is there."""
        self.page.goto(self.stack.admin(path))
        return self.arrived(heading)

    def arrived(self, heading: str) -> FrameLocator:
        """Waits for a screen."""
        expect(self.inside.get_by_role("heading", name=heading, level=1)).to_be_visible()
        return self.inside

    def menu(self, name: str) -> None:
        """Uses the app's menu in the admin."""
        self.page.get_by_role("navigation", name="Admin").get_by_role("link", name=name, exact=True).click()

    def dialog(self, heading: str) -> Locator:
        """The dialog with this heading. Its buttons are slotted, so it is found by its element."""
        return self.inside.locator(f's-modal[heading="{heading}"]')

    def told(self, text: str) -> None:
        """The admin shows a short message of the app."""
        expect(self.page.get_by_text(text)).to_be_visible()


@pytest.fixture
def stack(fresh_environment: dict[str, str]) -> Iterator[Stack]:
    """The stack, the app installed nowhere."""
    with running(fresh_environment) as made:
        yield made


@pytest.fixture
def journey(stack: Stack, page: Page) -> Journey:
    """A person with an open tab."""
    expect.set_options(timeout=PATIENCE_MS)
    return Journey(stack, page)


@pytest.fixture
def at_work(journey: Journey) -> Journey:
    """A person in a shop that is connected and mapped."""
    journey.stack.set_up()
    return journey
