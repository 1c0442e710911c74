"""Writes an explanation as text for a terminal: the record, the decisions, the documents, the cent table.

Names, e-mail and street addresses are left out: an explanation ends up in tickets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sync.domain.documents import CustomerDocument, Document, DocumentLine, ShipmentDocument
from sync.domain.filters import Skip
from sync.domain.money import Both
from sync.domain.plan import Plan
from sync.domain.proof import Row
from sync.domain.records import Order

TITLE_LETTERS = 44


def planned(
    plan: Plan,
    shipments: Sequence[ShipmentDocument],
    order: Order,
    *,
    verdict: str,
    topic: str,
    shop: str,
    looked_up_by: Sequence[str],
) -> str:
    """A plan, whole."""
    parts = [
        _head(verdict, topic, shop),
        _record(order),
        _section(
            "Mapping", (f"{d.kind} {d.value} -> {d.result or '-'} ({d.because})" for d in plan.decisions)
        ),
        _section("Customer", [_who(plan.customer, plan.erp_customer, looked_up_by)]),
        *(_document(document) for document in plan.documents),
        *(_shipment(each) for each in shipments),
        _section(
            "Payments",
            (
                f"{'paid back' if each.is_refund else 'paid'} {_both(each.amount)} by {each.gateway} "
                f"-> {each.erp_method}, on {each.erp_document or each.origin}"
                for each in plan.payments
            ),
        ),
        _section("Waiting", (each.sentence for each in plan.waiting)),
        _section("Cent table", _table((*plan.proof.rows, plan.proof.total))),
    ]
    return "\n".join(part for part in parts if part) + "\n"


def skipped(skip: Skip, shipments: Sequence[ShipmentDocument], order: Order, *, topic: str, shop: str) -> str:
    """An order that is left alone."""
    verdict = "waiting" if skip.is_waiting else "skipped"
    parts = (_head(verdict, topic, shop), _record(order), f"{skip.code}: {skip.sentence}")
    return "\n".join((*parts, *(_shipment(each) for each in shipments))) + "\n"


def stopped(verdict: str, reason: Mapping[str, str], order: Order | None, *, topic: str, shop: str) -> str:
    """A fault, with where it is and what to do."""
    lines = [_head(verdict, topic, shop)]
    if order is not None:
        lines.append(_record(order))
    lines.append(f"{reason['code']}: {reason['sentence']}")
    if reason["path"]:
        lines.append(f"at: {reason['path']}")
    if reason["misses"]:
        lines.append(f"misses: {reason['misses']}")
    lines.append(f"fix: {reason['fix']}")
    return "\n".join(lines) + "\n"


def party(
    document: CustomerDocument, erp_id: str, *, topic: str, shop: str, looked_up_by: Sequence[str], when: str
) -> str:
    """A customer without an order: who it is or would become, and what of it would be written."""
    told = {
        "a name": document.name,
        "an e-mail address": document.email,
        "a phone number": document.phone,
        "a VAT number": document.vat_number,
        "a payment term": document.payment_term,
    }
    values = [word for word, value in told.items() if value]
    parts = (
        _head("party", topic, shop),
        _section("Customer", [_who(document, erp_id, looked_up_by)]),
        _section("Would be written", [*values, f"{len(document.addresses)} addresses"]),
        _section("When", [when]),
    )
    return "\n".join(parts) + "\n"


def _head(verdict: str, topic: str, shop: str) -> str:
    return f"{verdict.upper().replace('_', ' ')}  {topic}  {shop}"


def _record(order: Order) -> str:
    facts = [
        f"{order.name} {order.gid}",
        f"total {_both(order.totals.total)}, now {_both(order.totals.current_total)}",
        f"{len(order.lines)} lines, {len(order.shipping_lines)} shipping, {len(order.refunds)} refunds, "
        f"{len(order.fulfilments)} fulfilments",
        f"prices {'with' if order.taxes_included else 'without'} tax, {order.financial_status or 'no status'}, "
        f"from {order.source_name or 'unknown'}, updated {order.updated_at.isoformat()}",
    ]
    if order.unknown:
        facts.append(f"not told by this source: {', '.join(sorted(order.unknown))}")
    return _section("Record", facts)


def _document(document: Document) -> str:
    state = "posted" if document.is_posted else "draft"
    head = f"{document.kind.value} {document.reference} ({document.number}), {document.dated_on}, {state}"
    lines = [
        f"total {_both(document.total)} in {document.currency}",
        *(_line(each) for each in document.lines),
    ]
    return _section(f"Document {head}", lines)


def _shipment(shipment: ShipmentDocument) -> str:
    word = "Cancelled shipment" if shipment.is_cancelled else "Shipment"
    goods = [f"{quantity} x {item}" for item, quantity in shipment.lines]
    parcels = [f"parcel {each.carrier} {each.tracking_number}".rstrip() for each in shipment.packages]
    return _section(f"{word} {shipment.reference} from {shipment.warehouse or '-'}", [*goods, *parcels])


def _line(line: DocumentLine) -> str:
    text = (
        f"{line.kind.value:<10} {line.quantity} x {line.description[:TITLE_LETTERS]}  net {_both(line.net)}"
    )
    taxes = ", ".join(f"{tax.title} {_both(tax.amount)} -> {tax.erp_tax}" for tax in line.taxes)
    text += f"  [{line.erp_item or line.erp_account}]"
    if line.discount:
        text += f"  after {_both(line.discount)} discount"
    return f"{text}  tax {taxes}" if taxes else text


def _table(rows: Iterable[Row]) -> list[str]:
    found = [f"{'':<34} {'Shopify':>28} {'ERP documents':>28}"]
    for row in rows:
        name = f"({row.component})" if row.is_memo else row.component
        text = f"{name:<34} {_both(row.shopify):>28} {_both(row.documents):>28}"
        found.append(f"{text}  differs by {_both(row.difference)}" if row.difference else text)
    return found


def _section(title: str, lines: Iterable[str]) -> str:
    listed = list(lines)
    return "\n".join((f"{title}", *(f"  {line}" for line in listed))) if listed else ""


def _who(document: CustomerDocument, erp_id: str, looked_up_by: Sequence[str]) -> str:
    if erp_id:
        return f"{document.code}, known in the ERP as {erp_id}"
    kind = "a guest" if document.is_guest else "a company" if document.is_company else "a customer"
    if not looked_up_by:
        return f"{document.code}, {kind}, not looked up by anything: created"
    chain = ", then ".join(looked_up_by)
    return (
        f"{document.code}, {kind}, looked up by {chain}; one match is taken, two are a question, without any it is"
        " created"
    )


def _both(amount: Both) -> str:
    return str(amount.shop) if amount.shop == amount.presentment else f"{amount.shop} / {amount.presentment}"
