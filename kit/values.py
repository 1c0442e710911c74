"""What the text of a setting means. Each reader gives the value, or raises ValueError that says what it must be.

What was given may be a secret or hold a password, so no complaint repeats it.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import SplitResult, urlsplit

from kit.crypto import Secret

POSTGRES_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
REDIS_SCHEMES = ("redis", "rediss", "unix")
WEB_ADDRESS = "an http(s) URL with a host"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def text(value: str) -> str:
    """Any text."""
    return value


def whole(value: str, *, least: int = 0) -> int:
    """A whole number that is not below the least."""
    if not re.fullmatch(r"[0-9]{1,12}", value.strip()) or int(value) < least:
        raise ValueError(f"must be a whole number, {least} or more")
    return int(value)


def count(value: str) -> int:
    """How many or how long, of something that cannot be none."""
    return whole(value, least=1)


def count_if_any(value: str) -> int | None:
    """A count, or None for an empty text."""
    return count(value) if value.strip() else None


def postgres_url(value: str) -> str:
    """The address of a PostgreSQL database."""
    parts = _address(
        value, POSTGRES_SCHEMES, must_be="a PostgreSQL address, postgresql://user:password@host/db"
    )
    if not parts.hostname and "host=" not in parts.query:
        raise ValueError("must name the host of the PostgreSQL server")
    return value


def redis_url(value: str) -> str:
    """The address of a Redis."""
    parts = _address(value, REDIS_SCHEMES, must_be="a Redis address, redis://host:port/0")
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise ValueError("must name the host of the Redis server, or its socket")
    return value


def _address(value: str, schemes: tuple[str, ...], *, must_be: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        is_sound = parts.scheme in schemes and parts.port != 0 and not re.search(r"\s", value)
    except ValueError as error:
        raise ValueError(f"must be {must_be}") from error
    if not is_sound:
        raise ValueError(f"must be {must_be}")
    return parts


def url(value: str) -> str:
    """An address on the web, without a slash at its end."""
    if not _address(value, ("http", "https"), must_be=WEB_ADDRESS).hostname:
        raise ValueError(f"must be {WEB_ADDRESS}")
    return value.rstrip("/")


def shop_url(value: str) -> str:
    """The address of every shop: a URL with a place for the shop's domain."""
    if "{shop}" not in value:
        raise ValueError("must hold {shop}, the place of the shop's domain")
    return url(value)


def level(value: str) -> str:
    """From which level on lines are logged."""
    if value.upper() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return value.upper()


def version(value: str) -> str:
    """A version of the Admin API."""
    if not re.fullmatch(r"\d{4}-\d{2}|unstable", value):
        raise ValueError("must be a version of the Admin API, such as 2026-10")
    return value


def switch(value: str) -> bool:
    """Yes or no."""
    match value.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off" | "":
            return False
        case _:
            raise ValueError("must be yes or no")


def names(value: str) -> tuple[str, ...]:
    """Words by comma."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def keys(value: str) -> tuple[tuple[str, Secret], ...]:
    """Sealing keys with their ids; the first seals."""
    found: list[tuple[str, Secret]] = []
    for part in names(value):
        name, _, encoded = part.partition(":")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ValueError("each key is `id:base64`") from error
        if len(raw) != 32:
            raise ValueError("each key is `id:` and the base64 of exactly 32 bytes")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name) or name in dict(found):
            raise ValueError("each key needs an id of its own, of letters, digits, - and _")
        found.append((name, Secret(encoded)))
    if not found:
        raise ValueError("at least one key is needed")
    return tuple(found)
