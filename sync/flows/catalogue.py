"""The flows by name. A new flow is a new module and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from sync.flows import (
    backfill,
    customer_push,
    erp_feeds,
    order_push,
    price_pull,
    privacy,
    product_pull,
    refund_pull,
    shipment_pull,
    stock_drift,
    stock_pull,
    subscriptions,
    welcome,
)
from sync.flows.turn import Flow

FLOWS: Mapping[str, Flow] = {
    "order_push": order_push.run,
    "customer_push": customer_push.run,
    "welcome": welcome.run,
    "reconcile": backfill.reconcile,
    "backfill": backfill.backfill,
    "subscriptions": subscriptions.run,
    "erp_feed": erp_feeds.run,
    "stock_pull": stock_pull.run,
    "stock_check": stock_drift.check,
    "shipment_pull": shipment_pull.run,
    "refund_pull": refund_pull.run,
    "product_pull": product_pull.run,
    "price_pull": price_pull.run,
    "privacy": privacy.run,
}
