"""Every field of the Admin API that the local Shopify answers with more than its document.

Importing the package fills the register; `admin` imports it once.
"""

from sandbox.shopify.resolvers import (  # noqa: F401
    apps,
    catalogue,
    customers,
    inventory,
    nodes,
    orders,
    shop,
    subscriptions,
)
