"""Requests about personal data: what we know of a customer becomes a file or goes; a shop that left is emptied.

Each request is a job like any other, so it survives everything a job survives, and each act may be done twice. The
proof is the request's row and an audit entry, both without any name. The ERP's own data is the merchant's to handle:
the file says which documents stand there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kit import clock
from kit.crypto import Secret, place
from kit.faults import Misconfigured, Transient
from oauth import audit, install
from oauth.models import Installation, PrivacyRequest, Shop
from sync.flows import privacy_file
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import bodies
from sync.state import marks, personal
from sync.state.models import Delivery, Lane
from sync.state.personal import Subject

ANSWER_WITHIN = timedelta(days=30)
FILE_KEPT_FOR = timedelta(days=30)
WAIT_SECONDS = 30.0
TOKENS_TRIED = 2  # a refused token may only have been old; the second try brings a fresh one or none
KINDS = {
    "customers/data_request": "data_request",
    "customers/redact": "customer_redact",
    "shop/redact": "shop_redact",
}


class WaitsForWork(Transient):
    """Data is being worked on right now; waiting for that is no failed try."""

    counts = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as Shopify passed it on."""

    kind: str
    delivery_id: int
    webhook_id: str
    subject: Subject


def run(work: Work) -> Outcome:
    """Answers one request. Works in any state of the shop, also after it has left."""
    asked = _asked(work)
    if asked is None:
        return Done("This request was answered before.")
    match asked.kind:
        case "data_request":
            return _compile(work, asked)
        case "customer_redact":
            return _redact_customer(work, asked)
        case _:
            return _redact_shop(work, asked)


def _asked(work: Work) -> Asked | None:
    """The request, noted as received; None when it was answered before."""
    delivery_id = int(work.job.hint["delivery"])
    with work.transaction() as session:
        delivery = session.scalar(select(Delivery).where(Delivery.id == delivery_id))
        if delivery is None:
            return None
        known = session.scalar(select(PrivacyRequest).where(PrivacyRequest.webhook_id == delivery.webhook_id))
        if known is not None and known.done_at is not None:
            personal.erase_bodies(session, [delivery.id])
            return None
        body = bodies.parse(delivery.body or b"null")
        subject = subject_of(body if isinstance(body, Mapping) else {})
        sealer = work.gateways.sealer
        found = marks.known(session, sealer, shop_id=work.shop.id, words=subject.words)
        subject = replace(subject, marks=found)
        session.execute(
            insert(PrivacyRequest)
            .values(
                shop_id=work.shop.id,
                kind=KINDS[delivery.topic],
                webhook_id=delivery.webhook_id,
                customer_gid=subject.customer_gid,
                asked_at=delivery.received_at,
                due_at=delivery.received_at + ANSWER_WITHIN,
            )
            .on_conflict_do_nothing()
        )
        return Asked(
            kind=KINDS[delivery.topic],
            delivery_id=delivery.id,
            webhook_id=delivery.webhook_id,
            subject=subject,
        )


def subject_of(body: Mapping[str, Any]) -> Subject:
    """Who a request is about. Shopify may leave any part of the customer out."""
    customer = body.get("customer")
    customer = customer if isinstance(customer, Mapping) else {}
    orders = body.get("orders_requested") or body.get("orders_to_redact") or []
    words = [customer.get("email"), customer.get("phone")]
    return Subject(
        customer_gid=_gid("Customer", customer.get("id")),
        orders=tuple(gid for gid in (_gid("Order", number) for number in orders) if gid),
        words=tuple(word for word in words if isinstance(word, str) and len(word) > 3),
    )


def _gid(kind: str, number: Any) -> str | None:
    return f"gid://shopify/{kind}/{number}" if type(number) is int and number > 0 else None


def _compile(work: Work, asked: Asked) -> Outcome:
    with work.reading() as session:
        made = privacy_file.compiled(session, asked.subject, shop_domain=work.shop.domain)
    with work.transaction() as session:
        row = _row(session, asked)
        row.sealed_file = work.gateways.sealer.seal(
            Secret(json.dumps(made, ensure_ascii=False)), place("privacy_request", "sealed_file", row.id)
        )
        row.file_expires_at = clock.now() + FILE_KEPT_FOR
        _finish(session, work, asked, row, counts={name: len(part) for name, part in _lists(made).items()})
    return Done("The file is ready for you to download under Privacy.")


def _lists(made: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: part for name, part in made.items() if isinstance(part, list)}


def _redact_customer(work: Work, asked: Asked) -> Outcome:
    counts: Counter[str] = Counter()
    with work.reading() as session:
        records = personal.records_of(session, asked.subject)
    after, is_first = 0, True
    while is_first or after:
        with work.transaction() as session:
            found, after = personal.deliveries_of(session, asked.subject, records, after=after)
            ids = [row.id for row in found if row.id != asked.delivery_id]
            counts["deliveries"] += personal.erase_bodies(session, ids)
        is_first = False
    with work.transaction() as session:
        counts.update(personal.erase_records(session, records))
        counts["files"] += _erase_files(session, asked.subject)
        if personal.running(session, records):
            raise WaitsForWork(
                "privacy_waits",
                "An order of this customer is being worked on; its data is taken out right after.",
                after_seconds=WAIT_SECONDS,
            )
        _finish(session, work, asked, _row(session, asked), counts=counts)
    return Done("The customer's personal data was taken out.")


def _erase_files(session: Session, subject: Subject) -> int:
    if subject.customer_gid is None:
        return 0
    erased = session.scalars(
        update(PrivacyRequest)
        .where(PrivacyRequest.customer_gid == subject.customer_gid, PrivacyRequest.sealed_file.is_not(None))
        .values(sealed_file=None, file_expires_at=None)
        .returning(PrivacyRequest.id)
    )
    return len(erased.all())


def _redact_shop(work: Work, asked: Asked) -> Outcome:
    if _is_with_us(work):
        with work.transaction() as session:
            _finish(session, work, asked, _row(session, asked), counts={})
        return Skipped("The shop has installed Concord again and uses it: its data is needed.")
    counts: Counter[str] = Counter()
    while True:
        with work.transaction() as session:
            step = personal.erase_shop_step(session, spare_job=work.job.id)
        counts.update(step)
        if not any(step.values()):
            break
    with work.transaction() as session:
        if personal.has_bodies(session):
            raise WaitsForWork(
                "privacy_waits",
                "The shop's last deliveries are still being read.",
                after_seconds=WAIT_SECONDS,
            )
        counts.update(personal.erase_settings(session))
        install.redacted(session, work.shop.id)
        _finish(session, work, asked, _row(session, asked), counts=counts)
    return Done("Everything personal of this shop was taken out.")


def _is_with_us(work: Work) -> bool:
    """Whether the shop uses us now: it may have come back, or its goodbye may have been lost. Shopify knows."""
    with work.reading() as session:
        state = session.get_one(Shop, work.shop.id).state
    if state in (Installation.UNINSTALLED, Installation.REDACTED):
        return False
    for _ in range(TOKENS_TRIED):
        try:
            work.gateways.shopify(work.shop.id, work.shop.domain).run("shop", {}, lane=Lane.ORDERS)
        except Misconfigured as fault:
            if fault.misses != "grant":
                raise
        else:
            return True
    work.gateways.tokens.invalidate(work.shop.id, "the shop has left and asks to be forgotten")
    return False


def _row(session: Session, asked: Asked) -> PrivacyRequest:
    return session.scalars(
        select(PrivacyRequest).where(PrivacyRequest.webhook_id == asked.webhook_id).with_for_update()
    ).one()


def _finish(
    session: Session, work: Work, asked: Asked, row: PrivacyRequest, *, counts: Mapping[str, int]
) -> None:
    row.done_at = clock.now()
    row.counts = {name: number for name, number in sorted(counts.items()) if number}
    # The request itself names the person: it goes too, in the same commit as the proof that it was answered.
    personal.erase_bodies(session, [asked.delivery_id])
    audit.write(
        session,
        shop_id=work.shop.id,
        actor=audit.SHOPIFY,
        act=f"privacy_{asked.kind}",
        subject=f"privacy_request:{row.id}",
        after={"counts": row.counts},
    )
