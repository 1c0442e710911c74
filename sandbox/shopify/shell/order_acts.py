"""The buttons of an order page: each form becomes one command, and the page says what came of it."""

from __future__ import annotations

from starlette.responses import Response

from sandbox.shopify import trade_acts
from sandbox.shopify.door import Call
from sandbox.shopify.shell import render
from sandbox.shopify.store import Document
from sandbox.shopify.trade_acts import NOT_POSSIBLE, reason

NOTICES = {
    "pay": "Payment received.",
    "cancel": "Order cancelled.",
    "refund": "Refund made.",
    "fulfil": "Parcel sent.",
    "edit": "Order edited.",
    "update": "Order changed.",
    "return": "Return opened.",
}


def act(call: Call) -> Response:
    """POST /store/{shop}/orders/{id}/{act}"""
    number, name = call.parameters["id"], call.parameters["act"]
    try:
        wish = _wish(name, call.form_items())
        trade_acts.perform(call.world.store, call.shop, number, act=name, wish=wish)
    except NOT_POSSIBLE as refused:
        return render.back(call, f"/orders/{number}", failure=f"Shopify refused: {reason(refused)}")
    return render.back(call, f"/orders/{number}", notice=NOTICES.get(name, "Done."))


def _wish(name: str, fields: list[tuple[str, str]]) -> Document:
    single = {key: value.strip() for key, value in fields if value.strip()}
    match name:
        case "refund":
            return _refund(single)
        case "fulfil":
            return _fulfil(single)
        case "return":
            lines = [{"sku": sku, "quantity": quantity} for sku, quantity in _quantities(single).items()]
            return {"lines": lines}
        case "edit":
            return _edit(single)
        case "cancel":
            return {
                "reason": single.get("reason", "OTHER"),
                "refund": "refund" in single,
                "restock": "restock" in single,
            }
        case "update":
            tags = [tag.strip() for tag in single.get("tags", "").split(",") if tag.strip()]
            return {"note": single.get("note", ""), "tags": tags}
        case _:
            return dict(single)


def _quantities(single: dict[str, str]) -> dict[str, int]:
    """Fields `quantity:<line id or SKU>` with more than nothing in them."""
    found = {key[9:]: int(value) for key, value in single.items() if key.startswith("quantity:")}
    return {line_id: quantity for line_id, quantity in found.items() if quantity}


def _refund(single: dict[str, str]) -> Document:
    restock = single.get("restock_type", "NO_RESTOCK")
    wish: Document = {
        "lines": [
            {"line_id": line_id, "quantity": quantity, "restock_type": restock}
            for line_id, quantity in _quantities(single).items()
        ]
    }
    if "all_shipping" in single:
        wish["shipping"] = True
    elif single.get("shipping"):
        wish["shipping"] = single["shipping"]
    for name in ("amount", "note"):
        if single.get(name):
            wish[name] = single[name]
    return wish


def _fulfil(single: dict[str, str]) -> Document:
    wish: Document = {}
    if single.get("fulfillment_order_id"):
        wish["fulfillment_order_id"] = single["fulfillment_order_id"]
    if single.get("tracking_number"):
        wish["tracking"] = {
            "company": single.get("tracking_company", ""),
            "number": single["tracking_number"],
        }
    return wish


def _edit(single: dict[str, str]) -> Document:
    wish: Document = {
        "set_quantity": [
            {"line_id": key[9:], "quantity": int(value)}
            for key, value in single.items()
            if key.startswith("quantity:")
        ]
    }
    if single.get("sku"):
        wish["add"] = [{"sku": single["sku"], "quantity": int(single.get("add_quantity", "1"))}]
    return wish
