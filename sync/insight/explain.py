"""What would be done with a webhook body, and why: the record, the cent table, the decisions, the documents.

The function behind `concord explain`. It reads what it is given, asks nobody and writes nothing. Status 0: proven, or
nothing to do for a good reason; 3: held, with the reason and the fix; 4: the body breaks Shopify's contract.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from kit.faults import Fault, Misconfigured
from sync.domain import matching
from sync.domain.exported import NOTHING_EXPORTED, Exported
from sync.domain.filters import Skip
from sync.domain.history import Agreement
from sync.domain.mapper import Catalogue
from sync.domain.money import Money
from sync.domain.plan import LEDGER_NEEDED, Plan, plan_order
from sync.domain.records import Order
from sync.domain.rules import Rules
from sync.insight import explain_text
from sync.shopify import bodies, reader
from sync.shopify.bodies_history import order_gid
from sync.shopify.bodies_values import Drift, contract, need
from sync.shopify.reader_history import agreement

PROVEN: Final = 0
HELD: Final = 3
BROKEN: Final = 4
ORDER_TOPICS: Final = ("orders/create", "orders/updated", "orders/paid", "orders/cancelled")
OF_AN_ORDER: Final = ("orders/edited", "refunds/", "returns/", "fulfillments/", "order_transactions/")


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The answer in three forms: a status for the shell, text for people, JSON for programs."""

    status: int
    text: str
    as_json: dict[str, Any]


def explain(
    body: bytes,
    *,
    topic: str,
    shop: str,
    rules: Rules,
    nodes: bytes | None = None,
    already: Exported = NOTHING_EXPORTED,
    catalogue: Catalogue | None = None,
) -> Explanation:
    """What a delivery of this topic would lead to. `nodes` is the order (and its agreements) as GraphQL tells it."""
    try:
        order, agreements = _record(body, topic, nodes)
    except Fault as fault:
        return _stopped(fault, topic=topic, shop=shop, order=None)
    if order is None:
        return _needs_more(topic, shop, order_gid(bodies.parse(body)))
    try:
        plan = plan_order(order, rules, agreements=agreements, already=already, catalogue=catalogue)
    except Fault as fault:
        return _stopped(fault, topic=topic, shop=shop, order=order)
    return _planned(plan, order, rules, topic=topic, shop=shop)


def plain(value: Any) -> Any:
    """Any of our values as JSON: money by its text, times in ISO, dataclasses by their fields."""
    match value:
        case Money():
            return str(value)
        case StrEnum():
            return value.value
        case None | bool() | int() | str():
            return value
        case Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case dict():
            return {str(plain(key)): plain(each) for key, each in value.items()}
        case tuple() | list():
            return [plain(each) for each in value]
        case frozenset() | set():
            return sorted(plain(each) for each in value)
        case _ if is_dataclass(value):
            return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        case _:
            raise TypeError(f"{type(value).__name__} has no plain form")


def _record(
    body: bytes, topic: str, nodes: bytes | None
) -> tuple[Order | None, tuple[Agreement, ...] | None]:
    """The record to plan from: the nodes when there are any, else the body when it carries a whole order."""
    parsed = bodies.parse(body)
    told = bodies.order(parsed) if topic in ORDER_TOPICS else None
    if nodes is None:
        if told is None and not topic.startswith(OF_AN_ORDER):
            raise Misconfigured(
                "topic_not_planned",
                f"A delivery of {topic} makes no ERP document by itself.",
                misses=f"topic:{topic}",
            )
        return told, None
    given = bodies.parse(nodes)
    given = given.get("data", given) if isinstance(given, dict) else given
    with contract("an answer"):
        node = need(given, "order")
    order = reader.order(node)
    listed = given.get("agreements", node.get("agreements"))
    return order, None if listed is None else _agreements(listed, order)


def _agreements(listed: Any, order: Order) -> tuple[Agreement, ...]:
    found = []
    with contract("the sales ledger"):
        entries = _entries(listed)
        for place, node in enumerate(entries):
            try:
                found.append(agreement(node, taxes_included=order.taxes_included))
            except Drift as drift:
                raise drift.under(f"agreements[{place}]") from None
    return tuple(found)


def _entries(listed: Any) -> list[Any]:
    """The agreements of a plain list, or of a connection with nodes or edges."""
    if isinstance(listed, dict):
        edges = listed.get("edges")
        listed = [need(edge, "node") for edge in edges] if isinstance(edges, list) else listed.get("nodes")
    if not isinstance(listed, list):
        raise Drift("agreements", "is not a list")
    return listed


def _stopped(fault: Fault, *, topic: str, shop: str, order: Order | None) -> Explanation:
    status = BROKEN if fault.code == "schema_drift" else HELD
    verdict = "contract_broken" if status == BROKEN else "held"
    reason = {
        "code": fault.code,
        "kind": fault.kind,
        "sentence": fault.sentence,
        "path": fault.field,
        "misses": getattr(fault, "misses", ""),
        "fix": _fix(fault),
    }
    return Explanation(
        status=status,
        text=explain_text.stopped(verdict, reason, order, topic=topic, shop=shop),
        as_json={
            "verdict": verdict,
            "topic": topic,
            "shop": shop,
            "reason": reason,
            "record": plain(order) if order else None,
        },
    )


def _fix(fault: Fault) -> str:
    if fault.code == "schema_drift":
        return "Report the body to support: Shopify sends something that this version of Concord cannot read."
    if isinstance(fault, Misconfigured):
        return f"Settle {fault.misses!r}; held records then run again by themselves."
    return "Look at the record in Shopify's admin, correct it there, and replay it."


def _needs_more(topic: str, shop: str, gid: str) -> Explanation:
    reason = {
        "code": LEDGER_NEEDED,
        "kind": "waiting",
        "sentence": f"A body of {topic} does not carry the whole order; Concord reads {gid} from Shopify.",
        "path": "",
        "misses": "",
        "fix": "Give the order and its agreements as GraphQL tells them (--nodes).",
    }
    return Explanation(
        status=HELD,
        text=explain_text.stopped("held", reason, None, topic=topic, shop=shop),
        as_json={"verdict": "held", "topic": topic, "shop": shop, "reason": reason, "record": None},
    )


def _planned(plan: Plan | Skip, order: Order, rules: Rules, *, topic: str, shop: str) -> Explanation:
    told: dict[str, Any] = {"topic": topic, "shop": shop, "record": plain(order)}
    if isinstance(plan, Skip):
        if plan.code == LEDGER_NEEDED:
            return _needs_more(topic, shop, order.gid)
        status = HELD if plan.is_waiting else PROVEN
        verdict = "waiting" if plan.is_waiting else "skipped"
        told |= {"verdict": verdict, "reason": {"code": plan.code, "sentence": plan.sentence}}
        return Explanation(
            status=status, text=explain_text.skipped(plan, order, topic=topic, shop=shop), as_json=told
        )
    looked_up_by = matching.looked_up_by(plan.customer, rules.match_order)
    verdict = "proven" if plan.proof.is_proven else "unproven"
    told |= {
        "verdict": verdict,
        "proof": plan.proof.as_json(),
        "decisions": plain(plan.decisions),
        "customer": plain(plan.customer),
        "customer_looked_up_by": plain(looked_up_by),
        "documents": plain(plan.documents),
        "waiting": plain(plan.waiting),
    }
    status = PROVEN if plan.proof.is_proven else HELD
    text = explain_text.planned(
        plan, order, verdict=verdict, topic=topic, shop=shop, looked_up_by=looked_up_by
    )
    return Explanation(status=status, text=text, as_json=told)
