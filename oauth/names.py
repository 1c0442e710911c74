"""What a shop may be called, and where its admin lives: the only readers of `shop` and `host` parameters.

Nothing here asks the network or the database, and nothing is repaired: a name that breaks the rule is no name.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from urllib.parse import quote, urlencode, urlsplit

from kit.config import Settings

# `$` would also match before a final newline, so always fullmatch; ASCII only, one DNS label of at most 63.
_SHOP = re.compile(r"([a-zA-Z0-9][a-zA-Z0-9-]{0,62})\.myshopify\.com")
_STORE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}")
LONGEST_HOST = 512


def shop_domain(text: str) -> str | None:
    """The shop's domain in lower case, or None when the text is not exactly one."""
    return text.lower() if _SHOP.fullmatch(text) else None


def store_name(domain: str) -> str:
    """`acme` of `acme.myshopify.com`: the name in the admin's addresses."""
    return domain.partition(".")[0]


def store_of_host(host: str, *, shop: str | None, settings: Settings) -> str | None:
    """The store name inside a `host` parameter; None unless it names our admin (or this very shop's old one)."""
    decoded = _decoded(host)
    if decoded is None:
        return None
    before, _, name = decoded.rpartition("/store/")
    if before == urlsplit(settings.admin_url).netloc and _STORE.fullmatch(name):
        return name
    old, _, rest = decoded.partition("/")
    domain = shop_domain(old)
    if rest == "admin" and domain is not None and domain == shop:
        return store_name(domain)
    return None


def host_of(domain: str, *, settings: Settings) -> str:
    """The `host` parameter that leads App Bridge back to this shop's admin."""
    address = f"{urlsplit(settings.admin_url).netloc}/store/{store_name(domain)}"
    return base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")


def app_in_admin(store: str, *, settings: Settings, path: str = "") -> str:
    """The address of our app inside the admin of a store; the host is always the operator's admin, never a caller's."""
    base = f"{settings.admin_url}/store/{quote(store, safe='')}/apps/{quote(settings.client_id, safe='')}"
    return f"{base}/{quote(path.strip('/'), safe='/')}" if path.strip("/") else base


def install_page(
    domain: str, *, settings: Settings, scopes: Iterable[str], optional: Iterable[str] = ()
) -> str:
    """Shopify's own page on which the shop grants (missing) scopes; to be opened in the whole window."""
    words = {"client_id": settings.client_id, "scope": ",".join(scopes)}
    if extra := ",".join(optional):
        words["optional_scopes"] = extra
    return f"{settings.shop_base(domain)}/admin/oauth/install?{urlencode(words)}"


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def own_address(url: str, *, settings: Settings) -> str | None:
    """The address if it lies under our own origin, as absolute URL; None for every other place in the world."""
    if len(url) > 4096 or any(ord(char) <= 32 or ord(char) == 127 or char == "\\" for char in url):
        return None
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises on a port that is no number
    except ValueError:
        return None
    if not parts.scheme and not parts.netloc and url.startswith("/") and not url.startswith("//"):
        return origin(settings.app_url) + url
    return url if f"{parts.scheme}://{parts.netloc}" == origin(settings.app_url) else None


def _decoded(host: str) -> str | None:
    if not host or len(host) > LONGEST_HOST or not host.isascii():
        return None
    plain = host.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
