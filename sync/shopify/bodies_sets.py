"""Amounts of REST bodies: the `*_set` objects with shop and presentment money."""

from __future__ import annotations

from sync.domain.money import Both
from sync.shopify.bodies_values import Drift, Json, pair


def both(node: Json, key: str) -> Both:
    """The amount under a key, in both currencies."""
    try:
        bag = node[key]
        shop, presentment = bag["shop_money"], bag["presentment_money"]
        return pair(
            shop["amount"], shop["currency_code"], presentment["amount"], presentment["currency_code"]
        )
    except (KeyError, TypeError, ValueError):
        raise Drift(key, "is not an amount in both currencies") from None


def both_or(node: Json, key: str, otherwise: Both) -> Both:
    """The amount, or another when it is absent or null."""
    return both(node, key) if node.get(key) is not None else otherwise


def duty_amount(node: Json) -> Both:
    """What a duty costs: its `price_set`, or the two moneys lying open in the duty itself."""
    return both(node, "price_set") if "price_set" in node else both({"shop_money": node}, "shop_money")
