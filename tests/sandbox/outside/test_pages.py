"""The admin pages: each opens, each form does its one thing, and every refusal has a sentence."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from sandbox.shopify.client_secrets import sign_query
from sandbox.shopify.documents import number
from tests.sandbox.outside.conftest import ALPHA, APP_URL, SECRET, App, Sandbox

FORM = {
    "sku": "ALP-MUG",
    "quantity": "3",
    "price": "",
    "buyer": "guest",
    "financial_state": "paid",
    "taxes": "on",
    "shipping_price": "5",
    "presentment_currency": "USD",
}


def create(sandbox: Sandbox, **changed: str) -> int:
    """Fills in the order form; gives the order's number."""
    answer = sandbox.web.post("/store/alpha/orders", data=FORM | changed)
    found = re.search(r"/orders/(\d+)\?notice", answer.headers["location"])
    assert found, answer.headers["location"]
    return int(found.group(1))


def order(sandbox: Sandbox, at: int) -> Any:
    """The order as it is kept."""
    return sandbox.world.store.get(ALPHA, "order", f"gid://shopify/Order/{at}")


def act(sandbox: Sandbox, at: int, name: str, **fields: str) -> str:
    """Presses a button of the order page; gives the word that came back."""
    answer = sandbox.web.post(f"/store/alpha/orders/{at}/{name}", data=fields)
    assert answer.status_code == 303
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query)).popitem()[1]


@pytest.mark.parametrize(
    "path",
    ["", "/orders", "/orders/new", "/products", "/customers", "/deliveries", "/apps", "/settings/payments"],
)
def test_every_page_opens_in_an_empty_and_in_a_busy_shop(sandbox: Sandbox, path: str) -> None:
    assert sandbox.web.get(f"/store/alpha{path}").status_code == 200
    sandbox.install()
    create(sandbox)
    sandbox.world.sender.deliver_due()
    assert sandbox.web.get(f"/store/alpha{path}").status_code == 200


def test_the_first_page_lists_the_shops(sandbox: Sandbox) -> None:
    assert "/store/beta" in sandbox.web.get("/").text


def test_an_unknown_shop_has_a_clear_answer(sandbox: Sandbox) -> None:
    answer = sandbox.web.get("/store/gamma/orders")
    assert answer.status_code == 404
    assert "gamma" in answer.text


def test_the_order_form_makes_the_order(sandbox: Sandbox) -> None:
    made = order(sandbox, create(sandbox, discount="10", discount_kind="percent", presentment_currency="EUR"))
    assert made["lineItems"][0]["quantity"] == 3
    assert made["presentmentCurrencyCode"] == "EUR"
    assert made["discountCodes"] == ["WELCOME"]
    assert made["customerId"] is None


def test_an_order_without_lines_or_with_nonsense_is_explained(sandbox: Sandbox) -> None:
    answer = sandbox.web.post("/store/alpha/orders", data=FORM | {"sku": "NO-SUCH-SKU"})
    assert "failure=The+order+was+not+created" in answer.headers["location"]


def test_the_buttons_of_an_order_do_what_they_say(sandbox: Sandbox) -> None:
    at = create(sandbox, financial_state="pending")
    line = order(sandbox, at)["lineItems"][0]["id"]
    assert act(sandbox, at, "pay") == "Payment received."
    assert act(sandbox, at, "edit", **{f"quantity:{line}": "2"}) == "Order edited."
    assert act(sandbox, at, "fulfil", tracking_number="JD014") == "Parcel sent."
    assert act(sandbox, at, "refund", **{f"quantity:{line}": "1"}, restock_type="RETURN") == "Refund made."
    assert act(sandbox, at, "return", **{"quantity:ALP-MUG": "1"}) == "Return opened."
    assert act(sandbox, at, "update", note="Ring twice", tags="a, b") == "Order changed."
    now = order(sandbox, at)
    assert now["displayFulfillmentStatus"] == "FULFILLED"
    assert now["refunds"][0]["refundLineItems"][0]["quantity"] == 1
    assert now["tags"] == ["a", "b"]
    assert "JD014" in sandbox.web.get(f"/store/alpha/orders/{at}").text


def test_cancelling_restocks_and_pays_back(sandbox: Sandbox) -> None:
    at = create(sandbox)
    assert act(sandbox, at, "cancel", reason="CUSTOMER", refund="on", restock="on") == "Order cancelled."
    now = order(sandbox, at)
    assert now["cancelledAt"]
    assert now["displayFinancialStatus"] == "REFUNDED"


def test_what_shopify_refuses_is_said_on_the_page(sandbox: Sandbox) -> None:
    at = create(sandbox)
    assert act(sandbox, at, "pay").startswith("Shopify refused:")
    assert act(sandbox, at, "explode").startswith("Shopify refused:")


def test_stock_and_prices_change_from_the_product_page(sandbox: Sandbox) -> None:
    product = next(p for p in sandbox.world.store.views(ALPHA, "product") if p["title"] == "Titanium Mug")
    place = sandbox.world.store.views(ALPHA, "location")[0]["id"]
    page = f"/store/alpha/products/{number(product['id'])}"
    data = {"sku": "ALP-MUG", "available": "77", "location_id": place}
    sandbox.web.post("/store/alpha/stock", data=data)
    assert 'value="77"' in sandbox.web.get(page).text
    variant = product["variantIds"][0]
    sandbox.web.post(page, data={"title": "Steel Mug", f"price:{variant}": "21.00"})
    shown = sandbox.web.get(page).text
    assert "Steel Mug" in shown
    assert 'value="21.00"' in shown


def test_a_customer_can_ask_and_be_forgotten(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    person = number(sandbox.world.store.views(ALPHA, "customer")[0]["id"])
    sandbox.web.post(f"/store/alpha/customers/{person}/data-request")
    sandbox.web.post(f"/store/alpha/customers/{person}/erase", data={"at_once": "on"})
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["customers/data_request", "customers/redact"]
    sandbox.web.post(f"/store/alpha/customers/{person}/save", data={"first_name": "Norah"})
    assert "Norah" in sandbox.web.get(f"/store/alpha/customers/{person}").text


def test_the_apps_page_installs_and_uninstalls(sandbox: Sandbox) -> None:
    link = sandbox.web.post("/store/alpha/apps/install").headers["location"]
    assert sandbox.web.get(link).headers["location"].startswith("/store/alpha/oauth/install")
    sandbox.install()
    assert "Open app" in sandbox.web.get("/store/alpha/apps").text
    sandbox.web.post("/store/alpha/apps/uninstall")
    assert "Install again" in sandbox.web.get("/store/alpha/apps").text


def frame_source(sandbox: Sandbox, path: str = "") -> str:
    """The address that the admin opens in the frame."""
    page = sandbox.web.get(f"/store/alpha/apps/{sandbox.world.app.client_id}{path}")
    found = re.search(r'data-src="([^"]+)"', page.text)
    assert found
    return found.group(1).replace("&amp;", "&")


def test_the_frame_opens_the_application_url_signed(sandbox: Sandbox) -> None:
    sandbox.install()
    source = urlsplit(frame_source(sandbox))
    query = dict(parse_qsl(source.query))
    assert f"{source.scheme}://{source.netloc}{source.path}" == f"{APP_URL}/app"
    assert query.keys() == {"embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp"}
    assert query.pop("hmac") == sign_query(SECRET, query.items())


def test_a_deep_path_opens_the_same_path_of_the_app(sandbox: Sandbox) -> None:
    sandbox.install()
    source = urlsplit(frame_source(sandbox, "/app/records/12?tab=proof&id_token=stale"))
    query = dict(parse_qsl(source.query))
    assert source.path == "/app/records/12"
    assert query["tab"] == "proof"
    assert query["id_token"] != "stale"
    assert query.pop("hmac") == sign_query(SECRET, query.items())


def test_the_app_opens_only_where_it_is_installed(sandbox: Sandbox) -> None:
    answer = sandbox.web.get(f"/store/alpha/apps/{sandbox.world.app.client_id}")
    assert "is+not+installed" in answer.headers["location"]


def test_another_person_gets_another_id_token(sandbox: Sandbox) -> None:
    sandbox.install()
    people = {one["name"]: one["id"] for one in sandbox.control("GET", "/shops")[ALPHA]["staff"]}
    ada = sandbox.web.get("/store/alpha/bridge/user").json()
    sandbox.web.post("/store/alpha/staff", data={"staff": people["Bo Berg"], "path": "/store/alpha/orders"})
    bo = sandbox.web.get("/store/alpha/bridge/user").json()
    assert (ada["accountOwner"], bo["accountOwner"]) == (True, False)
    assert ada["id"] != bo["id"] == str(people["Bo Berg"])


def test_the_staff_switch_sends_nobody_elsewhere(sandbox: Sandbox) -> None:
    answer = sandbox.web.post("/store/alpha/staff", data={"staff": "1", "path": "//evil.example"})
    assert answer.headers["location"] == "/"


def test_only_optional_scopes_are_granted_or_revoked_from_the_frame(sandbox: Sandbox) -> None:
    sandbox.install()
    wanted = {"scopes": ["read_all_orders", "read_orders"]}
    asked = sandbox.web.post("/store/alpha/bridge/scopes/wanted", json=wanted).json()
    assert asked == {"missing": ["read_all_orders"], "sentences": ["View orders older than 60 days"]}
    grant = {"grant": ["read_all_orders", "write_themes"]}
    granted = sandbox.web.post("/store/alpha/bridge/scopes", json=grant).json()["granted"]
    assert "read_all_orders" in granted
    assert "write_themes" not in granted
    revoke = {"revoke": ["read_all_orders", "read_orders"]}
    left = sandbox.web.post("/store/alpha/bridge/scopes", json=revoke).json()["granted"]
    assert "read_all_orders" not in left
    assert "read_orders" in left


def test_the_delivery_log_shows_the_body_and_sends_again(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    create(sandbox)
    sandbox.world.sender.deliver_due()
    found = sandbox.control("GET", "/shops/alpha/deliveries?topic=orders/create")[0]
    page = sandbox.web.get(f"/store/alpha/deliveries/{found['id']}").text
    assert found["webhook_id"] in page
    assert "ALP-MUG" in page
    before = len(app.requests)
    sandbox.web.post(f"/store/alpha/deliveries/{found['id']}/redeliver")
    sandbox.world.sender.deliver_due()
    assert len(app.requests) == before + 1
