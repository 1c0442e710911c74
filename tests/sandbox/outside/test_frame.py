"""App Bridge and Polaris in a real browser: the app in the frame, the admin around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from sandbox.shopify.app import build
from sandbox.shopify.seed import seed
from sandbox.shopify.settings import Settings, load_app
from sandbox.shopify.store import Store
from tests.browser.serving import free_socket, served
from tests.sandbox.outside.conftest import ALPHA
from tests.sandbox.outside.guest import CLIENT_ID, Guest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("frame")]
# Playwright waits for a returned promise; a page that leaves would never answer.
VOID = "void({})"


@dataclass
class Admin:
    """A browser tab on the admin, and the app at the other end."""

    origin: str
    guest: Guest
    page: Page

    def open(self, path: str = "") -> FrameLocator:
        """Opens the app at a path; gives the inside of the frame."""
        self.page.goto(f"{self.origin}/store/alpha/apps/{CLIENT_ID}{path}")
        inside = self.page.frame_locator("iframe")
        expect(inside.get_by_role("heading", name="Guest")).to_be_visible()
        return inside

    def run(self, script: str) -> Any:
        """Runs a script inside the frame."""
        return self.page.frames[1].evaluate(script)

    def values(self) -> Any:
        """What the settings form would send."""
        return self.run("Object.fromEntries(new FormData(document.getElementById('settings')))")


@pytest.fixture
def admin(page: Page) -> Iterator[Admin]:
    shopify_socket, shopify = free_socket()
    app_socket, app_url = free_socket()
    store = Store()
    seed(store)
    settings = Settings(app=load_app(app_url=app_url, client_id=CLIENT_ID), origin=shopify)
    application = build(settings, store)
    world = application.state.world
    world.install(ALPHA, client_id=CLIENT_ID, scopes=world.app.required_scopes)
    guest = Guest(shopify)
    with ExitStack() as stack:
        stack.enter_context(served(application, shopify_socket))
        stack.enter_context(served(guest.application, app_socket))
        yield Admin(shopify, guest, page)


def test_the_apps_menu_appears_in_the_admin_and_moves_the_frame(admin: Admin) -> None:
    inside = admin.open()
    side = admin.page.get_by_role("navigation", name="Admin")
    expect(side.get_by_role("link", name="Records")).to_be_visible()
    side.get_by_role("link", name="Settings").click()
    expect(inside.get_by_label("Host")).to_be_visible()
    admin.page.wait_for_url("**/app/settings")
    admin.page.reload()
    expect(inside.get_by_label("Host")).to_be_visible()


def test_a_plain_link_comes_back_over_the_bounce_page_with_a_token(admin: Admin) -> None:
    inside = admin.open()
    inside.get_by_text("To the settings").click()
    expect(inside.get_by_label("Host")).to_be_visible()
    admin.page.wait_for_url("**/app/settings?step=2")


def test_a_link_to_the_admin_leaves_the_frame(admin: Admin) -> None:
    admin.open().get_by_text("Orders in the admin").click()
    admin.page.wait_for_url("**/store/alpha/orders")


def test_fetch_carries_the_id_token_and_tries_again_once(admin: Admin) -> None:
    admin.open()
    assert admin.run("fetch('/api').then((answer) => answer.json())") == {"calls": 2}
    assert all(seen.startswith("Bearer ey") for seen in admin.guest.seen)
    old = "new Promise((ok) => { const r = new XMLHttpRequest(); r.open('POST', '/api');"
    assert admin.run(f"{old} r.onload = () => ok(r.status); r.send(''); }})") == 200
    assert admin.guest.seen[-1].startswith("Bearer ey")


def test_the_server_can_ask_for_the_top_window(admin: Admin) -> None:
    admin.open()
    admin.run(VOID.format("fetch('/api?leave=1')"))
    admin.page.wait_for_url("**/store/alpha/apps")


def test_a_changed_form_shows_the_save_bar_and_discard_brings_the_values_back(admin: Admin) -> None:
    inside = admin.open("/app/settings")
    inside.get_by_label("Host").fill("other.example")
    bar = admin.page.get_by_role("region", name="Unsaved changes")
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Discard").click()
    admin.page.get_by_role("dialog").get_by_role("button", name="Discard").click()
    expect(bar).to_be_hidden()
    expect(inside.get_by_label("Host")).to_have_value("erp.example")


def test_save_submits_the_form(admin: Admin) -> None:
    inside = admin.open("/app/settings")
    admin.run("document.addEventListener('submit', (e) => { e.preventDefault(); window.sent = true; })")
    inside.get_by_label("Host").fill("other.example")
    bar = admin.page.get_by_role("region", name="Unsaved changes")
    bar.get_by_role("button", name="Save").click()
    expect(bar).to_be_hidden()
    assert admin.run("window.sent") is True


def test_leaving_with_unsaved_changes_is_asked_about(admin: Admin) -> None:
    inside = admin.open("/app/settings")
    inside.get_by_label("Host").fill("other.example")
    expect(admin.page.get_by_role("region", name="Unsaved changes")).to_be_visible()
    admin.page.get_by_role("link", name="Records").click()
    question = admin.page.get_by_role("dialog")
    question.get_by_role("button", name="Stay").click()
    expect(inside.get_by_label("Host")).to_have_value("other.example")
    admin.page.get_by_role("link", name="Records").click()
    question.get_by_role("button", name="Leave page").click()
    admin.page.wait_for_url("**/app/records")


def test_fields_are_members_of_their_form_and_usable_by_keyboard(admin: Admin) -> None:
    inside = admin.open("/app/settings")
    start = {
        "host": "erp.example",
        "days": "14",
        "tax": "b",
        "customers": "on",
        "winner": "erp",
    }
    assert admin.values() == start
    inside.get_by_label("Flow").focus()
    admin.page.keyboard.press("Space")
    inside.get_by_label("ERP").focus()
    admin.page.keyboard.press("ArrowDown")
    inside.get_by_label("Tax").select_option("a")
    inside.get_by_label("Days").fill("30")
    assert admin.values() == start | {"flow": "yes", "winner": "shop", "tax": "a", "days": "30"}
    admin.run("document.getElementById('settings').reset()")
    assert admin.values() == start


def test_a_required_field_keeps_the_form_from_being_sent(admin: Admin) -> None:
    inside = admin.open("/app/settings")
    inside.get_by_label("Host").fill("")
    assert admin.run("document.getElementById('settings').checkValidity()") is False
    assert admin.run("document.querySelector('s-text-field').value") == ""


def test_a_modal_and_a_menu_open_and_close(admin: Admin) -> None:
    inside = admin.open("/app/settings")
    inside.get_by_role("button", name="Ask").click()
    expect(inside.get_by_role("dialog", name="Sure?")).to_be_visible()
    inside.get_by_role("button", name="Yes").click()
    expect(inside.get_by_role("dialog", name="Sure?")).to_be_hidden()
    inside.get_by_role("button", name="More").click()
    expect(inside.get_by_role("button", name="Replay")).to_be_focused()
    admin.page.keyboard.press("ArrowDown")
    expect(inside.get_by_role("button", name="Drop")).to_be_focused()
    admin.page.keyboard.press("Escape")
    expect(inside.get_by_role("button", name="Replay")).to_be_hidden()


def test_a_toast_and_the_loading_bar_show_in_the_admin(admin: Admin) -> None:
    admin.open()
    admin.run("shopify.toast.show('Saved')")
    expect(admin.page.get_by_text("Saved", exact=True)).to_be_visible()
    admin.run("shopify.loading(true)")
    expect(admin.page.locator("[data-progress][data-on]")).to_have_count(1)


def test_more_scopes_are_asked_of_the_person(admin: Admin) -> None:
    admin.open()
    admin.run(VOID.format("window.asked = shopify.scopes.request(['read_all_orders'])"))
    admin.page.get_by_role("dialog").get_by_role("button", name="Allow").click()
    assert admin.run("window.asked.then((one) => one.result)") == "granted-all"
    assert "read_all_orders" in admin.run("shopify.scopes.query().then((one) => one.granted)")


def test_outside_of_the_admin_the_page_goes_into_it(admin: Admin) -> None:
    admin.open()
    address = admin.page.frames[1].url
    admin.page.goto(address)
    admin.page.wait_for_url(f"{admin.origin}/store/alpha/apps/{CLIENT_ID}/app")


def test_a_narrow_screen_keeps_everything_within_its_width(admin: Admin) -> None:
    admin.page.set_viewport_size({"width": 390, "height": 800})
    admin.open("/app/settings")
    for width in (
        admin.run("document.documentElement.scrollWidth"),
        admin.page.evaluate("document.body.scrollWidth"),
    ):
        assert width <= 390
    admin.page.get_by_role("button", name="Menu").click()
    expect(admin.page.get_by_role("link", name="Records")).to_be_visible()
