"""Goods that left the ERP's warehouse are a fulfilment at Shopify: once, from the right place, with its tracking."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify.commands import cancellations, fulfilments
from sync.domain.feeds import Parcel, Quantity, ShipmentState
from sync.state import jobs
from sync.state.models import IntentState, JobState
from tests.flows import dying
from tests.flows.town import ALPHA, HARBOUR, HILL, Town

TENT, MUG, SPORK = "ALP-TENT-2P", "ALP-MUG", "ALP-SPORK"
HOLD = """mutation Hold($id: ID!) { fulfillmentOrderHold(id: $id,
  fulfillmentHold: {reason: OTHER, reasonNotes: "address unclear"}) { userErrors { message } } }"""
RELEASE = "mutation Release($id: ID!) { fulfillmentOrderReleaseHold(id: $id) { userErrors { message } } }"


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose products are linked and whose road of shipments is open."""
    town.set(roads={"shipments": "on"})
    town.link_products()
    return town


def made(town: Town, order: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in town.shopify_order(order["id"])["fulfillments"] if each["status"] != "CANCELLED"]


def pieces(fulfilment: dict[str, Any]) -> int:
    return sum(row["quantity"] for row in fulfilment["fulfillmentLineItems"])


def test_a_shipment_is_a_fulfilment_with_its_tracking(open_town: Town) -> None:
    town = open_town
    order = town.order((TENT, 1), (MUG, 2))
    town.ship("S1", order, (TENT, 1), (MUG, 2))
    town.rest()
    (one,) = made(town, order)
    assert pieces(one) == 3
    assert one["trackingInfo"][0]["number"] == "JD0001"
    assert [each.state for each in town.intents("shipment_pull")] == [IntentState.DONE]


def test_part_shipments_are_fulfilments_of_their_own(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 3))
    town.ship("S1", order, (MUG, 1))
    town.ship("S2", order, (MUG, 1), parcels=(Parcel("JD0002", "DHL"),))
    town.rest()
    assert sorted(pieces(each) for each in made(town, order)) == [1, 1]
    (part,) = town.shopify_order(order["id"])["fulfillmentOrders"]
    assert [row["remainingQuantity"] for row in part["lineItems"]] == [1]


def test_a_shipment_told_twice_is_one_fulfilment(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 3))
    town.ship("S1", order, (MUG, 1))
    town.rest()
    town.ship("S1", order, (MUG, 1))
    town.rest()
    assert [pieces(each) for each in made(town, order)] == [1]


def test_a_fulfilment_of_ours_is_not_told_back_to_the_erp(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    town.ship("S1", order, (MUG, 1))
    town.rest()
    assert town.books.shipments == {}
    (link,) = town.links("shipment")
    assert (
        link.shopify_gid
        == f"{order['id'].rpartition('/')[2]}/F{made(town, order)[0]['id'].rpartition('/')[2]}"
    )


def test_a_shipment_that_came_from_shopify_is_not_carried_back(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    number = order["id"].rpartition("/")[2]
    town.ship("S1", order, (MUG, 1), reference=f"{number}/F77")
    town.rest()
    assert made(town, order) == []
    assert town.jobs("shipment_pull") == []


def test_goods_that_shopify_expects_elsewhere_are_moved_first(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.ship("S1", order, (MUG, 2), warehouse=HILL)
    town.rest()
    (one,) = made(town, order)
    assert one["locationId"] == town.locations[1]


def test_a_hold_is_respected_and_its_release_lets_the_shipment_go(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    part = order["fulfillmentOrders"][0]["id"]
    town.admin(HOLD, id=part)
    town.ship("S1", order, (MUG, 1))
    town.rest()
    assert made(town, order) == []
    (held,) = town.jobs("shipment_pull", JobState.HELD)
    assert "address unclear" in held.reason
    town.admin(RELEASE, id=part)
    town.rest()
    assert [pieces(each) for each in made(town, order)] == [1]


def test_more_than_is_left_is_refused_and_nothing_is_made(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    town.ship("S1", order, (MUG, 5))
    town.rest()
    assert made(town, order) == []
    (dead,) = town.jobs("shipment_pull", JobState.DEAD)
    assert "more than Shopify has left" in dead.reason


def test_what_a_person_fulfilled_by_hand_is_only_linked(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    fulfilments.create(town.stage.store, ALPHA, order["id"], lines={MUG: 2}, tracking={"number": "JD0001"})
    town.ship("S1", order, (MUG, 2))
    town.rest()
    assert len(made(town, order)) == 1
    assert town.sentences("shipment_pull")[-1].startswith("It was fulfilled at Shopify already")


def test_a_cancelled_order_that_the_erp_ships_needs_a_person(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    cancellations.cancel(town.stage.store, ALPHA, order["id"])
    town.ship("S1", order, (MUG, 1))
    town.rest()
    (dead,) = town.jobs("shipment_pull", JobState.DEAD)
    assert "cancelled at Shopify" in dead.reason


def test_new_tracking_replaces_the_old_one(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    town.ship("S1", order, (MUG, 1), parcels=())
    town.rest()
    town.ship("S1", order, (MUG, 1), parcels=(Parcel("JD0009", "DHL"),))
    town.rest()
    (one,) = made(town, order)
    assert [each["number"] for each in one["trackingInfo"]] == ["JD0009"]


def test_a_shipment_that_is_called_off_cancels_its_fulfilment(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    town.ship("S1", order, (MUG, 1))
    town.rest()
    town.ship("S1", order, (MUG, 1), state=ShipmentState.CANCELLED)
    town.rest()
    assert made(town, order) == []


def test_what_happened_before_the_road_was_opened_stays_as_it_is(town: Town) -> None:
    town.link_products()
    order = town.order((MUG, 1))
    town.ship("S1", order, (MUG, 1))
    town.set(roads={"shipments": "on"})
    town.rest()
    assert made(town, order) == []
    town.ship("S2", order, (MUG, 1))
    town.rest()
    assert len(made(town, order)) == 1


def test_a_lost_answer_makes_no_second_fulfilment(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 4))
    town.ship("S1", order, (MUG, 1), parcels=())
    town.stage.world.faults.add({"kind": "cut", "target": "graphql", "match": "FulfillmentCreate"})
    town.rest()
    assert [pieces(each) for each in made(town, order)] == [1]
    town.ship("S2", order, (MUG, 1), parcels=())
    town.rest()
    assert [pieces(each) for each in made(town, order)] == [1, 1]


@pytest.mark.parametrize(
    ("pieces", "says"),
    [(-1, "-1 pieces"), (0, "no goods"), (10**15, "more than Shopify has left")],
)
def test_absurd_quantities_are_refused_and_nothing_is_made(open_town: Town, pieces: int, says: str) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.ship("S1", order, (MUG, pieces))
    town.rest()
    (dead,) = town.jobs("shipment_pull", JobState.DEAD)
    assert says in dead.reason
    assert town.shopify_order(order["id"])["fulfillments"] == []
    assert town.intents("shipment_pull") == []


def test_a_product_that_nobody_knows_holds_the_shipment(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.ship("S1", order, (MUG, 1), lines=(Quantity("I999", Decimal(1)),))
    town.rest()
    (held,) = town.jobs("shipment_pull", JobState.HELD)
    assert "I999" in held.reason
    assert town.intents("shipment_pull") == []


def test_goods_from_a_warehouse_without_a_location_wait_until_it_has_one(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 1))
    town.ship("S1", order, (MUG, 1), warehouse="W9")
    town.rest()
    assert made(town, order) == []
    (held,) = town.jobs("shipment_pull", JobState.HELD)
    assert (held.fault_code, "W9" in held.reason) == ("warehouse_unmapped", True)
    town.publish(warehouses={town.locations[0]: (HARBOUR, "W9")})
    assert len(made(town, order)) == 1


def test_a_number_without_a_carrier_waits_until_somebody_says_who_carries_it(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.ship("S1", order, (MUG, 1), parcels=(Parcel("JD0001"),))
    town.rest()
    (held,) = town.jobs("shipment_pull", JobState.HELD)
    assert "not who carries the parcel" in held.reason
    assert made(town, order) == []
    town.set(shipments={"carriers": {"": ["GLS"]}})
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        jobs.release(session, misses=["policies"])
    town.rest()
    assert made(town, order)[0]["trackingInfo"][0]["company"] == "GLS"


def test_carriers_are_told_in_shopifys_words_with_an_address(open_town: Town) -> None:
    town = open_town
    order = town.order((MUG, 2))
    town.set(shipments={"carriers": {"House Bike": ["Harbour Bikes", "https://bikes.example/?p={number}"]}})
    town.ship("S1", order, (MUG, 1), parcels=(Parcel("A 1", "house bike"), Parcel("A2", "House Bike")))
    town.ship("S2", order, (MUG, 1), parcels=(Parcel("1Z9", "ups"),))
    town.rest()
    told = {
        each["number"]: (each["company"], each["url"])
        for one in made(town, order)
        for each in one["trackingInfo"]
    }
    assert told["A 1"] == ("Harbour Bikes", "https://bikes.example/?p=A%201")
    assert told["A2"] == ("Harbour Bikes", "https://bikes.example/?p=A2")
    assert told["1Z9"][0] == "UPS"


@dataclass(frozen=True)
class Shipped:
    """Pieces that are to be a fulfilment exactly once."""

    town: Town
    order: str
    pieces: int

    def check(self, what: str) -> None:
        """One fulfilment of so many pieces, not told back to the ERP, nothing begun and left."""
        found = self.town.shopify_order(self.order)["fulfillments"]
        assert [pieces(each) for each in found] == [self.pieces], what
        assert self.town.books.shipments == {}, f"told back to the ERP: {what}"
        dying.nothing_open(self.town, what)


def shipped(town: Town, turn: int, warehouse: str) -> Shipped:
    """The ERP ships a part of a new order, or all of it."""
    order = town.order((SPORK, 2))
    count = 1 + turn % 2
    town.ship(f"S{turn}", order, (SPORK, count), warehouse=warehouse, parcels=())
    return Shipped(town, order["id"], count)


@pytest.mark.slow
@pytest.mark.parametrize("warehouse", [HARBOUR, HILL])
def test_a_process_that_dies_at_any_moment_ships_once(open_town: Town, warehouse: str) -> None:
    moments = dying.at_every_moment(open_town, lambda turn: shipped(open_town, turn, warehouse))
    assert moments > 20


@pytest.mark.slow
@pytest.mark.parametrize(("way", "warehouse"), [("shopify", HARBOUR), ("shopify", HILL), ("erp", HARBOUR)])
def test_losing_any_single_answer_ships_once(open_town: Town, way: str, warehouse: str) -> None:
    calls = dying.losing_every_answer(open_town, way, lambda turn: shipped(open_town, turn, warehouse))
    assert calls > (3 if way == "shopify" else 0)
