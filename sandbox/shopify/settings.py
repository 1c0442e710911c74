"""Options of the local Shopify and the app configuration it reads from `shopify.app.toml`.

It owns how addresses of the file are moved to where the app really runs. It refuses a file that Shopify would
refuse: a subscription without topics, a compliance topic declared twice, an unknown compliance topic.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

COMPLIANCE_TOPICS = ("customers/data_request", "customers/redact", "shop/redact")
DEFAULT_CONFIG = Path(__file__).resolve().parents[2] / "shopify.app.toml"
DEFAULT_SECRET = "sandbox-secret-for-local-use-only"
SANDBOX_CLIENT = "sandbox-client"


class ConfigurationRefused(ValueError):
    """The app configuration is not one that could be deployed."""


@dataclass(frozen=True)
class Subscription:
    """One topic with its address: from the app configuration (app-specific) or made by API (shop-specific)."""

    topic: str
    uri: str
    api_version: str
    name: str = ""
    subscription_id: str = ""
    include_fields: tuple[str, ...] = ()
    filter: str = ""

    @property
    def is_shop_specific(self) -> bool:
        """True when it was made through the API for one shop."""
        return bool(self.subscription_id)


@dataclass(frozen=True)
class AppConfig:
    """What the app declares about itself."""

    client_id: str
    name: str
    handle: str
    application_url: str
    required_scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...]
    redirect_urls: tuple[str, ...]
    webhook_api_version: str
    subscriptions: tuple[Subscription, ...]

    @property
    def origin(self) -> str:
        """Scheme, host and port of the app."""
        return origin_of(self.application_url)

    @property
    def declared_scopes(self) -> tuple[str, ...]:
        """Every scope the app may ever hold."""
        return self.required_scopes + self.optional_scopes


@dataclass(frozen=True)
class Settings:
    """Options of one local Shopify."""

    app: AppConfig
    client_secret: str = DEFAULT_SECRET
    origin: str = "http://127.0.0.1:9100"
    host: str = "127.0.0.1"
    port: int = 9100
    state_path: Path | None = None
    clock_factor: float = 1.0
    connect_timeout_s: float = 1.0
    total_timeout_s: float = 5.0
    sender_threads: int = 16
    kept_deliveries: int = 5_000


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, without path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def load_app(
    path: Path = DEFAULT_CONFIG, *, app_url: str | None = None, client_id: str | None = None
) -> AppConfig:
    """Reads the app configuration; `app_url` moves every address of the app to where it really runs."""
    declared = tomllib.loads(path.read_text(encoding="utf-8"))
    scopes = declared.get("access_scopes", {})
    required = scopes.get("required_scopes") or [part for part in scopes.get("scopes", "").split(",") if part]
    application_url = declared["application_url"].rstrip("/")
    config = AppConfig(
        client_id=client_id or declared["client_id"],
        name=declared["name"],
        handle=declared.get("handle", declared["name"].lower()),
        application_url=application_url,
        required_scopes=tuple(scope.strip() for scope in required),
        optional_scopes=tuple(scopes.get("optional_scopes", ())),
        redirect_urls=tuple(declared.get("auth", {}).get("redirect_urls", ())),
        webhook_api_version=declared["webhooks"]["api_version"],
        subscriptions=tuple(_subscriptions(declared["webhooks"], application_url)),
    )
    return moved(config, app_url) if app_url else config


def moved(config: AppConfig, app_url: str) -> AppConfig:
    """The same app at another address. An address without path keeps the path of the configuration."""
    old_origin, new = config.origin, urlsplit(app_url.rstrip("/"))
    path = new.path or urlsplit(config.application_url).path
    new_origin = f"{new.scheme}://{new.netloc}"

    def move(url: str) -> str:
        return new_origin + url[len(old_origin) :] if origin_of(url) == old_origin else url

    return replace(
        config,
        application_url=urlunsplit((new.scheme, new.netloc, path, "", "")),
        redirect_urls=tuple(move(url) for url in config.redirect_urls),
        subscriptions=tuple(replace(one, uri=move(one.uri)) for one in config.subscriptions),
    )


def _subscriptions(webhooks: dict[str, Any], application_url: str) -> list[Subscription]:
    found: list[Subscription] = []
    seen: set[tuple[str, str, str]] = set()
    for declared in webhooks.get("subscriptions", []):
        compliance = declared.get("compliance_topics", [])
        topics = [*declared.get("topics", []), *compliance]
        if not topics:
            raise ConfigurationRefused("a subscription needs topics or compliance_topics")
        if unknown := set(compliance) - set(COMPLIANCE_TOPICS):
            raise ConfigurationRefused(f"unknown compliance topics: {', '.join(sorted(unknown))}")
        for topic in topics:
            one = Subscription(
                topic=topic,
                uri=_absolute(declared["uri"], application_url),
                api_version=webhooks["api_version"],
                name=declared.get("name", ""),
                include_fields=tuple(declared.get("include_fields", ())),
                filter=declared.get("filter", ""),
            )
            if (key := (one.topic, one.uri, one.filter)) in seen:
                raise ConfigurationRefused(f"{topic} is declared twice for {one.uri}")
            seen.add(key)
            found.append(one)
    return found


def _absolute(uri: str, application_url: str) -> str:
    """Shopify appends a relative address to the whole application URL, path included."""
    return f"{application_url}{uri}" if uri.startswith("/") else uri
