"""The addresses of the app as the admin opens them: the signed iframe address and the way back into the admin."""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl, urlencode

from sandbox.shopify import times
from sandbox.shopify.client_secrets import sign_query
from sandbox.shopify.staff import Staff
from sandbox.shopify.world import World, name_of

RESERVED = frozenset({"embedded", "hmac", "host", "id_token", "locale", "session", "shop", "timestamp"})


def iframe_url(world: World, shop: str, *, path: str, person: Staff, query: str = "") -> str:
    """What the admin loads into the iframe. No path opens the application URL; a path is one of the app's origin.

    The signature covers the app's own parameters (`query`) as well.
    """
    base = f"{world.app.origin}/{path.lstrip('/')}" if path.strip("/") else world.app.application_url
    parameters = [
        *((key, value) for key, value in parse_qsl(query) if key not in RESERVED),
        ("embedded", "1"),
        ("host", world.host(shop)),
        ("id_token", world.id_token(shop, wanted=person.id)),
        ("locale", person.locale),
        ("session", secrets.token_hex(32)),
        ("shop", shop),
        ("timestamp", str(times.epoch(world.store.now()))),
    ]
    parameters.append(("hmac", sign_query(world.secrets.newest, parameters)))
    return f"{base}?{urlencode(sorted(parameters))}"


def admin_url(world: World, shop: str, *, path: str = "") -> str:
    """Where the app is found in the shop's admin."""
    base = f"{world.settings.origin}/store/{name_of(shop)}/apps/{world.app.client_id}"
    return f"{base}/{path.lstrip('/')}" if path.strip("/") else base
