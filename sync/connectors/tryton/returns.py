"""Goods that come back with a credit: Tryton makes a return shipment from the sale; here it is received and put away.

Shopify restocked them already, so in Tryton they arrive at once, at the warehouse that the credit names.
"""

from __future__ import annotations

from sync.connectors.tryton import fields
from sync.connectors.tryton.client import Client, Row
from sync.domain.documents import Document

RETURN = "stock.shipment.out.return"
ONWARD = {"draft": "receive", "received": "do"}


class Returns:
    """The return shipments of sales."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def take_back(self, sale: Row, document: Document) -> None:
        """Receives and puts away whatever is still on its way."""
        if not fields.returns_goods(document):
            return
        for each in sale["shipment_returns"]:
            state = each["state"]
            if state == "draft":
                self._client.write(RETURN, each["id"], {"reference": document.reference})
            while state in ONWARD:
                self._client.press(RETURN, each["id"], ONWARD[state])
                row = self._client.get(RETURN, each["id"], ["state"])
                state = row["state"] if row else "cancelled"

    def are_done(self, sale: Row, document: Document) -> bool:
        """Whether nothing is on its way any more."""
        if not fields.returns_goods(document):
            return True
        states = [each["state"] for each in sale["shipment_returns"]]
        return bool(states) and not any(state in ONWARD for state in states)
