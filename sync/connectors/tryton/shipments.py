"""Fulfilments of Shopify that Tryton shall know of: one of its open shipments becomes exactly that, and is done.

The shipment carries our reference, so that it is found again; tracking goes with it as a note. What the fulfilment
does not contain goes back to the sale, which plans it anew.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kit.faults import Rejected
from sync.connectors.base import Written
from sync.connectors.tryton.client import Client, Row
from sync.domain.documents import ShipmentDocument

SHIPMENT = "stock.shipment.out"
MOVE = "stock.move"
FIELDS = (
    "number",
    "state",
    "reference",
    "warehouse",
    "outgoing_moves.product",
    "outgoing_moves.quantity",
    "outgoing_moves.state",
)
OPEN = ("draft", "waiting", "assigned", "picked", "packed")
CHANGEABLE = ("draft", "waiting", "assigned")
ONWARD = {"draft": "wait", "waiting": "assign_force", "assigned": "pick", "picked": "pack", "packed": "do"}
DONE = ("shipped", "done")
ZERO = Decimal(0)


class Shipments:
    """Outgoing shipments of sales."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ship(self, sale: Row, shipment: ShipmentDocument) -> Written:
        """Records that goods left; or, cancelled, takes that back."""
        row = self._claimed(shipment.reference)
        if shipment.is_cancelled:
            return self._taken_back(row, shipment)
        if row is None:
            row = self._claim(sale, shipment)
        if row["state"] not in DONE:
            self._fit(row, shipment)
            self._note(row["id"], shipment)
            row = self._through(row["id"], shipment)
        return _written(row)

    def _claimed(self, reference: str) -> Row | None:
        found = self._client.search(SHIPMENT, [["reference", "=", reference]], list(FIELDS), size=1)
        return found[0] if found else None

    def _claim(self, sale: Row, shipment: ShipmentDocument) -> Row:
        """An open shipment of the sale that holds all of it, preferably in the same warehouse; marks it as ours."""
        ids = [each["id"] for each in sale["shipments"] if each["state"] in OPEN]
        rows = self._client.search(
            SHIPMENT, [["id", "in", ids], ["reference", "in", [None, ""]]], list(FIELDS)
        )
        wanted = _quantities(shipment)
        warehouse = int(shipment.warehouse) if shipment.warehouse else None
        rows.sort(key=lambda row: (row["warehouse"] != warehouse, row["id"]))
        for row in rows:
            held = _held(row)
            fits = all(held.get(item, ZERO) >= quantity for item, quantity in wanted.items())
            if fits and (row["state"] in CHANGEABLE or held == wanted):
                self._client.write(SHIPMENT, row["id"], {"reference": shipment.reference})
                return row
        raise Rejected(
            "nothing_open",
            f"Tryton has no open shipment of sale {sale['number']} with these goods. They were shipped or cancelled "
            "there, or are being packed with others.",
            field="shipment",
        )

    def _fit(self, row: Row, shipment: ShipmentDocument) -> None:
        """Leaves in the shipment what left the house, from the warehouse it left from."""
        wanted = _quantities(shipment)
        moves_to = shipment.warehouse and int(shipment.warehouse) != row["warehouse"]
        if _held(row) == wanted and not moves_to:
            return
        if row["state"] == "assigned":
            self._client.press(SHIPMENT, row["id"], "wait")
        if row["state"] != "draft":
            self._client.press(SHIPMENT, row["id"], "draft")
        if moves_to:
            self._relocate(row, int(shipment.warehouse))
        for move in row["outgoing_moves"]:
            part = min(wanted.get(move["product"], ZERO), move["quantity"])
            wanted[move["product"]] = wanted.get(move["product"], ZERO) - part
            if not part:
                self._client.delete(MOVE, move["id"])
            elif part != move["quantity"]:
                self._client.write(MOVE, move["id"], {"quantity": float(part)})

    def _relocate(self, row: Row, warehouse: int) -> None:
        place = self._client.get("stock.location", warehouse, ["output_location"])
        if place is None:
            raise Rejected(
                "warehouse_gone", "The chosen warehouse is not in Tryton any more.", field="warehouse"
            )
        self._client.write(SHIPMENT, row["id"], {"warehouse": warehouse})
        for move in row["outgoing_moves"]:
            self._client.write(MOVE, move["id"], {"from_location": place["output_location"]})

    def _through(self, shipment: int, document: ShipmentDocument) -> Row:
        """Presses the shipment through to the end."""
        while True:
            row = self._claimed(document.reference)
            if row is None or row["id"] != shipment or row["state"] == "cancelled":
                raise Rejected(
                    "shipment_gone",
                    "The shipment was cancelled or changed in Tryton meanwhile.",
                    field="shipment",
                )
            button = ONWARD.get(row["state"])
            if button is None:
                return row
            if row["state"] == "packed":
                self._client.write(SHIPMENT, shipment, {"effective_date": document.shipped_at.date()})
            self._client.press(SHIPMENT, shipment, button)

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
            self._client.press(SHIPMENT, row["id"], "cancel")
        fields = ["sale", "product", "origin", "sale_exception_state"]
        for move in self._client.search(MOVE, [["shipment", "=", f"{SHIPMENT},{row['id']}"]], fields):
            _, _, line = str(move["origin"] or "").partition("sale.line,")
            if line and move["sale_exception_state"] != "recreated":
                self._client.write("sale.line", int(line), {"moves_recreated": [["add", [move["id"]]]]})
                self._client.press("sale.sale", move["sale"], "process")
        return _written(self._claimed(shipment.reference) or row)


def _written(row: Row) -> Written:
    is_over = row["state"] in (*DONE, "cancelled")
    return Written(
        model=SHIPMENT,
        erp_id=str(row["id"]),
        number=row["number"] or "",
        state=row["state"],
        is_complete=is_over,
    )


def _quantities(shipment: ShipmentDocument) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for item, quantity in shipment.lines:
        found[int(item)] = found.get(int(item), ZERO) + quantity
    return found


def _held(row: Row) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    moves: list[dict[str, Any]] = row["outgoing_moves"]
    for move in moves:
        if move["state"] != "cancelled":
            found[move["product"]] = found.get(move["product"], ZERO) + Decimal(move["quantity"])
    return found
