"""What people do in Tryton by hand: count, let goods go, credit an invoice, take a sale back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.erp.tryton.rpc import Rpc

SHIPMENT = "stock.shipment.out"
INVOICE = "account.invoice"
RETURN = "stock.shipment.out.return"


def count(rpc: Rpc, ids: Mapping[str, Any], sku: str, pieces: int) -> None:
    """Counts a product in the first warehouse of a company."""
    line = {"product": ids["products"][sku], "quantity": float(pieces)}
    storage = next(iter(ids["storages"].values()))
    inventory = rpc.one(
        "stock.inventory", location=storage, company=ids["company"], lines=[["create", [line]]]
    )
    rpc.press("stock.inventory", "confirm", inventory)


def ship(rpc: Rpc, shipment: int, *, tracking: str = "", carrier: int | None = None) -> None:
    """Lets the goods of a shipment go."""
    rpc.write(SHIPMENT, [shipment], reference=tracking, carrier=carrier)
    for button in ("assign_force", "pick", "pack", "do"):
        rpc.press(SHIPMENT, button, shipment)


def credit_invoice(rpc: Rpc, invoice: int) -> int:
    """Credits an invoice, whole, and posts the credit note. Goods stay where they are."""
    form = {"start": {"with_refund": False, "with_refund_allowed": False, "invoice_date": None}}
    rpc.wizard(
        "account.invoice.credit",
        ("credit", form),
        active_model=INVOICE,
        active_id=invoice,
        active_ids=[invoice],
    )
    (credit,) = rpc.find(
        INVOICE, ("state", "=", "draft"), ("lines.origin.invoice", "=", invoice, "account.invoice.line")
    )
    rpc.press(INVOICE, "post", credit)
    return credit


def receive(rpc: Rpc, returned: int) -> None:
    """Puts the goods of a returned sale away again."""
    (row,) = rpc.read("sale.sale", [returned], "shipment_returns")
    for shipment in row["shipment_returns"]:
        for button in ("receive", "do"):
            rpc.press(RETURN, button, shipment)


def return_sale(rpc: Rpc, sale: int) -> int:
    """Takes a sale back, whole: the goods are awaited and the credit note is posted."""
    rpc.wizard(
        "sale.return_sale",
        ("return_", {"start": {}}),
        active_model="sale.sale",
        active_id=sale,
        active_ids=[sale],
    )
    (returned,) = rpc.find("sale.sale", ("origin", "=", f"sale.sale,{sale}"))
    for button in ("quote", "confirm", "process"):
        (row,) = rpc.read("sale.sale", [returned], "state")
        if row["state"] in ("draft", "quotation", "confirmed"):
            rpc.press("sale.sale", button, returned)
    for invoice in rpc.find(
        INVOICE, ("lines.origin.sale", "=", returned, "sale.line"), ("state", "=", "draft")
    ):
        rpc.press(INVOICE, "post", invoice)
    return returned
