"""Shipments and credit notes that people made in Tryton for orders of the shop, told in the words of the feeds.

Two ways lead to a credit in Tryton: crediting an invoice, which moves no goods, and returning a sale, which does.
What our own documents led to is not news and is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sync.connectors.base import Change, Feed
from sync.connectors.tryton.carving import SHIPMENT
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.shop import WebShop
from sync.domain.feeds import CreditLine, CreditTold, Parcel, Quantity, ShipmentState, ShipmentTold
from sync.domain.money import Money, digits

INVOICE = "account.invoice"
INVOICE_LINE = "account.invoice.line"
SALE = "sale.sale"
SHIPMENT_FIELDS = ("number", "reference", "state", "warehouse", "carrier.party.name")
INVOICE_FIELDS = ("number", "total_amount", "currency.code", "sales", "origin_invoices")
MOVE_FIELDS = ("shipment", "product", "quantity", "sale.web_id")
LINE_FIELDS = ("invoice", "origin", "product.type", "quantity", "amount", "taxes.rate")
PART = "@"  # in the id of a part of a paper that is for several sales
STATES = {
    "shipped": ShipmentState.DONE,
    "done": ShipmentState.DONE,
    "cancelled": ShipmentState.CANCELLED,
}
_BETWEEN_NUMBERS = re.compile(r"[\s,;]+")


def shipments_of(shop: WebShop) -> list[Any]:
    """Shipments that left (or were cancelled) with goods of the shop's sales."""
    return [
        ["company", "=", shop.company],
        ["state", "in", list(STATES)],
        ["moves.origin.sale.web_shop", "=", shop.id, "sale.line"],
    ]


def shipments(client: Client, shop: WebShop, rows: Sequence[Row]) -> Iterator[Change]:
    """One change per shipment and sale that it serves."""
    names = [f"{SHIPMENT},{row['id']}" for row in rows]
    domain = [["shipment", "in", names], ["origin.sale.web_shop", "=", shop.id, "sale.line"]]
    moves = client.search("stock.move", domain, list(MOVE_FIELDS))
    for row in rows:
        mine = [move for move in moves if move["shipment"] == f"{SHIPMENT},{row['id']}"]
        origins = sorted({move["sale"]["web_id"] for move in mine})
        for origin in origins:
            told = ShipmentTold(
                number=row["number"] or str(row["id"]),
                state=STATES[row["state"]],
                origin=origin,
                warehouse=str(row["warehouse"]),
                reference=row["reference"] or "",
                lines=tuple(
                    Quantity(str(move["product"]), Decimal(move["quantity"]))
                    for move in mine
                    if move["sale"]["web_id"] == origin
                ),
                parcels=_parcels(row),
            )
            yield Change(
                feed=Feed.SHIPMENTS,
                erp_id=_part(row["id"], origin, of=len(origins)),
                changed_at=row["last_modified_at"],
                values=told.plain(),
            )


def _parcels(row: Row) -> tuple[Parcel, ...]:
    """Tryton's reference of a shipment is its number outside: the carrier's, or several of them."""
    carrier = row["carrier"]["party"]["name"] if row["carrier"] else ""
    numbers = [each for each in _BETWEEN_NUMBERS.split(row["reference"] or "") if each]
    return tuple(Parcel(number, carrier) for number in numbers)


def credits_of(shop: WebShop) -> list[Any]:
    """Customer invoices of the company that are final. Which are credits of ours is read from their lines."""
    return [["company", "=", shop.company], ["type", "=", "out"], ["state", "in", ["posted", "paid"]]]


def credits(client: Client, shop: WebShop, rows: Sequence[Row]) -> Iterator[Change]:
    """Credit notes for the shop's sales, one change per sale. Those that a sale of ours made are not news."""
    found = [row for row in rows if row["total_amount"] < 0 and (row["sales"] or row["origin_invoices"])]
    if not found:
        return
    returned = _returned(client, shop, sorted({sale for row in found for sale in row["sales"]}))
    domain = [["invoice", "in", [row["id"] for row in found]], ["type", "=", "line"]]
    lines = client.search(INVOICE_LINE, domain, list(LINE_FIELDS))
    credited = _credited(client, shop, [line for line in lines if line["origin"]])
    for row in found:
        own = [line for line in lines if line["invoice"] == row["id"]]
        gross = _gross(own, -row["total_amount"], row["currency"]["code"])
        if row["sales"]:
            sale = next((returned[each] for each in row["sales"] if each in returned), None)
            by_sale = {sale: own} if sale else {}
        else:
            by_sale = _by_sale(own, credited)
        for sale, its_lines in by_sale.items():
            yield _credit(row, sale, its_lines, gross, of=len(by_sale))


@dataclass(frozen=True)
class _Source:
    """The sale that is credited, and where its goods go back to when they do."""

    web_id: str
    warehouse: str = ""
    is_returned: bool = False


def _credit(
    row: Row, sale: _Source, lines: Sequence[Row], gross: Mapping[int, Decimal], *, of: int
) -> Change:
    told = CreditTold(
        number=row["number"] or str(row["id"]),
        origin=sale.web_id,
        total=Money(sum((gross[line["id"]] for line in lines), Decimal(0)), row["currency"]["code"]),
        warehouse=sale.warehouse,
        lines=tuple(
            CreditLine(
                item=str(line["product"]["id"]) if line["product"] else "",
                quantity=-Decimal(line["quantity"] or 0),
                gross=gross[line["id"]],
                is_restocked=sale.is_returned
                and bool(line["product"])
                and line["product"]["type"] == "goods",
            )
            for line in lines
        ),
    )
    return Change(
        feed=Feed.CREDITS,
        erp_id=_part(row["id"], sale.web_id, of=of),
        changed_at=row["last_modified_at"],
        values=told.plain(),
    )


def _returned(client: Client, shop: WebShop, sales: list[int]) -> dict[int, _Source]:
    """Sales by which a person took goods of the shop's sales back, by their id; our own are not among them."""
    if not sales:
        return {}
    rows = client.search(SALE, [["id", "in", sales], ["web_shop", "=", None]], ["origin", "warehouse"])
    origins = {row["id"]: int(row["origin"].partition(",")[2]) for row in rows if _is_sale(row["origin"])}
    domain = [["id", "in", sorted(set(origins.values()))], ["web_shop", "=", shop.id]]
    web_ids = {row["id"]: row["web_id"] for row in client.search(SALE, domain, ["web_id"])}
    return {
        row["id"]: _Source(web_ids[origins[row["id"]]], str(row["warehouse"] or ""), is_returned=True)
        for row in rows
        if web_ids.get(origins.get(row["id"], 0))
    }


def _is_sale(origin: str | None) -> bool:
    return (origin or "").startswith(f"{SALE},")


def _credited(client: Client, shop: WebShop, lines: Sequence[Row]) -> dict[str, _Source]:
    """The sale of each invoice line that was credited, by the line's name."""
    names = {line["origin"] for line in lines if line["origin"].startswith(f"{INVOICE_LINE},")}
    if not names:
        return {}
    ids = sorted(int(name.partition(",")[2]) for name in names)
    rows = client.search(
        INVOICE_LINE, [["id", "in", ids]], ["invoice.sales.web_id", "invoice.sales.web_shop"]
    )
    found: dict[str, _Source] = {}
    for row in rows:
        for sale in row["invoice"]["sales"] if row["invoice"] else ():
            if sale["web_shop"] == shop.id and sale["web_id"]:
                found[f"{INVOICE_LINE},{row['id']}"] = _Source(sale["web_id"])
    return found


def _by_sale(lines: Sequence[Row], credited: Mapping[str, _Source]) -> dict[_Source, list[Row]]:
    """Lines by the sale that they credit. One that a person added by hand goes with the first."""
    found: dict[_Source, list[Row]] = {}
    for line in lines:
        if sale := credited.get(line["origin"] or ""):
            found.setdefault(sale, []).append(line)
    rest = [line for line in lines if (line["origin"] or "") not in credited]
    if found and rest:
        next(iter(found.values())).extend(rest)
    return found


def _gross(lines: Sequence[Row], total: Decimal, currency: str) -> dict[int, Decimal]:
    """What each line gives back with its taxes; together exactly the credit's total. Tryton counts taxes per document,
    so the last line that is taxed takes the cent that is left."""
    step = Decimal(1).scaleb(-digits(currency))
    found: dict[int, Decimal] = {}
    for line in lines:
        rate = sum((tax["rate"] or Decimal(0) for tax in line["taxes"]), Decimal(0))
        found[line["id"]] = (-line["amount"] * (1 + rate)).quantize(step, ROUND_HALF_UP)
    taxed = [line["id"] for line in lines if line["taxes"]] or [line["id"] for line in lines]
    if taxed:
        found[taxed[-1]] += total - sum(found.values())
    return found


def invoice_of(paper: str) -> int:
    """The invoice of a credit, by the id under which it was told."""
    return int(paper.partition(PART)[0])


def _part(number: int, origin: str, *, of: int) -> str:
    """The ERP's id of a paper; of a paper for several sales each part has an id of its own."""
    return str(number) if of == 1 else f"{number}{PART}{origin}"
