"""Requests about personal data: the file, the forgetting of a customer, the emptying of a shop that left."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from kit import clock
from kit.config import Settings
from kit.db import Base, Database, ShopOwned
from oauth import audit, install
from oauth.id_token import verify
from oauth.install import Installer
from oauth.models import AuditEntry, Installation, PrivacyRequest, Staff
from oauth.models import Shop as ShopRow
from sandbox.shopify.settings import COMPLIANCE_TOPICS
from sync.flows import intake, notices, order_push, privacy, privacy_file
from sync.gateways import Gateways
from sync.state import personal
from sync.state.models import Delivery, Intent, Job, Link
from sync.state.personal import Subject
from sync.state.settings_models import Connection, Issue, Snapshot
from sync.state.stock_models import ErpLevel, StockTarget
from tests.flows.privacy_rows import EMAIL, MIA, MIA_GID, NAME, ORDER, OTHER, PHONE, Shop
from tests.oauth.shopify import ALPHA, BETA, ORIGIN, LocalShopify
from tests.state.conftest import make_shop

CUSTOMER = {"customer": {"id": MIA, "email": EMAIL.lower(), "phone": PHONE}}


@pytest.fixture
def shopify() -> LocalShopify:
    """The local Shopify; Concord is installed in neither shop."""
    return LocalShopify()


@pytest.fixture
def alpha(db: Database, settings: Settings, shopify: LocalShopify) -> Shop:
    """Ada's shop, filled."""
    here = replace(settings, shop_url=f"{ORIGIN}/shops/{{shop}}", admin_url=ORIGIN)
    shop = Shop(Gateways(db, here, door=shopify.door()), make_shop(db, ALPHA), ALPHA)
    shop.fill()
    return shop


@pytest.fixture
def beta(alpha: Shop) -> Shop:
    """Cy's shop, which knows the same customer."""
    shop = Shop(alpha.gateways, make_shop(alpha.database, BETA), BETA)
    shop.fill()
    return shop


def test_a_question_becomes_a_sealed_file_with_everything_and_nobody_else(alpha: Shop) -> None:
    assert alpha.ask("customers/data_request", CUSTOMER | {"orders_requested": [1001001]}) == "done"
    (request,) = alpha.requests()
    assert request.due_at - request.asked_at == timedelta(days=30)
    assert NAME not in (request.sealed_file or "")
    with alpha.database.transaction(shop_id=alpha.id) as session:
        text = privacy_file.opened(
            session, alpha.gateways.sealer, request_id=request.id, actor="staff:1", address="203.0.113.1"
        )
        newest = audit.newest(session, shop_id=alpha.id, limit=1)[0]
    assert (newest.act, newest.actor) == ("privacy_file_opened", "staff:1")
    assert text is not None
    made = json.loads(text)
    assert [row["record"] for row in made["summaries"]] == [ORDER]
    assert {row["number"] for row in made["erp_documents"]} == {"S1"}
    assert {row["content"]["id"] for row in made["received"]} >= {1001001, MIA}
    assert "Otto" not in text
    assert "other@example.com" not in text


def test_the_file_ends_and_no_other_shop_can_open_it(alpha: Shop, beta: Shop) -> None:
    alpha.ask("customers/data_request", CUSTOMER)
    (request,) = alpha.requests()
    sealer = alpha.gateways.sealer
    with beta.database.transaction(shop_id=beta.id) as session:
        assert privacy_file.requests(session) == []
        assert (
            privacy_file.opened(session, sealer, request_id=request.id, actor="staff:2", address="") is None
        )
    with alpha.database.transaction(shop_id=alpha.id) as session:
        assert privacy_file.requests(session)[0].has_file
        session.execute(update(PrivacyRequest).values(file_expires_at=clock.now() - timedelta(seconds=1)))
        assert (
            privacy_file.opened(session, sealer, request_id=request.id, actor="staff:1", address="") is None
        )


def test_a_forgotten_customer_is_nowhere_and_accounting_stays(alpha: Shop, beta: Shop) -> None:
    alpha.ask("customers/data_request", CUSTOMER)
    assert alpha.ask("customers/redact", CUSTOMER | {"orders_to_redact": [1001001]}) == "done"
    whole = alpha.everything().lower()
    for word in (NAME, EMAIL, PHONE, "Mia", "meier"):
        assert word.lower() not in whole, word
    assert [row.sealed_file for row in alpha.requests()] == [None, None]
    kept = {row.record: row for row in alpha.all(Snapshot)}
    assert kept[ORDER].proof == {"total": "19.90"}
    assert kept[ORDER].body == {"total": "19.90 EUR", "lines": 1}
    assert kept[OTHER].body["customer"] == "Otto Other"
    links = {(row.kind, row.record): row for row in alpha.all(Link)}
    assert links["order", ORDER].facts["reference"] == "S1"
    assert links["customer", ORDER].facts == {"code": "SC-1", "because": "same email"}
    assert [row.state for row in alpha.all(Job) if row.record == ORDER] == ["held"]
    assert NAME in beta.everything()


def test_the_proof_of_forgetting_names_nobody(alpha: Shop) -> None:
    alpha.ask("customers/redact", CUSTOMER | {"orders_to_redact": [1001001]})
    request = alpha.requests()[-1]
    assert request.done_at is not None
    assert request.counts["deliveries"] == 2
    with alpha.database.transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "privacy_customer_redact")).one()
    assert entry.subject == f"privacy_request:{request.id}"
    assert entry.after == {"counts": request.counts}


def test_asking_twice_is_answered_twice_and_changes_nothing_more(alpha: Shop) -> None:
    ask = CUSTOMER | {"orders_to_redact": [1001001]}
    alpha.ask("customers/redact", ask)
    before = [row.body for row in alpha.all(Snapshot)]
    assert alpha.ask("customers/redact", ask) == "done"
    assert alpha.requests()[-1].counts == {}
    assert [row.body for row in alpha.all(Snapshot)] == before


def test_a_request_that_names_no_one_is_answered(alpha: Shop) -> None:
    bodies: tuple[dict[str, Any], ...] = (
        {},
        {"customer": {}},
        {"customer": None},
        {"customer": {"id": "x", "email": None}},
    )
    for body in bodies:
        assert alpha.ask("customers/redact", dict(body)) == "done"
        assert alpha.ask("customers/data_request", dict(body)) == "done"
    assert NAME in alpha.everything()


def test_a_customer_without_email_is_found_by_number(alpha: Shop) -> None:
    assert alpha.ask("customers/redact", {"customer": {"id": MIA}, "orders_to_redact": []}) == "done"
    assert NAME not in alpha.everything()


def test_a_guest_is_found_by_email_alone(alpha: Shop) -> None:
    alpha.delivered(
        "orders/create",
        {"id": 5, "email": "GUEST@example.com", "customer": None},
        record="gid://shopify/Order/5",
    )
    alpha.delivered(
        "orders/create", {"id": 6, "email": "güest\\@example.com"}, record="gid://shopify/Order/6"
    )
    alpha.kept("gid://shopify/Order/5", "gid://shopify/Customer/0", "Gina Guest")
    for email in ("guest@example.com", "güest\\@example.com"):
        assert alpha.ask("customers/redact", {"customer": {"email": email}}) == "done"
    assert "est@example.com" not in alpha.everything().lower()
    assert "est\\" not in alpha.everything()
    assert "Gina Guest" not in alpha.everything()


def test_a_request_that_names_another_shop_than_its_headers_does_nothing(alpha: Shop) -> None:
    before = alpha.everything()
    for topic in ("shop/redact", "customers/redact", "customers/data_request", "app/uninstalled"):
        body = {"shop_domain": BETA, "myshopify_domain": BETA, **CUSTOMER}
        delivery = alpha.delivered(topic, body, record=None, state="waiting")
        intake.process_round(alpha.database, notices.HANDLERS, ())
        with alpha.database.transaction(shop_id=alpha.id) as session:
            row = session.get_one(Delivery, delivery)
            assert (row.state, row.reason) == ("failed", "The body speaks of another shop than the headers.")
            session.delete(row)
            session.delete(session.scalars(select(Issue).where(Issue.flow == "intake")).one())
    assert alpha.everything() == before


def test_a_body_that_still_waits_to_be_read_is_not_lost(alpha: Shop) -> None:
    waiting = alpha.delivered("orders/create", {"id": 1001001, "email": EMAIL}, record=ORDER, state="waiting")
    with alpha.database.transaction(shop_id=alpha.id) as session:
        assert personal.erase_bodies(session, [waiting]) == 0


def test_work_on_the_customers_order_is_waited_for(alpha: Shop) -> None:
    with alpha.database.transaction(shop_id=alpha.id) as session:
        session.execute(
            update(Job)
            .where(Job.record == ORDER)
            .values(state="running", lease_until=clock.now() + timedelta(hours=1))
        )
    assert alpha.ask("customers/redact", CUSTOMER | {"orders_to_redact": [1001001]}) == "ready"
    assert alpha.requests()[-1].done_at is None
    with alpha.database.transaction(shop_id=alpha.id) as session:
        session.execute(update(Job).where(Job.record == ORDER).values(state="done", lease_until=None))
        session.execute(update(Job).where(Job.flow == "privacy").values(due_at=clock.now()))
    assert alpha.turn() == "done"
    assert NAME not in alpha.everything()


def test_a_number_is_a_whole_number() -> None:
    mia = Subject(customer_gid=MIA_GID, words=("a@b.c",))
    assert mia.is_in(b'{"id":207119551}')
    assert mia.is_in(b'{"gid":"gid://shopify/Customer/207119551"}')
    assert not mia.is_in(b'{"id":1207119551}')
    assert not mia.is_in(b'{"id":2071195510}')
    assert mia.is_in(b'{"email":"A@B.C"}')
    for spelt in (json.dumps({"email": "jörg@EXAMPLE.com"}), '{"email":"jörg@example.com"}'):
        assert Subject(words=("jörg@example.com",)).is_in(spelt.encode())


def test_every_part_of_a_summary_is_known_to_the_forgetting() -> None:
    """A new part of the summary must be sorted: it is either no personal data, or it goes."""
    source = inspect.getsource(order_push._summary)
    parts = {line.split('"')[1] for line in source.splitlines() if line.strip().startswith('"')}
    assert parts - personal.SUMMARY_KEEPS == {"customer"}


def test_a_shop_that_left_is_emptied_and_its_links_of_numbers_stay(alpha: Shop, beta: Shop) -> None:
    with alpha.database.transaction(shop_id=alpha.id) as session:
        session.add(
            Staff(
                shop_id=alpha.id,
                shopify_user_id="1",
                permissions=[],
                first_seen_at=clock.now(),
                last_seen_at=clock.now(),
            )
        )
        stock = {"connection_id": alpha.connection_id, "erp_item": "I1", "warehouse": "W1"}
        session.add(ErpLevel(shop_id=alpha.id, **stock, on_hand=1, reserved=0, told_at=clock.now()))
        session.add(StockTarget(shop_id=alpha.id, **stock, item_gid="i", location_gid="l", variant_gid="v"))
        session.get_one(ShopRow, alpha.id).policies = {"roads": {"refunds": "on"}, "owners": {"stock": "erp"}}
        install.described(session, alpha.id, name="Ada's shop", currency="EUR", timezone="UTC")
        install.uninstalled(session, alpha.id, at=None)
    assert alpha.ask("shop/redact", {}) == "done"
    with alpha.database.transaction(shop_id=alpha.id) as session:
        for table in (*personal.EMPTIED, Snapshot, Issue, Intent, ErpLevel, StockTarget):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
        assert (
            session.scalar(select(func.count()).select_from(Delivery).where(Delivery.body.is_not(None))) == 0
        )
        shop = session.get_one(ShopRow, alpha.id)
        assert (shop.state, shop.name, shop.policies) == (Installation.REDACTED, "", {})
        connection = session.scalars(select(Connection)).one()
        assert (connection.address, connection.credential_id) == ({}, None)
    whole = alpha.everything()
    assert NAME not in whole
    assert EMAIL not in whole
    assert {row.erp_number for row in alpha.all(Link)} == {"S1"}
    assert NAME in beta.everything()
    assert alpha.ask("shop/redact", {}) == "done"


def test_every_table_of_a_shop_is_emptied_when_it_left_or_stays_for_a_reason() -> None:
    owned = {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, ShopOwned)}
    sorted_out = [*personal.EMPTIED_IN_STEPS, *personal.EMPTIED, *personal.STAYS]
    assert set(sorted_out) == owned
    assert len(sorted_out) == len(owned)


def visit(alpha: Shop, shopify: LocalShopify) -> None:
    """Ada installs the app and opens it."""
    shopify.install()
    id_token = shopify.id_token()
    gateways = alpha.gateways
    Installer(gateways.database, gateways.tokens).arrive(
        verify(id_token, settings=gateways.settings), id_token
    )


def test_a_shop_that_came_back_keeps_its_data(alpha: Shop, shopify: LocalShopify) -> None:
    visit(alpha, shopify)
    assert alpha.ask("shop/redact", {}) == "ignored"
    assert NAME in alpha.everything()
    assert alpha.requests()[-1].done_at is not None


def test_a_shop_whose_goodbye_was_lost_is_recognised_by_its_dead_tokens(
    alpha: Shop, shopify: LocalShopify
) -> None:
    visit(alpha, shopify)
    shopify.uninstall()
    assert alpha.ask("shop/redact", {}) == "done"
    assert alpha.all(Snapshot) == []
    with alpha.database.transaction() as session:
        shop = install.find(session, ALPHA)
        assert shop is not None
        assert shop.state == Installation.REDACTED


def test_the_compliance_topics_are_all_served() -> None:
    assert set(privacy.KINDS) == set(COMPLIANCE_TOPICS)
