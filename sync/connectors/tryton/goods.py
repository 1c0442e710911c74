"""The present state of products: what they are, what they cost, how many there are in each warehouse of the shop."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kit import clock
from sync.connectors.base import Change, Feed
from sync.connectors.tryton.carving import MOVE, SHIPMENT
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.shipments import OPEN
from sync.connectors.tryton.shop import WebShop
from sync.domain.feeds import PriceTold, ProductTold, StockTold
from sync.domain.money import Money, digits

SALABLE = [["salable", "=", True], ["active", "in", [True, False]]]
PRODUCT = "product.product"
PRODUCT_FIELDS = (
    "code",
    "suffix_code",
    "name",
    "active",
    "cost_price",
    "identifiers.code",
    "template.code",
    "last_modified_at",
)
PRICE_FIELDS = ("code", "list_price_used", "account_category", "last_modified_at")
STOCK_FIELDS = ("code", "type", "quantity")


def products(client: Client, shop: WebShop, ids: Sequence[int]) -> list[Change]:
    """What the products are. Variants of one template are one product with a choice, also while all but one of them
    are not sold any more."""
    rows = _read(client, ids, PRODUCT_FIELDS)
    variants = _variants(client, {row["template"]["id"] for row in rows})
    found = []
    for row in rows:
        template = row["template"]
        is_group = variants[template["id"]] > 1
        told = ProductTold(
            product=str(row["id"]),
            code=row["code"] or "",
            barcodes=tuple(each["code"] for each in row["identifiers"]),
            title=row["name"],
            cost=row["cost_price"],
            cost_currency=shop.company_currency,
            is_active=row["active"],
            # Several templates may share a code.
            group=f"{template['code'] or ''} {template['id']}".strip() if is_group else "",
            choice=(row["suffix_code"] or "") if is_group else "",
        )
        found.append(
            Change(
                feed=Feed.PRODUCTS,
                erp_id=told.product,
                changed_at=row["last_modified_at"],
                values=told.plain(),
            )
        )
    return found


def _variants(client: Client, templates: set[int]) -> Counter[int]:
    """How many variants each of these templates has, sold or not."""
    if not templates:
        return Counter()
    domain = [["template", "in", sorted(templates)], ["active", "in", [True, False]]]
    return Counter(row["template"] for row in client.all(PRODUCT, domain, ["template"]))


def prices(client: Client, shop: WebShop, ids: Sequence[int]) -> list[Change]:
    """List prices, as Tryton keeps them and with the taxes that the product's category names."""
    rows = [row for row in _read(client, ids, PRICE_FIELDS) if row["list_price_used"] is not None]
    rates = _rates(client, {row["account_category"] for row in rows if row["account_category"]})
    step = Decimal(1).scaleb(-digits(shop.currency))
    return [
        Change(
            feed=Feed.PRICES,
            erp_id=str(row["id"]),
            changed_at=row["last_modified_at"],
            values=PriceTold(
                product=str(row["id"]),
                price=Money(row["list_price_used"], shop.currency),
                gross=Money(
                    (row["list_price_used"] * (1 + rates.get(row["account_category"], Decimal(0)))).quantize(
                        step, ROUND_HALF_UP
                    ),
                    shop.currency,
                ),
            ).plain(),
        )
        for row in rows
    ]


def stock(client: Client, shop: WebShop, ids: Sequence[int], *, counts_sold: bool) -> list[Change]:
    """Quantities in each warehouse of the shop, now. Reserved is also what customers wait for and nobody has assigned
    yet: it would be sold again otherwise."""
    if not ids:
        return []
    found: list[Change] = []
    at = clock.now()
    today = at.date()
    for warehouse in _warehouses(client, shop):
        place = {"locations": [warehouse], "stock_date_end": today, "with_childs": True}
        # First: a sale that comes in between makes the level look low for a moment, never high.
        sold = _sold(client, shop, ids, warehouse) if counts_sold else None
        reserved = _reserved(client, ids, warehouse)
        for row in _read(client, ids, STOCK_FIELDS, context=place):
            if row["type"] == "goods":
                told = StockTold(
                    product=str(row["id"]),
                    warehouse=str(warehouse),
                    on_hand=Decimal(row["quantity"]),
                    reserved=reserved[row["id"]],
                    sold=None if sold is None else sold[row["id"]],
                    code=row["code"] or "",
                )
                found.append(
                    Change(
                        feed=Feed.STOCK,
                        erp_id=f"{told.product}@{told.warehouse}",
                        changed_at=at,
                        values=told.plain(),
                    )
                )
    return found


def _reserved(client: Client, ids: Sequence[int], warehouse: int) -> defaultdict[int, Decimal]:
    """Pieces by product that are about to leave a warehouse: for customers planned or assigned, else assigned."""
    domain = [
        ["product", "in", list(ids)],
        ["from_location", "child_of", [warehouse], "parent"],
        ["to_location", "not child_of", [warehouse], "parent"],
        [
            "OR",
            ["state", "=", "assigned"],
            [
                ["state", "=", "draft"],
                ["to_location.type", "=", "customer"],
                ["shipment.state", "in", list(OPEN), SHIPMENT],
            ],
        ],
    ]
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    for move in client.all(MOVE, domain, ["product", "internal_quantity"]):
        found[move["product"]] += Decimal(move["internal_quantity"])
    return found


def _sold(client: Client, shop: WebShop, ids: Sequence[int], warehouse: int) -> defaultdict[int, Decimal]:
    """Pieces by product that left a warehouse or are about to, for sales of the web shop, less what came back."""
    mine = ["origin.sale.web_shop", "=", shop.id, "sale.line"]
    out = [
        ["from_location", "child_of", [warehouse], "parent"],
        ["to_location.type", "=", "customer"],
        [
            "OR",
            ["state", "in", ["assigned", "done"]],
            [["state", "=", "draft"], ["shipment.state", "in", list(OPEN), SHIPMENT]],
        ],
    ]
    back = [
        ["from_location.type", "=", "customer"],
        ["to_location", "child_of", [warehouse], "parent"],
        ["state", "=", "done"],
    ]
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    for sign, way in ((1, out), (-1, back)):
        domain = [["product", "in", list(ids)], mine, *way]
        for move in client.all(MOVE, domain, ["product", "internal_quantity"]):
            found[move["product"]] += sign * Decimal(move["internal_quantity"])
    return found


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
