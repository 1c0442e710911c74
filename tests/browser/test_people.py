"""People: their data, their way back, their keyboard, their phone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Journey
from tests.browser.stack import ALPHA, ERP_KEY

pytestmark = pytest.mark.slow
NORA = "nora.fields@example.com"
LOOKS = 20
SCREENS = {
    "": "Home",
    "/records": "Records",
    "/issues": "Issues",
    "/jobs": "Work that is owed",
    "/deliveries": "Deliveries from Shopify",
    "/connection": "Connection",
    "/mappings": "Mappings",
    "/mappings/taxes": "Taxes",
    "/mappings/services": "Money that is not goods",
    "/mappings/products": "Products",
    "/mappings/customers": "Customers",
    "/mappings/fields": "Order fields",
    "/mappings/fields/new": "New order field",
    "/policies": "Policies",
    "/activity": "Activity",
    "/audit": "Audit log",
    "/roads": "From your ERP to Shopify",
    "/differences": "Differences",
    "/settings": "Settings",
    "/privacy": "Privacy requests",
}


def test_a_data_request_ends_as_a_file_in_the_owners_hands(at_work: Journey, tmp_path: Path) -> None:
    stack = at_work.stack
    placed = stack.order(email=NORA, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    stack.control(
        f"/shops/{ALPHA}/privacy/data-request",
        customer={"id": 7, "email": NORA},
        orders=[int(placed["number"])],
    )
    inside = at_work.open("/privacy", heading="Privacy requests")
    button = inside.get_by_role("button", name="Download the file")
    for _ in range(LOOKS):
        if button.count():
            break
        at_work.open("/privacy", heading="Privacy requests")
    with at_work.page.expect_download() as started:
        button.click()
    path = tmp_path / "file.json"
    started.value.save_as(path)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["shop"] == ALPHA
    assert any(NORA in json.dumps(part) for part in told["received"])
    at_work.open("/audit", heading="Audit log")
    expect(inside.get_by_text("Privacy file opened")).to_be_visible()


def test_a_shop_that_left_comes_back_to_everything_as_it_was(at_work: Journey) -> None:
    page, stack = at_work.page, at_work.stack
    stack.order(email=NORA, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    inside = at_work.open("/records?tab=synced", heading="Records")
    expect(inside.get_by_text("Order #1001")).to_be_visible()
    stack.control(f"/shops/{ALPHA}/uninstall")
    page.goto(stack.link())
    page.get_by_role("button", name="Install").click()
    at_work.arrived("Home")
    at_work.menu("Connection")
    at_work.arrived("Connection")
    expect(inside.get_by_text("Connected", exact=True)).to_be_visible()
    stack.order(email=NORA, lines=[{"sku": "ALP-MUG", "quantity": 2}])
    at_work.open("/records?search=1002", heading="Records")
    inside.get_by_text("Order #1002").click()
    expect(inside.get_by_text("In sync")).to_be_visible()


def test_a_permission_that_was_taken_away_comes_back_with_the_next_installation(at_work: Journey) -> None:
    page, stack = at_work.page, at_work.stack
    stack.control(f"/shops/{ALPHA}/scopes", revoke=["read_returns"])
    inside = at_work.open("/settings", heading="Settings")
    warning = inside.get_by_text("read_returns")
    for _ in range(LOOKS):
        if warning.count():
            break
        at_work.open("/settings", heading="Settings")
    expect(warning).to_be_visible()
    stack.control(f"/shops/{ALPHA}/uninstall")
    page.goto(stack.link())
    page.get_by_role("button", name="Install").click()
    at_work.arrived("Home")
    at_work.menu("Settings")
    at_work.arrived("Settings")
    expect(inside.get_by_text("permission is not complete")).to_have_count(0)


def test_a_large_refund_is_paid_out_once_two_people_agree(at_work: Journey) -> None:
    page, stack = at_work.page, at_work.stack
    placed = stack.order(email=NORA, lines=[{"sku": "ALP-MUG", "quantity": 1}])
    inside = at_work.open("/records?tab=synced", heading="Records")
    expect(inside.get_by_text("Order #1001")).to_be_visible()
    stack.act("/settings/owners", owner_refund="erp")
    stack.act("/roads", road_refunds="on", per_refund="0", per_day="0", two_persons_above="5")
    stack.credit("C1", placed, "10.00")
    agree = inside.get_by_role("button", name="Agree", exact=True)

    def look() -> None:
        at_work.open("/records?tab=held", heading="Records")
        inside.get_by_text("Credit note").first.click()
        at_work.arrived("Credit note")

    look()
    agree.first.click()
    at_work.dialog("Agree to this refund?").get_by_role("button", name="Agree").click()
    at_work.told("You agreed. It goes on.")
    people = page.get_by_label("Staff member")
    bo = next(text for text in people.locator("option").all_inner_texts() if "Bo" in text)
    with page.expect_navigation():
        people.select_option(label=bo)
    look()
    expect(agree).to_have_count(0)
    stack.permit_second_person("may_refund")
    look()
    agree.first.click()
    at_work.dialog("Agree to this refund?").get_by_role("button", name="Agree").click()
    at_work.told("You agreed. It goes on.")
    expect(inside.get_by_text("10.00 USD refunded for CN-C1.").first).to_be_visible()


def test_menu_back_and_reload_keep_the_place(at_work: Journey) -> None:
    page = at_work.page
    inside = at_work.open("", heading="Home")
    at_work.menu("Issues")
    at_work.arrived("Issues")
    at_work.menu("Settings")
    at_work.arrived("Settings")
    page.go_back()
    at_work.arrived("Issues")
    page.reload()
    at_work.arrived("Issues")
    inside.get_by_text("Ignored").first.click()
    expect(inside.get_by_text("Nothing is ignored")).to_be_visible()
    page.reload()
    expect(inside.get_by_text("Nothing is ignored")).to_be_visible()


def test_everything_can_be_done_with_the_keyboard_alone(journey: Journey) -> None:
    page, stack = journey.page, journey.stack
    stack.control(f"/shops/{ALPHA}/install")
    inside = journey.open("/connection", heading="Connection")
    inside.get_by_label("Address").focus()
    page.keyboard.type(stack.erp)
    page.keyboard.press("Tab")
    page.keyboard.type(ERP_KEY)
    page.keyboard.press("Enter")
    journey.told("Connected to ERP stand-in")
    pause = inside.get_by_role("button", name="Pause")
    pause.focus()
    page.keyboard.press("Enter")
    dialog = journey.dialog("Pause the connection?")
    question = dialog.get_by_text("Nothing is written to ERP stand-in until you resume.")
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(inside.get_by_role("button", name="Resume")).to_have_count(0)
    pause.focus()
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Enter")
    journey.told("The connection is paused.")
    expect(inside.get_by_text("Paused by a person")).to_be_visible()


def test_no_screen_is_wider_than_a_phone(at_work: Journey) -> None:
    at_work.page.set_viewport_size({"width": 390, "height": 844})
    at_work.stack.order(email=NORA, lines=[{"title": "Engraving", "price": "12.00", "quantity": 1}])
    wide = []
    for path, heading in SCREENS.items():
        at_work.open(path, heading=heading)
        frame = at_work.page.frames[1]
        if frame.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []
