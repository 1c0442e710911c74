"""Goods of a sale that were cancelled before they left: their open quantity is closed, so that nobody ships them.

The cancelled quantity gets a shipment of its own, under the credit's reference, and that is cancelled; Tryton counts
a cancelled move as dealt with once the sale is told so. The shipment also shows, for ever, that it was done.
"""

from __future__ import annotations

from decimal import Decimal

from sync.connectors.tryton import fields
from sync.connectors.tryton.carving import WAITING, Carver, shipment_of
from sync.connectors.tryton.client import Client, Row
from sync.domain.documents import Document, Restock


class Openings:
    """The open quantities of sales."""

    def __init__(self, client: Client, carver: Carver) -> None:
        self._client = client
        self._carver = carver

    def close(self, origin: Row | None, document: Document) -> None:
        """Takes the cancelled quantities off the order. Raises Rejected when they are not open any more."""
        cancelled = self._cancelled(origin, document)
        if origin is None or not cancelled:
            return
        taken = self._carver.carve(origin, document.reference, cancelled, warehouse=None)
        if taken["state"] in WAITING:
            self._carver.press(taken, "cancel")
        for line in self._carver.lines(origin):
            moves = [move["id"] for move in line["moves"] if shipment_of(move) == taken["id"]]
            new = [move for move in moves if move not in line["moves_ignored"]]
            if new:
                self._client.write("sale.line", line["id"], {"moves_ignored": [["add", new]]})
        self._client.press("sale.sale", origin["id"], "process")

    def are_closed(self, origin: Row | None, document: Document) -> bool:
        """Whether the cancelled quantities are off."""
        if origin is None or not self._cancelled(origin, document):
            return True
        taken = self._carver.find(document.reference)
        return taken is not None and bool(taken["state"] == "cancelled")

    def _cancelled(self, origin: Row | None, document: Document) -> dict[int, Decimal]:
        """Quantities that never left, by product; none for what Tryton does not ship anyway."""
        found: dict[int, Decimal] = {}
        for line in document.lines:
            if line.restock is Restock.CANCEL and line.kind in fields.MOVES_STOCK and line.erp_item:
                item = int(line.erp_item)
                found[item] = found.get(item, Decimal(0)) + abs(line.quantity)
        if not found or origin is None:
            return {}
        moved = {line["product"] for line in self._carver.lines(origin) if line["moves"]}
        return {item: quantity for item, quantity in found.items() if item in moved}
