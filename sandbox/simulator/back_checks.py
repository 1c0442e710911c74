"""What must be true at rest of the roads back: shipments once, refunds once, Shopify's stock and prices as told.

Each broken promise is one sentence. A record that waits for a person, visibly, is excused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from sandbox.shopify.commands import stock
from sandbox.simulator.stage import WAREHOUSE, Stage
from sync.flows import refund_pull, shipment_pull
from sync.state.stock_models import StockTarget

NOTE = re.compile(r"Credit note (CN-\d+) \(")
ORDER = "gid://shopify/Order/"


def complaints(stage: Stage, domain: str, excused: Collection[str]) -> list[str]:
    """Every promise of the roads back that does not hold in a shop."""
    found = []
    for order in stage.store.all(domain, "order"):
        found += [f"{domain}: {order['name']} {each}" for each in (*_parcels(order), *_refunds(order))]
    if not stage.has_roads_back:
        return found
    return [
        *found,
        *_carried(stage, domain, excused),
        *_stock(stage, domain, excused),
        *_prices(stage, domain, excused),
    ]


def credit_notes(order: dict[str, Any]) -> list[str]:
    """The numbers of the ERP's credit notes that were paid out for an order."""
    marks = (NOTE.match(refund["note"] or "") for refund in order["refunds"])
    return [mark[1] for mark in marks if mark]


def _parcels(order: dict[str, Any]) -> list[str]:
    living = [each for each in order["fulfillments"] if each["status"] == "SUCCESS"]
    numbers = Counter(info["number"] for each in living for info in each["trackingInfo"] if info["number"])
    wrong = [f"was sent {count} times as {number}" for number, count in numbers.items() if count > 1]
    sent: Counter[str] = Counter()
    for each in living:
        for row in each["fulfillmentLineItems"]:
            sent[row["lineItemId"]] += row["quantity"]
    return wrong + [
        f"sold {line['quantity']} of {line['sku']} and sent {sent[line['id']]}"
        for line in order["lineItems"]
        if sent[line["id"]] > line["quantity"]
    ]


def _refunds(order: dict[str, Any]) -> list[str]:
    numbers = Counter(credit_notes(order))
    return [f"was refunded {count} times for {number}" for number, count in numbers.items() if count > 1]


def _carried(stage: Stage, domain: str, excused: Collection[str]) -> list[str]:
    """Each parcel and each credit note of the ERP is at Shopify, or a person sees why not."""
    erp, wrong = stage.erps[domain], []
    orders = {order["id"]: order for order in stage.store.all(domain, "order")}
    for number, reference in erp.parcels.items():
        order = orders[f"{ORDER}{reference}"]
        sent = any(
            info["number"] == number for each in order["fulfillments"] for info in each["trackingInfo"]
        )
        record = f"{order['id']}{shipment_pull.SEPARATOR}S{number.removeprefix('JD')}"
        if not sent and record not in excused and not order["fulfillments"]:
            wrong.append(f"{domain}: the parcel {number} of {order['name']} never reached Shopify")
    for number, (reference, _) in erp.credits.items():
        order = orders[f"{ORDER}{reference}"]
        record = f"{order['id']}{refund_pull.SEPARATOR}C{number}"
        if number not in credit_notes(order) and record not in excused:
            wrong.append(f"{domain}: the credit note {number} of {order['name']} was never paid out")
    return wrong


def _stock(stage: Stage, domain: str, excused: Collection[str]) -> list[str]:
    """What Shopify sells is what the ERP has free, less the pieces of orders that are not in the ERP yet."""
    counted = stage.erps[domain].books.stock
    with stage.plain.transaction(shop_id=stage.shop_id(domain)) as session:
        targets = session.scalars(select(StockTarget)).all()
    unheard = _unheard(stage, domain)
    wrong = []
    for target in targets:
        row = counted.get((target.erp_item, WAREHOUSE))
        level = stock.level_of(stage.store, domain, target.item_gid, target.location_gid)
        item = stage.store.view(domain, "inventory_item", target.item_gid)
        if row is None or level is None or item is None or not item["tracked"]:
            continue
        if {target.item_gid, f"stock:{target.location_gid}"} & set(excused):
            continue
        free = int(Decimal(row["on_hand"]) - Decimal(row["reserved"])) - unheard[target.variant_gid]
        if level["stock"]["available"] != max(free, 0):
            wrong.append(
                f"{domain}: of {target.sku} Shopify sells {level['stock']['available']}, the ERP has {free} free"
            )
    return wrong


def _unheard(stage: Stage, domain: str) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for order in stage.store.all(domain, "order"):
        if order["id"].removeprefix(ORDER) in stage.erps[domain].books.documents or order["cancelledAt"]:
            continue
        for line in order["lineItems"]:
            pieces[line["variantId"]] += line["currentQuantity"]
    return pieces


def _prices(stage: Stage, domain: str, excused: Collection[str]) -> list[str]:
    erp = stage.erps[domain]
    at_shopify = {each["sku"]: each["price"] for each in stage.store.all(domain, "product_variant")}
    wrong = []
    for product, price in erp.prices.items():
        sku = erp.books.products[product]["code"]
        if Decimal(at_shopify[sku]) != price and f"price:{product}:" not in excused:
            wrong.append(f"{domain}: {sku} costs {at_shopify[sku]} at Shopify and {price} in the ERP")
    return wrong
