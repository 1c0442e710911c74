"""What counts as a shop and as its admin, and where a redirect may lead."""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.config import Settings, read
from oauth import names
from tests.environments import environment_for

ENVIRONMENT = environment_for(database_url="postgresql://localhost/none", redis_url="redis://localhost/0")
SETTINGS: Settings = read(ENVIRONMENT)
SHOP = "acme.myshopify.com"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text", ["acme.myshopify.com", "a.myshopify.com", "0-9.myshopify.com", "a--b.myshopify.com"]
)
def test_a_shop_domain_is_a_shop_domain(text: str) -> None:
    assert names.shop_domain(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acme",
        ".myshopify.com",
        "-acme.myshopify.com",
        "acme.myshopify.com\n",
        "\nacme.myshopify.com",
        " acme.myshopify.com",
        "acme.myshopify.com.evil.example",
        "acme.myshopify.comevil.example",
        "evil.example/acme.myshopify.com",
        "evil.example#.myshopify.com",
        "evil.example?.myshopify.com",
        "user@acme.myshopify.com",
        "acme.myshopify.com:8080",
        "acme.evil.myshopify.com",
        "acme_.myshopify.com",
        "аcme.myshopify.com",
        "acme.myshopify.com ",
        "acme\x00.myshopify.com",
        "https://acme.myshopify.com",
        "a" * 64 + ".myshopify.com",
        "acme.myshopify。com",
        "acmeKmyshopify.com",
    ],
)
def test_what_only_looks_like_a_shop_is_none(text: str) -> None:
    assert names.shop_domain(text) is None


def test_letters_of_a_shop_are_made_small() -> None:
    assert names.shop_domain("Acme.myshopify.com") == SHOP


@given(st.text(max_size=80) | st.from_regex(r"[ -~]{0,20}\.myshopify\.com[ -~\n]{0,5}", fullmatch=True))
def test_whatever_passes_is_one_host_name_below_myshopify(text: str) -> None:
    domain = names.shop_domain(text)
    if domain is not None:
        assert re.fullmatch(r"[a-z0-9-]+\.myshopify\.com", domain)
        assert urlsplit(f"https://{domain}/admin").hostname == domain


@given(st.from_regex(r"[a-z0-9][a-z0-9-]{0,40}", fullmatch=True))
def test_the_host_of_a_shop_leads_back_to_its_store(name: str) -> None:
    domain = f"{name}.myshopify.com"
    host = names.host_of(domain, settings=SETTINGS)
    assert names.store_of_host(host, shop=domain, settings=SETTINGS) == name
    assert names.store_of_host(host + "=" * (-len(host) % 4), shop=None, settings=SETTINGS) == name


def test_the_old_form_of_host_must_name_this_very_shop() -> None:
    assert names.store_of_host(encoded(f"{SHOP}/admin"), shop=SHOP, settings=SETTINGS) == "acme"
    assert names.store_of_host(encoded("other.myshopify.com/admin"), shop=SHOP, settings=SETTINGS) is None
    assert names.store_of_host(encoded(f"{SHOP}/admin"), shop=None, settings=SETTINGS) is None


@pytest.mark.parametrize(
    "text",
    [
        "evil.example/store/acme",
        "admin.shopify.com.evil.example/store/acme",
        "evil.example/admin.shopify.com/store/acme",
        "admin.shopify.com@evil.example/store/acme",
        "admin.shopify.com/store/acme/../../evil",
        "admin.shopify.com/store/",
        "admin.shopify.com/store/acme\n",
        "admin.shopify.com/store/a?b",
        "https://admin.shopify.com/store/acme",
        "admin.shopify.com:8443/store/acme",
    ],
)
def test_a_host_that_leads_elsewhere_is_none(text: str) -> None:
    assert names.store_of_host(encoded(text), shop=SHOP, settings=SETTINGS) is None


@given(st.text(max_size=100))
def test_any_text_as_host_is_read_without_failing(text: str) -> None:
    for given_host in (text, encoded(text.encode("utf-8", "ignore").decode())):
        store = names.store_of_host(given_host, shop=SHOP, settings=SETTINGS)
        if store is not None:
            target = names.app_in_admin(store, settings=SETTINGS)
            assert target.startswith("https://admin.shopify.com/store/")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/app",
        "//evil.example/app",
        "/\\evil.example",
        "\\\\evil.example",
        "https://concord.example@evil.example/",
        "https://concord.example.evil.example/",
        "https://concord.example:444/",
        "http://concord.example/",
        "javascript:alert(1)",
        "https:/\tconcord.example",
        "/app\n",
        "/app\r\nSet-Cookie: a=b",
        "https://[::1",
        "https://concord.example:99999999/",
        "",
        "app",
        "data:text/html,hi",
    ],
)
def test_an_address_that_is_not_ours_is_none(url: str) -> None:
    assert names.own_address(url, settings=SETTINGS) is None


def test_our_own_addresses_are_kept_whole() -> None:
    whole = "https://concord.example/app/orders/1?shop=acme.myshopify.com&x=%2F"
    assert names.own_address(whole, settings=SETTINGS) == whole
    assert names.own_address("/app?x=1", settings=SETTINGS) == "https://concord.example/app?x=1"


@given(st.text(max_size=60) | st.from_regex(r"(https?:)?[/\\]{0,3}[a-z@.:/\\%]{0,30}", fullmatch=True))
def test_whatever_passes_as_our_address_is_on_our_origin(url: str) -> None:
    kept = names.own_address(url, settings=SETTINGS)
    if kept is not None:
        assert names.origin(kept) == "https://concord.example"


def test_the_app_in_the_admin_cannot_be_led_out_of_the_store() -> None:
    url = names.app_in_admin("acme/../evil", settings=SETTINGS, path="/a b")
    assert url == f"https://admin.shopify.com/store/acme%2F..%2Fevil/apps/{SETTINGS.client_id}/a%20b"


def test_the_page_that_grants_scopes_belongs_to_the_shop() -> None:
    url = names.install_page(SHOP, settings=SETTINGS, scopes=["read_orders", "write_orders"])
    assert url.startswith(
        f"https://{SHOP}/admin/oauth/install?client_id={SETTINGS.client_id}&scope=read_orders%2C"
    )


def test_optional_scopes_are_asked_for_beside_the_required_ones() -> None:
    url = names.install_page(
        SHOP, settings=SETTINGS, scopes=["read_orders"], optional=["read_all_orders", "x"]
    )
    words = parse_qs(urlsplit(url).query)
    assert (words["scope"], words["optional_scopes"]) == (["read_orders"], ["read_all_orders,x"])
