"""Who the buyers of waiting and recent records are in the ERP, or would become: looked up now, and nothing written.

A person sees here why a buyer is matched or created before it happens, and the parties that an ambiguous one could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit.faults import Fault
from sync.connectors.base import Connector, CustomerMatch
from sync.domain import customers, matching
from sync.domain.documents import CustomerDocument
from sync.domain.matching import Choice, Verdict
from sync.domain.rules import Rules
from sync.flows import order_push
from sync.gateways import Gateways
from sync.shopify import bodies, bodies_parties
from sync.state import links
from sync.state.models import Delivery, Job, JobState
from sync.state.settings_models import Connection

MISSES = "mapping:customer:"
ORDERS = "gid://shopify/Order/"
CUSTOMERS = "gid://shopify/Customer/"
FLOWS = ("order_push", "customer_push")
SHOWN = 8  # each buyer costs the ERP a handful of questions
LOOKED_AT = 40  # newest records among which buyers are sought


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """One buyer and the decision about it."""

    key: str  # under which a person's choice is kept: a gid, or a guest's code
    name: str
    record: str  # one that is about this buyer
    choice: Choice
    candidates: tuple[CustomerMatch, ...]  # what the ERP has that could be it, each with its first reason
    looked_up_by: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether a person has to choose."""
        return self.choice.verdict is Verdict.AMBIGUOUS


@dataclass(frozen=True, kw_only=True)
class Told:
    """The buyers, and the sentence that says why more could not be told."""

    buyers: tuple[Buyer, ...]
    problem: str = ""


@dataclass(frozen=True)
class _Found:
    document: CustomerDocument
    record: str
    chosen: str
    link: str

    @property
    def key(self) -> str:
        return self.document.shopify_gid or self.document.code


def preview(gateways: Gateways, connection: Connection, shop_domain: str, rules: Rules) -> Told:
    """The buyers of held records first, then of the newest ones. Asks the ERP; never raises a fault of it."""
    with gateways.database.transaction(shop_id=connection.shop_id) as session:
        found = _found(session, connection.id, rules)
    told: list[Buyer] = []
    try:
        connector = gateways.open(connection, shop_domain)
        for each in found:
            told.append(_decided(connector, each, rules))
    except Fault as fault:
        return Told(buyers=tuple(told), problem=fault.sentence)
    return Told(buyers=tuple(told))


def named(gateways: Gateways, connection: Connection, shop_domain: str, typed: str) -> str:
    """The ERP's id of the one party that people call this; "" when there is none, or more than one."""
    connector = gateways.open(connection, shop_domain)
    asked = CustomerDocument(code=typed, name="", external_id=typed)
    ids = {each.erp_id for each in connector.match_customer(asked)}
    return ids.pop() if len(ids) == 1 else ""


def _found(session: Session, connection_id: int, rules: Rules) -> list[_Found]:
    found: dict[str, _Found] = {}
    for record in _records(session):
        document, chosen = _buyer(session, record, rules)
        if document is None:
            continue
        link = links.find(
            session,
            connection_id=connection_id,
            kind="customer",
            shopify_gid=document.shopify_gid or document.code,
        )
        each = _Found(document, record, chosen, link.erp_id if link else "")
        found.setdefault(each.key, each)
        if len(found) == SHOWN:
            break
    return list(found.values())


def _records(session: Session) -> Sequence[str]:
    """Records that are held for a buyer, then those that are still to come, then the newest of the rest."""
    is_held = (Job.state == JobState.HELD) & Job.misses.startswith(MISSES)
    is_waiting = Job.state.in_([JobState.READY, JobState.RUNNING, JobState.HELD])
    rows = session.execute(
        select(Job.record)
        .where(Job.flow.in_(FLOWS))
        .group_by(Job.record)
        .order_by(
            func.bool_or(func.coalesce(is_held, False)).desc(),
            func.bool_or(is_waiting).desc(),
            func.max(Job.id).desc(),
        )
        .limit(LOOKED_AT)
    )
    return rows.scalars().all()


def _buyer(session: Session, record: str, rules: Rules) -> tuple[CustomerDocument | None, str]:
    """The buyer that a record is about; none when its body is gone, cannot be read, or the rules hold all guests."""
    try:
        if record.startswith(ORDERS):
            body = order_push.newest_body(session, record)
            return customers.of_order(bodies.order(bodies.parse(body)), rules) if body else (None, "")
        if record.startswith(CUSTOMERS):
            body = _customer_body(session, record)
            if body:
                customer = bodies_parties.customer_record(bodies.parse(body))
                number = customers.own_number(record, rules)
                return customers.of_customer(customer, external_id=number), rules.customers.get(record, "")
    except Fault:
        return None, ""
    return None, ""


def _customer_body(session: Session, record: str) -> bytes | None:
    return session.scalar(
        select(Delivery.body)
        .where(Delivery.record == record, Delivery.topic.in_(("customers/create", "customers/update")))
        .where(Delivery.body.is_not(None))
        .order_by(Delivery.triggered_at.desc().nulls_last(), Delivery.id.desc())
        .limit(1)
    )


def _decided(connector: Connector, found: _Found, rules: Rules) -> Buyer:
    is_settled = bool(found.chosen or (found.link and matching.link_decides(rules.match_order)))
    matches = [] if is_settled else connector.match_customer(found.document)
    choice = matching.choose(matches, order=rules.match_order, link=found.link, chosen=found.chosen)
    return Buyer(
        key=found.key,
        name=found.document.name,
        record=found.record,
        choice=choice,
        candidates=_once(matches, rules),
        looked_up_by=matching.looked_up_by(found.document, rules.match_order),
    )


def _once(matches: Iterable[CustomerMatch], rules: Rules) -> tuple[CustomerMatch, ...]:
    """Each party with the reason that counts most."""
    known: dict[str, CustomerMatch] = {}
    chain = rules.match_order
    counted = [each for each in matches if matching.reason(each) in chain]
    for each in sorted(counted, key=lambda each: chain.index(matching.reason(each))):
        known.setdefault(each.erp_id, each)
    return tuple(known.values())
