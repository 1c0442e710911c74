"""Lines of the web process say which shop they are about, once that is proven, and never hold a token."""

from __future__ import annotations

from psycopg import Connection

from tests.fixtures.lines import Lines
from tests.oauth.shopify import ALPHA, BETA
from tests.web.office import Office
from tests.web.test_webhooks import post


def test_a_page_that_fails_names_the_shop_of_its_visitor(office: Office, lines: Lines) -> None:
    office.look()
    office.look(shop=BETA)
    with office.database.transaction() as session:
        session.connection().exec_driver_sql("alter table job rename to work")
    assert office.look("/jobs").status_code == 500
    assert office.look("/jobs", shop=BETA).status_code == 500
    assert [line["shop"] for line in lines.saying("page.bug")] == [ALPHA, BETA]
    assert "eyJ" not in lines.getvalue()


def test_a_visitor_without_a_good_token_is_of_no_shop(office: Office, lines: Lines) -> None:
    office.look()
    stranger = {"Authorization": "Bearer nobody", "Sec-Fetch-Dest": "empty"}
    assert office.client.get("/app", params={"shop": ALPHA}, headers=stranger).status_code == 401
    (line,) = [each for each in lines.parsed() if each["message"].startswith("not signed in")]
    assert "shop" not in line


def test_a_delivery_that_cannot_be_stored_is_named(
    office: Office, lines: Lines, fresh_database_url: str
) -> None:
    office.shop_id()
    with Connection.connect(fresh_database_url) as lock:
        lock.execute("lock table delivery in access exclusive mode")
        assert post(office, Webhook_Id="w-7").status_code == 503
        lock.rollback()
    (line,) = lines.saying("delivery.not_stored")
    assert (line["shop"], line["webhook"], line["topic"]) == (ALPHA, "w-7", "orders/create")


def test_a_delivery_that_nobody_signed_is_of_no_shop(office: Office, lines: Lines) -> None:
    assert post(office, Hmac_Sha256="forged").status_code == 401
    (line,) = lines.saying("delivery.not_signed")
    assert "shop" not in line
    assert post(office, Topic=None).status_code == 400
    (line,) = lines.saying("delivery.malformed")
    assert "shop" not in line
