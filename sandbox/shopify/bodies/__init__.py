"""REST-shaped webhook bodies, built from stored documents at the moment of the event.

It owns which topic is built by what. It refuses a topic that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.shopify.bodies import goods, moneys, order, parcels, people
from sandbox.shopify.bodies.goods import shop
from sandbox.shopify.store import Document, Store

__all__ = ["TOPICS", "UnknownTopic", "build", "shop"]

Builder = Callable[[Store, str, Document], Document]


class UnknownTopic(LookupError):
    """No body is known for the topic."""


def _shop(store: Store, shop_domain: str, document: Document) -> Document:
    return shop(store, shop_domain)


def _empty(store: Store, shop_domain: str, document: Document) -> Document:
    return {}


TOPICS: dict[str, Builder] = {
    "app/uninstalled": _shop,
    "bulk_operations/finish": goods.bulk_operation,
    "companies/create": people.company,
    "companies/update": people.company,
    "company_locations/create": people.company_location,
    "company_locations/update": people.company_location,
    "customers/create": people.customer,
    "customers/delete": people.customer_delete,
    "customers/merge": people.customers_merge,
    "customers/update": people.customer,
    "disputes/create": moneys.dispute,
    "disputes/update": moneys.dispute,
    "fulfillment_orders/hold_released": parcels.fulfillment_order,
    "fulfillment_orders/moved": parcels.moved,
    "fulfillment_orders/order_routing_complete": parcels.fulfillment_order,
    "fulfillment_orders/placed_on_hold": parcels.placed_on_hold,
    "fulfillments/create": parcels.fulfillment,
    "fulfillments/update": parcels.fulfillment,
    "inventory_items/create": goods.inventory_item,
    "inventory_items/update": goods.inventory_item,
    "inventory_levels/connect": goods.inventory_level,
    "inventory_levels/disconnect": goods.inventory_level,
    "inventory_levels/update": goods.inventory_level,
    "locations/create": goods.location,
    "locations/update": goods.location,
    "order_transactions/create": moneys.transaction,
    "orders/cancelled": order.order,
    "orders/create": order.order,
    "orders/edited": order.edited,
    "orders/paid": order.order,
    "orders/updated": order.order,
    "products/create": goods.product,
    "products/delete": goods.product_delete,
    "products/update": goods.product,
    "refunds/create": moneys.refund,
    "returns/approve": parcels.return_,
    "returns/cancel": parcels.return_state,
    "returns/close": parcels.return_state,
    "returns/decline": parcels.return_state,
    "returns/process": _empty,  # Shopify's own sample of this body is empty
    "returns/reopen": parcels.return_state,
    "returns/request": parcels.return_,
    "returns/update": parcels.return_update,
    "shop/update": _shop,
    "tender_transactions/create": moneys.tender_transaction,
}


def build(store: Store, shop: str, topic: str, document: Document) -> Document:
    """The body of a topic about a document. Raises UnknownTopic."""
    builder = TOPICS.get(topic)
    if builder is None:
        raise UnknownTopic(topic)
    return builder(store, shop, document)
