"""Who is to blame: what goes wrong at Shopify is never held against the ERP."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from sync.state.models import JobState
from sync.state.settings_models import Breaker
from tests.flows.town import Town

LONG = 400  # calls to Shopify that fail, more than any test makes


def failures(town: Town) -> list[int]:
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        return list(session.scalars(select(Breaker.failures).where(Breaker.failures > 0)))


@pytest.mark.parametrize("record", ["shop", "gid://shopify/Product/1"], ids=["all products", "one product"])
def test_a_shopify_that_is_down_does_not_open_the_breaker_of_the_erp(town: Town, record: str) -> None:
    town.stage.shopify.plan.extend(["down"] * LONG)
    town.ask("product_pull", record)
    town.rest()
    (job,) = town.jobs("product_pull", JobState.READY)
    assert job.attempts >= 5, "often enough to open it"
    assert failures(town) == []


def test_an_order_that_must_be_read_again_at_a_shopify_that_is_down_leaves_the_erp_in_peace(
    town: Town,
) -> None:
    for product in town.books.products.values():
        if product["code"] == "ALP-MUG":
            product["code"] = (
                "OTHER"  # only its barcode tells it now, and that is not in the body of a webhook
            )
    town.stage.shopify.plan.extend(["down"] * LONG)
    town.order(("ALP-MUG", 1))
    (job,) = town.jobs("order_push", JobState.READY)
    assert job.attempts >= 5
    assert failures(town) == []
    town.stage.shopify.plan.clear()
    town.rest(seconds=900)
    assert town.jobs("order_push", JobState.READY) == []
    assert len(town.books.documents) == 1
