"""Connects a shop to the stand-in: books with the shop's products, credential, connection, published mapping."""

from __future__ import annotations

from collections.abc import Iterable

from kit import clock
from kit.crypto import Sealer
from kit.db import Database
from oauth import erp
from sandbox.erp.standin.books import Books
from sync.domain import rules_json
from sync.domain.documents import LineKind
from sync.domain.rules import Rules, Service, TaxRule
from sync.state import mappings
from sync.state.settings_models import Connection

OPERATOR = "operator"


def stocked(currency: str, catalogue: Iterable[tuple[str, str, str, str]]) -> Books:
    """Books that know every product of a shop."""
    books = Books(currency)
    for number, (sku, title, _price, barcode) in enumerate(catalogue, 1):
        erp_id = f"I{number}"
        books.products[erp_id] = {"erp_id": erp_id, "code": sku, "name": title, "barcodes": [barcode]}
    return books


def connect(database: Database, sealer: Sealer, *, shop_id: int, url: str, key: str, slots: int = 8) -> None:
    """Makes the connection and puts a mapping in force that knows everything."""
    with database.transaction(shop_id=shop_id) as session:
        credential = erp.create(
            session, sealer, shop_id=shop_id, kind="standin", values={"key": key}, actor=OPERATOR
        )
        connection = Connection(
            shop_id=shop_id,
            name="ERP",
            kind="standin",
            address={"url": url},
            credential_id=credential,
            slots=slots,
            state="active",
            changed_at=clock.now(),
        )
        session.add(connection)
        session.flush()
        mappings.save_draft(
            session,
            shop_id=shop_id,
            connection_id=connection.id,
            rules=rules_json.write_rules(_rules()),
            author=OPERATOR,
        )
        mappings.publish(session, shop_id=shop_id, connection_id=connection.id, by=OPERATOR)


def _rules() -> Rules:
    return Rules(
        default_warehouse="W1",
        taxes=(TaxRule(erp_tax="T1"),),
        services={kind: Service(item="SERVICE") for kind in LineKind if kind is not LineKind.GOODS},
        default_shipping_method="M1",
        default_payment_method="M1",
    )
