"""From the fields of the order form to the spec of an order.

It owns the names of the fields. It refuses nothing: an amount that is none is the command's to refuse.
"""

from __future__ import annotations

from sandbox.shopify.store import Document


def spec(fields: list[tuple[str, str]]) -> Document:
    """The spec behind the fields: repeated fields `sku`, `quantity`, `price` are lines, in order."""
    single = dict(fields)
    made: Document = {
        "lines": _lines(fields),
        "financial_state": single.get("financial_state", "paid"),
        "taxes": "taxes" in single,
    }
    if single.get("buyer", "").startswith("gid:"):
        made["customer_id"] = single["buyer"]
    elif single.get("buyer") == "guest":
        made["guest"] = True
        made["shipping_address"] = GUEST_ADDRESS
    else:
        made["email"] = single.get("email") or "new.buyer@example.com"
        made["shipping_address"] = GUEST_ADDRESS
    if single.get("shipping_price", "").strip():
        made["shipping"] = [
            {"title": single.get("shipping_title") or "Standard", "price": single["shipping_price"]}
        ]
    if single.get("discount", "").strip():
        kind = "percent" if single.get("discount_kind") == "percent" else "amount"
        made["discounts"] = [{kind: single["discount"], "code": single.get("discount_code") or "WELCOME"}]
    for name in ("presentment_currency", "note", "tip", "gift_card", "company_location_id", "location_id"):
        if single.get(name, "").strip():
            made[name] = single[name].strip()
    if single.get("tags", "").strip():
        made["tags"] = [tag.strip() for tag in single["tags"].split(",")]
    return made


GUEST_ADDRESS: Document = {
    "first_name": "Gus",
    "last_name": "Guest",
    "address1": "5 Harbour Street",
    "city": "Portland",
    "zip": "97201",
    "country_code": "US",
    "province_code": "OR",
}


def _lines(fields: list[tuple[str, str]]) -> list[Document]:
    def column(name: str) -> list[str]:
        return [value.strip() for key, value in fields if key == name]

    lines: list[Document] = []
    for sku, quantity, price in zip(column("sku"), column("quantity"), column("price"), strict=False):
        if not sku:
            continue
        line: Document = {"sku": sku, "quantity": int(quantity or 1)}
        if price:
            line["price"] = price
        lines.append(line)
    return lines
