"""What an operator would set for a Concord process under test. Nothing secret: these keys open nothing."""

from __future__ import annotations

CLIENT_ID = "c0ffee00c0ffee00c0ffee00c0ffee00"
CLIENT_SECRET = "shpss_tests_0123456789abcdef0123456789"
SEALING_KEYS = "one:" + "b25lb25lb25lb25lb25lb25lb25lb25lb25lb25lb24="


def environment_for(*, database_url: str, redis_url: str) -> dict[str, str]:
    """The environment of a Concord process under test."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CONCORD_APP_URL": "https://concord.example",
        "CONCORD_SHOPIFY_CLIENT_ID": CLIENT_ID,
        "CONCORD_SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
        "CONCORD_SEALING_KEYS": SEALING_KEYS,
    }
