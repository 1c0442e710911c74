"""The only reader of the environment: it turns names into one frozen `Settings`, or stops with one clear line.

Each setting may be given as NAME or as NAME_FILE (a path whose content is the value, for secrets). A name that
begins with CONCORD_ and is not known here is refused: a misspelt setting must not be silently ignored.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from kit import values
from kit.crypto import Secret

OWN_PREFIX = "CONCORD_"


class WrongSetting(SystemExit):
    """A setting is missing or wrong. Ends the process with one sentence and status 1."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"concord: {sentence}")
        self.sentence = sentence


def _setting(
    name: str, read: Callable[[str], Any], default: str | None = None, *, about: str, is_shown: bool = True
) -> Any:
    """A field of Settings; `default=None` makes the name mandatory. What holds a password is not shown in a repr."""
    return field(repr=is_shown, metadata={"name": name, "read": read, "default": default, "about": about})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that an operator can set. Secrets are wrapped and never print."""

    database_url: str = _setting(
        "DATABASE_URL",
        values.postgres_url,
        about="PostgreSQL, `postgresql://user:password@host/db`",
        is_shown=False,
    )
    redis_url: str = _setting(
        "REDIS_URL", values.redis_url, about="Redis or Valkey, `redis://host:port/0`", is_shown=False
    )
    app_url: str = _setting("CONCORD_APP_URL", values.url, about="Public address of the web process")
    client_id: str = _setting(
        "CONCORD_SHOPIFY_CLIENT_ID", values.text, about="Client id of the app at Shopify"
    )
    client_secret: Secret = _setting(
        "CONCORD_SHOPIFY_CLIENT_SECRET", Secret, about="Client secret of the app at Shopify"
    )
    previous_client_secret: Secret = _setting(
        "CONCORD_SHOPIFY_PREVIOUS_CLIENT_SECRET", Secret, "", about="The secret before, while it is rotated"
    )
    sealing_keys: tuple[tuple[str, Secret], ...] = _setting(
        "CONCORD_SEALING_KEYS",
        values.keys,
        about="`id:base64-of-32-bytes,…`; the first seals, all of them open",
    )
    api_version: str = _setting(
        "CONCORD_SHOPIFY_API_VERSION", values.version, "2026-10", about="Admin API version"
    )
    shop_url: str = _setting(
        "CONCORD_SHOPIFY_SHOP_URL",
        values.shop_url,
        "https://{shop}",
        about="Where a shop answers; the sandbox sets its own",
    )
    admin_url: str = _setting(
        "CONCORD_SHOPIFY_ADMIN_URL", values.url, "https://admin.shopify.com", about="Where the admin lives"
    )
    app_bridge_url: str = _setting(
        "CONCORD_APP_BRIDGE_URL",
        values.url,
        "https://cdn.shopify.com/shopifycloud/app-bridge.js",
        about="Script of App Bridge",
    )
    polaris_url: str = _setting(
        "CONCORD_POLARIS_URL",
        values.url,
        "https://cdn.shopify.com/shopifycloud/polaris-1.js",
        about="Script of the Polaris web components",
    )
    erp_private_hosts: tuple[str, ...] = _setting(
        "CONCORD_ERP_PRIVATE_HOSTS",
        values.names,
        "",
        about="Hosts or networks of self-hosted ERPs that may be private",
    )
    log_level: str = _setting(
        "CONCORD_LOG_LEVEL", values.level, "INFO", about="DEBUG, INFO, WARNING or ERROR"
    )
    web_threads: int = _setting(
        "CONCORD_WEB_THREADS", values.count, "16", about="Threads and database connections, web"
    )
    worker_threads: int = _setting(
        "CONCORD_WORKER_THREADS",
        values.count,
        "8",
        about="Threads and database connections of a worker process",
    )
    body_limit_bytes: int = _setting(
        "CONCORD_BODY_LIMIT_BYTES", values.count, "2097152", about="Largest webhook body that is accepted"
    )
    inbox_waiting_limit: int = _setting(
        "CONCORD_INBOX_WAITING_LIMIT",
        values.count,
        "2000",
        about="Deliveries that may wait for a commit before 503",
    )
    attempts_limit: int = _setting(
        "CONCORD_ATTEMPTS_LIMIT", values.count, "12", about="Tries of a job before it becomes a dead letter"
    )
    shop_jobs_limit: int | None = _setting(
        "CONCORD_SHOP_JOBS_LIMIT",
        values.count_if_any,
        "",
        about="Jobs of one shop that may run at the same time; if not set, three quarters of a worker's threads",
    )
    lease_seconds: int = _setting(
        "CONCORD_LEASE_SECONDS", values.count, "60", about="How long a claimed job holds without a heartbeat"
    )
    drain_seconds: int = _setting(
        "CONCORD_DRAIN_SECONDS",
        values.whole,
        "20",
        about="How long a process may finish its work after SIGTERM",
    )
    delivery_days: int = _setting(
        "CONCORD_DELIVERY_DAYS", values.count, "30", about="Days that stored webhook bodies are kept"
    )
    history_days: int = _setting(
        "CONCORD_HISTORY_DAYS",
        values.count,
        "180",
        about="Days that finished jobs and their attempts are kept",
    )
    audit_days: int = _setting(
        "CONCORD_AUDIT_DAYS", values.count, "730", about="Days that the audit log is kept"
    )
    is_sandbox: bool = _setting(
        "CONCORD_SANDBOX", values.switch, "no", about="yes only beside the local Shopify"
    )

    @property
    def jobs_of_one_shop(self) -> int:
        """How many jobs of one shop may run at the same time. Unless somebody chose a number, a single worker keeps
        threads for other shops, however slow this one's ERP is."""
        return self.shop_jobs_limit or max(1, self.worker_threads * 3 // 4)

    def shop_base(self, shop_domain: str) -> str:
        """The address under which a shop answers."""
        return self.shop_url.replace("{shop}", shop_domain)


def names() -> dict[str, str]:
    """Every setting's name with its one-line description, in order."""
    return {f.metadata["name"]: f.metadata["about"] for f in fields(Settings)}


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from an environment. Raises WrongSetting with one sentence that says what to do."""
    known = set(names())
    for name in environment:
        if name.startswith(OWN_PREFIX) and name.removesuffix("_FILE") not in known and name not in known:
            raise WrongSetting(f"the setting {name} is not known; see docs/configuration.md for the names.")
    return Settings(**{f.name: _value(environment, f.metadata) for f in fields(Settings)})


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return read(os.environ)


def _value(environment: Mapping[str, str], about: Mapping[str, Any]) -> Any:
    name = about["name"]
    raw = environment.get(name)
    if path := environment.get(f"{name}_FILE"):
        if raw is not None:
            raise WrongSetting(f"{name} and {name}_FILE are both set; keep one.")
        try:
            raw = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise WrongSetting(f"{name}_FILE cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise WrongSetting(f"{name}_FILE is not the path of a text file in UTF-8.") from error
    if raw is None or raw == "":
        if about["default"] is None:
            raise WrongSetting(f"the setting {name} is missing ({about['about']}).")
        raw = about["default"]
    try:
        return about["read"](raw)
    except ValueError as error:
        raise WrongSetting(f"the setting {name} is wrong: {error}.") from error
