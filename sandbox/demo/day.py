"""The first day of trade: a dozen orders in each shop, chosen so that every cent has a way to go wrong.

It owns playing each order of `sandbox.demo.orders` once: one that carries its tag already was placed on an earlier run.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.demo.orders import ORDERS
from sandbox.demo.shopify import Control

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
        there = {tag: order for order in control.records(shop, "order") for tag in order["tags"]}
        for number, (what, spec) in enumerate(orders, 1):
            tag = f"{DAY_TAG}-{number:02}"
            order = there.get(tag)
            if order is None:
                if number % 3 == 0:
                    control.fault("duplicate", shop=shop, match="orders/create")
                order = control.place_order(shop, {**spec, "tags": [DAY_TAG, tag]})
                fresh += 1
            placed.append(Placed(shop, str(order["id"]), str(order["name"]), what))
    return placed, fresh
