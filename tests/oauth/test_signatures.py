"""Signatures of deliveries and queries: what is accepted, what is refused, and with which refusal."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shopify_app import ShopifyApp

from kit import clock
from kit.clock import SetClock
from kit.crypto import Secret
from oauth.signatures import (
    BadDelivery,
    BadSignature,
    decoded_form,
    encoded_form,
    verify_delivery,
    verify_query,
)

SECRET = Secret("shpss_test_secret")
OLD = Secret("shpss_old_secret")
BODY = '{"id":1,"note":"café"}'.encode()
SIGNED_AT = datetime.fromtimestamp(1_790_000_000, UTC)
QUERY = [
    ("code", "c0de"),
    ("host", "YWRtaW4uc2hvcGlmeS5jb20vc3RvcmUvYWNtZQ"),
    ("shop", "acme.myshopify.com"),
    ("state", "n0nce"),
    ("timestamp", "1790000000"),
]
QUERY_HMAC = "7d07298d0237aa8af7f2093d545baa369ed2e1adaff33beca85b5146843c5cbc"


def signed(body: bytes, secret: Secret = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.reveal().encode(), body, hashlib.sha256).digest()).decode()


def headers(
    body: bytes = BODY, *, prefix: str = "X-Shopify-", secret: Secret = SECRET, **changed: str | None
) -> dict[str, str]:
    made: dict[str, str | None] = {
        "Hmac-Sha256": signed(body, secret),
        "Topic": "orders/updated",
        "Shop-Domain": "acme.myshopify.com",
        "API-Version": "2026-10",
        "Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    }
    made |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {prefix + name: value for name, value in made.items() if value is not None}


def test_a_signed_delivery_is_proven_with_all_it_says_of_itself() -> None:
    given_headers = headers(Triggered_At="2026-11-20T13:00:00.5+01:00", Event_Id="e-1", Name="main")
    delivery = verify_delivery(given_headers | {"Cookie": "secret"}, BODY, secrets=[SECRET])
    assert delivery.shop_domain == "acme.myshopify.com"
    assert delivery.topic == "orders/updated"
    assert delivery.event_id == "e-1"
    assert delivery.triggered_at == datetime(2026, 11, 20, 12, 0, 0, 500_000, tzinfo=UTC)
    assert delivery.body is BODY
    assert delivery.headers["name"] == "main"
    assert "cookie" not in delivery.headers
    assert not any("hmac" in name for name in delivery.headers)


def test_the_signature_is_the_one_that_shopify_makes() -> None:
    assert signed(BODY) == "sKJLII/iwUWIsRXTBVj3YofPVdZUalx9WMu6LAaSeXs="


def test_both_families_of_headers_are_read() -> None:
    for prefix in ("X-Shopify-", "x-shopify-", "shopify-", "Shopify-"):
        assert verify_delivery(headers(prefix=prefix), BODY, secrets=[SECRET]).topic == "orders/updated"


def test_while_the_secret_is_rotated_both_secrets_count() -> None:
    for secret in (SECRET, OLD):
        verify_delivery(headers(secret=secret), BODY, secrets=[SECRET, OLD])
    with pytest.raises(BadSignature):
        verify_delivery(headers(secret=OLD), BODY, secrets=[SECRET])


@pytest.mark.parametrize(
    "signature", [None, "", "wrong", "ü" * 44, signed(BODY)[:-1], signed(BODY).lower(), "\udcff"]
)
def test_a_wrong_missing_or_foreign_signature_is_refused(signature: str | None) -> None:
    with pytest.raises(BadSignature):
        verify_delivery(headers(Hmac_Sha256=signature), BODY, secrets=[SECRET])


def test_the_signature_is_checked_before_the_headers() -> None:
    with pytest.raises(BadSignature):
        verify_delivery({}, BODY, secrets=[SECRET])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Topic", None),
        ("Topic", "orders updated"),
        ("Topic", "a" * 65),
        ("Shop_Domain", None),
        ("Shop_Domain", "acme.example.com"),
        ("Shop_Domain", "acme.myshopify.com\n"),
        ("Webhook_Id", None),
        ("Webhook_Id", "x" * 129),
        ("API_Version", None),
    ],
)
def test_a_signed_request_that_is_no_delivery_is_told_apart(name: str, value: str | None) -> None:
    with pytest.raises(BadDelivery):
        verify_delivery(headers(BODY, **{name: value}), BODY, secrets=[SECRET])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "yesterday", "2026-11-20T12:00:00", ""],
)
def test_a_moment_that_is_none_is_left_out(moment: str) -> None:
    delivery = verify_delivery(headers(Triggered_At=moment), BODY, secrets=[SECRET])
    assert delivery.triggered_at is None


@given(body=st.binary(max_size=200), flip=st.integers(min_value=0, max_value=10_000))
def test_any_bytes_verify_and_one_changed_bit_does_not(body: bytes, flip: int) -> None:
    assert verify_delivery(headers(body), body, secrets=[SECRET]).body == body
    if body:
        changed = bytearray(body)
        changed[flip % len(body)] ^= 1 << (flip % 8)
        with pytest.raises(BadSignature):
            verify_delivery(headers(body), bytes(changed), secrets=[SECRET])


@given(text=st.text(max_size=100), is_tampered=st.booleans())
def test_shopifys_own_package_agrees_on_deliveries(text: str, is_tampered: bool) -> None:
    sent = headers(text.encode("utf-8", "surrogatepass"))
    body = text + "x" if is_tampered else text
    if any(0xD800 <= ord(char) <= 0xDFFF for char in body):
        return  # the package takes text, and no text holds these bytes
    oracle = ShopifyApp(client_id="id", client_secret=SECRET.reveal()).verify_webhook_req(
        {"method": "POST", "headers": sent, "url": "https://concord.example/webhooks", "body": body}
    )
    try:
        verify_delivery(sent, body.encode(), secrets=[SECRET])
        is_ours = True
    except BadSignature:
        is_ours = False
    assert oracle.ok == is_ours


@pytest.fixture
def at_signing() -> SetClock:
    return SetClock(SIGNED_AT)


def test_a_signed_query_is_proven_in_both_forms(at_signing: SetClock) -> None:
    assert encoded_form(QUERY, SECRET) == decoded_form(QUERY, SECRET) == QUERY_HMAC
    with clock.using(at_signing):
        assert verify_query([*QUERY, ("hmac", QUERY_HMAC)], secrets=[SECRET])["code"] == "c0de"


def test_padding_parts_the_two_forms_and_either_is_accepted(at_signing: SetClock) -> None:
    padded = [(name, value + "==" if name == "host" else value) for name, value in QUERY]
    encoded, decoded = encoded_form(padded, SECRET), decoded_form(padded, SECRET)
    assert encoded.startswith("07d3613f")
    assert encoded.endswith("f99f8")
    assert decoded.startswith("b96fdd23")
    assert decoded.endswith("b01d")
    with clock.using(at_signing):
        for digest in (encoded, decoded):
            verify_query([*padded, ("hmac", digest)], secrets=[OLD, SECRET])


@pytest.mark.parametrize("seconds", [-91, 91, -86_400, 86_400])
def test_a_query_signed_too_long_ago_or_too_far_ahead_is_refused(seconds: int, at_signing: SetClock) -> None:
    at_signing.move(seconds)
    with clock.using(at_signing), pytest.raises(BadSignature):
        verify_query([*QUERY, ("hmac", QUERY_HMAC)], secrets=[SECRET])


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "1e9", "١٧٩٠٠٠٠٠٠٠", "1790000000.5"])
def test_a_timestamp_that_is_no_number_is_refused(stamp: str, at_signing: SetClock) -> None:
    query = [(name, stamp if name == "timestamp" else value) for name, value in QUERY]
    with clock.using(at_signing), pytest.raises(BadSignature):
        verify_query([*query, ("hmac", encoded_form(query, SECRET))], secrets=[SECRET])


@pytest.mark.parametrize("name", ["shop", "code", "state", "timestamp", "hmac", "host"])
def test_a_parameter_that_is_given_twice_is_refused_even_when_signed(name: str, at_signing: SetClock) -> None:
    doubled = [*QUERY, (name, "other")]
    with clock.using(at_signing), pytest.raises(BadSignature):
        verify_query([*doubled, ("hmac", encoded_form(doubled, SECRET))], secrets=[SECRET])


words = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@given(
    extra=st.lists(
        st.tuples(words.filter(lambda key: key not in dict(QUERY)), words),
        max_size=4,
        unique_by=lambda p: p[0],
    )
)
def test_any_signed_parameters_verify_and_a_changed_one_does_not(extra: list[tuple[str, str]]) -> None:
    pairs = [*QUERY, *((f"x{name}", value) for name, value in extra)]
    with clock.using(SetClock(SIGNED_AT)):
        for form in (encoded_form, decoded_form):
            verify_query([*pairs, ("hmac", form(pairs, SECRET))], secrets=[SECRET])
        changed = [(name, value + "!" if name == "shop" else value) for name, value in pairs]
        with pytest.raises(BadSignature):
            verify_query([*changed, ("hmac", encoded_form(pairs, SECRET))], secrets=[SECRET])
