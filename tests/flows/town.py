"""Shop Alpha of Ada with an ERP: the local Shopify, the ERP stand-in and the whole engine, in one thread.

The town says what happens at either side and lets everything come to rest; tests look at what is there afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from kit import clock
from kit.clock import SetClock
from oauth.models import Shop
from sandbox.erp.standin.books import Books
from sandbox.shopify import admin
from sandbox.shopify.commands import orders
from sandbox.simulator.fuse import Killed
from sandbox.simulator.stage import Stage
from sync.domain import rules_json
from sync.domain.feeds import CreditTold, Parcel, PriceTold, Quantity, ShipmentState, ShipmentTold
from sync.domain.money import Money
from sync.flows import publishing
from sync.state import jobs, mappings
from sync.state.models import Attempt, Intent, Job, JobState, Lane, Link
from sync.state.settings_models import Connection
from sync.state.stock_models import StockTarget

ALPHA = "alpha.myshopify.com"
HARBOUR, HILL = "W1", "W2"  # warehouses of the ERP
ROUNDS = 60
LEASE_SECONDS = 120
SOON = timedelta(seconds=45)


class Town:
    """Everything around shop Alpha."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.open()
        self.shop_id = stage.shop_id(ALPHA)
        self.locations = [each["id"] for each in stage.store.all(ALPHA, "location")]
        with stage.plain.transaction(shop_id=self.shop_id) as session:
            self.connection = session.scalars(select(Connection)).one()
        self.publish(warehouses=dict(zip(self.locations, (HARBOUR, HILL), strict=True)))
        self.rest()

    @property
    def clock(self) -> SetClock:
        """The clock that everybody lives by."""
        return self.stage.clock

    @property
    def books(self) -> Books:
        """The books of Alpha's ERP."""
        return self.stage.erps[ALPHA].books

    def publish(self, **changes: Any) -> None:
        """Puts a changed mapping in force."""
        with self.stage.plain.transaction(shop_id=self.shop_id) as session:
            now = rules_json.read_rules(mappings.in_force(session, self.connection.id).rules)
            rules = rules_json.write_rules(replace(now, **changes))
            shop, connection = self.shop_id, self.connection.id
            mappings.save_draft(session, shop_id=shop, connection_id=connection, rules=rules, author="ada")
            publishing.publish(session, shop_id=shop, connection_id=connection, by="ada")
        self.rest(seconds=0)

    def set(self, **policies: Any) -> None:
        """Ada sets policies of the roads back."""
        with self.stage.plain.transaction() as session:
            shop = session.get_one(Shop, self.shop_id)
            shop.policies = {**shop.policies, **policies}

    def link_products(self) -> None:
        """Every variant is paired with its ERP product."""
        self.ask("product_pull", "shop")
        self.rest()

    def ask(self, flow: str, record: str, lane: Lane = Lane.CATALOGUE, **hint: Any) -> int:
        """Somebody asks for a job."""
        with self.stage.plain.transaction(shop_id=self.shop_id) as session:
            return jobs.ask(session, shop_id=self.shop_id, flow=flow, record=record, lane=lane, hint=hint)

    def order(self, *lines: tuple[str, int], **spec: Any) -> dict[str, Any]:
        """A buyer orders, and the ERP gets it."""
        wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
        gid = orders.create(
            self.stage.store,
            ALPHA,
            {"lines": wanted, "email": "bo@example.com", "financial_state": "paid", **spec},
        )
        self.rest()
        return self.shopify_order(gid)

    def ship(self, erp_id: str, order: dict[str, Any], *lines: tuple[str, int], **told: Any) -> None:
        """The ERP's warehouse lets goods go (or says something new of a shipment)."""
        values = {
            "number": f"SH-{erp_id}",
            "state": ShipmentState.DONE,
            "origin": order["id"].rpartition("/")[2],
            "warehouse": HARBOUR,
            "lines": tuple(Quantity(self.product(sku), Decimal(pieces)) for sku, pieces in lines),
            "parcels": (Parcel("JD0001", "DHL", "https://track.example/JD0001"),),
            **told,
        }
        self.books.note("shipments", erp_id, ShipmentTold(**values).plain())

    def credit(
        self, erp_id: str, order: dict[str, Any], total: str, *, currency: str = "USD", **told: Any
    ) -> None:
        """The ERP posts a credit note for an order."""
        values = {
            "number": f"CN-{erp_id}",
            "origin": order["id"].rpartition("/")[2],
            "total": Money(Decimal(total), currency),
            "warehouse": HARBOUR,
            **told,
        }
        self.books.note("credits", erp_id, CreditTold(**values).plain())

    def price(self, sku: str, amount: str, **told: Any) -> None:
        """The ERP changes a price."""
        values = {"product": self.product(sku), "price": Money(Decimal(amount), "USD"), **told}
        self.books.note("prices", self.product(sku), PriceTold(**values).plain())

    def admin(self, query: str, **variables: Any) -> dict[str, Any]:
        """Somebody else does something in the shop, by the Admin API."""
        payload = {"query": query, "variables": variables}
        scopes = frozenset(self.stage.world.app.declared_scopes)
        answer = admin.answer(
            self.stage.store,
            shop=ALPHA,
            scopes=scopes,
            client_id="another-app",
            payload=payload,
            version="2026-10",
        )
        body: dict[str, Any] = answer.body
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    def live(self, *, dying_after: int | None = None) -> bool:
        """Comes to rest; with a number, one process dies at that moment and another goes on. Says whether it died."""
        if dying_after is not None:
            self.stage.fuse.arm(dying_after)
        try:
            self.rest()
        except Killed:
            self.stage.start()
            self.clock.move(LEASE_SECONDS)
            self.rest()
            return True
        self.stage.fuse.renew()
        return False

    def work(self, flow: str, record: str, *, dying_after: int) -> bool:
        """Does one job and what it asks for, with nothing else going on; the process dies at that moment and another
        one starts. Says whether it died."""
        self.ask(flow, record)
        self.stage.fuse.arm(dying_after)
        try:
            while self.stage.engine.run_jobs(limit=500):
                pass
        except Killed:
            self.stage.start()
            self.clock.move(LEASE_SECONDS)
            return True
        self.stage.fuse.renew()
        return False

    def rest(self, *, seconds: float = 65) -> None:
        """Lets time pass until nothing is due soon: deliveries travel, feeds are asked, jobs run, also again."""
        self.clock.move(seconds)
        for _ in range(ROUNDS):
            self.stage.world.sender.deliver_due()
            self.stage.engine.process_deliveries()
            self.stage.clockwork.tick()
            ran = self.stage.engine.run_jobs(limit=500)
            due_at = self._next_due_at()
            if not ran and (due_at is None or due_at > clock.now() + SOON):
                return
            if due_at is not None and clock.now() < due_at <= clock.now() + SOON:
                self.clock.at = due_at
        raise AssertionError("the town does not come to rest")

    def _next_due_at(self) -> datetime | None:
        with self.stage.plain.transaction(shop_id=self.shop_id) as session:
            job = session.scalar(select(func.min(Job.due_at)).where(Job.state == JobState.READY))
        return min((each for each in (job, self.stage.world.sender.next_due_at()) if each), default=None)

    def shopify_order(self, gid: str) -> dict[str, Any]:
        """An order as the local Shopify keeps it."""
        found = self.stage.store.get(ALPHA, "order", gid)
        assert found is not None
        return found

    def product(self, sku: str) -> str:
        """The ERP's id of a product."""
        return next(erp_id for erp_id, each in self.books.products.items() if each["code"] == sku)

    def variant(self, sku: str) -> dict[str, Any]:
        """A variant as the local Shopify keeps it."""
        return next(
            variant for variant in self.stage.store.all(ALPHA, "product_variant") if variant["sku"] == sku
        )

    def jobs(self, flow: str, *states: JobState) -> list[Job]:
        """Jobs of a flow, newest first."""
        with self.stage.plain.transaction(shop_id=self.shop_id) as session:
            query = select(Job).where(Job.flow == flow).order_by(Job.id.desc())
            return list(session.scalars(query.where(Job.state.in_(states)) if states else query))

    def sentences(self, flow: str) -> list[str]:
        """What the attempts of a flow said, oldest first."""
        with self.stage.plain.transaction(shop_id=self.shop_id) as session:
            return list(
                session.scalars(select(Attempt.sentence).where(Attempt.flow == flow).order_by(Attempt.id))
            )

    def intents(self, flow: str) -> list[Intent]:
        """Intents of a flow, oldest first."""
        with self.stage.plain.transaction(shop_id=self.shop_id) as session:
            return list(
                session.scalars(select(Intent).where(Intent.flow == flow).order_by(Intent.intended_at))
            )

    def links(self, kind: str) -> list[Link]:
        """Links of a kind."""
        with self.stage.plain.transaction(shop_id=self.shop_id) as session:
            return list(session.scalars(select(Link).where(Link.kind == kind).order_by(Link.id)))

    def targets(self) -> Sequence[StockTarget]:
        """The values of stock that are kept."""
        with self.stage.plain.transaction(shop_id=self.shop_id) as session:
            return list(session.scalars(select(StockTarget).order_by(StockTarget.id)))
