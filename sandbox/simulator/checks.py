"""What must be true at rest: both worlds agree, one document per fact, nothing owed, every trouble has a page.

Each broken promise is one sentence.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from kit.db import all_shops
from sandbox.simulator.stage import SHOPS, Stage
from sync.state.models import Delivery, Intent, Job, JobState, Link
from sync.state.settings_models import Issue


def complaints(stage: Stage) -> list[str]:
    """Every promise that does not hold."""
    found = [*owed(stage), *_open_intents(stage), *_unseen_troubles(stage)]
    for domain in SHOPS:
        found += _money(stage, domain)
        found += _facts(stage, domain)
        found += _payments(stage, domain)
    return found


def _money(stage: Stage, domain: str) -> list[str]:
    """For each order the documents come to what the shop says, unless the order is held or refused, visibly."""
    books = stage.erps[domain].books
    sums: dict[str, Decimal] = {}
    for document in books.written:
        order = document["origin"] or document["reference"]
        sums[order] = sums.get(order, Decimal(0)) + Decimal(document["total"])
    excused = _excused(stage)
    wrong = []
    for order in stage.store.all(domain, "order"):
        number = order["id"].rpartition("/")[2]
        wanted = Decimal(order["currentTotalPriceSet"]["shopMoney"]["amount"])
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


def _payments(stage: Stage, domain: str) -> list[str]:
    """Every payment of an order that is in the ERP is booked there, whichever road told the order first."""
    books, excused = stage.erps[domain].books, _excused(stage)
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
        if job.flow in ("reconcile", "subscriptions"):
            continue  # the clock asks for these again and again
        wrong.append(f"job {job.id} ({job.flow} {job.record}) is still {job.state}: {job.reason}")
    for delivery in _all(stage, select(Delivery).where(Delivery.state.in_(["waiting", "failed"]))):
        wrong.append(f"delivery {delivery.id} ({delivery.topic}) is {delivery.state}: {delivery.reason}")
    return wrong


def _open_intents(stage: Stage) -> list[str]:
    excused = _excused(stage)
    rows = _all(stage, select(Intent).where(Intent.state.in_(["intended", "unknown"])))
    return [
        f"intent {row.purpose} of {row.record} is {row.state}" for row in rows if row.record not in excused
    ]


def _unseen_troubles(stage: Stage) -> list[str]:
    causes = {row.cause for row in _all(stage, select(Issue).where(Issue.state != "resolved"))}
    rows = _all(stage, select(Job).where(Job.state.in_([JobState.HELD, JobState.DEAD])))
    wrong = [f"job {row.id} is {row.state} and no issue shows it" for row in rows if row.cause not in causes]
    bugs = _all(stage, select(Job).where(Job.state == JobState.DEAD))
    return wrong + [
        f"job {row.id} ({row.flow} {row.record}) is a dead letter: {row.fault_code} {row.reason}"
        for row in bugs
    ]


def _excused(stage: Stage) -> set[str]:
    rows = _all(stage, select(Job).where(Job.state.in_([JobState.HELD, JobState.DEAD])))
    return {row.record for row in rows}


def _all(stage: Stage, query: Any) -> list[Any]:
    with stage.plain.transaction() as session:
        return list(session.execute(all_shops(query)).scalars())
