"""A shop at the local Shopify, installed for good: grant, mapping with warehouses, road of stock open, ERP's callback.

The local Shopify is a process of its own; its shop has the call budget of a Standard plan, and it tells Concord of
every change as Shopify does, of those too that Concord made.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import select

from bench import goods
from bench.goods import Goods
from bench.ground import ROOT, SECRET, Ground
from kit import clock, config
from kit.crypto import Sealer
from kit.http import Door
from oauth import id_token
from oauth.install import Installer
from oauth.models import Shop
from sandbox.processes import Program, answers
from sync.domain import rules_json
from sync.flows import callbacks
from sync.gateways import Gateways
from sync.state import mappings
from sync.state.settings_models import Connection

CLIENT = "bench"
POLICIES = {"roads": {"stock": "on"}}
LEVEL = """
query ($item: ID!, $location: ID!) {
  inventoryItem(id: $item) { inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } } }
}
"""


@dataclass(frozen=True)
class Installed:
    """What the outside can do with the shop: count in the ERP, look at Shopify."""

    ground: Ground
    shop: str
    shop_id: int
    connection_id: int
    goods: Goods
    http: httpx2.Client
    shopify_url: str
    web_port: int
    callback_secret: str

    def count(self, rows: Sequence[tuple[str, str, int]]) -> None:
        """People count in the ERP (product, warehouse, pieces), and the ERP calls Concord to have a look."""
        self._post(f"{self.ground.erp_url}/count", json=rows)
        body = json.dumps({"feeds": ["stock"]}).encode()
        time = str(int(clock.now().timestamp()))
        signed = callbacks.signature(self.callback_secret, time, body)
        headers = {callbacks.TIME_HEADER: time, callbacks.SIGNATURE_HEADER: signed}
        url = f"http://127.0.0.1:{self.web_port}/callbacks/{self.connection_id}"
        self._post(url, content=body, headers=headers)

    def available(self, item: str, location: str) -> int:
        """What Shopify has of an item at a location. It costs Concord no points."""
        asked = {"query": LEVEL, "variables": {"item": item, "location": location}}
        answer = self._post(f"{self.shopify_url}/control/shops/{self.shop}/graphql", json=asked).json()
        return int(answer["data"]["inventoryItem"]["inventoryLevel"]["quantities"][0]["quantity"])

    def levels(self) -> dict[tuple[str, str], int]:
        """What Shopify has of everything, by item and location."""
        rows = self._records("inventory_level")
        return {(row["itemId"], row["locationId"]): row["stock"]["available"] for row in rows}

    def throttled(self) -> int:
        """How many calls of Concord Shopify refused because the budget was used up."""
        url = f"{self.shopify_url}/control/shops/{self.shop}/bucket"
        return int(self.http.get(url).raise_for_status().json()["throttled"])

    def _records(self, kind: str) -> list[dict[str, Any]]:
        url = f"{self.shopify_url}/control/shops/{self.shop}/records/{kind}?limit=1000000"
        return list(self.http.get(url).raise_for_status().json())

    def _post(self, url: str, **what: Any) -> httpx2.Response:
        return self.http.post(url, **what).raise_for_status()


def settings(shopify_port: int) -> dict[str, str]:
    """What Concord's processes must know of the local Shopify."""
    return {
        "CONCORD_SHOPIFY_SHOP_URL": f"http://127.0.0.1:{shopify_port}/shops/{{shop}}",
        "CONCORD_SHOPIFY_ADMIN_URL": f"http://127.0.0.1:{shopify_port}",
    }


def install(
    ground: Ground, file: Path, shop: str, *, sizes: Mapping[str, int], ports: tuple[int, int]
) -> Installed:
    """Starts the local Shopify on this file with so many `variants` at so many `locations`, and installs Concord.
    `ports` are those of the local Shopify and of the web process, which is not there yet."""
    made = goods.make(file, shop, **sizes)
    shopify_url = _start(ground, file, *ports)
    shop_id = ground.shop(shop)
    http = httpx2.Client(timeout=120, trust_env=False)
    _arrive(ground, http, shopify_url, shop)
    known = [(each.erp_item, each.sku) for each in made.variants]
    http.post(f"{ground.erp_url}/goods", json=known).raise_for_status()
    goods.link(ground, shop_id, made)
    connection_id, secret = _open_road(ground, shop_id, made)
    return Installed(ground, shop, shop_id, connection_id, made, http, shopify_url, ports[1], secret)


def _start(ground: Ground, file: Path, port: int, web_port: int) -> str:
    url = f"http://127.0.0.1:{port}"
    command = [
        *(sys.executable, "-m", "sandbox.shopify", "--port", str(port), "--state", str(file)),
        *("--app-url", f"http://127.0.0.1:{web_port}", "--client-id", CLIENT, "--client-secret", SECRET),
    ]
    ready = answers(f"{url}/control/health")
    ground.crew.start(Program("local Shopify", command, ready, ground.environment, ROOT))
    return url


def _arrive(ground: Ground, http: httpx2.Client, shopify_url: str, shop: str) -> None:
    """The owner installs Concord and opens it once."""
    control = f"{shopify_url}/control/shops/{shop}"
    http.post(f"{control}/install", json={}).raise_for_status()
    token = http.post(f"{control}/id-token", json={}).raise_for_status().json()["id_token"]
    known = config.read(ground.environment)
    with closing(Door()) as door:
        gateways = Gateways(ground.database, known, door=door)
        Installer(ground.database, gateways.tokens).arrive(id_token.verify(token, settings=known), token)


def _open_road(ground: Ground, shop_id: int, made: Goods) -> tuple[int, str]:
    """Its warehouses feed its locations, the road of stock is open, the ERP may call. Its connection and secret."""
    sealer = Sealer(config.read(ground.environment).sealing_keys)
    with ground.database.transaction(shop_id=shop_id) as session:
        connection = session.scalars(select(Connection)).one()
        rules = rules_json.read_rules(mappings.in_force(session, connection.id).rules)
        rules = replace(
            rules, warehouses={location: (warehouse,) for location, warehouse in made.warehouses.items()}
        )
        connection_id = connection.id
        written = rules_json.write_rules(rules)
        mappings.save_draft(
            session, shop_id=shop_id, connection_id=connection_id, rules=written, author=CLIENT
        )
        mappings.publish(session, shop_id=shop_id, connection_id=connection_id, by=CLIENT)
        secret = callbacks.renew(session, sealer, connection, actor=CLIENT, address="")
    with ground.database.transaction() as session:
        session.get_one(Shop, shop_id).policies = POLICIES
    return connection_id, secret
