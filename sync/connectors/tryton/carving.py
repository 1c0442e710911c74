"""Carves a shipment of its own out of the open shipments of a sale: exactly these quantities, under our reference.

The new shipment comes first, with all its moves in one write; then what the others hold too much is taken off them.
How much that is follows from the sale's lines alone, so carving may be taken up again after any interruption, and
Tryton, which plans whatever is missing by itself, never sees anything missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from kit.faults import Rejected
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.shop import Shop

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
    "moves.to_location",
    "moves.unit_price",
    "moves.currency",
)
SHIPMENT_FIELDS = (
    "number",
    "state",
    "reference",
    "warehouse",
    "warehouse_output",
    "warehouse_storage",
    "outgoing_moves.product",
    "outgoing_moves.quantity",
    "outgoing_moves.state",
)
# Shipments that nobody packs yet, and moves that have not left.
WAITING = ("draft", "waiting", "assigned")
OPEN_MOVES = ("draft", "assigned")
ZERO = Decimal(0)
Quantities = Mapping[int, Decimal]  # by product


class Carver:
    """Shipments under our references."""

    def __init__(self, client: Client, shop: Shop) -> None:
        self._client = client
        self._shop = shop

    def find(self, reference: str) -> Row | None:
        """The shipment of a reference, in whatever state."""
        domain = [["company", "=", self._shop.record.company], ["reference", "=", reference]]
        found = self._client.search(SHIPMENT, domain, list(SHIPMENT_FIELDS), size=1)
        return found[0] if found else None

    def lines(self, sale: Row) -> list[Row]:
        """The sale's lines with goods, and their moves."""
        domain = [["sale", "=", sale["id"]], ["type", "=", "line"]]
        return [row for row in self._client.search("sale.line", domain, list(LINE_FIELDS)) if row["movable"]]

    def carve(
        self,
        sale: Row,
        reference: str,
        quantities: Quantities,
        *,
        warehouse: int | None,
        claims: Sequence[str] = WAITING,
    ) -> Row:
        """The shipment that holds these quantities and nothing else: one that is there in a state it may be claimed
        in, or a new one. Raises Rejected when so much is not open any more."""
        row = self.find(reference) or self._claimed(sale, reference, quantities, warehouse, claims)
        if row is None:
            self._create(sale, reference, quantities, warehouse=warehouse or sale["warehouse"])
            row = self.find(reference)
        if row is None:
            raise Rejected("shipment_gone", "A shipment was deleted in Tryton meanwhile.", field="shipment")
        if row["state"] in WAITING:
            for line in self.lines(sale):
                self._shrink(line, row["id"])
        return row

    def press(self, row: Row, button: str) -> None:
        """A button of a shipment."""
        self._client.press(SHIPMENT, row["id"], button)

    def _claimed(
        self, sale: Row, reference: str, quantities: Quantities, warehouse: int | None, claims: Sequence[str]
    ) -> Row | None:
        """An open shipment with just these goods from that warehouse, marked as ours."""
        ids = [each["id"] for each in sale["shipments"] if each["state"] in claims]
        domain = [["id", "in", ids], ["reference", "in", [None, ""]]]
        for row in self._client.search(SHIPMENT, domain, list(SHIPMENT_FIELDS)) if ids else []:
            if warehouse in (None, row["warehouse"]) and held(row) == dict(quantities):
                self._client.write(SHIPMENT, row["id"], {"reference": reference})
                return row
        return None

    def _create(self, sale: Row, reference: str, quantities: Quantities, *, warehouse: int) -> None:
        zones = self._shop.zones(warehouse)
        states = {each["id"]: each["state"] for each in sale["shipments"]}
        moves: list[dict[str, Any]] = []
        left = dict(quantities)
        for line in self.lines(sale):
            for move in (each for each in line["moves"] if _is_open(each, states)):
                part = min(left.get(line["product"], ZERO), move["quantity"])
                if part > 0:
                    left[line["product"]] -= part
                    moves.append(_copied(move, line, part, from_location=zones["warehouse_output"]))
        if any(left.values()) or not moves:
            raise Rejected(
                "nothing_open",
                f"Tryton does not have these goods of sale {sale['number']} open any more: they were shipped, "
                "cancelled or are being packed there. Compare both, and finish it by hand.",
                field="quantity",
            )
        self._client.create(
            SHIPMENT,
            {
                "company": sale["company"],
                "customer": sale["party"],
                "delivery_address": sale["shipment_address"],
                "reference": reference,
                "outgoing_moves": [["create", moves]],
                **zones,
            },
        )

    def _shrink(self, line: Row, keeps: int) -> None:
        """Brings the moves of a line down to its quantity, beginning with the last one."""
        counted = [move for move in line["moves"] if move["id"] not in line["moves_recreated"]]
        surplus = sum((move["quantity"] for move in counted), ZERO) - line["quantity"]
        for move in reversed(counted):
            if surplus <= 0 or shipment_of(move) == keeps or move["state"] not in OPEN_MOVES:
                continue
            part = min(surplus, move["quantity"])
            self._reduce(move, move["quantity"] - part)
            surplus -= part

    def _reduce(self, move: Row, quantity: Decimal) -> None:
        shipment = shipment_of(move)
        row = self._client.get(SHIPMENT, shipment, ["state", "outgoing_moves"]) if shipment else None
        if row and row["state"] == "assigned":
            self.press(row, "wait")
        if quantity > 0:
            self._client.write(MOVE, move["id"], {"quantity": float(quantity)})
        else:
            self._client.delete(MOVE, move["id"])
        if row is None:
            return
        if quantity <= 0 and len(row["outgoing_moves"]) == 1:
            self.press(row, "cancel")  # empty now
        elif row["state"] != "draft":
            self.press(row, "wait")  # makes the picking agree again


def shipment_of(move: Row) -> int | None:
    """Id of the shipment that a move belongs to; Tryton tells it as `stock.shipment.out,12`."""
    model, _, number = str(move["shipment"] or "").partition(",")
    return int(number) if model == SHIPMENT and number else None


def held(row: Row) -> dict[int, Decimal]:
    """What a shipment holds, by product."""
    found: dict[int, Decimal] = {}
    moves: list[dict[str, Any]] = row["outgoing_moves"]
    for move in moves:
        if move["state"] != "cancelled":
            found[move["product"]] = found.get(move["product"], ZERO) + Decimal(move["quantity"])
    return found


def _is_open(move: Row, states: Mapping[int, str]) -> bool:
    shipment = shipment_of(move)
    state = states.get(shipment, "") if shipment else "draft"
    return move["state"] in OPEN_MOVES and state in WAITING


def _copied(move: Row, line: Row, quantity: Decimal, *, from_location: int) -> dict[str, Any]:
    return {
        "product": line["product"],
        "quantity": float(quantity),
        "unit": move["unit"],
        "from_location": from_location,
        "to_location": move["to_location"],
        "unit_price": move["unit_price"],
        "currency": move["currency"],
        "origin": f"sale.line,{line['id']}",
    }
