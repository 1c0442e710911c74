"""Which app is installed in which shop, with which scopes; partner links that bring an installation about.

It owns the life of an installation: granted, widened, narrowed, uninstalled, installed again. It tells what happened
as events; it sends nothing itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from sandbox.shopify import bodies, times
from sandbox.shopify.documents import number
from sandbox.shopify.scopes import with_implied
from sandbox.shopify.store import Document, Event, Store


@dataclass(frozen=True)
class AppEvent(Event):
    """An event that concerns one app only."""

    client_id: str


def current(store: Store, shop: str, *, client_id: str) -> Document | None:
    """The installation of the app in the shop, None while it is not installed."""
    document = store.get(shop, "installation", client_id)
    return document if document and document["state"] == "installed" else None


def scopes_of(store: Store, shop: str, *, client_id: str) -> frozenset[str]:
    """What the app may do in the shop right now, implied scopes included."""
    document = current(store, shop, client_id=client_id)
    return with_implied(document["scopes"]) if document else frozenset()


def grant(
    store: Store, shop: str, *, client_id: str, scopes: Iterable[str], about: Document | None = None
) -> Document:
    """Installs the app with the scopes, or adds them to an installation. Granting the same twice changes nothing.

    `about` is what the Admin API tells of the app: handle, title, required and optional scopes.
    """
    wanted = set(scopes)
    with store.lock:
        known = current(store, shop, client_id=client_id)
        if known is None:
            return store.put(
                shop,
                "installation",
                client_id,
                {
                    **(about or {}),
                    "id": store.next_id(),
                    "client_id": client_id,
                    "scopes": sorted(wanted),
                    "state": "installed",
                    "installed_at": times.precise(store.now()),
                    "uninstalled_at": None,
                },
            )
        if wanted <= set(known["scopes"]):
            return known
        return _rescope(store, shop, known, sorted(set(known["scopes"]) | wanted))


def revoke(store: Store, shop: str, *, client_id: str, scopes: Iterable[str]) -> Document | None:
    """Takes scopes away from an installation."""
    with store.lock:
        known = current(store, shop, client_id=client_id)
        if known is None:
            return None
        left = sorted(set(known["scopes"]) - set(scopes))
        return known if left == known["scopes"] else _rescope(store, shop, known, left)


def uninstall(store: Store, shop: str, *, client_id: str) -> bool:
    """Ends the installation: every token stops at once, shop-specific subscriptions are gone. False: none there."""
    with store.lock:
        known = current(store, shop, client_id=client_id)
        if known is None:
            return False
        # Told first: a subscription that the app made for this very topic still gets it.
        _tell(store, shop, client_id=client_id, topic="app/uninstalled", body=shop_body(store, shop))
        known |= {"state": "uninstalled", "uninstalled_at": times.precise(store.now())}
        store.put(shop, "installation", client_id, known)
        for kind in ("token", "refresh_token", "authorization_code", "subscription"):
            for document in store.all(shop, kind):
                if document.get("client_id", client_id) == client_id:
                    store.delete(shop, kind, document.get("token") or document["id"])
    return True


def shop_body(store: Store, shop: str) -> Document:
    """The shop resource as a webhook body carries it."""
    return bodies.build(store, shop, "shop/update", store.get(shop, "shop", shop) or {})


def shop_number(store: Store, shop: str) -> int:
    """The number of the shop."""
    return number((store.view(shop, "shop", shop) or {})["id"])


def make_link(store: Store, shop: str, *, client_id: str) -> Document:
    """A partner link that installs the app in this one shop, once."""
    token = secrets.token_urlsafe(12)
    return store.put(
        "", "partner_link", token, {"token": token, "shop": shop, "client_id": client_id, "used_at": None}
    )


def use_link(store: Store, token: str) -> Document | None:
    """The link with this token, noted as used; None when there is none."""
    with store.lock:
        link = store.get("", "partner_link", token)
        if link is None:
            return None
        return store.put("", "partner_link", token, link | {"used_at": times.precise(store.now())})


def was_ever_installed(store: Store, shop: str, *, client_id: str) -> bool:
    """True after the first installation, also when it ended since."""
    return store.get(shop, "installation", client_id) is not None


def _rescope(store: Store, shop: str, known: Document, scopes: list[str]) -> Document:
    previous = known["scopes"]
    changed = store.put(shop, "installation", known["client_id"], known | {"scopes": scopes})
    body = {
        "id": known["id"],
        "previous": previous,
        "current": scopes,
        "updated_at": times.iso(store.now()),
        "shop_id": str(shop_number(store, shop)),
    }
    _tell(store, shop, client_id=known["client_id"], topic="app/scopes_update", body=body)
    return changed


def _tell(store: Store, shop: str, *, client_id: str, topic: str, body: Document) -> None:
    event_id = str(uuid5(NAMESPACE_URL, f"{shop}/{topic}/{store.next_id()}"))
    store.emit(
        AppEvent(
            shop=shop,
            topic=topic,
            body=body,
            event_id=event_id,
            triggered_at=store.now(),
            client_id=client_id,
        )
    )
