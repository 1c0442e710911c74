"""Pieces that many webhook bodies share: money, times, addresses, taxes and discounts in their REST form.

It owns that form. Bodies are put together from these pieces and from stored documents; nothing is computed here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.shopify.documents import moment, number
from sandbox.shopify.money import fixed
from sandbox.shopify.store import Document, Store


def money_set(bag: Document | None) -> Document | None:
    """A MoneyBag in its REST form."""
    if bag is None:
        return None
    return {
        side: _money(bag[camel])
        for side, camel in (("shop_money", "shopMoney"), ("presentment_money", "presentmentMoney"))
    }


def _money(money: Document) -> Document:
    return {"amount": fixed(money["amount"], money["currencyCode"]), "currency_code": money["currencyCode"]}


def unsettled_set(bag: Document) -> Document:
    """A MoneyBag as transactions write it: the currency has another name there."""
    return {
        side: {"amount": one["amount"], "currency": one["currency_code"]}
        for side, one in (money_set(bag) or {}).items()
    }


def shop_amount(bag: Document) -> str:
    """The shop money of a MoneyBag as a string."""
    return fixed(bag["shopMoney"]["amount"], bag["shopMoney"]["currencyCode"])


def both(name: str, bag: Document) -> Document:
    """`name` and `name_set`."""
    return {name: shop_amount(bag), f"{name}_set": money_set(bag)}


class Clock:
    """Writes times with the offset of the shop's place."""

    def __init__(self, store: Store, shop: str) -> None:
        home = store.view(shop, "shop", shop) or {}
        self._zone = ZoneInfo(home.get("ianaTimezone", "UTC"))

    def __call__(self, text: str | None) -> str | None:
        return self.local(moment(text)) if text else None

    def local(self, at: datetime) -> str:
        """A moment as `2026-11-20T05:00:00-05:00`."""
        return at.astimezone(self._zone).isoformat(timespec="seconds")


def id_of(global_id: str | None) -> int | None:
    """The number in a global id."""
    return number(global_id) if global_id else None


def address(document: Document | None) -> Document | None:
    """An order's address."""
    if document is None:
        return None
    return {
        "first_name": document["firstName"],
        "address1": document["address1"],
        "phone": document["phone"],
        "city": document["city"],
        "zip": document["zip"],
        "province": document["province"],
        "country": document["country"],
        "last_name": document["lastName"],
        "address2": document["address2"],
        "company": document["company"],
        "latitude": document["latitude"],
        "longitude": document["longitude"],
        "name": document["name"],
        "country_code": document["countryCodeV2"],
        "province_code": document["provinceCode"],
    }


def tax_lines(lines: list[Document]) -> list[Document]:
    """Tax lines."""
    return [
        {
            **both("price", line["priceSet"]),
            "rate": line["rate"],
            "title": line["title"],
            "channel_liable": bool(line["channelLiable"]),
        }
        for line in lines
    ]


def discount_allocations(allocations: list[Document]) -> list[Document]:
    """Discount allocations; the application is named by its place in the order's list."""
    return [
        {
            **both("amount", one["allocatedAmountSet"]),
            "discount_application_index": one["discountApplication"]["index"],
        }
        for one in allocations
    ]


def discount_applications(applications: list[Document]) -> list[Document]:
    """Discount applications."""
    return [_application(one) for one in applications]


def _application(one: Document) -> Document:
    value = one["value"]
    is_percentage = value["__typename"] == "PricingPercentageValue"
    told: dict[str, Any] = {
        "target_type": one["targetType"].lower(),
        "type": "discount_code" if "code" in one else "manual",
        "value": str(value["percentage"] if is_percentage else value["amount"]),
        "value_type": "percentage" if is_percentage else "fixed_amount",
        "allocation_method": one["allocationMethod"].lower(),
        "target_selection": one["targetSelection"].lower(),
    }
    if "code" in one:
        return {**told, "code": one["code"]}
    return {**told, "title": one["title"], "description": one["description"]}


def duties(documents: list[Document]) -> list[Document]:
    """The duties of a line."""
    return [
        {
            "id": id_of(one["id"]),
            "harmonized_system_code": one["harmonizedSystemCode"],
            "country_code_of_origin": one["countryCodeOfOrigin"],
            "price_set": money_set(one["price"]),
            "tax_lines": tax_lines(one["taxLines"]),
            "admin_graphql_api_id": one["id"],
        }
        for one in documents
    ]
