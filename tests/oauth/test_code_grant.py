"""The authorization-code grant: one browser, one minute, one use, and Shopify's signature both ways."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.db import Database
from oauth import scopes
from oauth.code_grant import CodeGrant, Departure, NotFromShopify
from oauth.install import Installer
from oauth.signatures import decoded_form, encoded_form
from sandbox.shopify import oauth, staff
from tests.oauth.shopify import ALPHA, APP_URL, BETA, LocalShopify

Pairs = list[tuple[str, str]]


@pytest.fixture
def code_grant(db: Database, installer: Installer, settings: Settings) -> CodeGrant:
    return CodeGrant(db, installer, settings)


def signed(settings: Settings, pairs: Pairs, *, form: object = encoded_form) -> Pairs:
    whole = [*pairs, ("timestamp", str(int(clock.now().timestamp())))]
    digest = (
        encoded_form(whole, settings.client_secret)
        if form is encoded_form
        else decoded_form(whole, settings.client_secret)
    )
    return [*whole, ("hmac", digest)]


def departed(code_grant: CodeGrant, settings: Settings, shop: str = ALPHA) -> Departure:
    return code_grant.depart(signed(settings, [("shop", shop), ("host", "YQ")]))


def asked(departure: Departure) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(departure.url).query))


def answer(shopify: LocalShopify, departure: Departure, shop: str = ALPHA) -> Pairs:
    """What Shopify sends the browser back with after the grant page."""
    query = asked(departure)
    code = oauth.issue_code(
        shopify.world,
        shop,
        scopes=query["scope"].split(","),
        redirect_uri=query["redirect_uri"],
        person_id=staff.find(shopify.world.store, shop, wanted="ada").id,
        per_user=False,
    )
    url = oauth.callback_url(
        shopify.world, shop, redirect_uri=query["redirect_uri"], code=code, state=query["state"]
    )
    return parse_qsl(urlsplit(url).query)


def test_the_whole_way_installs_the_shop(
    code_grant: CodeGrant, settings: Settings, shopify: LocalShopify
) -> None:
    departure = departed(code_grant, settings)
    query = asked(departure)
    assert urlsplit(departure.url).path.endswith(f"/shops/{ALPHA}/admin/oauth/authorize")
    assert query["client_id"] == settings.client_id
    assert query["redirect_uri"] == f"{APP_URL}/auth/callback"
    assert query["scope"] == ",".join(scopes.REQUIRED)
    arrival = code_grant.come_back(answer(shopify, departure), cookie=departure.cookie)
    assert arrival.is_installed_now
    assert arrival.missing_scopes == ()


def test_both_forms_of_the_signature_begin_it(code_grant: CodeGrant, settings: Settings) -> None:
    for form in (encoded_form, decoded_form):
        code_grant.depart(signed(settings, [("shop", ALPHA), ("host", "YWI==")], form=form))


@pytest.mark.parametrize("shop", ["evil.example", "alpha.myshopify.com.evil.example", "alpha", ""])
def test_nothing_begins_for_what_is_no_shop(code_grant: CodeGrant, settings: Settings, shop: str) -> None:
    with pytest.raises(NotFromShopify):
        code_grant.depart(signed(settings, [("shop", shop)]))


def test_nothing_begins_without_shopifys_signature(code_grant: CodeGrant) -> None:
    stamp = ("timestamp", str(int(clock.now().timestamp())))
    for pairs in ([("shop", ALPHA)], [("shop", ALPHA), stamp], [("shop", ALPHA), stamp, ("hmac", "0" * 64)]):
        with pytest.raises(NotFromShopify):
            code_grant.depart(pairs)


def test_a_state_works_once(code_grant: CodeGrant, settings: Settings, shopify: LocalShopify) -> None:
    departure = departed(code_grant, settings)
    pairs = answer(shopify, departure)
    code_grant.come_back(pairs, cookie=departure.cookie)
    with pytest.raises(NotFromShopify, match="used before"):
        code_grant.come_back(pairs, cookie=departure.cookie)


def test_another_browser_cannot_use_the_answer(
    code_grant: CodeGrant, settings: Settings, shopify: LocalShopify
) -> None:
    departure, other = departed(code_grant, settings), departed(code_grant, settings)
    pairs = answer(shopify, departure)
    for cookie in (other.cookie, "", "e30.aaaa.bbbb", departure.cookie[:-2] + "xx"):
        with pytest.raises(NotFromShopify):
            code_grant.come_back(pairs, cookie=cookie)
    assert code_grant.come_back(pairs, cookie=departure.cookie).is_installed_now


def test_the_cookie_is_good_for_a_minute(
    code_grant: CodeGrant, settings: Settings, shopify: LocalShopify, noon: SetClock
) -> None:
    departure = departed(code_grant, settings)
    pairs = answer(shopify, departure)
    noon.move(61)
    with pytest.raises(NotFromShopify):
        code_grant.come_back(pairs, cookie=departure.cookie)


def test_an_answer_of_another_shop_is_refused(
    code_grant: CodeGrant, settings: Settings, shopify: LocalShopify
) -> None:
    departure = departed(code_grant, settings)
    with pytest.raises(NotFromShopify, match="another shop"):
        code_grant.come_back(answer(shopify, departure, shop=BETA), cookie=departure.cookie)


def test_a_changed_answer_is_refused(
    code_grant: CodeGrant, settings: Settings, shopify: LocalShopify
) -> None:
    departure = departed(code_grant, settings)
    pairs = answer(shopify, departure)
    for name in ("code", "shop", "host", "timestamp"):
        changed = [(key, value + "1" if key == name else value) for key, value in pairs]
        with pytest.raises(NotFromShopify):
            code_grant.come_back(changed, cookie=departure.cookie)
    with pytest.raises(NotFromShopify):
        code_grant.come_back([pair for pair in pairs if pair[0] != "hmac"], cookie=departure.cookie)


def test_a_spent_code_is_refused_and_the_shop_keeps_its_grant(
    code_grant: CodeGrant, settings: Settings, shopify: LocalShopify, db: Database
) -> None:
    first = departed(code_grant, settings)
    pairs = answer(shopify, first)
    code_grant.come_back(pairs, cookie=first.cookie)
    second = departed(code_grant, settings)
    code = dict(pairs)["code"]
    again = signed(settings, [("code", code), ("shop", ALPHA), ("state", asked(second)["state"])])
    with pytest.raises(NotFromShopify, match="refuses the code"):
        code_grant.come_back(again, cookie=second.cookie)


def test_fewer_scopes_than_asked_are_noticed(
    code_grant: CodeGrant, settings: Settings, shopify: LocalShopify
) -> None:
    departure = departed(code_grant, settings)
    query = asked(departure)
    code = oauth.issue_code(
        shopify.world,
        ALPHA,
        scopes=["read_orders"],
        redirect_uri=query["redirect_uri"],
        person_id=staff.find(shopify.world.store, ALPHA, wanted="ada").id,
        per_user=False,
    )
    pairs = signed(settings, [("code", code), ("shop", ALPHA), ("state", query["state"])])
    arrival = code_grant.come_back(pairs, cookie=departure.cookie)
    assert "write_orders" in arrival.missing_scopes
