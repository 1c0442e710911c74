"""An ERP pushes: what its connection's secret signed makes Concord look at once, and nothing else does anything."""

from __future__ import annotations

import re

import httpx2
import pytest
from sqlalchemy import select

from kit import clock
from kit.db import all_shops
from oauth.models import AuditEntry
from sync.flows import callbacks
from sync.state.models import Job, JobState
from tests.oauth.shopify import BETA
from tests.web.office import Office

UNPROVEN = (
    {"secret": "f" * 64},
    {"time": "0"},
    {"time": str(10**11)},
    {"time": "١٢٣"},
    {"time": ""},
    {"given": ""},
    {"given": "zz"},
    {"signed": b"another body"},
    {"connection": 999_999},
    {"connection": 10**30},
)


@pytest.fixture
def secret(office: Office) -> str:
    """Ada connects the ERP, opens the road of stock and makes the secret."""
    office.connect()
    page = office.do("/connection/callback")
    assert page.status_code == 200
    found = str(re.findall(r"<code>([0-9a-f]{64})</code>", page.text)[0])
    assert found not in office.look("/connection").text
    with office.database.transaction(shop_id=office.shop_id()) as session:
        session.connection().exec_driver_sql("""update shop set policies = '{"roads": {"stock": "on"}}'""")
    return found


def call(
    office: Office,
    secret: str,
    *,
    body: bytes = b"",
    signed: bytes | None = None,
    time: str | None = None,
    given: str | None = None,
    connection: int = 1,
) -> httpx2.Response:
    at = time if time is not None else str(int(clock.now().timestamp()))
    proof = callbacks.signature(secret, at, body if signed is None else signed) if given is None else given
    headers = {
        callbacks.TIME_HEADER.encode(): at.encode(),
        callbacks.SIGNATURE_HEADER.encode(): proof.encode(),
    }
    return office.client.post(f"/callbacks/{connection}", content=body, headers=headers)


def feeds_asked(office: Office) -> list[str]:
    with office.database.transaction() as session:
        query = select(Job.record).where(Job.flow == "erp_feed", Job.state == JobState.READY)
        return sorted(session.scalars(all_shops(query)))


def test_a_signed_callback_asks_for_the_open_feeds_once_however_often_it_comes(
    office: Office, secret: str
) -> None:
    assert [call(office, secret).status_code for _ in range(3)] == [202, 202, 202]
    assert feeds_asked(office) == [
        "feed:products",
        "feed:stock",
    ]  # products are linked unless somebody shuts that


def test_a_callback_may_name_the_feeds_that_have_news(office: Office, secret: str) -> None:
    assert call(office, secret, body=b'{"feeds": ["stock", "credits"]}').status_code == 202
    assert feeds_asked(office) == ["feed:stock"]


@pytest.mark.parametrize("wrong", UNPROVEN, ids=str)
def test_what_is_not_proven_is_refused_alike_and_asks_for_nothing(
    office: Office, secret: str, wrong: dict[str, object]
) -> None:
    given = {"secret": secret, **wrong}
    answer = call(office, str(given.pop("secret")), **given)  # type: ignore[arg-type]
    assert (answer.status_code, answer.text) == (401, "")
    assert feeds_asked(office) == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"feeds": ["money"]}', b'{"feeds": 5}', b"[" * 5_000])
def test_a_proven_body_that_names_no_feeds_is_told_what_it_may_say(
    office: Office, secret: str, body: bytes
) -> None:
    answer = call(office, secret, body=body)
    assert answer.status_code == 400
    assert "stock, shipments, credits, products, prices" in answer.text
    assert feeds_asked(office) == []


def test_a_new_secret_ends_the_old_one_and_both_are_in_the_audit_log(office: Office, secret: str) -> None:
    (newer,) = re.findall(r"<code>([0-9a-f]{64})</code>", office.do("/connection/callback").text)
    assert call(office, secret).status_code == 401
    assert call(office, newer).status_code == 202
    with office.database.transaction() as session:
        query = select(AuditEntry.act).where(AuditEntry.after["kind"].astext == "callback:1")
        assert sorted(session.scalars(query)) == ["credential_created", "credential_replaced"]


def test_a_paused_connection_and_another_shop_hear_nothing(office: Office, secret: str) -> None:
    office.shop_id(BETA)
    assert call(office, secret).status_code == 202
    with office.database.transaction() as session:
        assert set(session.scalars(all_shops(select(Job.shop_id).where(Job.flow == "erp_feed")))) == {
            office.shop_id()
        }
    office.do("/connection/pause")
    assert call(office, secret).status_code == 401


def test_a_body_over_the_limit_is_refused_before_it_is_read(office: Office, secret: str) -> None:
    assert call(office, secret, body=b" " * 10_000).status_code == 413
