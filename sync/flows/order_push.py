"""Order to ERP: brings one order in accord, from the first document to the last delta. Orders are read from the
signed body when that is enough, and from Shopify's ledger when money changed since.

It owns the order of the writes (customer first, then each document with its link) and which facts are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy.orm import Session

from kit.faults import Misconfigured, Rejected
from kit.packing import unpack
from kit.sql import Sql
from sync.connectors.base import INVOICE_OPEN, Connector, Written
from sync.domain import customers, matching
from sync.domain.documents import CustomerDocument, Document, DocumentKind, PaymentDocument
from sync.domain.exported import Exported, ExportedDocument
from sync.domain.filters import Skip
from sync.domain.matching import Choice, Verdict
from sync.domain.money import Money
from sync.domain.plan import LEDGER_NEEDED, Plan, needs_ledger, owes_payments, plan_order
from sync.domain.records import Order
from sync.domain.rules import MatchBy, Rules
from sync.flows import back, fulfilment_push, road
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import bodies, reader
from sync.shopify.reader import Read
from sync.state import intents, jobs, links, marks, snapshots
from sync.state.models import IntentState, Lane
from sync.state.settings_models import Connection

FLOW = "order_push"
WHOLE_TOPICS = ("orders/create", "orders/updated", "orders/paid", "orders/cancelled")
_NEWEST_BODY = Sql(
    """
    select body from delivery
    where record = %(record)s and topic = any(%(topics)s) and body is not null and shop_id = %(shop_id)s
    order by triggered_at desc nulls last, id desc
    limit 1
    """
)


def run(work: Work) -> Outcome:
    """Reads the order, plans what the ERP lacks of it, writes that, and proves it to the cent."""
    connection = work.gateways.connection_of(work.shop.id)
    with work.reading() as session:
        rules = work.gateways.rules_in_force(session, connection.id)
        already = _already(session, work.job.record)
        told = _told(session, work)
    if told is None:
        told = _ask_shopify(work)
        already = _already_now(work, told.order)
    order, agreements = told
    work.money_at_risk = order.totals.current_total.shop
    _keep(work, order)
    if agreements is None and (needs_ledger(order, already, rules) or customers.is_untold(order)):
        order, agreements = _ask_shopify(work)
        already = _already_now(work, order)
        _keep(work, order)
    outcome = _bring_in_accord(work, connection, Read(order, agreements), rules, already)
    if isinstance(outcome, Skip):
        # Shopify is asked outside the ERP's door: that it is slow or down is not the ERP's fault and takes no place.
        read = _ask_shopify(work)
        outcome = _bring_in_accord(work, connection, read, rules, _already_now(work, read.order))
    return Done(outcome.sentence) if isinstance(outcome, Skip) else outcome


def _bring_in_accord(
    work: Work, connection: Connection, read: Read, rules: Rules, already: Exported
) -> Outcome | Skip:
    """Writes what the ERP lacks. A Skip says that the order must be read from Shopify first, with its ledger."""
    order = read.order
    with work.gateways.erp(connection, work.shop.domain) as connector:
        catalogue = work.gateways.catalogue(connection, connector, _codes(order))
        plan = plan_order(order, rules, agreements=read.agreements, already=already, catalogue=catalogue)
        if isinstance(plan, Skip) and plan.code == LEDGER_NEEDED:
            return plan
        if isinstance(plan, Skip):
            outcome = _skipped(plan, already)
            _settle_buyer(work, connector, order, rules)
        else:
            outcome = _carry_out(work, connection, connector, order, plan, rules)
            already = already.with_plan(plan.exports)
            if read.agreements is None and owes_payments(order, rules):
                work.later(lambda session: _look_again(session, work))
        shipped = fulfilment_push.carry_out(
            work, connection, connector, order, rules, already=already, catalogue=catalogue
        )
    return Done(f"Shipped: {', '.join(shipped)}. {_said(outcome)}".strip()) if shipped else outcome


def _told(session: Session, work: Work) -> Read | None:
    """The order from the newest signed body; None when the body is missing, or older than what we know."""
    if work.job.hint.get("reread"):
        return None
    body = newest_body(session, work.job.record)
    if body is None:
        return None
    order = bodies.order(bodies.parse(body))
    known = snapshots.updated_at(session, order.gid)
    is_newest = known is None or order.updated_at >= known
    return Read(order, None) if is_newest else None


def _ask_shopify(work: Work) -> Read:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    found = reader.read_order(client, work.job.record, lane=work.job.lane)
    if found is None:
        raise Rejected("order_gone", "Shopify does not know this order any more.", field="order")
    return found


def newest_body(session: Session, record: str) -> bytes | None:
    """The newest signed body that carries the whole order, while it is kept."""
    body = _NEWEST_BODY.run(session, record=record, topics=list(WHOLE_TOPICS)).scalar()
    return None if body is None else unpack(body)


def _already_now(work: Work, order: Order) -> Exported:
    """What is in the ERP, looked up after the order was read again: what we did meanwhile is not news."""
    with work.reading() as session:
        return _already(session, order.gid)


def _already(session: Session, gid: str) -> Exported:
    """What of this order is in the ERP, from the facts kept with its links. Raises UnderWay while we write to it."""
    back.wait_for_own(session, gid)
    begun = intents.open_purposes(session, flow=FLOW, record=gid)
    is_begun = any(purpose.startswith(f"{DocumentKind.SALE}:") for purpose in begun)
    return replace(links.exported(session, gid), is_begun=is_begun)


def _keep(work: Work, order: Order) -> None:
    def save(session: Session) -> None:
        snapshots.save(
            session,
            record=order.gid,
            title=order.name,
            body=_summary(order),
            occurred_at=order.processed_at,
            updated_at=order.updated_at,
            customer_gid=order.customer.gid if order.customer else None,
            buyer_mark=marks.of(session, work.gateways.sealer, shop_id=work.shop.id, email=order.email),
        )

    work.later(save)


def _summary(order: Order) -> dict[str, object]:
    return {
        "total": str(order.totals.current_total.shop),
        "presentment_total": str(order.totals.current_total.presentment),
        "financial_status": order.financial_status,
        "customer": order.customer.name if order.customer else "",
        "lines": len(order.lines),
        "cancelled_at": order.cancelled_at.isoformat() if order.cancelled_at else None,
    }


def _codes(order: Order) -> Sequence[str]:
    return sorted({code for line in order.lines for code in (line.sku, line.barcode) if code})


def _skipped(skip: Skip, already: Exported) -> Outcome:
    if skip.is_waiting:
        return Done(skip.sentence)
    return Done(skip.sentence) if already.sale is not None else Skipped(skip.sentence)


def _said(outcome: Outcome) -> str:
    return outcome.sentence if isinstance(outcome, Done) else outcome.reason


def _carry_out(
    work: Work, connection: Connection, connector: Connector, order: Order, plan: Plan, rules: Rules
) -> Outcome:
    party = _customer(work, connection, connector, plan, rules)
    for document, export in zip(plan.documents, plan.exports, strict=True):
        _write(work, connection, connector, replace(document, erp_customer=party), export)
    if plan.documents:
        proof = plan.whole.as_json()
        work.later(lambda session: snapshots.prove(session, record=order.gid, proof=proof))
        work.later(lambda session: _release_waiting(session, order))
    said = [f"Written: {', '.join(each.number for each in plan.documents)}."] if plan.documents else []
    said += dict.fromkeys(_pay(work, connection, connector, payment) for payment in plan.payments)
    return Done(" ".join((*said, *(each.sentence for each in plan.waiting))).strip())


def _look_again(session: Session, work: Work) -> None:
    """Asks for the payments of an order that a body told. They can wait for every order that is not in the ERP yet."""
    jobs.ask(
        session,
        shop_id=work.shop.id,
        flow=work.job.flow,
        record=work.job.record,
        lane=Lane.BACKFILL,
        hint={"reread": True},
    )


def _pay(work: Work, connection: Connection, connector: Connector, payment: PaymentDocument) -> str:
    """Books one payment, and says so; one whose document a person has to finish first is left for a later look."""
    try:
        written = road.write(
            work,
            purpose=f"payment:{payment.source.rpartition('/')[2]}"[:64],
            variables=repr(payment),
            call=lambda key: connector.pay(payment, key=key),
            ask=lambda: None,  # booking a payment looks for its transaction first
        )
    except Rejected as refusal:
        if refusal.code != INVOICE_OPEN:
            raise
        return refusal.sentence
    facts = {"origin": payment.origin, "written": road.written_values(written)}
    work.later(
        lambda session: links.record(
            session,
            connection_id=connection.id,
            kind="payment",
            shopify_gid=payment.source,
            record=payment.record,
            written=written,
            facts=facts,
        )
    )
    return "Payments booked."


def _release_waiting(session: Session, order: Order) -> None:
    jobs.release(session, misses=[f"link:{order.gid}"])


def _write(
    work: Work, connection: Connection, connector: Connector, document: Document, export: ExportedDocument
) -> None:
    written = road.write(
        work,
        purpose=f"{document.kind}:{document.reference}"[:64],
        variables=repr(document),
        call=lambda key: connector.write(document, key=key),
        ask=lambda: _found(connector, document),
    )
    is_sale = document.kind is DocumentKind.SALE
    facts = export.facts() | {"written": road.written_values(written)}
    work.later(
        lambda session: links.record(
            session,
            connection_id=connection.id,
            kind="order" if is_sale else "delta",
            shopify_gid=document.record if is_sale else f"{document.record}#{document.reference}",
            record=document.record,
            written=written,
            facts=facts,
        )
    )
    _same_to_the_cent(document, written)


def _found(connector: Connector, document: Document) -> Written | None:
    """The document if it stands there whole. One that was begun and not finished is finished by writing again."""
    found = connector.find(document)
    return found if found is not None and found.is_complete else None


def _same_to_the_cent(document: Document, written: Written) -> None:
    wanted = (
        document.total.shop
        if document.currency == document.total.shop.currency
        else document.total.presentment
    )
    if written.total is not None and _differs(written.total, wanted):
        raise Rejected(
            "total_differs",
            f"The ERP's document {written.number} says {written.total}, Shopify says {wanted}.",
            field=document.kind.value,
            detail=f"{written.model} {written.erp_id}",
        )


def _differs(one: Money, other: Money) -> bool:
    return one.currency != other.currency or one.amount != other.amount


def _customer(work: Work, connection: Connection, connector: Connector, plan: Plan, rules: Rules) -> str:
    """The ERP's id of the buyer: chosen by a person, linked before, matched, or created."""
    document = plan.customer
    if plan.erp_customer:
        return plan.erp_customer
    gid = document.shopify_gid or document.code
    with work.reading() as session:
        link = links.written(session, connection_id=connection.id, kind="customer", shopify_gid=gid)
    purpose = f"customer:{document.code}"[:64]
    # What comes after the sale stays with the sale's buyer, whatever the chain says today.
    is_sold = all(each.kind is not DocumentKind.SALE for each in plan.documents)
    is_settled = link is not None and (is_sold or matching.link_decides(rules.match_order))
    choice = matching.choose(
        () if is_settled else connector.match_customer(document),
        order=(MatchBy.LINK,) if is_settled else rules.match_order,
        link=link.erp_id if link else "",
    )
    if link is not None and choice.verdict is Verdict.LINKED:
        if work.job.attempts:  # an earlier try may have begun to create it
            road.found_without_asking(work, purpose=purpose, written=link)
        return link.erp_id
    written = _party(work, connector, document, choice, gid=gid, purpose=purpose)
    facts = {"because": choice.because, "code": document.code}
    work.later(
        lambda session: links.record(
            session,
            connection_id=connection.id,
            kind="customer",
            shopify_gid=gid,
            record=gid,
            written=written,
            facts=facts,
        )
    )
    return written.erp_id


def _settle_buyer(work: Work, connector: Connector, order: Order, rules: Rules) -> None:
    """Closes what an earlier try began for the buyer of an order that is not written any more."""
    with work.reading() as session:
        begun = intents.open_ones(session, flow=FLOW, record=order.gid)
    for intent in begun:
        if not intent.purpose.startswith("customer:"):
            continue
        document, _ = customers.of_order(order, rules)
        choice = matching.choose(connector.match_customer(document), order=rules.match_order)
        if choice.verdict is Verdict.MATCHED:
            written = Written(model="party", erp_id=choice.erp_id, number=document.code, state="matched")
            road.found_without_asking(work, purpose=intent.purpose, written=written)
        else:
            work.later(partial(intents.close, key=intent.key, state=IntentState.DROPPED))


def _party(
    work: Work, connector: Connector, document: CustomerDocument, choice: Choice, *, gid: str, purpose: str
) -> Written:
    """The party that was matched, or a new one. Raises Misconfigured when a person has to choose."""
    match choice.verdict:
        case Verdict.MATCHED | Verdict.LINKED:
            written = Written(model="party", erp_id=choice.erp_id, number=document.code, state="matched")
            # An earlier try may have created it and lost the answer.
            road.found_without_asking(work, purpose=purpose, written=written)
            return written
        case Verdict.AMBIGUOUS:
            raise Misconfigured(
                "customer_ambiguous",
                f"{choice.because}. Choose the right one for this buyer on the Mappings page.",
                misses=f"mapping:customer:{gid}",
                field="customer",
            )
        case Verdict.CREATE:
            return road.write(
                work,
                purpose=purpose,
                variables=repr(document),
                call=lambda _key: connector.write_customer(document),
                ask=lambda: None,  # writing a party looks for its code first
            )
