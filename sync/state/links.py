"""Links: proven pairs of a Shopify record and an ERP document. The answer to "what is it called over there?"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from kit import clock
from kit.sql import Sql, as_json
from sync.connectors.base import Written
from sync.domain.exported import Exported
from sync.state.models import Link

ERP_REFUND = "erp_refund"  # a refund that we made at Shopify, and the ERP's credit note that it was made for

_OF_ORDER = Sql(
    "select kind, shopify_gid, erp_id, facts from link where record = %(record)s and shop_id = %(shop_id)s order by id"
)
_WRITTEN = Sql(
    """
    select erp_model, erp_id, erp_number from link
    where connection_id = %(connection_id)s and kind = %(kind)s and shopify_gid = %(shopify_gid)s
      and shop_id = %(shop_id)s
    """
)
_RECORD = Sql(
    """
    insert into link (shop_id, connection_id, kind, shopify_gid, record, erp_model, erp_id, erp_number, fingerprint,
                      facts, linked_at)
    values (%(shop_id)s, %(connection_id)s, %(kind)s, %(shopify_gid)s, %(record)s, %(erp_model)s, %(erp_id)s,
            %(erp_number)s, %(fingerprint)s, %(facts)s, %(linked_at)s)
    on conflict (connection_id, kind, shopify_gid) do update set
        record = excluded.record, erp_model = excluded.erp_model, erp_id = excluded.erp_id,
        erp_number = excluded.erp_number, fingerprint = excluded.fingerprint, facts = link.facts || excluded.facts
    """
)


def find(session: Session, *, connection_id: int, kind: str, shopify_gid: str) -> Link | None:
    """The link of one Shopify record at one connection."""
    return session.execute(
        select(Link).where(
            Link.connection_id == connection_id, Link.kind == kind, Link.shopify_gid == shopify_gid
        )
    ).scalar()


def of_record(session: Session, record: str) -> list[Link]:
    """Everything that belongs to a record's page, oldest first."""
    return list(session.execute(select(Link).where(Link.record == record).order_by(Link.id)).scalars())


def exported(session: Session, record: str) -> Exported:
    """What of an order is in the ERP, from the facts kept with its links."""
    found = _OF_ORDER.run(session, record=record).all()
    documents = [link.facts for link in found if link.kind in ("order", "delta")]
    shipments, payments = (
        [link.shopify_gid for link in found if link.kind == kind] for kind in ("shipment", "payment")
    )
    refunds = {link.shopify_gid: link.erp_id for link in found if link.kind == ERP_REFUND}
    return Exported.of_facts(documents, shipments, payments, refunds)


def written(session: Session, *, connection_id: int, kind: str, shopify_gid: str) -> Written | None:
    """What a Shopify record is called at one connection."""
    row = _WRITTEN.run(session, connection_id=connection_id, kind=kind, shopify_gid=shopify_gid).first()
    return (
        None
        if row is None
        else Written(model=row.erp_model, erp_id=row.erp_id, number=row.erp_number, state="linked")
    )


def by_erp(session: Session, *, connection_id: int, erp_model: str, erp_id: str) -> Link | None:
    """The link of one ERP document."""
    return session.execute(
        select(Link).where(
            Link.connection_id == connection_id, Link.erp_model == erp_model, Link.erp_id == erp_id
        )
    ).scalar()


def record(
    session: Session,
    *,
    connection_id: int,
    kind: str,
    shopify_gid: str,
    record: str,
    written: Written,
    fingerprint: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Writes the link down, or brings its number, fingerprint and facts up to date."""
    _RECORD.run(
        session,
        connection_id=connection_id,
        kind=kind,
        shopify_gid=shopify_gid,
        record=record,
        erp_model=written.model,
        erp_id=written.erp_id,
        erp_number=written.number,
        fingerprint=fingerprint,
        facts=as_json(dict(facts or {})),
        linked_at=clock.now(),
    )


def note(session: Session, link: Link, facts: Mapping[str, Any]) -> None:
    """Brings some facts of a link up to date and leaves the others."""
    session.execute(
        update(Link).where(Link.id == link.id).values(facts=Link.facts.op("||")(literal(dict(facts), JSONB)))
    )


def are_more_than(session: Session, limit: int, *, kind: str) -> bool:
    """Whether the shop has more links of a kind than this."""
    return len(session.scalars(select(Link.id).where(Link.kind == kind).limit(limit + 1)).all()) > limit
