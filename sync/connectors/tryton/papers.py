"""Shipments and credit notes that people made in Tryton for orders of the shop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sync.connectors.base import Change, Feed
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.shop import WebShop

SHIPMENT = "stock.shipment.out"
INVOICE = "account.invoice"
SHIPMENT_FIELDS = ("number", "reference", "state", "warehouse", "effective_date", "carrier.rec_name")
INVOICE_FIELDS = (
    "number",
    "state",
    "total_amount",
    "currency.code",
    "invoice_date",
    "sales",
    "origin_invoices",
)
MOVE_FIELDS = ("shipment", "product", "product.code", "quantity", "state", "sale.web_id")


def shipments_of(shop: WebShop) -> list[Any]:
    """Shipments that left (or were cancelled) with goods of the shop's sales."""
    return [
        ["company", "=", shop.company],
        ["state", "in", ["shipped", "done", "cancelled"]],
        ["moves.origin.sale.web_shop", "=", shop.id, "sale.line"],
    ]


def shipments(client: Client, shop: WebShop, rows: Sequence[Row]) -> Iterator[Change]:
    """One change per shipment and sale that it serves."""
    names = [f"{SHIPMENT},{row['id']}" for row in rows]
    domain = [["shipment", "in", names], ["origin.sale.web_shop", "=", shop.id, "sale.line"]]
    moves = client.search("stock.move", domain, list(MOVE_FIELDS))
    for row in rows:
        mine = [move for move in moves if move["shipment"] == f"{SHIPMENT},{row['id']}"]
        for origin in sorted({move["sale"]["web_id"] for move in mine}):
            lines = [
                {
                    "item": str(move["product"]["id"]),
                    "code": move["product"]["code"] or "",
                    "quantity": Decimal(move["quantity"]),
                }
                for move in mine
                if move["sale"]["web_id"] == origin
            ]
            yield Change(
                feed=Feed.SHIPMENTS,
                erp_id=str(row["id"]),
                changed_at=row["last_modified_at"],
                values={
                    "origin": origin,
                    "number": row["number"] or "",
                    "reference": row["reference"] or "",
                    "state": row["state"],
                    "warehouse": str(row["warehouse"]),
                    "carrier": row["carrier"]["rec_name"] if row["carrier"] else "",
                    "shipped_on": row["effective_date"],
                    "lines": lines,
                },
            )


def credits_of(shop: WebShop) -> list[Any]:
    """Customer invoices of the company that are final. Which are credits of ours is read from their lines."""
    return [["company", "=", shop.company], ["type", "=", "out"], ["state", "in", ["posted", "paid"]]]


def credits(client: Client, shop: WebShop, rows: Sequence[Row]) -> Iterator[Change]:
    """Credit notes on invoices of the shop's sales. Those that a sale of ours made are not news."""
    found = [row for row in rows if row["total_amount"] < 0 and not row["sales"] and row["origin_invoices"]]
    if not found:
        return
    origins = _sales_of(client, shop, sorted({each for row in found for each in row["origin_invoices"]}))
    fields = ["invoice", "product", "product.code", "quantity", "amount", "description"]
    domain = [["invoice", "in", [row["id"] for row in found]], ["type", "=", "line"]]
    lines = client.search("account.invoice.line", domain, fields)
    for row in found:
        for origin in sorted({web_id for each in row["origin_invoices"] for web_id in origins.get(each, ())}):
            yield Change(
                feed=Feed.CREDITS,
                erp_id=str(row["id"]),
                changed_at=row["last_modified_at"],
                values={
                    "origin": origin,
                    "number": row["number"] or "",
                    "total": row["total_amount"],
                    "currency": row["currency"]["code"],
                    "dated_on": row["invoice_date"],
                    "lines": [_line(line) for line in lines if line["invoice"] == row["id"]],
                },
            )


def _sales_of(client: Client, shop: WebShop, invoices: list[int]) -> dict[int, list[str]]:
    """References of the shop's sales by the invoice that they made."""
    rows = client.search(INVOICE, [["id", "in", invoices]], ["sales.web_id", "sales.web_shop"])
    return {
        row["id"]: [sale["web_id"] for sale in row["sales"] if sale["web_shop"] == shop.id and sale["web_id"]]
        for row in rows
    }


def _line(line: Row) -> dict[str, Any]:
    product = line["product"]
    return {
        "item": str(product["id"]) if product else "",
        "code": (product["code"] or "") if product else "",
        "quantity": Decimal(line["quantity"] or 0),
        "amount": line["amount"],
        "description": line["description"] or "",
    }
