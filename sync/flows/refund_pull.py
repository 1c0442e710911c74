"""Refunds to Shopify: a posted credit note of the ERP gives money back at Shopify. Shut until a shop opens it.

Money leaves within limits, or after people agreed to exactly this amount; once, because the intent is reserved with
the limits and its outcome is settled by our mark in the refund's note. What came from Shopify never goes back there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import fingerprint
from kit.faults import Misconfigured, Rejected
from sync.connectors.base import Change, Written
from sync.domain.feeds import CreditTold
from sync.domain.money import Both, Money
from sync.domain.policies import BackPolicies, RefundLimits, Road
from sync.domain.records import Order
from sync.domain.rules import Rules
from sync.flows import back, refund_plan, road
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import reader, refunds, returns
from sync.shopify.reader import Read
from sync.shopify.refunds import Made, Wish
from sync.state import intents, jobs, links
from sync.state.models import Intent, IntentState, Job, Lane
from sync.state.settings_models import Connection

FLOW = "refund_pull"
PURPOSE = "refund"
KIND = links.ERP_REFUND
SEPARATOR = "#credit:"  # record: the order, this, and the ERP's credit note
DAY = timedelta(hours=24)
ONE_AT_A_TIME = 7_261_010  # advisory lock, with the shop: limits are checked one refund after another
OTHER_REASON = (
    "OTHER"  # why the money is not what Shopify suggests; the ERP does not say it in Shopify's words
)
SHUT = "Credit notes of the ERP are not paid out at Shopify in this shop."


@dataclass(frozen=True)
class _Planned:
    wish: Wish
    money: Both
    version: int  # of the intent that was begun for it


def take(session: Session, work: Work, _connection: Connection, changes: Sequence[Change]) -> None:
    """Asks for each posted credit note of an order of ours that did not come from Shopify."""
    for change in changes:
        if back.is_own_reference(str(change.values.get("reference") or "")):
            continue
        told = CreditTold.of(change.values)
        order = back.order_of(told.origin)
        if order is not None and told.is_posted:
            jobs.ask(
                session,
                shop_id=work.shop.id,
                flow=FLOW,
                record=f"{order}{SEPARATOR}{change.erp_id}",
                lane=Lane.ORDERS,
                hint={"values": dict(change.values)},
            )


def run(work: Work) -> Outcome:
    """Makes the refund of one credit note, or says why not."""
    policies = back.policies(work)
    with work.reading() as session:
        is_begun = back.is_begun(session, work, purpose=PURPOSE)
    if not policies.is_on(Road.REFUNDS) and not is_begun:
        return Skipped(SHUT)
    told = CreditTold.of(work.job.hint["values"])
    if not is_begun:
        refund_plan.check(told)
    order_gid, _, erp_id = work.job.record.partition(SEPARATOR)
    connection = work.gateways.connection_of(work.shop.id)
    with work.reading() as session:
        if _came_from_shopify(session, order_gid, erp_id, told):
            return Skipped("This credit note came from Shopify.")
        if links.find(session, connection_id=connection.id, kind="order", shopify_gid=order_gid) is None:
            raise Misconfigured(
                "order_not_linked",
                "The order of this credit note is not linked to the ERP yet.",
                misses=f"link:{order_gid}",
            )
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    made = refunds.find(client, order_gid, _mark(work), lane=work.job.lane)
    if made is not None:
        _link(work, connection, made, told)
        with work.transaction() as session:
            back.close_open(session, work, purpose=PURPOSE)
    elif not policies.is_on(Road.REFUNDS):
        with work.transaction() as session:
            back.drop_open(session, work, purpose=PURPOSE)
        return Skipped(SHUT)
    else:
        made = _make(work, told, _planned(work, connection, policies, told, order_gid))
        _link(work, connection, made, told)
    return Done(f"{made.amount.presentment} refunded for {told.number}.")


def agreed_values(told: CreditTold) -> dict[str, str]:
    """What people agree to: this credit note with exactly this amount."""
    return {"credit": told.number, "amount": str(told.total)}


def _planned(
    work: Work, connection: Connection, policies: BackPolicies, told: CreditTold, order_gid: str
) -> _Planned:
    """What is about to be made, agreed to and begun. When it may not be made after all, an earlier try that Shopify
    does not have is given up: nothing may wait for it any longer."""
    try:
        refund_plan.check(told)
        wish, money = _wish(work, connection, policies, told, _read(work, order_gid).order)
        work.money_at_risk = money.shop
        return _Planned(wish, money, _reserve(work, policies, told, money.shop, repr(wish)))
    except (Rejected, Misconfigured):
        work.later(lambda session: back.drop_open(session, work, purpose=PURPOSE))
        raise


def _wish(
    work: Work, connection: Connection, policies: BackPolicies, told: CreditTold, order: Order
) -> tuple[Wish, Both]:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    with work.reading() as session:
        rules = back.rules(session, connection)
        told = refund_plan.by_rules(told, rules)
        known = _recognised(session, connection, rules, told)
    limits = policies.refunding
    location = _location(rules, told, limits)
    # Not by the key of a refund: what is processed is read before, and our mark finds what was made.
    under_way = returns.open_ones(client, order.gid, lane=work.job.lane) if order.returns else []
    returned = refund_plan.by_return(told, order, known, under_way, location=location)
    lines = () if returned else refund_plan.lines(told, order, known, location=location, limits=limits)
    shipping = refund_plan.shipping(told)
    suggestion = refunds.suggested(client, order.gid, lines=lines, shipping=shipping, lane=work.job.lane)
    if suggestion is None:
        raise Rejected("order_gone", "Shopify does not know this order any more.", field="order")
    money = refund_plan.amount(told, order, suggestion)
    payments = refund_plan.payments(order) if returned else suggestion.tenders
    wish = Wish(
        order=order.gid,
        mark=_mark(work),
        note=f"Credit note {told.number} ({_mark(work)})",
        currency=order.presentment_currency,
        lines=lines,
        shipping=shipping,
        tenders=refund_plan.tenders(money.presentment, payments),
        is_notified=limits.is_notified,
        returned=returned,
        discrepancy=OTHER_REASON if money != suggestion.amount else "",
    )
    return wish, money


def _make(work: Work, told: CreditTold, planned: _Planned) -> Made:
    wish = planned.wish
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    result: list[Made] = []

    def written_as(made: Made) -> Written:
        result.append(made)
        return Written(
            model=KIND, erp_id=made.gid, number=told.number, state="made", total=planned.money.shop
        )

    def call(key: str) -> Written:
        if wish.returned is not None:
            return written_as(returns.process(client, wish, wish.returned, lane=work.job.lane))
        return written_as(refunds.create(client, wish, key=key, lane=work.job.lane))

    def ask() -> Written | None:
        """Looks once more right before an earlier try is repeated."""
        found = refunds.find(client, wish.order, wish.mark, lane=work.job.lane)
        return written_as(found) if found else None

    written = back.under_key(
        work, purpose=PURPOSE, version=planned.version, variables=repr(wish), call=call, ask=ask
    )
    if result:
        return result[0]
    found = refunds.find(client, wish.order, wish.mark, lane=work.job.lane)
    if found is None:
        raise Rejected("refund_gone", f"The refund {written.erp_id} is not at Shopify any more.")
    return found


def _reserve(work: Work, policies: BackPolicies, told: CreditTold, money: Money, variables: Any) -> int:
    """Checks the limits and begins the intent in one step, one refund of the shop after another, so that two refunds
    together cannot pass a limit that each of them keeps. Returns the intent's version."""
    with work.transaction() as session:
        session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME, work.shop.id % 2**31)))
        # Another try of this very refund may have ended since Shopify was read: then there is no second one.
        if (ended := _ended(session, work)) is not None:
            return ended
        version = back.version_of(session, work, purpose=PURPOSE, variables=variables)
        needed = refund_plan.persons_needed(
            money, _given_today(session, work, money.currency), policies.refunds
        )
        agreed = back.approvals(
            session, shop_id=work.shop.id, record=work.job.record, values=agreed_values(told)
        )
        if len(agreed) < needed:
            people = "One person has" if needed - len(agreed) == 1 else "Two people have"
            raise Misconfigured(
                "refund_held",
                f"{people} to agree before {money} is paid out for {told.number}.",
                misses=back.approval(work.job.record),
                field="total",
            )
        intents.begin(
            session,
            shop_id=work.shop.id,
            flow=FLOW,
            record=work.job.record,
            purpose=PURPOSE,
            version=version,
            variables=variables,
        )
    return version


def _ended(session: Session, work: Work) -> int | None:
    """The version of the intent under which the refund of this credit note was made."""
    return session.scalar(
        select(Intent.version)
        .where(
            Intent.flow == FLOW,
            Intent.record == work.job.record,
            Intent.purpose == PURPOSE,
            Intent.state == IntentState.DONE,
        )
        .limit(1)
    )


def _given_today(session: Session, work: Work, currency: str) -> Money:
    """What other credit notes have given back in the last day, or are about to."""
    rows = session.execute(
        select(Intent.record, Intent.state, Intent.outcome).where(
            Intent.flow == FLOW,
            Intent.purpose == PURPOSE,
            Intent.record != work.job.record,
            Intent.state.in_([IntentState.INTENDED, IntentState.UNKNOWN, IntentState.DONE]),
            Intent.first_sent_at >= clock.now() - DAY,
        )
    ).all()
    total = Decimal(0)
    for record, _, outcome in rows:
        if outcome and outcome.get("total"):
            total += Decimal(outcome["total"][0])
            continue
        hint = session.scalar(
            select(Job.hint).where(Job.flow == FLOW, Job.record == record).order_by(Job.id.desc()).limit(1)
        )
        total += CreditTold.of(hint["values"]).total.amount if hint else Decimal(0)
    return Money(total, currency)


def _link(work: Work, connection: Connection, made: Made, told: CreditTold) -> None:
    """Links refund and credit note, in the very commit that closes the intent: from then on the road to the ERP
    knows by the link that this refund is no news there, and until then it waits for the intent."""
    order_gid, _, erp_id = work.job.record.partition(SEPARATOR)
    written = Written(
        model=KIND, erp_id=erp_id, number=told.number, state="paid back", total=made.amount.shop
    )

    def save(session: Session) -> None:
        links.record(
            session,
            connection_id=connection.id,
            kind=KIND,
            shopify_gid=made.gid,
            record=order_gid,
            written=written,
            facts={"written": road.written_values(written)},
        )

    work.later(save)


def _came_from_shopify(session: Session, order_gid: str, erp_id: str, told: CreditTold) -> bool:
    if back.is_own_reference(told.reference):
        return True
    for link in links.of_record(session, order_gid):
        if link.kind != "delta" or link.erp_model == KIND:
            continue
        related = (link.facts.get("written") or {}).get("related") or ()
        if link.erp_id == erp_id or any(each["erp_id"] == erp_id for each in related):
            return True
    return False


def _recognised(
    session: Session, connection: Connection, rules: Rules, told: CreditTold
) -> dict[str, frozenset[str]]:
    """By what the lines of an order are recognised, for each ERP product of the credit."""
    items = [each.item for each in told.lines if each.item]
    pairs = back.variants(session, connection, items)
    codes = {**rules.products.codes, **rules.products.links}
    return {
        item: frozenset(link.shopify_gid for link in pairs.get(item, ()))
        | frozenset(mark for mark, erp in codes.items() if erp == item)
        for item in items
    }


def _location(rules: Rules, told: CreditTold, limits: RefundLimits) -> str:
    """Where goods of the credit go back to; it matters only when some do."""
    if not any(limits.restocks(is_restocked=each.is_restocked) for each in told.lines if each.item):
        return ""
    return back.location_of(rules, told.warehouse)


def _mark(work: Work) -> str:
    return f"concord {fingerprint([work.shop.id, work.job.record])[:16]}"


def _read(work: Work, order_gid: str) -> Read:
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    found = reader.read_order(client, order_gid, lane=work.job.lane)
    if found is None:
        raise Rejected("order_gone", "Shopify does not know this order any more.", field="order")
    return found
