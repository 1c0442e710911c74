"""No shop sees another shop: every address of the URL table, with the other shop's ids wherever an id can go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from kit.config import Settings
from kit.db import Database
from oauth.models import AuditEntry, Credential, PrivacyRequest, Staff
from sync.state.models import Delivery, Job
from sync.state.settings_models import Connection, Issue, MappingVersion
from tests.flows.privacy_rows import EMAIL, MIA, NAME, ORDER
from tests.oauth.shopify import ALPHA, BETA
from tests.web.whole import Whole, running, table

# What only Alpha's pages may say.
MARKERS = (NAME, EMAIL, "Otto Other", "erp-of-alpha.example", "Choose the right one", "correct horse")
PUBLIC = (
    "/webhooks",
    "/callbacks/{connection:int}",
    "/",
    "/bounce",
    "/auth",
    "/auth/callback",
    "/healthz",
    "/readyz",
)
TABLES = (Connection, Credential, Delivery, Issue, Job, MappingVersion, PrivacyRequest, Staff)


@pytest.fixture(scope="module")
def addresses() -> list[tuple[str, str]]:
    """Method and path pattern of everything below the app."""
    return [
        (method, route.path.removeprefix("/app"))
        for route in table()
        for method in sorted(route.methods or ())
        if route.path.startswith("/app") and method in ("GET", "POST")
    ]


@pytest.fixture
def whole(fresh_database: Database, fresh_settings: Settings) -> Iterator[Whole]:
    with running(fresh_database, fresh_settings) as made:
        made.shops[ALPHA].ask("customers/data_request", {"customer": {"id": MIA}})
        yield made


def hostile(whole: Whole) -> dict[str, str]:
    """For each parameter of the URL table, the value that belongs to Alpha. A new parameter must be added here."""
    alpha = whole.shops[ALPHA]
    return {
        "record": ORDER,
        "issue": str(alpha.all(Issue)[0].id),
        "delivery": str(alpha.all(Delivery)[0].id),
        "staff": str(alpha.all(Staff)[0].id),
        "request": str(alpha.all(PrivacyRequest)[0].id),
        "sheet": "taxes",
        "number": "new",
        "rest": "shops/alpha",
    }


def filled(pattern: str, values: dict[str, str]) -> str:
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: values[found[1]], pattern)


def state_of(whole: Whole) -> str:
    """Everything that Alpha's tables say, except what a look itself notes."""
    alpha = whole.shops[ALPHA]
    texts = [alpha.everything()]
    for each in TABLES:
        for row in alpha.all(each):
            names = [column.key for column in each.__table__.columns if column.key != "last_seen_at"]
            texts.append(repr({name: getattr(row, name) for name in names}))
    return "\n".join(texts)


def form(whole: Whole) -> dict[str, str]:
    """Alpha's ids in every field that could be one."""
    alpha, ids = whole.shops[ALPHA], hostile(whole)
    return {
        "shop": ALPHA,
        "shop_id": str(alpha.id),
        "job": str(alpha.all(Job)[0].id),
        "jobs": str(alpha.all(Job)[0].id),
        "id": str(alpha.all(Job)[0].id),
        "connection": str(alpha.connection_id),
        "connection_id": str(alpha.connection_id),
        "credential_id": str(alpha.all(Credential)[0].id),
        "version": str(alpha.all(MappingVersion)[0].id),
        "number": "1",
        "kind": "tryton",
        "reason": "because",
        "permissions": "manage_staff",
        **ids,
    }


def test_no_page_of_one_shop_shows_or_changes_anything_of_another(
    whole: Whole, addresses: list[tuple[str, str]]
) -> None:
    values, data, before = hostile(whole), form(whole), state_of(whole)
    foreign = {"X-Shopify-Shop-Domain": ALPHA, "X-Forwarded-Host": ALPHA, "Cookie": f"shop={ALPHA}"}
    assert len(addresses) > 30
    for method, pattern in addresses:
        path = filled(pattern, values)
        if method == "GET":
            answer = whole.show(path, shop=BETA, person="cy", shop_id=data["shop_id"], record=ORDER)
        else:
            answer = whole.act(path, shop=BETA, person="cy", data=data, headers=foreign)
        assert answer.status_code < 500, (method, path, answer.text[:500])
        for marker in MARKERS:
            assert marker not in answer.text, (method, path, marker)
        assert state_of(whole) == before, (method, path)


def test_a_character_that_no_database_takes_is_no_mistake_of_ours(
    whole: Whole, addresses: list[tuple[str, str]]
) -> None:
    values = dict.fromkeys(hostile(whole), "x\x00y")
    data = {name: f"{value}\x00" for name, value in form(whole).items()}
    words = {"search": "\x00", "record": "a\x00b", "page": "\x00", "kind": "\x00", "state": "\x00"}
    for method, pattern in addresses:
        path = filled(pattern, {name: quote(value) for name, value in values.items()})
        if method == "GET":
            answer = whole.show(path, shop=BETA, person="cy", **words)
        else:
            answer = whole.act(path, shop=BETA, person="cy", data=data)
        assert answer.status_code < 500, (method, path, answer.text[:500])


def test_the_same_addresses_do_show_alpha_to_ada(whole: Whole) -> None:
    """The markers are worth something: Ada does see them."""
    values = hostile(whole)
    seen = "".join(
        whole.show(filled(path, values), shop=ALPHA, person="ada").text
        for path in ("/records", "/issues/{issue}", "/deliveries/{delivery}", "/connection")
    )
    for marker in (NAME, EMAIL, "erp-of-alpha.example"):
        assert marker in seen


def test_nothing_below_the_app_is_answered_without_a_token(
    whole: Whole, addresses: list[tuple[str, str]]
) -> None:
    values = hostile(whole)
    for method, pattern in addresses:
        path = "/app" + filled(pattern, values)
        for query in ({}, {"shop": ALPHA}, {"shop": ALPHA, "embedded": "1", "id_token": "a.b.c"}):
            answer = whole.client.request(method, path, params=query)
            assert answer.status_code in (302, 400, 401, 429), (method, path, answer.status_code)
            for marker in MARKERS:
                assert marker not in answer.text


def test_every_act_needs_a_permission_that_the_second_person_lacks(
    whole: Whole, addresses: list[tuple[str, str]]
) -> None:
    data, values = form(whole), hostile(whole)
    bo = whole.people(ALPHA)[1]
    with whole.gateways.database.transaction(shop_id=whole.shops[ALPHA].id) as session:
        staff_row = session.get_one(Staff, bo.id)
        staff_row.permissions = []
    before = state_of(whole)
    acts = [pattern for method, pattern in addresses if method == "POST"]
    assert len(acts) > 10
    for pattern in acts:
        answer = whole.act(filled(pattern, values), shop=ALPHA, person="bo", data=data)
        assert answer.status_code == 403, pattern
    assert state_of(whole) == before


def test_an_act_is_only_done_by_a_script_with_a_bearer_token(
    whole: Whole, addresses: list[tuple[str, str]]
) -> None:
    """A page of somebody else can make a browser post a form; it cannot give it our header."""
    data, values, before = form(whole), hostile(whole), state_of(whole)
    query = {"id_token": whole.shopify.id_token(ALPHA), "shop": ALPHA, "embedded": "1"}
    for method, pattern in addresses:
        if method == "POST":
            path = "/app" + filled(pattern, values)
            answer = whole.client.post(
                path, params=query, data=data, headers={"Origin": "https://evil.example"}
            )
            assert answer.status_code in (401, 429), pattern
    assert state_of(whole) == before


def test_a_download_of_the_other_shops_file_is_not_there_and_ones_own_is_written_down(whole: Whole) -> None:
    path = f"/privacy/{hostile(whole)['request']}/file"
    assert whole.act(path, shop=BETA, person="cy", data={}).status_code == 404
    own = whole.act(path, shop=ALPHA, person="ada", data={})
    assert own.status_code == 200
    assert NAME in own.text
    assert own.headers["cache-control"] == "no-store"
    with whole.gateways.database.transaction() as session:
        acts = (
            session.query(AuditEntry.act, AuditEntry.shop_id)
            .filter(AuditEntry.act == "privacy_file_opened")
            .all()
        )
    assert [tuple(row) for row in acts] == [("privacy_file_opened", whole.shops[ALPHA].id)]


def test_whatever_is_public_is_on_the_list(addresses: list[tuple[str, str]]) -> None:
    public = {route.path for route in table() if not route.path.startswith("/app")}
    assert public == set(PUBLIC)


def test_what_is_public_answers(whole: Whole) -> None:
    assert whole.client.get("/healthz").status_code == 200
    assert whole.client.get("/readyz").status_code == 200
