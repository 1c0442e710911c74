"""Every screen: it is shown to people of its shop only, empty states included, and its HTML is known to Polaris."""

from __future__ import annotations

import csv
import io
import re

import pytest

from oauth.staff import Permission
from sync.state import rhythms
from tests.house import polaris
from tests.insight.rows import Rows, order
from tests.oauth.shopify import BETA
from tests.state.rows import a_connection
from tests.web.office import Office

SCREENS = (
    "",
    "/records",
    "/records?tab=held",
    "/records?search=nothing",
    "/issues",
    "/issues?state=ignored",
    "/jobs",
    "/jobs?queue=dead",
    "/deliveries",
    "/activity",
    "/audit",
    "/connection",
    "/mappings",
    "/policies",
    "/roads",
    "/differences",
    "/settings",
    "/privacy",
)


@pytest.mark.parametrize("path", SCREENS)
def test_every_screen_has_an_empty_state_with_a_next_step(office: Office, path: str) -> None:
    answer = office.look(path)
    assert answer.status_code == 200, answer.text
    assert polaris.problems(answer.text) == []
    assert "<s-page heading=" in answer.text
    assert re.search(r'href="/app[^"]*"', answer.text)


def test_home_says_when_concords_own_regular_work_fails_again_and_again(office: Office) -> None:
    said = "A part of Concord’s regular work fails"
    for is_said in (False, True):
        with office.database.transaction() as session:
            rhythms.failed(session, "tokens", KeyError("a bug"))
        assert (said in office.look().text) is is_said
    with office.database.transaction() as session:
        rhythms.succeeded(session, ["tokens"])
    assert said not in office.look().text


def _with_trade(office: Office) -> Rows:
    rows = Rows(office.database, office.shop_id())
    erp = a_connection(office.database, rows.shop_id, kind="standin")
    rows.snapshot(order(1), "#1001", proof=PROOF)
    rows.attempt(rows.job(order(1), "done"), exchanges=[CALL])
    rows.link(order(1), erp.id, "SO1", facts={"kind": "sale"})
    rows.stuck(2, cause="closed", reason="The period is closed.")
    rows.stuck(3, state="held", misses="mapping:tax:19%:DE", cause="tax", reason="No tax.")
    rows.issue("closed", sample=order(2))
    rows.issue("tax", kind="misconfigured", misses="mapping:tax:19%:DE", sample=order(3))
    rows.delivery(record=order(1), body=b'{"email": "nora@example.com"}')
    rows.act("resynced", subject=order(1))
    return rows


PROOF = {
    "is_proven": True,
    "residual": {"shop": "0.00 EUR", "presentment": "0.00 EUR"},
    "rows": [
        {
            "component": "total",
            "is_memo": False,
            "shopify": {"shop": "9.00 EUR", "presentment": "9.00 EUR"},
            "documents": {"shop": "9.00 EUR", "presentment": "9.00 EUR"},
            "difference": {"shop": "0.00 EUR", "presentment": "0.00 EUR"},
        }
    ],
}
CALL = {"method": "POST", "host": "erp.example", "path": "/sale", "status": 200, "took_ms": 40}
DETAILS = (
    "/records/Order/6000000001",
    "/records/Order/6000000002",
    "/records/Order/6000000003",
    "/issues/1",
    "/issues/2",
    "/deliveries/1",
)


@pytest.mark.parametrize("path", [*SCREENS, *DETAILS])
def test_every_screen_shows_a_shop_with_trade(office: Office, path: str) -> None:
    _with_trade(office)
    answer = office.look(path)
    assert answer.status_code == 200, answer.text
    assert polaris.problems(answer.text) == []


@pytest.mark.parametrize("path", DETAILS)
def test_cy_is_told_that_alphas_things_are_not_there(office: Office, path: str) -> None:
    _with_trade(office)
    answer = office.look(path, shop=BETA, who="cy")
    assert answer.status_code == 404
    assert "This page is not here" in answer.text
    assert "1001" not in answer.text


def test_the_cent_table_can_be_downloaded_by_its_own_shop_only(office: Office) -> None:
    _with_trade(office)
    path = "/records/Order/6000000001"
    assert f"/app{path}/proof.csv" in office.look(path).text
    answer = office.look(f"{path}/proof.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="cents-6000000001.csv"' in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["component"] == "Total"
    assert [row[f"shop_{name}"] for name in ("shopify", "documents", "difference", "currency")] == [
        "9.00",
        "9.00",
        "0.00",
        "EUR",
    ]
    assert office.look(f"{path}/proof.csv", shop=BETA, who="cy").status_code == 404
    assert office.look("/records/Order/6000000002/proof.csv").status_code == 404


@pytest.mark.parametrize("path", SCREENS)
def test_cy_sees_nothing_of_alpha_in_any_list(office: Office, path: str) -> None:
    _with_trade(office)
    text = office.look(path, shop=BETA, who="cy").text
    assert not re.search(r"#1001|SO1\b|The period is closed|No tax|6000000002", text)


def test_the_frame_loads_app_bridge_first_and_the_menu_leads_home(office: Office) -> None:
    text = office.look().text
    head = text.partition("</head>")[0]
    meta = head.index('<meta name="shopify-api-key"')
    scripts = [head.index(each) for each in (office.settings.app_bridge_url, office.settings.polaris_url)]
    assert [meta, *scripts] == sorted([meta, *scripts])
    assert head.index("<script") < scripts[0] < head.index(office.settings.polaris_url)
    assert '<a href="/app" rel="home">' in text
    assert not re.search(r"\son[a-z]+=\"", text)


def test_links_carry_what_a_plain_click_needs_to_come_back(office: Office) -> None:
    link = re.search(r'class="figure" href="([^"]+)"', office.look().text)
    assert link is not None
    assert "shop=alpha.myshopify.com" in link[1]
    assert "embedded=1" in link[1]
    assert "id_token" not in link[1]


def test_the_body_of_a_delivery_needs_the_permission_to_read_personal_data(office: Office) -> None:
    _with_trade(office)
    assert "nora@example.com" in office.look("/deliveries/1").text
    as_bo = office.look("/deliveries/1", who="bo").text
    assert "nora@example.com" not in as_bo
    assert "may hold customers" in as_bo
    office.permit(Permission.READ_PERSONAL_DATA)
    assert "nora@example.com" in office.look("/deliveries/1", who="bo").text


def test_a_held_record_leads_to_the_sheet_that_fixes_it(office: Office) -> None:
    _with_trade(office)
    text = office.look("/records/Order/6000000003").text
    assert "Held until something is set" in text
    assert "/app/mappings/taxes?" in text


@pytest.mark.parametrize("path", ["/nothing", "/issues/abc", "/issues/99999999999999999999", "/deliveries/0"])
def test_an_address_that_leads_nowhere_says_so_calmly(office: Office, path: str) -> None:
    answer = office.look(path)
    assert answer.status_code == 404
    assert "This page is not here" in answer.text
    assert "Traceback" not in answer.text


def test_a_mistake_of_ours_is_a_calm_page_with_a_code_for_support(office: Office) -> None:
    rows = Rows(office.database, office.shop_id())
    rows.snapshot(order(1), "#1001", proof={"rows": [{"component": "goods"}]})
    answer = office.look("/records/Order/6000000001")
    assert answer.status_code == 500
    assert "Concord made a mistake" in answer.text
    assert "KeyError" not in answer.text
    assert re.search(r"<code>[0-9a-f]{8}</code>", answer.text)


def test_static_files_are_kept_for_ever_under_an_address_of_their_content(office: Office) -> None:
    address = re.search(r'href="(/static/[^"]+app\.css)"', office.look().text)
    assert address is not None
    answer = office.client.get(address[1])
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    older = office.client.get("/static/0000000000000000/app.css")
    assert older.headers["cache-control"] == "no-cache"
    assert office.client.get("/static/0000000000000000/../app.py").status_code == 404


def test_vital_signs(office: Office) -> None:
    assert office.client.get("/healthz").text == "ok"
    assert office.client.get("/readyz").text == "ready"
