"""The comparison with Shopify finds what was never told, also within the second of a change that was."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.commands import orders
from tests.flows.town import ALPHA, Town

MUG = "ALP-MUG"
ROUND_SECONDS = 660.0  # a little more than the clock leaves between two comparisons


def paid(town: Town, order: dict[str, Any]) -> int:
    """How many payments of this order the ERP has."""
    number = order["id"].rpartition("/")[2]
    return sum(each["origin"] == number for each in town.books.payments.values())


def unpaid_order(town: Town) -> dict[str, Any]:
    return town.order((MUG, 2), financial_state="pending")


def hear(town: Town) -> None:
    """Deliveries travel and jobs run, all at this very second."""
    town.stage.world.sender.deliver_due()
    town.stage.engine.process_deliveries()
    town.stage.engine.run_jobs(limit=100)


def pay_untold(town: Town, order: dict[str, Any]) -> None:
    town.stage.world.faults.add({"kind": "drop", "times": 3})
    orders.pay(town.stage.store, ALPHA, order["id"])
    town.stage.world.sender.deliver_due()
    town.stage.world.faults.clear()


def test_a_payment_that_was_never_told_is_found(town: Town) -> None:
    order = unpaid_order(town)
    pay_untold(town, order)
    assert paid(town, order) == 0
    town.rest(seconds=ROUND_SECONDS)
    assert paid(town, order) == 1


def test_a_payment_within_the_second_of_a_change_that_was_read_is_found(town: Town) -> None:
    order = unpaid_order(town)
    orders.update(town.stage.store, ALPHA, order["id"], {"note": "Ring twice"})
    hear(town)
    pay_untold(town, order)
    town.rest(seconds=ROUND_SECONDS)
    assert paid(town, order) == 1


def test_a_payment_within_the_second_of_a_change_whose_telling_came_late_is_found(town: Town) -> None:
    order = unpaid_order(town)
    town.stage.world.faults.add({"kind": "delay", "times": 1, "seconds": 5})
    orders.update(town.stage.store, ALPHA, order["id"], {"note": "Ring twice"})
    town.stage.world.sender.deliver_due()
    pay_untold(town, order)
    town.clock.move(5)
    hear(town)
    town.rest(seconds=ROUND_SECONDS)
    assert paid(town, order) == 1


def test_an_order_that_is_known_is_not_read_again(town: Town) -> None:
    order = unpaid_order(town)
    town.rest(seconds=ROUND_SECONDS)
    before = len(town.jobs("order_push"))
    town.rest(seconds=ROUND_SECONDS)
    assert len(town.jobs("order_push")) == before
    assert paid(town, order) == 0
