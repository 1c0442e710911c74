"""Customers' names are for those who may read personal data, and whoever reads them is written down."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from kit.config import Settings
from kit.db import Database
from kit.faults import is_quoting, quoted, veiled
from oauth import audit
from oauth.models import AuditEntry
from sync.state.models import Attempt, Delivery
from sync.state.settings_models import Connection, Issue
from tests.flows.privacy_rows import EMAIL, MIA, NAME, ORDER
from tests.oauth.shopify import ALPHA
from tests.web.test_tenants import filled, hostile
from tests.web.whole import Whole, running, table

RECORD = f"/records/{ORDER.removeprefix('gid://shopify/')}"


@pytest.fixture
def whole(fresh_database: Database, fresh_settings: Settings) -> Iterator[Whole]:
    with running(fresh_database, fresh_settings) as made:
        alpha = made.shops[ALPHA]
        alpha.ask("customers/data_request", {"customer": {"id": MIA}})
        with fresh_database.transaction(shop_id=alpha.id) as session:
            session.execute(
                update(Connection).values(
                    address={"url": "http://127.0.0.1:9/", "database": "x", "web_shop": ""}
                )
            )
            session.execute(update(Attempt).values(detail=""))  # which holds no personal data
        yield made


def reads(whole: Whole) -> list[tuple[str, str]]:
    """Who read what, as the audit log has it."""
    with whole.gateways.database.transaction() as session:
        query = select(AuditEntry.actor, AuditEntry.subject).where(AuditEntry.act == audit.READ)
        return [(actor, subject) for actor, subject in session.execute(query.order_by(AuditEntry.id))]


def test_who_may_not_read_personal_data_sees_no_name_on_any_page(whole: Whole) -> None:
    values = hostile(whole)
    for route in table():
        if not route.path.startswith("/app") or "GET" not in (route.methods or ()):
            continue
        path = filled(route.path.removeprefix("/app"), values)
        text = whole.show(path, shop=ALPHA, person="bo").text
        for personal in (NAME, EMAIL, "Otto Other"):
            assert personal not in text, path
    assert reads(whole) == []
    assert "Choose the right one for “…”." in whole.show("/issues", shop=ALPHA, person="bo").text


def test_every_look_at_personal_data_is_written_down_once(whole: Whole) -> None:
    alpha = whole.shops[ALPHA]
    body = f"/deliveries/{alpha.all(Delivery)[0].id}"
    issue = f"/issues/{alpha.all(Issue)[0].id}"
    ada = f"staff:{whole.people(ALPHA)[0].id}"
    looks = {"/records": NAME, RECORD: NAME, "/issues": NAME, issue: NAME, body: EMAIL}
    for _ in range(2):
        for path, personal in looks.items():
            assert personal in whole.show(path, shop=ALPHA, person="ada").text, path
    assert reads(whole) == [(ada, path) for path in looks]


def test_a_body_that_is_gone_is_no_look_at_personal_data(whole: Whole) -> None:
    alpha = whole.shops[ALPHA]
    delivery = alpha.all(Delivery)[0].id
    with whole.gateways.database.transaction(shop_id=alpha.id) as session:
        session.execute(update(Delivery).values(body=None))
    whole.show(f"/deliveries/{delivery}", shop=ALPHA, person="ada")
    assert reads(whole) == []


def test_words_of_others_are_told_apart_from_ours_even_when_they_were_cut() -> None:
    said = f"The ERP says: {quoted('Mia ”Meier” is not valid')} Open “Settings”."
    assert is_quoting(said)
    assert veiled(said) == "The ERP says: “…” Open “Settings”."
    assert veiled(said[:22]) == "The ERP says: “…"
    assert veiled("Open “Settings”.") == "Open “Settings”."
