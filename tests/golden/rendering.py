"""Writes plans as text that a person can read and approve: documents, lines, the cent table, what is held and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.faults import Fault
from sync.domain.documents import Document, DocumentLine, ShipmentDocument
from sync.domain.exported import NOTHING_EXPORTED, Exported
from sync.domain.filters import Skip
from sync.domain.history import Agreement
from sync.domain.money import Both
from sync.domain.plan import Plan, plan_order
from sync.domain.records import Order
from sync.domain.rules import Rules
from sync.domain.shipments import plan_shipments
from sync.shopify import bodies, reader
from sync.shopify.bodies_values import contract
from sync.shopify.reader_history import agreement


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one look at an order led to."""

    text: str
    exported: Exported
    outcome: str  # proven · paid (no document, but payments) · held · refused · skipped


def ledger_of(node: Mapping[str, Any], order: Order) -> tuple[Agreement, ...]:
    """The agreements of a stored node."""
    with contract("a sales agreement"):
        return tuple(agreement(each, taxes_included=order.taxes_included) for each in node["agreements"])


def whole_story(body: str, node: str, rules: Rules) -> tuple[str, list[str]]:
    """The approved text of a history and the outcomes of its looks: the body when placed, the ledger at the end after
    that, and the ledger alone for a first export that comes late."""
    outcomes = []
    parts = []
    placed = look(
        "When it was placed, from the webhook body", lambda: (bodies.order(bodies.parse(body)), None), rules
    )
    later = look("At the end, from the ledger", lambda: of_node(node), rules, already=placed.exported)
    alone = look("At the end, exported for the first time", lambda: of_node(node), rules)
    for told in (placed, later, alone):
        parts.append(told.text)
        outcomes.append(told.outcome)
    return "\n".join(parts), outcomes


def of_node(node: str) -> tuple[Order, tuple[Agreement, ...]]:
    """The record and ledger of a stored node."""
    parsed = bodies.parse(node)
    order = reader.order(parsed["order"])
    return order, ledger_of(parsed, order)


def look(title: str, read: Any, rules: Rules, *, already: Exported = NOTHING_EXPORTED) -> Told:
    """One look: read, plan, describe."""
    head = f"=== {title}\n"
    try:
        order, agreements = read()
        plan = plan_order(order, rules, agreements=agreements, already=already)
        after = (
            already.with_plan(plan.exports, payments=[each.source for each in plan.payments])
            if isinstance(plan, Plan)
            else already
        )
        shipments = plan_shipments(order, rules, already=after)
    except Fault as fault:
        misses = getattr(fault, "misses", "")
        extra = f"\n  misses {misses}" if misses else f"\n  at {fault.field}" if fault.field else ""
        text = f"{head}{fault.kind.upper()} {fault.code}{extra}\n  {fault.sentence}\n"
        return Told(text=text, exported=already, outcome="held")
    if isinstance(plan, Skip):
        waits = " (looked at again)" if plan.is_waiting else ""
        text = f"{head}SKIPPED {plan.code}{waits}: {plan.sentence}\n"
        outcome = "skipped"
    else:
        text = head + plan_text(plan)
        outcome = "paid" if not plan.documents else "proven"
        if not (plan.proof.is_proven and plan.whole.is_proven):
            outcome = "unproven"
    if not isinstance(shipments, Skip):
        text += "".join(_shipment(each) for each in shipments)
    return Told(text=text, exported=after, outcome=outcome)


def plan_text(plan: Plan) -> str:
    """All documents of a plan with the cent table."""
    who = plan.customer
    kind = "guest" if who.is_guest else "company" if who.is_company else "customer"
    text = f"{kind} {who.code} {who.name}\n"
    for document in plan.documents:
        text += _document(document) + _payments(plan, {document.reference})
    late = {each.origin for each in plan.payments} - {each.reference for each in plan.documents}
    text += "".join(f"PAYMENTS of {each}\n{_payments(plan, {each})}" for each in sorted(late))
    for skip in plan.waiting:
        text += f"WAITING {skip.code}: {skip.sentence}\n"
    return text + (_proof(plan) if plan.documents else "")


def _document(document: Document) -> str:
    state = "posted" if document.is_posted else "draft"
    marks = [state, document.currency]
    marks += ["stock only"] if document.is_stock_only else []
    marks += ["shipped elsewhere"] if document.is_shipped_elsewhere else []
    text = f"{document.kind.value.upper()} {document.reference} {document.number} {document.dated_on}"
    text += f" total {both(document.total)} ({', '.join(marks)})\n"
    for name in ("origin", "warehouse", "shipping_method", "payment_term", "purchase_order", "note"):
        if getattr(document, name):
            text += f"  {name} {getattr(document, name)}\n"
    text += "".join(f"  {name} = {value}\n" for name, value in document.extra)
    return text + "".join(_line(line) for line in document.lines)


def _payments(plan: Plan, origins: set[str]) -> str:
    return "".join(
        f"  paid {both(each.amount)} by {each.gateway} -> {each.erp_method}\n"
        for each in plan.payments
        if each.origin in origins
    )


def _line(line: DocumentLine) -> str:
    where = line.erp_item or line.erp_account
    text = f"  {line.kind.value:<10} {line.quantity:>4} x {line.description[:40]} net {both(line.net)} -> {where}"
    if line.discount:
        text += f", after {both(line.discount)} discount"
    if line.restock.value != "none":
        text += f", stock {line.restock.value}" + (f" to {line.erp_warehouse}" if line.erp_warehouse else "")
    text += "\n"
    for tax in line.taxes:
        how = "in" if tax.is_included else "on"
        liable = ", channel pays" if tax.is_channel_liable else ""
        text += f"{'':>15} {how} {tax.title} {both(tax.amount)} -> {tax.erp_tax}{liable}\n"
    return text


def _shipment(shipment: ShipmentDocument) -> str:
    word = "CANCELLED SHIPMENT" if shipment.is_cancelled else "SHIPMENT"
    goods = ", ".join(f"{quantity} x {item}" for item, quantity in shipment.lines)
    text = f"{word} {shipment.reference} from {shipment.warehouse or '-'}: {goods}\n"
    return text + "".join(f"  parcel {each.carrier} {each.tracking_number}\n" for each in shipment.packages)


def _proof(plan: Plan) -> str:
    text = f"PROOF {'proven' if plan.proof.is_proven else 'NOT PROVEN'}"
    text += f", residual {both(plan.proof.residual)}\n" if plan.proof.residual else "\n"
    for row in (*plan.proof.rows, plan.proof.total):
        name = f"({row.component})" if row.is_memo else row.component
        text += f"  {name:<36} {both(row.shopify):>28} {both(row.documents):>28}"
        text += f"  differs {both(row.difference)}\n" if row.difference else "\n"
    return text


def both(amount: Both) -> str:
    """One or two amounts."""
    if amount.shop == amount.presentment:
        return str(amount.shop)
    return f"{amount.shop} | {amount.presentment}"


def names(told: Sequence[Told]) -> list[str]:
    """The outcomes."""
    return [each.outcome for each in told]
