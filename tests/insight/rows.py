"""Rows as the engine leaves them, in few words: jobs, tries, documents, deliveries and issues of one shop."""

from __future__ import annotations

import itertools
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from kit import clock
from kit.db import Database
from oauth import audit
from sync.state.models import Attempt, Delivery, Intent, Job, Link
from sync.state.settings_models import Issue, Snapshot

MINUTE = timedelta(minutes=1)
_numbers = itertools.count(1)


def order(number: int) -> str:
    """The gid of an order."""
    return f"gid://shopify/Order/{6_000_000_000 + number}"


class Rows:
    """Adds rows to one shop, each in its own transaction."""

    def __init__(self, database: Database, shop_id: int) -> None:
        self.database = database
        self.shop_id = shop_id

    def _add(self, row: Any) -> Any:
        with self.database.transaction(shop_id=self.shop_id) as session:
            session.add(row)
            session.flush()
            return row

    def job(self, record: str, state: str = "ready", *, flow: str = "order_push", **more: Any) -> Job:
        """A job of a record."""
        asked_at: datetime = more.pop("asked_at", clock.now())
        row = Job(
            shop_id=self.shop_id,
            flow=flow,
            record=record,
            state=state,
            lane=10,
            hint=more.pop("hint", {}),
            asked_at=asked_at,
            due_at=more.pop("due_at", asked_at),
            finished_at=asked_at if state in ("done", "ignored") else None,
            **more,
        )
        made: Job = self._add(row)
        return made

    def attempt(self, job: Job, outcome: str = "done", **more: Any) -> Attempt:
        """One try of a job, 120 ms long."""
        ended_at = more.pop("ended_at", clock.now())
        row = Attempt(
            shop_id=self.shop_id,
            job_id=job.id,
            flow=job.flow,
            record=job.record,
            started_at=ended_at - timedelta(milliseconds=120),
            ended_at=ended_at,
            outcome=outcome,
            exchanges=more.pop("exchanges", []),
            **more,
        )
        made: Attempt = self._add(row)
        return made

    def snapshot(self, record: str, title: str, **more: Any) -> Snapshot:
        """What is known of a record."""
        now = clock.now()
        made: Snapshot = self._add(
            Snapshot(
                shop_id=self.shop_id,
                record=record,
                title=title,
                body=more.pop("body", {"total": "10.00 EUR"}),
                occurred_at=more.pop("occurred_at", now),
                updated_at=now,
                read_at=now,
                **more,
            )
        )
        return made

    def link(self, record: str, connection_id: int, number: str, **more: Any) -> Link:
        """A document of the ERP."""
        made: Link = self._add(
            Link(
                shop_id=self.shop_id,
                connection_id=connection_id,
                kind=more.pop("kind", "order"),
                shopify_gid=more.pop("shopify_gid", record),
                record=record,
                erp_model="sale.sale",
                erp_id=str(next(_numbers)),
                erp_number=number,
                linked_at=more.pop("linked_at", clock.now()),
                facts=more.pop("facts", {}),
            )
        )
        return made

    def delivery(self, topic: str = "orders/create", *, body: bytes | None = b"{}", **more: Any) -> Delivery:
        """Something that Shopify sent."""
        made: Delivery = self._add(
            Delivery(
                shop_id=self.shop_id,
                shop_domain="alpha.myshopify.com",
                webhook_id=str(uuid.uuid4()),
                topic=topic,
                received_at=more.pop("received_at", clock.now()),
                headers=more.pop("headers", {}),
                body=body,
                state=more.pop("state", "done"),
                **more,
            )
        )
        return made

    def intent(self, record: str, state: str = "done", **more: Any) -> Intent:
        """A write."""
        made: Intent = self._add(
            Intent(
                key=uuid.uuid4(),
                shop_id=self.shop_id,
                flow="order_push",
                record=record,
                purpose=more.pop("purpose", "sale:6000000001"),
                version=1,
                variables_hash="0" * 64,
                state=state,
                intended_at=clock.now(),
                **more,
            )
        )
        return made

    def issue(self, cause: str, *, state: str = "open", kind: str = "rejected", **more: Any) -> Issue:
        """An issue of a cause."""
        now = clock.now()
        made: Issue = self._add(
            Issue(
                shop_id=self.shop_id,
                cause=cause,
                state=state,
                flow="order_push",
                fault_kind=kind,
                fault_code=more.pop("code", "erp_refused"),
                sentence=more.pop("sentence", "The period is closed."),
                sample_record=more.pop("sample", order(1)),
                first_at=now,
                last_at=now,
                **more,
            )
        )
        return made

    def stuck(self, number: int, *, state: str = "dead", amount: str = "10.00", **more: Any) -> Job:
        """An order that cannot be synced, with its money and its try."""
        job = self.job(order(number), state, money=Decimal(amount), currency="EUR", attempts=1, **more)
        self.attempt(job, "rejected", cause=more.get("cause"), sentence=more.get("reason", ""))
        return job

    def act(self, act: str, *, subject: str = "", actor: str = "staff:1", **more: Any) -> None:
        """An entry of the audit log."""
        with self.database.transaction(shop_id=self.shop_id) as session:
            audit.write(session, shop_id=self.shop_id, actor=actor, act=act, subject=subject, **more)
