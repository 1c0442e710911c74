"""The present state of products: what they are, what they cost, how many there are in each warehouse of the shop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kit import clock
from sync.connectors.base import Change, Feed
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.shop import WebShop
from sync.domain.money import digits

SALABLE = [["salable", "=", True], ["active", "in", [True, False]]]
PRODUCT = "product.product"
PRODUCT_FIELDS = ("code", "name", "active", "identifiers.code", "last_modified_at")
PRICE_FIELDS = ("code", "list_price_used", "account_category", "last_modified_at")
STOCK_FIELDS = ("code", "type", "quantity")


def products(client: Client, ids: Sequence[int]) -> list[Change]:
    """What the products are."""
    rows = _read(client, ids, PRODUCT_FIELDS)
    return [
        _change(
            Feed.PRODUCTS,
            row,
            changed_at=row["last_modified_at"],
            name=row["name"],
            barcodes=[each["code"] for each in row["identifiers"]],
            is_active=row["active"],
        )
        for row in rows
    ]


def prices(client: Client, shop: WebShop, ids: Sequence[int]) -> list[Change]:
    """List prices, as Tryton keeps them and with the taxes that the product's category names."""
    rows = [row for row in _read(client, ids, PRICE_FIELDS) if row["list_price_used"] is not None]
    rates = _rates(client, {row["account_category"] for row in rows if row["account_category"]})
    step = Decimal(1).scaleb(-digits(shop.currency))
    return [
        _change(
            Feed.PRICES,
            row,
            changed_at=row["last_modified_at"],
            price=row["list_price_used"],
            gross_price=(
                row["list_price_used"] * (1 + rates.get(row["account_category"], Decimal(0)))
            ).quantize(step, ROUND_HALF_UP),
            currency=shop.currency,
        )
        for row in rows
    ]


def stock(client: Client, shop: WebShop, ids: Sequence[int]) -> list[Change]:
    """Quantities in each warehouse of the shop, now."""
    if not ids:
        return []
    found: list[Change] = []
    at = clock.now()
    today = at.date()
    for warehouse in _warehouses(client, shop):
        place = {"locations": [warehouse], "stock_date_end": today, "with_childs": True}
        on_hand = _read(client, ids, STOCK_FIELDS, context=place)
        free = {
            row["id"]: row["quantity"] for row in _read(client, ids, STOCK_FIELDS, context=_assigned(place))
        }
        for row in on_hand:
            if row["type"] == "goods":
                found.append(
                    _change(
                        Feed.STOCK,
                        row,
                        changed_at=at,
                        warehouse=str(warehouse),
                        on_hand=Decimal(row["quantity"]),
                        available=Decimal(free[row["id"]]),
                    )
                )
    return found


def _assigned(context: Mapping[str, Any]) -> dict[str, Any]:
    """The same place, with what is assigned to somebody counted as gone."""
    return {**context, "stock_assign": True}


def _read(
    client: Client, ids: Sequence[int], fields: Sequence[str], *, context: Mapping[str, Any] | None = None
) -> list[Row]:
    if not ids:
        return []
    domain = [["id", "in", list(ids)], ["active", "in", [True, False]]]
    return client.search(PRODUCT, domain, fields, context=context)


def _rates(client: Client, categories: set[int]) -> dict[int, Decimal]:
    """The sum of the percentages that each account category charges."""
    if not categories:
        return {}
    domain = [["id", "in", sorted(categories)]]
    rows = client.search("product.category", domain, ["customer_taxes.rate"])
    return {
        row["id"]: sum((tax["rate"] or Decimal(0) for tax in row["customer_taxes"]), Decimal(0))
        for row in rows
    }


def _warehouses(client: Client, shop: WebShop) -> list[int]:
    """The warehouses of the web shop; all of them when it names none."""
    row = client.get("web.shop", shop.id, ["warehouses"])
    named: list[int] = row["warehouses"] if row else []
    if named:
        return named
    return [each["id"] for each in client.search("stock.location", [["type", "=", "warehouse"]], ["id"])]


def _change(feed: Feed, row: Row, *, changed_at: datetime, **values: Any) -> Change:
    item = str(row["id"])
    where = f"@{values['warehouse']}" if "warehouse" in values else ""
    return Change(
        feed=feed,
        erp_id=item + where,
        changed_at=changed_at,
        values={"item": item, "code": row["code"] or "", **values},
    )
