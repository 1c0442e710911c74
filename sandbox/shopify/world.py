"""One local Shopify put together: store, secrets, faults, sender, and the acts that need more than one of them.

It owns what happens around an installation (pending privacy deliveries, what a removed app still hears). It knows
no HTTP; the handlers get it through their `Call`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import httpx2

from sandbox.shopify import bulk, id_tokens, installations, staff
from sandbox.shopify.client_secrets import ClientSecrets
from sandbox.shopify.deliveries import Sender
from sandbox.shopify.faults import Faults
from sandbox.shopify.settings import COMPLIANCE_TOPICS, SANDBOX_CLIENT, Settings
from sandbox.shopify.store import Document, Event, Store

SHOP_REDACT_AFTER = timedelta(hours=48)
CUSTOMER_REDACT_AFTER = timedelta(days=10)


class UnknownShop(LookupError):
    """No shop has this name here."""


class World:
    """Everything behind the addresses of one local Shopify."""

    def __init__(self, settings: Settings, store: Store, *, client: httpx2.Client | None = None) -> None:
        self.settings = settings
        self.store = store
        self.app = settings.app
        self.faults = Faults()
        self.secrets = ClientSecrets(store, client_id=self.app.client_id, first=settings.client_secret)
        self.sender = Sender(store, settings, secrets=self.secrets, faults=self.faults, client=client)
        store.listen(self._after_uninstall)
        store.put("", "setting", "origin", {"origin": settings.origin})
        self.sender.chores.append(self.move_bulk_operations)

    def shop(self, name: str) -> str:
        """The domain of a shop by its name or domain. Raises UnknownShop."""
        domain = name if name.endswith(".myshopify.com") else f"{name}.myshopify.com"
        if domain not in self.store.shops():
            raise UnknownShop(name)
        return domain

    def host(self, shop: str) -> str:
        """The `host` parameter: where in the admin the shop is, base64 without padding."""
        place = f"{urlsplit(self.settings.origin).netloc}/store/{name_of(shop)}"
        return base64.b64encode(place.encode()).decode().rstrip("=")

    def install(self, shop: str, *, client_id: str, scopes: Iterable[str]) -> Document:
        """Grants the scopes; what a shop's end had put in motion is called off."""
        self.sender.cancel(shop, client_id=client_id, topics=frozenset({"shop/redact"}))
        about: Document = {
            "handle": self.app.handle,
            "title": self.app.name,
            "required": list(self.app.required_scopes),
            "optional": list(self.app.optional_scopes),
        }
        return installations.grant(self.store, shop, client_id=client_id, scopes=scopes, about=about)

    def install_tool(self, shop: str) -> None:
        """Lets tools on a laptop into the shop under a client of their own, with every scope the app may hold."""
        installations.grant(self.store, shop, client_id=SANDBOX_CLIENT, scopes=self.app.declared_scopes)

    def id_token(self, shop: str, *, wanted: str | int | None = None, life_s: int = id_tokens.LIFE_S) -> str:
        """An ID token of a staff member (id or first name; the owner when none is named)."""
        person = staff.find(self.store, shop, wanted=wanted)
        return id_tokens.mint(
            shop,
            person,
            client_id=self.app.client_id,
            secret=self.secrets.newest,
            now=self.store.now(),
            life_s=life_s,
        )

    def move_bulk_operations(self) -> None:
        """Lets bulk operations of all shops go on; nobody else does."""
        with self.store.lock:
            for shop in self.store.shops():
                bulk.work(self.store, shop)

    def ask_for_data(self, shop: str, customer: Document, *, orders: list[int]) -> None:
        """A customer asks what the app knows about them."""
        request = {"id": self.store.next_id()}
        body = self._privacy_body(shop, customer) | {"orders_requested": orders, "data_request": request}
        self._tell(shop, "customers/data_request", body, after=timedelta(0))

    def redact_customer(
        self, shop: str, customer: Document, *, orders: list[int], at_once: bool = False
    ) -> None:
        """A customer asks to be forgotten; the app hears of it ten days later, or at once."""
        body = self._privacy_body(shop, customer) | {"orders_to_redact": orders}
        after = timedelta(0) if at_once else CUSTOMER_REDACT_AFTER
        self._tell(shop, "customers/redact", body, after=after)

    def redact_shop(self, shop: str, *, after: timedelta = SHOP_REDACT_AFTER) -> None:
        """The app has to forget the shop."""
        self._tell(shop, "shop/redact", self._shop_identity(shop), after=after)

    def _after_uninstall(self, event: Event) -> None:
        ours = isinstance(event, installations.AppEvent) and event.client_id == self.app.client_id
        if event.topic == "app/uninstalled" and ours:
            self.sender.cancel(
                event.shop,
                client_id=self.app.client_id,
                spare=frozenset({"app/uninstalled", *COMPLIANCE_TOPICS}),
            )
            self.redact_shop(event.shop)

    def _tell(self, shop: str, topic: str, body: Document, *, after: timedelta) -> None:
        due_at = self.store.now() + after / self.sender.clock_factor
        event = Event(
            shop=shop,
            topic=topic,
            body=body,
            event_id=str(uuid5(NAMESPACE_URL, f"{shop}/{topic}/{self.store.next_id()}")),
            triggered_at=due_at,
        )
        self.sender.accept(event, due_at=due_at)

    def _shop_identity(self, shop: str) -> Document:
        return {"shop_id": installations.shop_number(self.store, shop), "shop_domain": shop}

    def _privacy_body(self, shop: str, customer: Document) -> Document:
        return self._shop_identity(shop) | {
            "customer": {key: customer.get(key) for key in ("id", "email", "phone")},
        }


def name_of(shop: str) -> str:
    """`alpha` for `alpha.myshopify.com`."""
    return shop.removesuffix(".myshopify.com")
