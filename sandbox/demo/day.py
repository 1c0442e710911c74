"""The first day of trade: a dozen orders in each shop, chosen so that every cent has a way to go wrong.

It owns playing each order of `sandbox.demo.orders` once: one that carries its tag already was placed on an earlier run.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.demo.orders import ORDERS
from sandbox.demo.shopify import Control, Document

DAY_TAG = "first-day"


@dataclass(frozen=True)
class Placed:
    """An order of the day as Shopify has it."""

    shop: str
    gid: str
    name: str
    what: str


def play(control: Control) -> tuple[list[Placed], int]:
    """Places what is not there yet, every third delivery doubled. Gives all orders of the day and how many are new."""
    placed, fresh = [], 0
    for shop, orders in ORDERS.items():
        tags = [f"{DAY_TAG}-{number:02}" for number in range(1, len(orders) + 1)]
        there = _by_tag(control, shop)
        for number, (tag, (_, spec)) in enumerate(zip(tags, orders, strict=True), 1):
            if tag not in there:
                if number % 3 == 0:
                    control.fault("duplicate", shop=shop, match="orders/create")
                control.place_order(shop, {**spec, "tags": [DAY_TAG, tag]})
                fresh += 1
        if fresh:
            there = _by_tag(control, shop)
        placed += [
            Placed(shop, there[tag]["id"], there[tag]["name"], what)
            for tag, (what, _) in zip(tags, orders, strict=True)
        ]
    return placed, fresh


def _by_tag(control: Control, shop: str) -> dict[str, Document]:
    return {tag: order for order in control.records(shop, "order") for tag in order["tags"]}
