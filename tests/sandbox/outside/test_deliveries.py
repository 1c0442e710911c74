"""The webhook sender: who gets what, how it is signed, and what happens when nobody answers."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sandbox.shopify import deliveries
from sandbox.shopify.client_secrets import sign_body
from sandbox.shopify.commands.happenings import action
from sandbox.shopify.deliveries import retry_delay_s
from sandbox.shopify.seed import seed
from sandbox.shopify.settings import Settings, load_app
from sandbox.shopify.store import Store
from sandbox.shopify.world import World
from tests.sandbox.outside.conftest import ALPHA, APP_URL, SECRET, App, Clock, Sandbox

ORDER: dict[str, Any] = {"lines": [{"sku": "ALP-MUG", "quantity": 2}], "customer_id": None, "guest": True}


def place_order(sandbox: Sandbox) -> None:
    """A guest buys two mugs in Alpha."""
    sandbox.control("POST", "/shops/alpha/orders", ORDER)


def log(sandbox: Sandbox, topic: str) -> Any:
    """The newest delivery of a topic."""
    return sandbox.control("GET", f"/shops/alpha/deliveries?topic={topic}")[0]


def test_an_order_reaches_the_app_signed_over_its_exact_bytes(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    place_order(sandbox)
    assert app.requests == []
    sandbox.world.sender.deliver_due()
    request = next(r for r in app.requests if r.headers["x-shopify-topic"] == "orders/create")
    assert str(request.url) == f"{APP_URL}/webhooks"
    assert request.headers["x-shopify-hmac-sha256"] == sign_body(SECRET, request.content)
    assert request.headers["x-shopify-shop-domain"] == ALPHA
    assert request.headers["x-shopify-api-version"] == "2026-10"
    assert json.loads(request.content)["line_items"][0]["sku"] == "ALP-MUG"


def test_all_deliveries_of_one_action_share_the_event_id(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    place_order(sandbox)
    sandbox.world.sender.deliver_due()
    orders = [r for r in app.requests if r.headers["x-shopify-topic"].startswith("orders/")]
    assert len(orders) >= 2
    assert len({r.headers["x-shopify-event-id"] for r in orders}) == 1
    assert len({r.headers["x-shopify-webhook-id"] for r in orders}) == len(orders)


def test_a_shop_without_the_app_sends_nothing(sandbox: Sandbox, app: App) -> None:
    place_order(sandbox)
    sandbox.world.sender.deliver_due()
    assert app.requests == []


def test_a_topic_without_its_scope_is_not_sent(sandbox: Sandbox, app: App) -> None:
    client_id = sandbox.world.app.client_id
    sandbox.world.install(ALPHA, client_id=client_id, scopes=["read_inventory", "read_locations"])
    place_order(sandbox)
    sandbox.world.sender.deliver_due()
    assert set(app.topics()) == {"inventory_levels/update"}


def test_the_eight_retries_take_four_hours() -> None:
    waits = [retry_delay_s(failures) for failures in range(1, deliveries.RETRIES + 1)]
    assert sum(waits) == pytest.approx(4 * 3_600)
    assert all(later == 2 * earlier for earlier, later in itertools.pairwise(waits))


def test_a_failed_delivery_is_tried_again_under_the_same_id(sandbox: Sandbox, app: App, clock: Clock) -> None:
    sandbox.install()
    app.status = 302
    sandbox.control("POST", "/shops/alpha/stock", {"sku": "ALP-MUG", "available": 5})
    sandbox.world.sender.deliver_due()
    assert sandbox.world.sender.deliver_due() == 0
    app.status = 204
    clock.move(seconds=57)
    assert sandbox.world.sender.deliver_due() == 1
    first, second = app.requests
    assert first.headers["x-shopify-webhook-id"] == second.headers["x-shopify-webhook-id"]
    assert first.content == second.content
    delivery = log(sandbox, "inventory_levels/update")
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [302, 204]


def test_after_the_last_retry_a_delivery_is_given_up(sandbox: Sandbox, app: App, clock: Clock) -> None:
    sandbox.install()
    app.is_down = True
    sandbox.control("POST", "/shops/alpha/stock", {"sku": "ALP-MUG", "available": 5})
    for _ in range(12):
        sandbox.world.sender.deliver_due()
        clock.move(hours=3)
    assert len(app.requests) == 1 + deliveries.RETRIES
    assert log(sandbox, "inventory_levels/update")["state"] == "failed"


def subscribe(sandbox: Sandbox, **fields: str) -> Any:
    """A subscription made by API for Alpha."""
    token = sandbox.world.id_token(ALPHA)
    access = sandbox.token(
        grant_type="urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token=token,
        subject_token_type="urn:ietf:params:oauth:token-type:id_token",
    ).json()["access_token"]
    wish = ", ".join(f'{key}: "{value}"' for key, value in fields.items())
    query = (
        "mutation { webhookSubscriptionCreate(topic: LOCATIONS_UPDATE, webhookSubscription:"
        f' {{uri: "{APP_URL}/own", includeFields: ["id", "name"], {wish}}}) {{'
        " webhookSubscription { id } userErrors { message } } }"
    )
    answer = sandbox.ask(access, query).json()["data"]["webhookSubscriptionCreate"]
    assert answer["userErrors"] == []
    return answer["webhookSubscription"]["id"]


def tell_location(sandbox: Sandbox) -> None:
    """Something happened to Alpha's first location."""
    with action(sandbox.world.store, ALPHA) as happening:
        happening.tell("locations/update", sandbox.world.store.all(ALPHA, "location")[0])


def test_a_subscription_made_by_api_gets_only_the_fields_it_named(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    subscribe(sandbox, name="own-places")
    tell_location(sandbox)
    sandbox.world.sender.deliver_due()
    own = next(r for r in app.requests if r.url.path == "/own")
    assert json.loads(own.content).keys() == {"id", "name"}
    assert own.headers["x-shopify-name"] == "own-places"


def test_a_subscription_made_by_api_is_deleted_after_its_last_retry(
    sandbox: Sandbox, app: App, clock: Clock
) -> None:
    sandbox.install()
    made = subscribe(sandbox)
    app.is_down = True
    tell_location(sandbox)
    for _ in range(12):
        sandbox.world.sender.deliver_due()
        clock.move(hours=3)
    assert sandbox.world.store.get(ALPHA, "subscription", made) is None
    app.is_down, app.requests = False, []
    tell_location(sandbox)
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["locations/update"]  # the one in the app configuration stays


def test_a_filter_keeps_other_events_away(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    subscribe(sandbox, filter="name:Elsewhere")
    tell_location(sandbox)
    sandbox.world.sender.deliver_due()
    assert [r.url.path for r in app.requests] == ["/webhooks"]


def test_uninstalling_tells_the_app_and_two_days_later_asks_it_to_forget(
    sandbox: Sandbox, app: App, clock: Clock
) -> None:
    sandbox.install()
    place_order(sandbox)
    sandbox.control("POST", "/shops/alpha/uninstall")
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["app/uninstalled"]
    clock.move(hours=47)
    assert sandbox.world.sender.deliver_due() == 0
    clock.move(hours=1)
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["app/uninstalled", "shop/redact"]
    assert json.loads(app.requests[-1].content)["shop_domain"] == ALPHA


def test_installing_again_in_time_calls_the_erasure_off(sandbox: Sandbox, app: App, clock: Clock) -> None:
    sandbox.install()
    sandbox.control("POST", "/shops/alpha/uninstall")
    sandbox.install()
    clock.move(days=3)
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["app/uninstalled"]


def test_privacy_requests_reach_the_app(sandbox: Sandbox, app: App, clock: Clock) -> None:
    sandbox.install()
    person = {"id": 7, "email": "nora@example.com", "phone": None}
    base = "/shops/alpha/privacy"
    sandbox.control("POST", f"{base}/data-request", {"customer": person, "orders": [1, 2]})
    sandbox.control("POST", f"{base}/redact-customer", {"customer": person, "orders": [1, 2]})
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["customers/data_request"]
    clock.move(days=10)
    sandbox.world.sender.deliver_due()
    assert app.topics()[1:] == ["customers/redact"]
    assert json.loads(app.requests[1].content)["orders_to_redact"] == [1, 2]


def test_what_is_due_survives_a_restart(tmp_path: Path, clock: Clock, app: App) -> None:
    settings = Settings(app=load_app(app_url=APP_URL), client_secret=SECRET)
    store = Store(tmp_path / "state.sqlite", now=clock)
    seed(store)
    before = World(settings, store, client=httpx2.Client(transport=app))
    before.install(ALPHA, client_id=before.app.client_id, scopes=before.app.required_scopes)
    before.ask_for_data(ALPHA, {"id": 7}, orders=[])
    store.close()
    again = Store(tmp_path / "state.sqlite", now=clock)
    after = World(settings, again, client=httpx2.Client(transport=app))
    assert after.sender.deliver_due() == 1
    assert app.topics() == ["customers/data_request"]
    again.close()


def test_a_stored_delivery_can_be_sent_again(sandbox: Sandbox, app: App) -> None:
    sandbox.install()
    sandbox.control("POST", "/shops/alpha/stock", {"sku": "ALP-MUG", "available": 5})
    sandbox.world.sender.deliver_due()
    number = log(sandbox, "inventory_levels/update")["id"]
    assert sandbox.control("POST", f"/shops/alpha/deliveries/{number}/redeliver") == {"due": True}
    assert sandbox.control("POST", "/webhooks/deliver") == {"attempts": 1}
    assert len({r.headers["x-shopify-webhook-id"] for r in app.requests}) == 1


def test_a_compressed_clock_shortens_the_waits(sandbox: Sandbox, app: App, clock: Clock) -> None:
    sandbox.install()
    sandbox.control("POST", "/clock", {"factor": 3600})
    sandbox.control("POST", "/shops/alpha/uninstall")
    clock.move(seconds=48)
    sandbox.world.sender.deliver_due()
    assert app.topics() == ["app/uninstalled", "shop/redact"]


def test_the_log_forgets_its_oldest_lines(clock: Clock, app: App) -> None:
    settings = Settings(app=load_app(app_url=APP_URL), client_secret=SECRET, kept_deliveries=3)
    store = Store(now=clock)
    seed(store)
    world = World(settings, store, client=httpx2.Client(transport=app))
    for _ in range(6):
        world.ask_for_data(ALPHA, {"id": 7}, orders=[])
        world.sender.deliver_due()
    assert len(store.views(ALPHA, "delivery")) == 3
    assert len(app.requests) == 6
