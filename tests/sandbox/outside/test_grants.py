"""How an app gets into a shop: partner link, grant page, code grant, more and fewer scopes."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
import shopify

from sandbox.shopify import installations
from sandbox.shopify.client_secrets import sign_body, sign_query
from tests.sandbox.outside.conftest import ALPHA, APP_URL, BETA, SECRET, App, Sandbox

CALLBACK = f"{APP_URL}/auth/callback"


def test_a_partner_link_leads_over_the_grant_page_into_the_app(sandbox: Sandbox) -> None:
    link = sandbox.control("POST", "/shops/alpha/link")["url"]
    grant_page = sandbox.web.get(sandbox.web.get(link).headers["location"])
    assert "Install Concord" in grant_page.text
    assert "View and edit orders, transactions and refunds" in grant_page.text
    granted = sandbox.web.post(
        "/store/alpha/oauth/install",
        data={"client_id": sandbox.world.app.client_id, "scope": ",".join(sandbox.world.app.required_scopes)},
    )
    assert granted.status_code == 303
    assert granted.headers["location"].endswith(f"/store/alpha/apps/{sandbox.world.app.client_id}")
    opened = sandbox.web.get(granted.headers["location"])
    assert f"{APP_URL}/app?embedded=1" in opened.text


def test_a_hand_made_install_address_needs_an_earlier_link(sandbox: Sandbox) -> None:
    address = f"/store/alpha/oauth/install?client_id={sandbox.world.app.client_id}"
    assert sandbox.web.get(address).status_code == 400
    sandbox.install()
    sandbox.control("POST", "/shops/alpha/uninstall")
    assert sandbox.web.get(address).status_code == 200


def test_a_link_of_one_shop_does_not_install_in_another(sandbox: Sandbox) -> None:
    token = sandbox.control("POST", "/shops/alpha/link")["token"]
    address = f"/store/beta/oauth/install?client_id={sandbox.world.app.client_id}&link={token}"
    assert sandbox.web.get(address).status_code == 400


def test_optional_scopes_are_asked_for_on_the_same_page(sandbox: Sandbox) -> None:
    sandbox.install()
    query = f"client_id={sandbox.world.app.client_id}&optional_scopes=read_all_orders,write_returns"
    page = sandbox.web.get(f"/shops/{ALPHA}/admin/oauth/install?{query}")
    assert "Concord asks for more access" in page.text
    assert "View orders older than 60 days" in page.text


def test_only_declared_scopes_can_be_granted(sandbox: Sandbox) -> None:
    sandbox.install()
    data = {"client_id": sandbox.world.app.client_id, "scope": "write_themes,read_payment_terms"}
    sandbox.web.post("/store/alpha/oauth/install", data=data)
    held = installations.scopes_of(sandbox.world.store, ALPHA, client_id=sandbox.world.app.client_id)
    assert "read_payment_terms" in held
    assert "write_themes" not in held


def test_an_unknown_client_is_refused(sandbox: Sandbox) -> None:
    answer = sandbox.web.get("/store/alpha/oauth/install?client_id=somebody-else")
    assert answer.status_code == 400
    assert "This app is not known" in answer.text


def authorize(sandbox: Sandbox, **more: str) -> dict[str, str]:
    """Grants through the code grant and gives the query of the callback."""
    data = {
        "client_id": sandbox.world.app.client_id,
        "scope": "read_orders,write_orders",
        "redirect_uri": CALLBACK,
        "state": "n0nce",
        **more,
    }
    answer = sandbox.web.post(f"/shops/{ALPHA}/admin/oauth/authorize", data=data)
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def test_the_code_grant_comes_back_signed_and_with_our_state(sandbox: Sandbox) -> None:
    query = authorize(sandbox)
    assert query["state"] == "n0nce"
    assert query["shop"] == ALPHA
    given = query.pop("hmac")
    assert given == sign_query(SECRET, query.items())
    shopify.Session.setup(api_key="key", secret=SECRET)
    assert shopify.Session.calculate_hmac(query) == given


def test_a_code_is_good_for_one_exchange(sandbox: Sandbox) -> None:
    code = authorize(sandbox)["code"]
    first = sandbox.token(code=code, expiring="1")
    assert first.json()["refresh_token"]
    assert first.json()["scope"] == "write_orders"
    assert sandbox.token(code=code).status_code == 400


def test_a_per_user_code_becomes_an_online_token(sandbox: Sandbox) -> None:
    code = authorize(sandbox, per_user="1")["code"]
    assert sandbox.token(code=code).json()["associated_user"]["first_name"] == "Ada"


def test_an_address_that_is_not_on_the_list_is_refused(sandbox: Sandbox) -> None:
    query = f"client_id={sandbox.world.app.client_id}&redirect_uri={APP_URL}/elsewhere"
    answer = sandbox.web.get(f"/shops/{ALPHA}/admin/oauth/authorize?{query}")
    assert answer.status_code == 400
    assert "not on the app" in answer.text


def test_changed_scopes_are_told_to_the_app(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    sandbox.control("POST", "/shops/alpha/scopes", {"grant": ["read_all_orders"]})
    sandbox.control("POST", "/shops/alpha/scopes", {"revoke": ["read_all_orders"]})
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["app/scopes_update", "app/scopes_update"]


def test_an_installation_in_one_shop_says_nothing_about_another(sandbox: Sandbox) -> None:
    sandbox.install(ALPHA)
    client_id = sandbox.world.app.client_id
    assert installations.current(sandbox.world.store, BETA, client_id=client_id) is None


@pytest.mark.parametrize(
    ("query", "digest"),
    [
        (
            {
                "code": "c0de",
                "host": "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvYWNtZQ",
                "shop": "acme.myshopify.com",
                "state": "n0nce",
                "timestamp": "1790000000",
            },
            "7d07298d0237aa8af7f2093d545baa369ed2e1adaff33beca85b5146843c5cbc",
        ),
    ],
)
def test_a_query_is_signed_as_the_platform_signs_it(query: dict[str, str], digest: str) -> None:
    assert sign_query("shpss_test_secret", query.items()) == digest


def test_a_body_is_signed_over_its_exact_bytes() -> None:
    body = '{"id":1,"note":"café"}'.encode()
    assert sign_body("shpss_test_secret", body) == "sKJLII/iwUWIsRXTBVj3YofPVdZUalx9WMu6LAaSeXs="
