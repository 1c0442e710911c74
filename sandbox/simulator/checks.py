"""What must be true at rest: both worlds agree, one document per fact, nothing owed, every trouble has a page.

Each broken promise is one sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from kit.db import all_shops
from sandbox.simulator import back_checks
from sandbox.simulator.stage import SHOPS, Stage
from sync.state.models import Delivery, Intent, IntentState, Job, JobState, Link
from sync.state.settings_models import Issue

AGAIN_AND_AGAIN = ("reconcile", "subscriptions")  # the clock asks for these
# The shop's people and the ERP's did things to one order that cannot both be true: that is theirs to settle.
PEOPLE_DISAGREE = {
    *("refund_too_much", "credits_too_much", "credit_pays_nothing"),  # the shop had paid back already
    *("ships_too_much", "order_cancelled"),  # the shop had sent or cancelled already
}


def complaints(stage: Stage) -> list[str]:
    """Every promise that does not hold."""
    excused = excuses(stage)
    found = [*owed(stage), *_open_intents(stage, excused), *_unseen_troubles(stage)]
    for domain in SHOPS:
        found += _money(stage, domain, excused)
        found += _facts(stage, domain)
        found += _payments(stage, domain, excused)
        found += _customers(stage, domain)
        found += back_checks.complaints(stage, domain, excused)
    return found


def seen(stage: Stage) -> Counter[str]:
    """What went wrong in this play, and the flows that wrote something, each with how often."""
    found = Counter(stage.fuse.seen)
    found.update({f"a delivery met {kind}": count for kind, count in stage.world.faults.used.items()})
    for intent in _all(stage, select(Intent).where(Intent.state == IntentState.DONE)):
        found[f"{intent.flow} wrote"] += 1
    return found


def excuses(stage: Stage) -> set[str]:
    """The records that wait for a person who can see it: held or dead, with an open issue that nobody ignored."""
    causes = {row.cause for row in _all(stage, select(Issue).where(Issue.state == "open"))}
    rows = _all(stage, select(Job).where(Job.state.in_([JobState.HELD, JobState.DEAD])))
    return {row.record for row in rows if row.cause in causes}


def _money(stage: Stage, domain: str, excused: Collection[str]) -> list[str]:
    """For each order the documents come to what the shop says, unless the order is held or refused, visibly. What the
    ERP credited by itself and Shopify paid out is in the shop's figure only."""
    erp = stage.erps[domain]
    sums: dict[str, Decimal] = {}
    for document in erp.books.written:
        order = document["origin"] or document["reference"]
        sums[order] = sums.get(order, Decimal(0)) + Decimal(document["total"])
    wrong = []
    for order in stage.store.all(domain, "order"):
        number = order["id"].rpartition("/")[2]
        wanted = Decimal(order["currentTotalPriceSet"]["shopMoney"]["amount"])
        wanted += sum(erp.credits[each][1] for each in back_checks.credit_notes(order) if each in erp.credits)
        got = sums.pop(number, None)
        if order["id"] in excused:
            continue
        if got is None and not (order["cancelledAt"] and wanted == 0):
            wrong.append(f"{domain}: {order['name']} never reached the ERP")
        elif got is not None and got != wanted:
            wrong.append(f"{domain}: {order['name']} is {wanted} in the shop and {got} in the ERP")
    return wrong + [
        f"{domain}: the ERP has documents of an order {number} that nobody placed" for number in sums
    ]


def _payments(stage: Stage, domain: str, excused: Collection[str]) -> list[str]:
    """Every payment of an order that is in the ERP is booked there, whichever road told the order first."""
    books = stage.erps[domain].books
    wrong = []
    for order in stage.store.all(domain, "order"):
        number = order["id"].rpartition("/")[2]
        if order["id"] in excused or number not in books.documents:
            continue
        paid = {
            each["id"]
            for each in order["transactions"]
            if each["kind"] in ("SALE", "CAPTURE") and each["status"] == "SUCCESS"
        }
        booked = {each["source"] for each in books.payments.values() if each["origin"] == number}
        if paid != booked:
            wrong.append(
                f"{domain}: {order['name']} was paid by {sorted(paid)}, the ERP has {sorted(booked)}"
            )
    return wrong


def _customers(stage: Stage, domain: str) -> list[str]:
    """Each buyer is one party."""
    parties = stage.erps[domain].books.parties.values()
    emails = Counter(party["email"] for party in parties if party.get("email"))
    return [f"{domain}: {email} is {count} parties" for email, count in emails.items() if count > 1]


def _facts(stage: Stage, domain: str) -> list[str]:
    """One document per fact, and a link for each document."""
    wrong = []
    shop_id = stage.shop_id(domain)
    with stage.plain.transaction(shop_id=shop_id) as session:
        rows = session.execute(select(Link).where(Link.kind.in_(["order", "delta"]))).scalars().all()
    covered = Counter(fact for row in rows for fact in row.facts.get("covers", []) if fact != "placed")
    wrong += [
        f"{domain}: the ledger entry {fact} has {count} documents"
        for fact, count in covered.items()
        if count > 1
    ]
    linked = {row.erp_id for row in rows}
    written = {document["erp_id"]: document for document in stage.erps[domain].books.written}
    wrong += [
        f"{domain}: document {written[erp_id]['reference']} has no link" for erp_id in written.keys() - linked
    ]
    wrong += [
        f"{domain}: a link leads to a document {erp_id} that is not there"
        for erp_id in linked - written.keys()
    ]
    keys = Counter(document["key"] for document in written.values())
    wrong += [f"{domain}: one key wrote {count} documents" for count in keys.values() if count > 1]
    return wrong + [
        f"{domain}: {reference} was sent again although the ERP had it"
        for reference in stage.erps[domain].books.blind
    ]


def owed(stage: Stage) -> list[str]:
    """What the engine still has to do, apart from what the clock asks for again and again."""
    wrong = []
    for job in _all(stage, select(Job).where(Job.state.in_([JobState.READY, JobState.RUNNING]))):
        if job.flow in AGAIN_AND_AGAIN:
            continue
        wrong.append(f"job {job.id} ({job.flow} {job.record}) is still {job.state}: {job.reason}")
    for delivery in _all(stage, select(Delivery).where(Delivery.state.in_(["waiting", "failed"]))):
        wrong.append(f"delivery {delivery.id} ({delivery.topic}) is {delivery.state}: {delivery.reason}")
    return wrong


def written(stage: Stage) -> int:
    """How much was written to either side."""
    query = select(func.count()).select_from(Intent).where(Intent.state == IntentState.DONE)
    with stage.plain.transaction() as session:
        return session.execute(all_shops(query)).scalar_one()


def _open_intents(stage: Stage, excused: Collection[str]) -> list[str]:
    rows = _all(stage, select(Intent).where(Intent.state.in_(["intended", "unknown"])))
    return [
        f"intent {row.purpose} of {row.record} is {row.state}" for row in rows if row.record not in excused
    ]


def _unseen_troubles(stage: Stage) -> list[str]:
    """Each job that waits for a person has an open issue, and only what a person did waits as a dead letter."""
    causes = {row.cause for row in _all(stage, select(Issue).where(Issue.state == "open"))}
    rows = _all(stage, select(Job).where(Job.state.in_([JobState.HELD, JobState.DEAD])))
    wrong = [
        f"job {row.id} ({row.flow}) is {row.state} and no issue shows it"
        for row in rows
        if row.cause not in causes
    ]
    return wrong + [
        f"job {row.id} ({row.flow} {row.record}) is a dead letter: {row.fault_code} {row.reason}"
        for row in rows
        if row.state == JobState.DEAD and row.fault_code not in PEOPLE_DISAGREE
    ]


def _all(stage: Stage, query: Any) -> list[Any]:
    with stage.plain.transaction() as session:
        return list(session.execute(all_shops(query)).scalars())
