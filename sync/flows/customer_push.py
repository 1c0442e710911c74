"""Customers to ERP: a changed customer brings the linked party the fields that Shopify owns, and no others.

A customer without a party is left alone, unless the shop's policy says to create one. Nothing is ever taken away from
a party: a field that Shopify emptied, or does not own, stays as the ERP has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit.crypto import fingerprint
from kit.faults import Misconfigured
from sync.connectors.base import Connector, Written
from sync.domain import customers, matching, rules_json
from sync.domain.documents import CustomerDocument
from sync.domain.matching import Verdict
from sync.domain.ownership import Side, writable
from sync.domain.parties import Customer
from sync.domain.rules import Rules
from sync.flows import back, customer_merge
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import bodies, bodies_parties, reader_parties
from sync.state import links, mappings
from sync.state.models import Delivery, Intent, IntentState, Link
from sync.state.settings_models import Connection

PURPOSE = "customer"
WHOLE_TOPICS = ("customers/create", "customers/update")
CHOSEN_KEEPS = ("name",)  # a party that a person chose by hand keeps the name that it has


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What is known of a customer before anybody is asked."""

    connection_id: int
    party: str  # "" when it has none
    link: Link | None
    is_chosen: bool


def run(work: Work) -> Outcome:
    """Joins customers that Shopify merged into this one, then brings its party up to date."""
    with work.reading() as session:
        connection_id = session.scalar(select(Connection.id).order_by(Connection.id).limit(1))
        rules = _rules(session, connection_id)
    if connection_id is None or rules is None:
        return Skipped("No ERP is connected and mapped yet; the next order brings the customer along.")
    joined = customer_merge.join(work, connection_id=connection_id, rules=rules)
    known = _known(work, connection_id, rules)
    if known.link is not None and (kept := known.link.facts.get(customer_merge.MERGED_INTO)):
        return Skipped(f"Shopify merged this customer into {kept}.")
    if not known.party and not _creates(work):
        return Skipped("No order of this customer was exported, so the ERP does not know it.")
    customer = _read(work, known)
    if customer is None:
        return Skipped("Shopify does not know this customer any more.")
    document = _owned(work, customer, known, rules)
    if document is None:
        return Skipped("The ERP owns every field of a customer.")
    said = _bring(work, customer, document, known, rules)
    return Done(f"{joined} {said}".strip())


def _rules(session: Session, connection_id: int | None) -> Rules | None:
    version = mappings.published(session, connection_id) if connection_id is not None else None
    return rules_json.read_rules(version.rules) if version is not None else None


def _known(work: Work, connection_id: int, rules: Rules) -> _Known:
    """A person's choice wins over the link."""
    chosen = rules.customers.get(work.job.record, "")
    with work.reading() as session:
        link = links.find(
            session, connection_id=connection_id, kind=customer_merge.KIND, shopify_gid=work.job.record
        )
    return _Known(
        connection_id=connection_id,
        party=chosen or (link.erp_id if link else ""),
        link=link,
        is_chosen=bool(chosen),
    )


def _creates(work: Work) -> bool:
    policy = work.shop.policies.get("customers")
    return isinstance(policy, dict) and policy.get("creates") is True


def _read(work: Work, known: _Known) -> Customer | None:
    """The customer from the newest signed body, or from Shopify when that is missing or older than what we wrote."""
    if not work.job.hint.get("reread"):
        with work.reading() as session:
            body = session.scalar(
                select(Delivery.body)
                .where(
                    Delivery.record == work.job.record,
                    Delivery.topic.in_(WHOLE_TOPICS),
                    Delivery.body.is_not(None),
                )
                .order_by(Delivery.triggered_at.desc().nulls_last(), Delivery.id.desc())
                .limit(1)
            )
        if body is not None:
            customer = bodies_parties.customer_record(bodies.parse(body))
            if _moment(customer) >= (known.link.facts.get("updated_at", "") if known.link else ""):
                return customer
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    node = client.run("customer", {"id": work.job.record}, lane=work.job.lane)["customer"]
    return reader_parties.customer_record(node) if node is not None else None


def _moment(customer: Customer) -> str:
    return customer.updated_at.isoformat() if customer.updated_at else ""


def _owned(work: Work, customer: Customer, known: _Known, rules: Rules) -> CustomerDocument | None:
    """The party with nothing but what Shopify may write there. A new party gets everything: nobody owns it yet."""
    document = customers.of_customer(customer, external_id=customers.own_number(customer.gid, rules))
    if not known.party:
        return document
    values: dict[str, Any] = {
        "name": customer.name,  # not the one that was made up for somebody who has none
        "email": document.email,
        "phone": document.phone,
        "addresses": document.addresses,
        "vat_number": document.vat_number,
        "payment_term": document.payment_term,
    }
    sticky = CHOSEN_KEEPS if known.is_chosen else ()
    kept = writable(values, back.policies(work).owners, source=Side.SHOPIFY, sticky=sticky)
    if not any(kept.values()):
        return None
    left: dict[str, Any] = {name: kept.get(name, type(value)()) for name, value in values.items()}
    return replace(document, **left)


def _bring(work: Work, customer: Customer, document: CustomerDocument, known: _Known, rules: Rules) -> str:
    """Writes the party unless the ERP has exactly this from us, and keeps how new the customer was."""
    updated_at = _moment(customer)
    if known.party and _has_been_written(work, (known.party, document)):
        return "The ERP has it already."
    connection = work.gateways.connection_of(work.shop.id)
    with work.gateways.erp(connection, work.shop.domain) as connector:
        party, because = (known.party, "") if known.party else _find(connector, document, rules)
        written = back.write(
            work,
            purpose=PURPOSE,
            variables=repr((party, document)),
            call=lambda _key: connector.write_customer(document, erp_id=party),
        )
    if known.link is not None:
        work.later(_kept_as_of(known.link.id, updated_at))
    elif not known.is_chosen:
        work.later(_linked(work, connection, written, {"because": because, "updated_at": updated_at}))
    return f"Written: {written.number or written.erp_id}."


def _has_been_written(work: Work, wanted: tuple[str, CustomerDocument]) -> bool:
    with work.reading() as session:
        newest = session.scalar(
            select(Intent)
            .where(Intent.flow == work.job.flow, Intent.record == work.job.record, Intent.purpose == PURPOSE)
            .order_by(Intent.version.desc())
            .limit(1)
        )
    return (
        newest is not None
        and newest.state == IntentState.DONE
        and newest.variables_hash == fingerprint(repr(wanted))
    )


def _find(connector: Connector, document: CustomerDocument, rules: Rules) -> tuple[str, str]:
    """The party that this customer is already, or "" when one is to be created; and why."""
    choice = matching.choose(connector.match_customer(document), order=rules.match_order)
    if choice.verdict is Verdict.AMBIGUOUS:
        raise Misconfigured(
            "customer_ambiguous",
            f"{choice.because}. Choose the right one for this buyer on the Mappings page.",
            misses=f"mapping:customer:{document.shopify_gid}",
            field="customer",
        )
    return choice.erp_id, choice.because


def _kept_as_of(link_id: int, updated_at: str) -> Callable[[Session], None]:
    def save(session: Session) -> None:
        link = session.get_one(Link, link_id)
        link.facts = {**link.facts, "updated_at": updated_at}

    return save


def _linked(
    work: Work, connection: Connection, written: Written, facts: dict[str, str]
) -> Callable[[Session], None]:
    return lambda session: links.record(
        session,
        connection_id=connection.id,
        kind=customer_merge.KIND,
        shopify_gid=work.job.record,
        record=work.job.record,
        written=written,
        facts=facts,
    )
