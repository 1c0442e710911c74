"""What would be done with a webhook body, and why: the record, the cent table, the decisions, the documents.

The function behind `concord explain`. It reads what it is given, asks nobody and writes nothing. Status 0: proven, or
nothing to do for a good reason; 3: held, with the reason and the fix; 4: the body breaks Shopify's contract.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from kit.faults import Fault, Misconfigured
from sync.domain import matching
from sync.domain.documents import ShipmentDocument
from sync.domain.exported import NOTHING_EXPORTED, Exported
from sync.domain.filters import Skip
from sync.domain.mapper import Catalogue
from sync.domain.money import Money
from sync.domain.plan import LEDGER_NEEDED, Plan, plan_order
from sync.domain.records import Order
from sync.domain.rules import Rules
from sync.domain.shipments import plan_shipments
from sync.insight import explain_party, explain_text
from sync.insight.explain_input import given
from sync.insight.explain_party import Party

PROVEN: Final = 0
HELD: Final = 3
BROKEN: Final = 4
PLAIN: Final = "plain"  # the mapping that is assumed where none is known


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
    mapping: str = PLAIN,
) -> Explanation:
    """What a delivery of this topic would lead to. `nodes` is the order (and its agreements) as GraphQL tells it, and
    `mapping` the name of the version that the rules are.
    """
    told = _explained(
        body, topic=topic, shop=shop, rules=rules, nodes=nodes, already=already, catalogue=catalogue
    )
    head, _, rest = told.text.partition("\n")
    return replace(
        told, text=f"{head}  mapping: {mapping}\n{rest}", as_json=told.as_json | {"mapping": mapping}
    )


def _explained(
    body: bytes,
    *,
    topic: str,
    shop: str,
    rules: Rules,
    nodes: bytes | None,
    already: Exported,
    catalogue: Catalogue | None,
) -> Explanation:
    order = None
    try:
        if topic in explain_party.TOPICS:
            return _party(explain_party.party_of(body, rules), topic=topic, shop=shop)
        found = given(body, topic, nodes)
        order = found.order
        if order is None:
            because = (
                f"A body of {topic} does not carry the whole order; Concord reads {found.gid} from Shopify."
            )
            return _needs_more(topic, shop, None, because)
        plan = plan_order(order, rules, agreements=found.agreements, already=already, catalogue=catalogue)
        after = already.with_plan(plan.exports) if isinstance(plan, Plan) else already
        shipped = plan_shipments(order, rules, already=after, catalogue=catalogue)
    except Fault as fault:
        return _stopped(fault, topic=topic, shop=shop, order=order)
    shipments = () if isinstance(shipped, Skip) else shipped
    return _planned(plan, shipments, order, rules, topic=topic, shop=shop)


def _party(found: Party, *, topic: str, shop: str) -> Explanation:
    text = explain_text.party(
        found.document,
        found.erp_id,
        topic=topic,
        shop=shop,
        looked_up_by=found.looked_up_by,
        when=found.when,
    )
    told = {
        "verdict": "party",
        "topic": topic,
        "shop": shop,
        "customer": plain(found.document),
        "customer_known_as": found.erp_id,
        "customer_looked_up_by": plain(found.looked_up_by),
        "when": found.when,
    }
    return Explanation(status=PROVEN, text=text, as_json=told)


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
    if fault.code == "topic_not_planned":
        return "Explain the order that it is about, with a topic of orders."
    if isinstance(fault, Misconfigured):
        return f"Settle {fault.misses!r}; held records then run again by themselves."
    return "Look at the record in Shopify's admin, correct it there, and replay it."


def _needs_more(topic: str, shop: str, order: Order | None, because: str) -> Explanation:
    reason = {
        "code": LEDGER_NEEDED,
        "kind": "waiting",
        "sentence": because,
        "path": "",
        "misses": "",
        "fix": "Give the order and its agreements as GraphQL tells them (--nodes).",
    }
    return Explanation(
        status=HELD,
        text=explain_text.stopped("held", reason, order, topic=topic, shop=shop),
        as_json={
            "verdict": "held",
            "topic": topic,
            "shop": shop,
            "reason": reason,
            "record": plain(order) if order else None,
        },
    )


def _planned(
    plan: Plan | Skip,
    shipments: tuple[ShipmentDocument, ...],
    order: Order,
    rules: Rules,
    *,
    topic: str,
    shop: str,
) -> Explanation:
    told: dict[str, Any] = {
        "topic": topic,
        "shop": shop,
        "record": plain(order),
        "shipments": plain(shipments),
    }
    if isinstance(plan, Skip):
        if plan.code == LEDGER_NEEDED:
            return _needs_more(topic, shop, order, plan.sentence)
        status = HELD if plan.is_waiting else PROVEN
        verdict = "waiting" if plan.is_waiting else "skipped"
        told |= {"verdict": verdict, "reason": {"code": plan.code, "sentence": plan.sentence}}
        return Explanation(
            status=status,
            text=explain_text.skipped(plan, shipments, order, topic=topic, shop=shop),
            as_json=told,
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
        "payments": plain(plan.payments),
        "waiting": plain(plan.waiting),
    }
    status = PROVEN if plan.proof.is_proven else HELD
    text = explain_text.planned(
        plan, shipments, order, verdict=verdict, topic=topic, shop=shop, looked_up_by=looked_up_by
    )
    return Explanation(status=status, text=text, as_json=told)
