"""Shopify's permission: what rests says so, one button grants what is missing, and a refusal stops nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from oauth.models import Installation, Shop
from sandbox.leashed import wait_until
from sync.state import jobs
from sync.state.models import Job, JobState, Lane
from tests.browser.conftest import Journey
from tests.browser.stack import ALPHA

pytestmark = pytest.mark.slow
PATIENCE_SECONDS = 20.0


def state_of(journey: Journey) -> str:
    with journey.stack.database.transaction() as session:
        return session.scalars(select(Shop.state).where(Shop.domain == ALPHA)).one()


def test_a_scope_that_was_taken_away_is_granted_again_with_one_button(at_work: Journey) -> None:
    stack, page = at_work.stack, at_work.page
    stack.control(f"/shops/{ALPHA}/scopes", revoke=["write_inventory"])
    assert wait_until(lambda: state_of(at_work) == Installation.SCOPES_MISSING, PATIENCE_SECONDS)
    inside = at_work.open("", heading="Home")
    expect(inside.get_by_text("Until it is granted, this rests: Stock to Shopify.")).to_be_visible()

    inside.get_by_text("Grant the permission").click()
    expect(page.get_by_role("heading", name="Concord asks for more access")).to_be_visible()
    page.get_by_role("button", name="Allow").click()
    at_work.arrived("Home")
    assert wait_until(lambda: state_of(at_work) == Installation.INSTALLED, PATIENCE_SECONDS)
    at_work.open("/settings", heading="Settings")
    expect(inside.get_by_text("Permissions that you may add")).to_be_visible()
    expect(inside.get_by_text("Grant the permission")).to_have_count(0)


def test_an_optional_permission_is_declined_and_later_allowed_where_it_is_missed(at_work: Journey) -> None:
    stack, page = at_work.stack, at_work.page
    with stack.database.transaction() as session:
        shop_id = session.scalars(select(Shop.id).where(Shop.domain == ALPHA)).one()
    with stack.database.transaction(shop_id=shop_id) as session:
        jobs.ask(
            session,
            shop_id=shop_id,
            flow="customer_push",
            record="gid://shopify/Customer/1",
            lane=Lane.ORDERS,
        )
        waiting = session.scalars(select(Job).where(Job.flow == "customer_push")).one()
        waiting.state, waiting.misses = JobState.HELD, "scope:read_customer_merge"
    inside = at_work.open("", heading="Home")
    expect(inside.get_by_text("1 record waits for a permission: Merged customers")).to_be_visible()
    allow = inside.get_by_label("Allow: Merged customers")
    allow.click()
    question = page.get_by_role("dialog")
    expect(question.get_by_text("View merged customers")).to_be_visible()
    question.get_by_role("button", name="Decline").click()
    at_work.told("Nothing was changed. You can allow it later.")
    expect(allow).to_be_visible()

    allow.click()
    question.get_by_role("button", name="Allow").click()
    at_work.told("Thank you. What waited for it goes on now.")
    at_work.arrived("Settings")
    expect(inside.get_by_label("Allow: Merged customers")).to_have_count(0)
    expect(inside.get_by_label("Allow: Payment terms")).to_be_visible()

    def is_released() -> bool:
        with stack.database.transaction(shop_id=shop_id) as session:
            return session.get_one(Job, waiting.id).state != JobState.HELD

    assert wait_until(is_released, PATIENCE_SECONDS)
