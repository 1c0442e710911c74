"""The operator's verbs are written down in the shop's own audit log."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime

from dramatiq.brokers.stub import StubBroker
from sqlalchemy import select

from kit.config import Settings
from kit.db import Database
from kit.http import Door
from oauth.models import AuditEntry
from sync import operate
from sync.actors import Engine
from sync.broker import QUEUES, Nudger
from sync.gateways import Gateways
from sync.state.models import Job
from tests.state.conftest import make_shop

ALPHA = "alpha.myshopify.com"
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


def test_history_and_comparisons_that_an_operator_asks_for_are_in_the_audit_log(
    db: Database, settings: Settings
) -> None:
    shop_id = make_shop(db, ALPHA)
    broker = StubBroker(middleware=[])
    for queue in QUEUES:
        broker.declare_queue(queue)
    engine = Engine(Gateways(db, settings, door=Door(), kinds={}), Nudger(broker))
    assert operate.backfill(engine, Namespace(shop=ALPHA, since=SINCE, until=UNTIL)) == 0
    assert operate.reconcile(engine, Namespace(shop=ALPHA)) == 0
    with db.transaction(shop_id=shop_id) as session:
        jobs = {job.flow: job.id for job in session.scalars(select(Job))}
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.shop_id == shop_id).order_by(AuditEntry.id)
        ).all()
    assert [(entry.actor, entry.act, entry.subject) for entry in entries] == [
        ("operator", "backfill_asked", f"job:{jobs['backfill']}"),
        ("operator", "reconcile_asked", f"job:{jobs['reconcile']}"),
    ]
    assert entries[0].after == {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
