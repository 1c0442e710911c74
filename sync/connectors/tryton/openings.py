"""Goods of a sale that were cancelled before they left: their open quantity is closed, so that nobody ships them.

Tryton counts a cancelled move as dealt with. So a shipment of its own, under the credit's reference, takes the
cancelled quantity and is cancelled; what other open shipments then hold too much is taken off them. That shipment is
also what shows, whenever it is asked, that it was done.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kit.faults import Rejected
from sync.connectors.tryton import fields
from sync.connectors.tryton.client import Client, Row
from sync.domain.documents import Document, Restock

SHIPMENT = "stock.shipment.out"
MOVE = "stock.move"
LINE_FIELDS = (
    "product",
    "quantity",
    "movable",
    "moves_ignored",
    "moves_recreated",
    "moves.state",
    "moves.quantity",
    "moves.shipment",
    "moves.unit",
    "moves.from_location",
    "moves.to_location",
    "moves.unit_price",
    "moves.currency",
)
# Shipments in these states still wait for somebody to begin.
WAITING = ("draft", "waiting", "assigned")
ZERO = Decimal(0)


class Openings:
    """The open quantities of sales."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def close(self, origin: Row | None, document: Document) -> None:
        """Takes the cancelled quantities off the open shipments of the order. Raises Rejected when they have left."""
        cancelled = _cancelled(document)
        if origin is None or not cancelled:
            return
        lines = self._lines(origin)
        if not any(line["moves"] for line in lines):
            return  # Tryton does not ship this order
        taken = self._taken(document)
        if taken is None:
            self._take(origin, document, lines, cancelled)
            taken = self._taken(document)
            lines = self._lines(origin)
        if taken is None:
            raise Rejected("shipment_gone", "A shipment was deleted in Tryton.", field="shipment")
        for line in lines:
            self._shrink(line, taken["id"])
        if taken["state"] == "draft":
            self._client.press(SHIPMENT, taken["id"], "cancel")
        self._ignore(lines, taken["id"])
        self._client.press("sale.sale", origin["id"], "process")

    def are_closed(self, origin: Row | None, document: Document) -> bool:
        """Whether the cancelled quantities are off."""
        if origin is None or not _cancelled(document):
            return True
        taken = self._taken(document)
        if taken is not None:
            return bool(taken["state"] == "cancelled")
        return not any(line["moves"] for line in self._lines(origin))

    def _lines(self, origin: Row) -> list[Row]:
        domain = [["sale", "=", origin["id"]], ["type", "=", "line"]]
        return [row for row in self._client.search("sale.line", domain, list(LINE_FIELDS)) if row["movable"]]

    def _taken(self, document: Document) -> Row | None:
        """The shipment that took the cancelled quantity."""
        found = self._client.search(SHIPMENT, [["reference", "=", document.reference]], ["state"], size=1)
        return found[0] if found else None

    def _take(self, origin: Row, document: Document, lines: list[Row], cancelled: dict[int, Decimal]) -> None:
        """Makes that shipment, in one write with all its moves."""
        states = {each["id"]: each["state"] for each in origin["shipments"]}
        moves: list[dict[str, Any]] = []
        for item, quantity in cancelled.items():
            left = quantity
            for line in (each for each in lines if each["product"] == item):
                for move in (each for each in line["moves"] if _is_open(each, states)):
                    part = min(left, move["quantity"])
                    if part > 0:
                        moves.append(_copied(move, line, part))
                        left -= part
            if left > 0 and any(line["product"] == item for line in lines):
                raise Rejected(
                    "already_shipped",
                    f"{document.number} cancels goods that Tryton has already shipped or is packing. Take them back"
                    " there, or cancel the shipment, and try again.",
                    field="quantity",
                )
        if moves:
            self._client.create(
                SHIPMENT,
                {
                    "company": origin["company"],
                    "customer": origin["party"],
                    "delivery_address": origin["shipment_address"],
                    "warehouse": origin["warehouse"],
                    "reference": document.reference,
                    "outgoing_moves": [["create", moves]],
                },
            )

    def _shrink(self, line: Row, taken: int) -> None:
        """Brings the moves of a line down to its quantity, beginning with the last one."""
        counted = [move for move in line["moves"] if move["id"] not in line["moves_recreated"]]
        surplus = sum((move["quantity"] for move in counted), ZERO) - line["quantity"]
        for move in reversed(counted):
            if surplus <= 0 or _shipment(move) == taken or move["state"] not in ("draft", "assigned"):
                continue
            part = min(surplus, move["quantity"])
            self._reduce(move, move["quantity"] - part)
            surplus -= part

    def _reduce(self, move: Row, quantity: Decimal) -> None:
        shipment = _shipment(move)
        row = self._client.get(SHIPMENT, shipment, ["state", "outgoing_moves"]) if shipment else None
        if row and row["state"] == "assigned":
            self._client.press(SHIPMENT, row["id"], "wait")
        if quantity > 0:
            self._client.write(MOVE, move["id"], {"quantity": float(quantity)})
        else:
            self._client.delete(MOVE, move["id"])
        if row is None:
            return
        if quantity <= 0 and len(row["outgoing_moves"]) == 1:
            self._client.press(SHIPMENT, row["id"], "cancel")
            self._client.delete(SHIPMENT, row["id"])
        elif row["state"] != "draft":
            self._client.press(SHIPMENT, row["id"], "wait")  # makes the picking agree again

    def _ignore(self, lines: list[Row], taken: int) -> None:
        """Says on the sale that the cancelled moves are meant to be, or it would ask what to do about them."""
        for line in lines:
            moves = [move["id"] for move in line["moves"] if _shipment(move) == taken]
            new = [move for move in moves if move not in line["moves_ignored"]]
            if new:
                self._client.write("sale.line", line["id"], {"moves_ignored": [["add", new]]})


def _cancelled(document: Document) -> dict[int, Decimal]:
    """Quantities that never left, by product."""
    found: dict[int, Decimal] = {}
    for line in document.lines:
        if line.restock is Restock.CANCEL and line.kind in fields.MOVES_STOCK and line.erp_item:
            item = int(line.erp_item)
            found[item] = found.get(item, ZERO) + abs(line.quantity)
    return found


def _is_open(move: Row, states: dict[int, str]) -> bool:
    shipment = _shipment(move)
    state = states.get(shipment, "draft") if shipment else "draft"
    return move["state"] in ("draft", "assigned") and state in WAITING


def _shipment(move: Row) -> int | None:
    """Id of the shipment that a move belongs to; Tryton tells it as `stock.shipment.out,12`."""
    model, _, number = str(move["shipment"] or "").partition(",")
    return int(number) if model == SHIPMENT and number else None


def _copied(move: Row, line: Row, quantity: Decimal) -> dict[str, Any]:
    return {
        "product": line["product"],
        "quantity": float(quantity),
        "unit": move["unit"],
        "from_location": move["from_location"],
        "to_location": move["to_location"],
        "unit_price": move["unit_price"],
        "currency": move["currency"],
        "origin": f"sale.line,{line['id']}",
    }
