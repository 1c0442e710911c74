"""Which documents of the ERP belong to a record: ours, and what the ERP made of them (invoices, shipments, credits)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sync.domain.money import Money
from sync.state.models import Link
from sync.state.settings_models import Connection

_KINDS = {
    "sale": "Sale",
    "charge": "Additional charge",
    "credit": "Credit",
    "order": "Sale",
    "delta": "Change",
    "shipment": "Shipment",
    "payment": "Payment",
    "erp_refund": "Credit note",
    "customer": "Customer",
}
_MODELS = (
    ("credit", "Credit note"),
    ("invoice", "Invoice"),
    ("shipment", "Shipment"),
    ("move", "Journal entry"),
)


@dataclass(frozen=True, kw_only=True)
class ErpDocument:
    """One document of the ERP."""

    name: str
    number: str
    state: str
    total: Money | None
    connection: str
    linked_at: datetime
    is_made_by_erp: bool  # it came with the document above it


def of(session: Session, links: Sequence[Link]) -> tuple[ErpDocument, ...]:
    """The documents behind these links, in order."""
    connections = dict(session.execute(select(Connection.id, Connection.name)).all())
    return tuple(
        document for link in links for document in _of_link(link, connections.get(link.connection_id, ""))
    )


def _of_link(link: Link, connection: str) -> Iterator[ErpDocument]:
    written = link.facts.get("written") or {}
    kind = str(link.facts.get("kind") or link.kind)
    yield ErpDocument(
        name=_KINDS.get(kind) or kind.replace("_", " ").capitalize(),
        number=link.erp_number or link.erp_id,
        state=str(written.get("state", "")),
        total=_money(written.get("total")),
        connection=connection,
        linked_at=link.linked_at,
        is_made_by_erp=False,
    )
    for related in written.get("related", ()):
        yield _related(related, link, connection)


def _related(related: Mapping[str, Any], link: Link, connection: str) -> ErpDocument:
    model = str(related.get("model", ""))
    return ErpDocument(
        name=next((name for part, name in _MODELS if part in model), "Document"),
        number=str(related.get("number") or related.get("erp_id", "")),
        state=str(related.get("state", "")),
        total=_money(related.get("total")),
        connection=connection,
        linked_at=link.linked_at,
        is_made_by_erp=True,
    )


def _money(values: Any) -> Money | None:
    return Money(Decimal(values[0]), values[1]) if values else None
