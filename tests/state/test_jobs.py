"""Jobs: coalescing, serial work per record, fairness, leases, back-off, held and dead."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from kit import clock
from kit.clock import SetClock
from kit.db import Database, all_shops
from sandbox.leashed import wait_until
from sync.flows.catalogue import FLOWS
from sync.state import claims, jobs
from sync.state.jobs import Claimed, LeaseLost
from sync.state.models import Job, JobState, Lane
from tests.state.conftest import make_shop
from tests.state.rows import a_connection

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORDER = "gid://shopify/Order/1"


def ask(db: Database, shop: int, record: str = ORDER, *, lane: Lane = Lane.ORDERS, **more: object) -> int:
    with db.transaction(shop_id=shop) as session:
        return jobs.ask(session, shop_id=shop, flow="order_push", record=record, lane=lane, **more)  # type: ignore[arg-type]


def claim(db: Database, *, count: int = 1, per_shop: int = 8) -> list[Claimed]:
    with db.transaction() as session:
        return claims.claim(session, count=count, per_shop=per_shop, lease_seconds=60)


def state_of(db: Database, job_id: int) -> Job:
    with db.transaction() as session:
        return session.execute(all_shops(select(Job).where(Job.id == job_id))).scalar_one()


def fail(db: Database, job: Claimed, *, state: JobState = JobState.READY, misses: str | None = None) -> int:
    with db.transaction(shop_id=job.shop_id) as session:
        return jobs.put_back(
            session,
            job,
            state=state,
            due_at=clock.now() + timedelta(seconds=1),
            reason="",
            fault_code="x",
            cause="c",
            misses=misses,
        )


def finish(db: Database, job: Claimed) -> None:
    with db.transaction(shop_id=job.shop_id) as session:
        jobs.finish(session, job, state=JobState.DONE)


def test_asking_twice_for_a_record_leaves_one_job_that_counts_both(db: Database, alpha: int) -> None:
    first = ask(db, alpha, hint={"delivery": 1})
    second = ask(db, alpha, hint={"delivery": 2})
    assert first == second
    assert state_of(db, first).asks == 2
    assert state_of(db, first).hint == {"delivery": 2}


def test_a_record_that_is_asked_for_while_it_runs_runs_again_afterwards_and_never_beside_itself(
    db: Database, alpha: int
) -> None:
    ask(db, alpha)
    (running,) = claim(db)
    again = ask(db, alpha)
    assert again != running.id
    assert claim(db) == []
    finish(db, running)
    assert [job.id for job in claim(db)] == [again]


def test_a_try_that_fails_while_the_record_was_asked_for_again_hands_over_to_the_newer_job(
    db: Database, alpha: int
) -> None:
    ask(db, alpha)
    (running,) = claim(db)
    newer = ask(db, alpha)
    assert fail(db, running) == newer
    assert state_of(db, running.id).state == JobState.DONE
    assert (state_of(db, newer).state, state_of(db, newer).attempts) == (JobState.READY, 1)


def test_a_try_that_fails_in_the_moment_in_which_the_record_is_asked_for_is_handed_over_too(
    fresh_database: Database,
) -> None:
    shop = make_shop(fresh_database, "alpha.myshopify.com")
    ask(fresh_database, shop)
    (running,) = claim(fresh_database)
    carried_on: list[int] = []
    failing = threading.Thread(target=lambda: carried_on.append(fail(fresh_database, running)))
    waits = text(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    ).execution_options(all_shops=True)

    def is_waiting() -> bool:
        with fresh_database.transaction() as watching:
            return bool(watching.execute(waits).scalar_one())

    with fresh_database.transaction(shop_id=shop) as session:
        newer = jobs.ask(session, shop_id=shop, flow="order_push", record=ORDER, lane=Lane.ORDERS)
        failing.start()
        assert wait_until(is_waiting, 30.0), "the failing try waits for the question to be committed"
    failing.join(30.0)
    assert carried_on == [newer]
    assert state_of(fresh_database, running.id).state == JobState.DONE
    assert (state_of(fresh_database, newer).state, state_of(fresh_database, newer).attempts) == (
        JobState.READY,
        1,
    )


def test_whoever_lost_the_lease_cannot_settle_the_job(db: Database, alpha: int) -> None:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        ask(db, alpha)
        (slow,) = claim(db)
        at.move(61)
        with db.transaction() as session:
            (dead,) = jobs.expired(session, limit=10)
        fail(db, dead)
        at.move(2)
        (fast,) = claim(db)
        with pytest.raises(LeaseLost):
            finish(db, slow)
        finish(db, fast)
        assert state_of(db, fast.id).state == JobState.DONE


def test_a_clock_that_jumped_back_delays_neither_new_work_nor_back_off(db: Database, alpha: int) -> None:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        failed = ask(db, alpha)
        fail(db, claim(db)[0])
        new = ask(db, alpha, "gid://shopify/Order/2")
        planned = ask(db, alpha, "gid://shopify/Order/3", due_at=NOON + timedelta(hours=5))
        at.move(-7_200)
        with db.transaction() as session:
            assert jobs.bring_forward(session) == 2
        assert {job.id for job in claim(db, count=10)} == {failed, new}
        assert state_of(db, planned).due_at == NOON + timedelta(hours=5)


def test_back_off_is_not_cut_short_when_no_clock_jumped(db: Database, alpha: int) -> None:
    with clock.using(SetClock(NOON)):
        ask(db, alpha)
        fail(db, claim(db)[0])
        with db.transaction() as session:
            assert jobs.bring_forward(session) == 0


def test_a_dead_workers_job_is_taken_over_although_the_clock_of_its_lease_jumped_back(
    db: Database, alpha: int
) -> None:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        ask(db, alpha)
        (job,) = claim(db)
        with db.transaction() as session:
            assert jobs.shorten_leases(session, lease_seconds=60) == 0
        at.move(-7_200)
        with db.transaction() as session:
            assert jobs.shorten_leases(session, lease_seconds=60) == 1
            assert jobs.expired(session, limit=10) == []
        at.move(61)
        with db.transaction() as session:
            assert [each.id for each in jobs.expired(session, limit=10)] == [job.id]


def test_a_heartbeat_keeps_the_lease(db: Database, alpha: int) -> None:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        ask(db, alpha)
        (job,) = claim(db)
        at.move(50)
        with db.transaction() as session:
            assert jobs.extend(session, [job.lease], lease_seconds=60) == 1
        at.move(50)
        with db.transaction() as session:
            assert jobs.expired(session, limit=10) == []


def test_a_flood_of_one_shop_does_not_delay_another(db: Database, alpha: int, beta: int) -> None:
    for number in range(30):
        ask(db, alpha, f"gid://shopify/Order/{number}")
    ask(db, beta)
    assert {job.shop_id for job in claim(db, count=2)} == {alpha, beta}


def test_one_shop_never_takes_more_places_than_its_share(db: Database, alpha: int) -> None:
    for number in range(10):
        ask(db, alpha, f"gid://shopify/Order/{number}")
    for _ in range(3):
        assert len(claim(db, per_shop=3)) == 1
    assert claim(db, per_shop=3) == []


def batch(db: Database, shop: int, place: int) -> int:
    with db.transaction(shop_id=shop) as session:
        record = f"{claims.STOCK_BATCH}gid://shopify/Location/{place}"
        return jobs.ask(session, shop_id=shop, flow="stock_pull", record=record, lane=Lane.STOCK)


def alone(db: Database, shop: int) -> int:
    with db.transaction(shop_id=shop) as session:
        record = "gid://shopify/InventoryItem/1"
        return jobs.ask(session, shop_id=shop, flow="stock_pull", record=record, lane=Lane.STOCK)


def test_stock_batches_of_many_locations_leave_places_for_orders_and_for_stock_near_zero(
    db: Database, alpha: int
) -> None:
    a_connection(db, alpha, slots=4)
    for place in range(5):
        batch(db, alpha, place)
    assert [len(claim(db)) for _ in range(5)] == [1] * claims.BATCHES_LIMIT + [0] * (5 - claims.BATCHES_LIMIT)
    wanted = [ask(db, alpha), alone(db, alpha)]
    assert [claim(db)[0].id for _ in wanted] == wanted


def test_patient_work_leaves_places_for_orders_and_for_stock_near_zero(db: Database, alpha: int) -> None:
    for number in range(10):
        ask(db, alpha, f"gid://shopify/Order/{number}", lane=Lane.BACKFILL)
    patient = [claim(db, per_shop=4) for _ in range(4)]
    assert [len(each) for each in patient] == [1] * (4 - claims.KEPT_PLACES) + [0] * claims.KEPT_PLACES
    wanted = [ask(db, alpha, "gid://shopify/Order/10"), alone(db, alpha)]
    assert [claim(db, per_shop=4)[0].id for _ in wanted] == wanted


def test_work_that_never_asks_the_erp_neither_fills_its_places_nor_waits_for_them(
    db: Database, alpha: int
) -> None:
    a_connection(db, alpha, slots=1)
    first = alone(db, alpha)
    assert [job.id for job in claim(db)] == [first]
    for number in range(5):
        ask(db, alpha, f"gid://shopify/Order/{number}")
    assert [len(claim(db)) for _ in range(3)] == [1, 1, 0]
    second = batch(db, alpha, 1)
    assert [job.id for job in claim(db)] == [second]


def test_exactly_the_flows_that_open_no_connector_are_said_to_need_no_erp() -> None:
    sources = {name: Path(run.__code__.co_filename).read_text() for name, run in FLOWS.items()}
    opens = {name for name, source in sources.items() if "gateways.erp(" in source}
    assert set(claims.WITHOUT_ERP) == set(FLOWS) - opens
    assert "order_push" in opens


def test_orders_go_before_a_backfill_that_was_asked_for_first(db: Database, alpha: int) -> None:
    ask(db, alpha, "gid://shopify/Order/1", lane=Lane.BACKFILL)
    urgent = ask(db, alpha, "gid://shopify/Order/2", lane=Lane.ORDERS)
    assert [job.id for job in claim(db)] == [urgent]


def test_an_urgent_question_moves_a_waiting_backfill_job_to_the_front(db: Database, alpha: int) -> None:
    job_id = ask(db, alpha, lane=Lane.BACKFILL)
    assert ask(db, alpha, lane=Lane.ORDERS) == job_id
    assert state_of(db, job_id).lane == Lane.ORDERS


def test_a_job_that_is_not_due_waits(db: Database, alpha: int) -> None:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        job_id = ask(db, alpha, due_at=NOON + timedelta(minutes=5))
        assert claim(db) == []
        at.move(301)
        assert [job.id for job in claim(db)] == [job_id]


def test_news_about_a_record_that_backs_off_do_not_shorten_its_wait(db: Database, alpha: int) -> None:
    with clock.using(SetClock(NOON)):
        ask(db, alpha)
        (job,) = claim(db)
        fail(db, job)
        ask(db, alpha)
        assert state_of(db, job.id).due_at == NOON + timedelta(seconds=1)


def test_fixing_what_is_missed_releases_exactly_the_jobs_that_miss_it(db: Database, alpha: int) -> None:
    held = {}
    for misses in ("mapping:tax:19%", "mapping:sku:A"):
        ask(db, alpha, f"gid://shopify/Order/{misses}")
        (job,) = claim(db)
        fail(db, job, state=JobState.HELD, misses=misses)
        held[misses] = job.id
    with db.transaction(shop_id=alpha) as session:
        assert jobs.held_for(session) == ["mapping:sku:A", "mapping:tax:19%"]
        assert jobs.release(session, misses=["mapping:tax:19%"]) == [held["mapping:tax:19%"]]
    assert state_of(db, held["mapping:sku:A"]).state == JobState.HELD


def test_a_change_of_a_dead_record_gives_it_a_new_chance(db: Database, alpha: int) -> None:
    ask(db, alpha)
    (job,) = claim(db)
    fail(db, job, state=JobState.DEAD)
    assert ask(db, alpha) == job.id
    assert (state_of(db, job.id).state, state_of(db, job.id).attempts) == (JobState.READY, 0)


def test_a_person_of_one_shop_cannot_retry_or_ignore_jobs_of_another(
    db: Database, alpha: int, beta: int
) -> None:
    ask(db, alpha)
    (job,) = claim(db)
    fail(db, job, state=JobState.DEAD)
    with db.transaction(shop_id=beta) as session:
        assert jobs.retry(session, job_ids=[job.id]) == []
        assert jobs.ignore(session, job_ids=[job.id], reason="not mine") == []
    assert state_of(db, job.id).state == JobState.DEAD


@given(st.integers(1, 10**9), st.integers(0, 60))
def test_back_off_doubles_is_capped_and_stays_within_its_jitter(job_id: int, tries: int) -> None:
    wait = jobs.back_off_seconds(job_id, tries)
    middle = min(2.0**tries, jobs.LONGEST_WAIT_SECONDS)
    assert middle * 0.75 <= wait <= middle * 1.25
    assert wait == jobs.back_off_seconds(job_id, tries)
