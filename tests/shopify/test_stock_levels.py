"""The stock of many items is read for the points of one page, and an item that a search does not know is not lost."""

from __future__ import annotations

from typing import Any

from sync.shopify import stock
from sync.state.models import Lane
from tests.shopify.script import Script, answered, client

PLACE = "gid://shopify/Location/1"


def gid(number: int) -> str:
    return f"gid://shopify/InventoryItem/{number}"


def node(number: int) -> dict[str, Any]:
    level = {"id": f"L{number}", "isActive": True, "quantities": [{"name": "available", "quantity": number}]}
    return {"id": gid(number), "sku": f"S{number}", "tracked": True, "inventoryLevel": level}


def test_many_items_are_searched_for_and_what_was_not_found_is_asked_for_by_its_id() -> None:
    wanted = range(1, stock.FEW + 3)
    found = [node(number) for number in wanted if number != 5]
    script = Script([answered({"inventoryItems": {"nodes": found}}), answered({"nodes": [node(5)]})])
    levels = stock.levels(client(script), [gid(number) for number in wanted], PLACE, lane=Lane.STOCK)
    assert {item: level.available for item, level in levels.items()} == {gid(each): each for each in wanted}
    assert script.sent(0)["variables"]["query"] == " OR ".join(f"id:{number}" for number in wanted)
    assert script.sent(0)["variables"]["first"] == len(wanted)
    assert script.sent(1)["variables"]["items"] == [gid(5)]


def test_an_item_that_shopify_does_not_have_is_not_in_the_answer() -> None:
    script = Script([answered({"nodes": [node(1), None]})])
    assert stock.levels(client(script), [gid(1), gid(2)], PLACE, lane=Lane.STOCK).keys() == {gid(1)}
