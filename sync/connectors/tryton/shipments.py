"""Fulfilments of Shopify that Tryton shall know of: a shipment with exactly these goods, pressed through to the end.

The shipment carries our reference, so that it is found again; tracking goes with it as a note.
"""

from __future__ import annotations

from decimal import Decimal

from kit.faults import Rejected
from sync.connectors.base import Written
from sync.connectors.tryton.carving import MOVE, SHIPMENT, WAITING, Carver
from sync.connectors.tryton.client import Client, Row
from sync.domain.documents import ShipmentDocument

ONWARD = {"draft": "wait", "waiting": "assign_force", "assigned": "pick", "picked": "pack", "packed": "do"}
OPEN = tuple(ONWARD)
DONE = ("shipped", "done")


class Shipments:
    """Outgoing shipments of sales."""

    def __init__(self, client: Client, carver: Carver) -> None:
        self._client = client
        self._carver = carver

    def ship(self, sale: Row, shipment: ShipmentDocument) -> Written:
        """Records that goods left; or, cancelled, takes that back."""
        row = self._carver.find(shipment.reference)
        if shipment.is_cancelled:
            return self._taken_back(row, shipment)
        if row is None or row["state"] in WAITING:
            warehouse = int(shipment.warehouse) if shipment.warehouse else None
            row = self._carver.carve(
                sale, shipment.reference, _quantities(shipment), warehouse=warehouse, claims=OPEN
            )
        if row["state"] not in DONE:
            self._note(row["id"], shipment)
            row = self._through(row["id"], shipment)
        return _written(row)

    def _through(self, shipment: int, document: ShipmentDocument) -> Row:
        """Presses the shipment through to the end."""
        while True:
            row = self._carver.find(document.reference)
            if row is None or row["id"] != shipment or row["state"] == "cancelled":
                raise Rejected(
                    "shipment_gone",
                    "The shipment was cancelled or changed in Tryton meanwhile.",
                    field="shipment",
                )
            button = ONWARD.get(row["state"])
            if button is None:
                return row
            if button == "pick" and row["warehouse_output"] == row["warehouse_storage"]:
                button = "pack"  # a warehouse that packs where it stores
            if row["state"] == "packed":
                self._client.write(SHIPMENT, shipment, {"effective_date": document.shipped_at.date()})
            self._carver.press(row, button)

    def _note(self, shipment: int, document: ShipmentDocument) -> None:
        """Tracking numbers, once."""
        lines = [" ".join(filter(None, (p.carrier, p.tracking_number, p.url))) for p in document.packages]
        text = "\n".join(filter(None, lines))
        resource = f"{SHIPMENT},{shipment}"
        if text and not self._client.search(
            "ir.note", [["resource", "=", resource], ["message", "=", text]], ["id"], size=1
        ):
            self._client.create("ir.note", {"resource": resource, "message": text})

    def _taken_back(self, row: Row | None, shipment: ShipmentDocument) -> Written:
        """A fulfilment that was cancelled: so is its shipment, and the sale plans the goods anew."""
        if row is None:
            return Written(model=SHIPMENT, erp_id="", number="", state="absent")
        if row["state"] != "cancelled":
            self._carver.press(row, "cancel")
        domain = [["shipment", "=", f"{SHIPMENT},{row['id']}"]]
        for move in self._client.search(MOVE, domain, ["sale", "origin", "sale_exception_state"]):
            _, _, line = str(move["origin"] or "").partition("sale.line,")
            if line and move["sale_exception_state"] != "recreated":
                self._client.write("sale.line", int(line), {"moves_recreated": [["add", [move["id"]]]]})
                self._client.press("sale.sale", move["sale"], "process")
        return _written(self._carver.find(shipment.reference) or row)


def _written(row: Row) -> Written:
    return Written(
        model=SHIPMENT,
        erp_id=str(row["id"]),
        number=row["number"] or "",
        state=row["state"],
        is_complete=row["state"] in (*DONE, "cancelled"),
    )


def _quantities(shipment: ShipmentDocument) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for item, quantity in shipment.lines:
        found[int(item)] = found.get(int(item), Decimal(0)) + quantity
    return found
