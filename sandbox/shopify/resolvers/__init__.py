"""Every field of the Admin API that the local Shopify answers with more than its document.

Importing the package fills the register; `admin` imports it once.
"""

from sandbox.shopify.resolvers import (  # noqa: F401
    apps,
    bulk,
    catalogue,
    customers,
    inventory,
    inventory_items,
    inventory_writes,
    metafield_writes,
    nodes,
    order_writes,
    orders,
    parcel_writes,
    part_writes,
    payments,
    prices,
    product_writes,
    refund_writes,
    return_writes,
    shop,
    subscriptions,
    variant_writes,
)
