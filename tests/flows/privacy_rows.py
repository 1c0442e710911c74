"""A shop with everything that Concord keeps about its customers, and requests about that as Shopify sends them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select

from kit import clock
from kit.db import Database
from kit.faults import quoted
from oauth import erp
from oauth.models import PrivacyRequest
from sync.actors import Engine
from sync.broker import Nudger
from sync.flows import privacy, turn
from sync.flows.road import Done
from sync.gateways import Gateways
from sync.state import claims, jobs
from sync.state.models import Attempt, Delivery, Job, Lane, Link
from sync.state.settings_models import Connection, Issue, MappingVersion, Snapshot

MIA = 207_119_551
MIA_GID = f"gid://shopify/Customer/{MIA}"
EMAIL, PHONE, NAME = "Mia@Example.com", "+4915112345678", "Mia Meier"
ORDER, OTHER = "gid://shopify/Order/1001001", "gid://shopify/Order/1001002"


def order_body(gid: str, *, customer: int, email: str, name: str) -> dict[str, Any]:
    """The body of an order's delivery, as far as it matters here."""
    number = int(gid.rpartition("/")[2])
    return {
        "id": number,
        "admin_graphql_api_id": gid,
        "email": email,
        "total_price": "19.90",
        "customer": {"id": customer, "email": email, "first_name": name},
    }


class Shop:
    """One shop with the orders of Mia and of somebody else."""

    def __init__(self, gateways: Gateways, shop_id: int, domain: str) -> None:
        self.gateways, self.id, self.domain = gateways, shop_id, domain
        self.database: Database = gateways.database
        self._count = 0

    def fill(self) -> None:
        """Brings in an order of Mia, one of somebody else, and what was written and failed for both."""
        self.connection_id = self._connection()
        for gid, customer, email, name in (
            (ORDER, MIA, EMAIL, NAME),
            (OTHER, MIA + 7, "other@example.com", "Otto Other"),
        ):
            self.delivered(
                "orders/create", order_body(gid, customer=customer, email=email, name=name), record=gid
            )
            self.kept(gid, f"gid://shopify/Customer/{customer}", name)
        self.delivered("customers/update", {"id": MIA, "email": EMAIL, "first_name": "Mia"}, record=MIA_GID)

    def delivered(
        self,
        topic: str,
        body: Any,
        *,
        record: str | None = None,
        state: str = "done",
        at: datetime | None = None,
    ) -> int:
        """A stored delivery of the shop."""
        self._count += 1
        with self.database.transaction(shop_id=self.id) as session:
            row = Delivery(
                shop_id=self.id,
                shop_domain=self.domain,
                webhook_id=f"{self.domain}-{self._count}",
                topic=topic,
                received_at=at or clock.now(),
                triggered_at=at or clock.now(),
                headers={"topic": topic},
                body=json.dumps(body, ensure_ascii=False).encode(),
                state=state,
                record=record,
            )
            session.add(row)
            session.flush()
            return row.id

    def ask(self, topic: str, body: dict[str, Any]) -> str:
        """A request arrives, is read, and its job takes its turn. Returns the state of the job."""
        self.delivered(topic, {"shop_id": 1, "shop_domain": self.domain, **body}, state="waiting")
        Engine(self.gateways, Nudger(StubBroker())).process_deliveries()
        return self.turn()

    def turn(self) -> str:
        """The next request takes its turn; other jobs that are due are done without a word."""
        while True:
            with self.database.transaction() as session:
                (claimed,) = claims.claim(session, count=1, per_shop=8, lease_seconds=60)
            if claimed.flow == "privacy":
                break
            turn.take(self.gateways, claimed, lambda _work: Done())
        turn.take(self.gateways, claimed, privacy.run)
        with self.database.transaction(shop_id=self.id) as session:
            return session.scalars(select(Job.state).where(Job.id == claimed.id)).one()

    def requests(self) -> list[PrivacyRequest]:
        """What was asked, in order."""
        return list(self.all(PrivacyRequest))

    def all(self, table: type[Any]) -> list[Any]:
        """All rows of a table of this shop."""
        with self.database.transaction(shop_id=self.id) as session:
            return list(session.scalars(select(table).order_by(next(iter(table.__table__.primary_key)))))

    def everything(self) -> str:
        """All that is stored about the shop's records, as one text: nobody's name may hide anywhere."""
        texts = []
        for table in (Delivery, Snapshot, Attempt, Job, Issue, Link, PrivacyRequest):
            for row in self.all(table):
                values = {column.key: getattr(row, column.key) for column in table.__table__.columns}
                texts.append(repr({name: value for name, value in values.items() if name != "sealed_file"}))
        return "\n".join(texts)

    def _connection(self) -> int:
        with self.database.transaction(shop_id=self.id) as session:
            credential = erp.create(
                session,
                self.gateways.sealer,
                shop_id=self.id,
                kind="tryton",
                values={"key": "a long password"},
                actor="staff:1",
            )
            row = Connection(
                shop_id=self.id,
                name="main",
                kind="tryton",
                address={"url": "https://erp-of-alpha.example", "database": "ada"},
                credential_id=credential,
                state="active",
                changed_at=clock.now(),
            )
            session.add(row)
            session.flush()
            session.add(
                MappingVersion(
                    shop_id=self.id,
                    connection_id=row.id,
                    number=1,
                    state="published",
                    rules={},
                    created_at=clock.now(),
                )
            )
            return row.id

    def kept(self, gid: str, customer_gid: str, name: str) -> None:
        """What Concord keeps of an order: a summary, an attempt that names the customer, an issue and links."""
        now = clock.now()
        with self.database.transaction(shop_id=self.id) as session:
            summary = {"total": "19.90 EUR", "lines": 1, "customer": name, "invented_later": name}
            job_id = jobs.ask(session, shop_id=self.id, flow="order_push", record=gid, lane=Lane.ORDERS)
            job = session.get_one(Job, job_id)
            job.state, job.misses, job.reason = (
                "held",
                "mapping:x",
                f"Choose the right one for {quoted(name)}.",
            )
            session.add_all(
                [
                    Snapshot(
                        shop_id=self.id,
                        record=gid,
                        title="#1001",
                        customer_gid=customer_gid,
                        body=summary,
                        proof={"total": "19.90"},
                        read_at=now,
                    ),
                    Attempt(
                        shop_id=self.id,
                        job_id=job_id,
                        flow="order_push",
                        record=gid,
                        started_at=now,
                        ended_at=now,
                        outcome="misconfigured",
                        sentence=f"Choose the right one for {quoted(name)}.",
                        detail=name,
                    ),
                    Issue(
                        shop_id=self.id,
                        cause=gid[-10:],
                        state="open",
                        flow="order_push",
                        fault_kind="misconfigured",
                        fault_code="customer_ambiguous",
                        sentence=f"Choose the right one for {quoted(name)}.",
                        sample_record=gid,
                        first_at=now,
                        last_at=now,
                    ),
                    self._link(gid, gid, "order", {"reference": "S1", "total": {"shop": "19.90"}}),
                    self._link(
                        customer_gid, gid, "customer", {"code": "SC-1", "because": "same email", "was": name}
                    ),
                ]
            )

    def _link(self, shopify_gid: str, record: str, kind: str, facts: dict[str, Any]) -> Link:
        return Link(
            shop_id=self.id,
            connection_id=self.connection_id,
            kind=kind,
            shopify_gid=shopify_gid,
            record=record,
            erp_model="sale.sale",
            erp_id=f"{kind}-{shopify_gid[-4:]}",
            erp_number="S1",
            facts=facts,
            linked_at=clock.now(),
        )
