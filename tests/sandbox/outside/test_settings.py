"""The app configuration: what the repository's own says, and what Shopify would refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.shopify import bodies
from sandbox.shopify.schema import schema
from sandbox.shopify.settings import COMPLIANCE_TOPICS, ConfigurationRefused, load_app
from sandbox.shopify.webhooks import topic_name

HEAD = """
client_id = "c"
name = "Concord"
application_url = "https://app.example/app"
[webhooks]
api_version = "2026-10"
"""


def written(folder: Path, subscriptions: str) -> Path:
    """A configuration with these subscriptions."""
    path = folder / "shopify.app.toml"
    path.write_text(HEAD + subscriptions, encoding="utf-8")
    return path


def test_the_configuration_of_concord_is_one_that_can_be_deployed() -> None:
    app = load_app()
    assert app.name == "Concord"
    assert len(app.name) <= 30
    assert app.application_url.startswith("https://")
    assert set(app.required_scopes).isdisjoint(app.optional_scopes)
    assert set(COMPLIANCE_TOPICS) <= {one.topic for one in app.subscriptions}
    assert all(one.uri == "https://concord.example.com/webhooks" for one in app.subscriptions)


def test_every_declared_topic_exists_and_has_a_body() -> None:
    enum = schema().type_map["WebhookSubscriptionTopic"]
    known = {topic_name(name) for name in enum.values}  # type: ignore[attr-defined]
    declared = {one.topic for one in load_app().subscriptions} - set(COMPLIANCE_TOPICS)
    assert declared <= known
    own = {"app/scopes_update"}
    silent = {"fulfillment_orders/cancelled", "fulfillment_orders/split"}
    assert declared - own - silent <= set(bodies.TOPICS)


def test_another_address_moves_every_address_of_the_app() -> None:
    app = load_app(app_url="http://127.0.0.1:9200", client_id="other")
    assert app.application_url == "http://127.0.0.1:9200/app"
    assert app.redirect_urls == ("http://127.0.0.1:9200/auth/callback",)
    assert {one.uri for one in app.subscriptions} == {"http://127.0.0.1:9200/webhooks"}
    assert app.client_id == "other"


def test_an_address_with_a_path_replaces_the_path() -> None:
    assert load_app(app_url="http://127.0.0.1:9200/other/").application_url == "http://127.0.0.1:9200/other"


def test_a_relative_address_is_appended_to_the_application_url(tmp_path: Path) -> None:
    path = written(tmp_path, '[[webhooks.subscriptions]]\ntopics = ["orders/create"]\nuri = "/hooks"\n')
    assert load_app(path).subscriptions[0].uri == "https://app.example/app/hooks"


@pytest.mark.parametrize(
    ("subscriptions", "reason"),
    [
        ('[[webhooks.subscriptions]]\nuri = "/hooks"\n', "needs topics"),
        ('[[webhooks.subscriptions]]\nuri = "/hooks"\ncompliance_topics = ["orders/create"]\n', "unknown"),
        ('[[webhooks.subscriptions]]\nuri = "/hooks"\ntopics = ["a/b", "a/b"]\n', "twice"),
    ],
)
def test_what_shopify_would_refuse_is_refused(tmp_path: Path, subscriptions: str, reason: str) -> None:
    with pytest.raises(ConfigurationRefused, match=reason):
        load_app(written(tmp_path, subscriptions))
