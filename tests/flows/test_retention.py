"""What is past its time goes; what is open stays, however old it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.db import Database, all_shops
from oauth.models import AuditEntry, PrivacyRequest, UsedState
from sync.flows import retention
from sync.gateways import Gateways
from sync.state import jobs
from sync.state.models import Attempt, Delivery, Intent, Job, Link
from sync.state.settings_models import Issue, Snapshot
from tests.flows.privacy_rows import NAME, ORDER, OTHER, Shop
from tests.oauth.shopify import ALPHA, LocalShopify
from tests.state.conftest import make_shop

# The audit trigger lives by the database's own clock, so these days are counted from the real one.
TODAY = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def today() -> Iterator[SetClock]:
    with clock.using(SetClock(TODAY)) as at:
        assert isinstance(at, SetClock)
        yield at


@pytest.fixture
def alpha(db: Database, settings: Settings, today: SetClock) -> Shop:
    shop = Shop(Gateways(db, settings, door=LocalShopify().door()), make_shop(db, ALPHA), ALPHA)
    shop.fill()
    return shop


def prune(alpha: Shop) -> dict[str, int]:
    return retention.prune(alpha.database, alpha.gateways.settings)


def test_nothing_young_is_touched(alpha: Shop) -> None:
    before = alpha.everything()
    assert not any(prune(alpha).values())
    assert alpha.everything() == before


def test_bodies_go_after_their_days_and_the_rows_stay(alpha: Shop, today: SetClock) -> None:
    waiting = alpha.delivered("orders/create", {"id": 9}, state="waiting")
    today.move(30 * 86_400 + 1)
    young = alpha.delivered("orders/create", {"id": 10})
    assert prune(alpha)["bodies"] == 3
    kept = {row.id: row.body for row in alpha.all(Delivery)}
    assert len(kept) == 5
    assert [number for number, body in kept.items() if body is not None] == [waiting, young]


def test_history_goes_and_open_work_and_links_stay(alpha: Shop, today: SetClock) -> None:
    with alpha.database.transaction(shop_id=alpha.id) as session:
        session.execute(update(Job).where(Job.record == OTHER).values(state="done", finished_at=clock.now()))
        session.execute(
            update(Issue).where(Issue.sample_record == OTHER).values(state="resolved", closed_at=clock.now())
        )
        job_id = session.scalars(select(Job.id).where(Job.record == OTHER)).one()
        session.execute(update(Attempt).where(Attempt.record == OTHER).values(job_id=job_id))
    today.move(181 * 86_400)
    with alpha.database.transaction(shop_id=alpha.id) as session:
        jobs.ask(session, shop_id=alpha.id, flow="order_push", record="gid://shopify/Order/3", lane=10)  # type: ignore[arg-type]
    done = prune(alpha)
    assert (done["jobs"], done["attempts"], done["issues"], done["deliveries"]) == (1, 1, 1, 3)
    assert {row.record for row in alpha.all(Job)} == {ORDER, "gid://shopify/Order/3"}
    assert [row.record for row in alpha.all(Attempt)] == [ORDER]
    assert len(alpha.all(Link)) == 4


def test_names_leave_old_summaries(alpha: Shop, today: SetClock) -> None:
    today.move(181 * 86_400)
    assert prune(alpha)["summaries"] == 2
    assert all(NAME not in str(row.body) and row.customer_gid is None for row in alpha.all(Snapshot))
    assert prune(alpha)["summaries"] == 0


def test_files_and_states_end(alpha: Shop, today: SetClock) -> None:
    with alpha.database.transaction(shop_id=alpha.id) as session:
        session.add(
            PrivacyRequest(
                shop_id=alpha.id,
                kind="data_request",
                webhook_id="w",
                asked_at=clock.now(),
                due_at=clock.now(),
                sealed_file="one.xxx",
                file_expires_at=clock.now() + timedelta(days=30),
            )
        )
        session.add(UsedState(nonce="n", used_at=clock.now()))
    today.move(2 * 86_400)
    assert (prune(alpha)["states"], prune(alpha)["privacy_files"]) == (1, 0)
    today.move(29 * 86_400)
    assert prune(alpha)["privacy_files"] == 1
    assert alpha.all(PrivacyRequest)[0].sealed_file is None


def test_the_audit_log_is_shortened_by_nothing_but_its_own_retention(alpha: Shop, today: SetClock) -> None:
    with alpha.database.transaction() as session:
        # A row from before, as time would have made it: the trigger refuses changes, not history.
        session.add(AuditEntry(shop_id=alpha.id, at=TODAY - timedelta(days=800), actor="operator", act="old"))
        session.add(
            AuditEntry(shop_id=alpha.id, at=TODAY - timedelta(days=80), actor="operator", act="young")
        )
    assert prune(alpha)["audit"] == 1
    short = replace(alpha.gateways.settings, audit_days=1)
    assert retention.prune(alpha.database, short)["audit"] == 0
    with alpha.database.transaction() as session:
        acts = list(session.scalars(select(AuditEntry.act).where(AuditEntry.actor == "operator")))
    assert acts == ["young"]


def test_finished_intents_go_and_open_ones_stay(alpha: Shop, today: SetClock) -> None:
    insert = text(
        "insert into intent (key, shop_id, flow, record, purpose, version, variables_hash, state, intended_at,"
        " closed_at)"
        " values (gen_random_uuid(), :shop, 'order_push', :record, 'sale', 1, '', :state, :at, :at)"
    )
    with alpha.database.transaction() as session:
        for state in ("done", "unknown", "intended"):
            values = {"shop": alpha.id, "record": state, "state": state, "at": clock.now()}
            session.execute(all_shops(insert), values)
    today.move(181 * 86_400)
    assert prune(alpha)["intents"] == 1
    assert {row.state for row in alpha.all(Intent)} == {"unknown", "intended"}


def test_more_than_one_step_is_pruned_in_one_round(alpha: Shop, today: SetClock, db: Database) -> None:
    many = text(
        "insert into used_state (nonce, used_at) select n::text, :at from generate_series(1, :count) n"
    )
    count = retention.ROWS_PER_STEP * 2 + 5
    with db.transaction() as session:
        session.execute(all_shops(many), {"at": TODAY - timedelta(days=3), "count": count})
    assert prune(alpha)["states"] == count
