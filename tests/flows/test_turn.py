"""A turn: the fault's kind decides what becomes of the job, and every outcome is a row that a person can read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from dramatiq.middleware import Shutdown, TimeLimitExceeded
from sqlalchemy import delete, select, text

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.db import Database, all_shops
from kit.faults import Misconfigured, OutcomeUnknown, Rejected, Transient
from kit.http import Door
from oauth.models import Grant
from sync.domain.money import Money
from sync.flows import replay as replays
from sync.flows import turn
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.gateways import Gateways
from sync.state import claims, intents, jobs
from sync.state.models import Attempt, Job, JobState, Lane
from sync.state.settings_models import Issue
from tests.state.conftest import make_shop

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORDER = "gid://shopify/Order/1"


@pytest.fixture
def gateways(db: Database, settings: Settings) -> Gateways:
    return Gateways(db, settings, door=Door(), kinds={})


@pytest.fixture
def shop(db: Database) -> int:
    return make_shop(db, "alpha.myshopify.com")


def take(gateways: Gateways, shop: int, flow: Callable[[Work], Outcome], *, record: str = ORDER) -> Job:
    """Asks for a job, lets one turn run, and gives the job as it stands then."""
    with gateways.database.transaction(shop_id=shop) as session:
        job_id = jobs.ask(session, shop_id=shop, flow="order_push", record=record, lane=Lane.ORDERS)
    with gateways.database.transaction() as session:
        (claimed,) = claims.claim(session, count=1, per_shop=8, lease_seconds=60)
    turn.take(gateways, claimed, flow)
    return row(gateways, shop, job_id)


def row(gateways: Gateways, shop: int, job_id: int) -> Job:
    with gateways.database.transaction(shop_id=shop) as session:
        return session.execute(select(Job).where(Job.id == job_id)).scalar_one()


def issues(gateways: Gateways, shop: int) -> list[Issue]:
    with gateways.database.transaction(shop_id=shop) as session:
        return list(session.execute(select(Issue).order_by(Issue.id)).scalars())


def attempts(gateways: Gateways, shop: int) -> list[Attempt]:
    with gateways.database.transaction(shop_id=shop) as session:
        return list(session.execute(select(Attempt).order_by(Attempt.id)).scalars())


def raising(error: BaseException) -> Callable[[Work], Outcome]:
    def flow(_work: Work) -> Outcome:
        raise error

    return flow


def test_work_that_is_done_is_done_and_written_down(gateways: Gateways, shop: int) -> None:
    job = take(gateways, shop, lambda _work: Done("Written: #1."))
    assert (job.state, job.attempts) == (JobState.DONE, 1)
    assert [(each.outcome, each.sentence) for each in attempts(gateways, shop)] == [("done", "Written: #1.")]


def test_a_record_that_a_rule_leaves_out_says_why(gateways: Gateways, shop: int) -> None:
    job = take(gateways, shop, lambda _work: Skipped("A test order."))
    assert (job.state, job.reason) == (JobState.IGNORED, "A test order.")


def test_a_passing_fault_waits_with_back_off_and_is_no_issue_at_first(gateways: Gateways, shop: int) -> None:
    with clock.using(SetClock(NOON)):
        job = take(gateways, shop, raising(Transient("erp_busy", "The ERP is busy.")))
    assert job.state == JobState.READY
    assert timedelta(seconds=0.7) < job.due_at - NOON < timedelta(seconds=1.3)
    assert issues(gateways, shop) == []


def test_a_fault_that_tells_when_to_come_back_is_obeyed(gateways: Gateways, shop: int) -> None:
    with clock.using(SetClock(NOON)):
        job = take(gateways, shop, raising(Transient("busy", "Busy.", after_seconds=120)))
    assert job.due_at - NOON >= timedelta(seconds=120)


def test_a_refusal_is_a_dead_letter_with_an_issue_and_the_money_at_risk(
    gateways: Gateways, shop: int
) -> None:
    def flow(work: Work) -> Outcome:
        work.money_at_risk = Money(Decimal("12.50"), "USD")
        raise Rejected("bad_tax", "The ERP refuses the tax.", field="tax")

    job = take(gateways, shop, flow)
    assert (job.state, job.money, job.currency) == (JobState.DEAD, Decimal("12.5000"), "USD")
    (issue,) = issues(gateways, shop)
    assert (issue.state, issue.fault_code, issue.sample_record) == ("open", "bad_tax", ORDER)


def test_records_with_one_cause_are_one_issue_and_it_resolves_with_the_last_of_them(
    gateways: Gateways, shop: int
) -> None:
    fault = Misconfigured("no_tax", "No ERP tax for 19 %.", misses="mapping:tax:19%")
    held = [take(gateways, shop, raising(fault), record=f"gid://shopify/Order/{n}") for n in (1, 2)]
    assert [job.state for job in held] == [JobState.HELD, JobState.HELD]
    assert [issue.attempts for issue in issues(gateways, shop)] == [2]
    with gateways.database.transaction(shop_id=shop) as session:
        assert len(jobs.release(session, misses=["mapping:tax:19%"])) == 2
    for left in (1, 0):
        with gateways.database.transaction() as session:
            (claimed,) = claims.claim(session, count=1, per_shop=8, lease_seconds=60)
        turn.take(gateways, claimed, lambda _work: Done())
        assert issues(gateways, shop)[0].state == ("open" if left else "resolved")


def test_an_issue_that_was_ignored_opens_again_when_new_work_fails_with_its_cause(
    gateways: Gateways, shop: int
) -> None:
    closed = Rejected("closed", "The period is closed.")
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        take(gateways, shop, raising(closed))
        with gateways.database.transaction(shop_id=shop) as session:
            running = jobs.ask(session, shop_id=shop, flow="order_push", record=f"{ORDER}1", lane=Lane.ORDERS)
        at.move(1)
        cause = issues(gateways, shop)[0].cause
        with gateways.database.transaction() as session:
            (claimed,) = claims.claim(session, count=1, per_shop=8, lease_seconds=60)
        assert claimed.id == running
        with gateways.database.transaction(shop_id=shop) as session:
            replays.ignore(session, shop_id=shop, cause=cause, reason="Known.", by="ada")
        turn.take(gateways, claimed, raising(closed))
        assert [each.state for each in issues(gateways, shop)] == ["ignored"], "it was asked for before"
        at.move(1)
        take(gateways, shop, raising(closed), record=f"{ORDER}2")
    (issue,) = issues(gateways, shop)
    assert (issue.state, issue.attempts, issue.closed_at, issue.reason) == ("open", 3, None, "")


def test_an_unknown_outcome_is_tried_again_and_becomes_an_issue_when_it_stays(
    gateways: Gateways, shop: int
) -> None:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        job = take(gateways, shop, raising(OutcomeUnknown("lost", "The answer was lost.")))
        for _ in range(2):
            at.move(1000)
            with gateways.database.transaction() as session:
                (claimed,) = claims.claim(session, count=1, per_shop=8, lease_seconds=60)
            turn.take(gateways, claimed, raising(OutcomeUnknown("lost", "The answer was lost.")))
        assert row(gateways, shop, job.id).state == JobState.READY
        assert [issue.fault_kind for issue in issues(gateways, shop)] == ["unknown"]


def test_a_passing_fault_that_never_passes_becomes_a_dead_letter(gateways: Gateways, shop: int) -> None:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        job = take(gateways, shop, raising(Transient("erp_busy", "The ERP is busy.")))
        for _ in range(gateways.settings.attempts_limit - 1):
            at.move(1200)
            with gateways.database.transaction() as session:
                (claimed,) = claims.claim(session, count=1, per_shop=8, lease_seconds=60)
            turn.take(gateways, claimed, raising(Transient("erp_busy", "The ERP is busy.")))
        assert row(gateways, shop, job.id).state == JobState.DEAD


def test_waiting_for_a_place_is_no_attempt_and_leaves_no_trace(gateways: Gateways, shop: int) -> None:
    class NoPlace(Transient):
        counts = False

    job = take(gateways, shop, raising(NoPlace("no_slot", "The ERP is at work.", after_seconds=1)))
    assert (job.state, job.attempts, attempts(gateways, shop)) == (JobState.READY, 0, [])


def test_a_bug_is_loud_and_the_job_is_neither_lost_nor_blocked(gateways: Gateways, shop: int) -> None:
    with pytest.raises(ZeroDivisionError):
        take(gateways, shop, raising(ZeroDivisionError("oops")))
    with gateways.database.transaction(shop_id=shop) as session:
        job = session.execute(select(Job)).scalar_one()
    assert (job.state, job.fault_code) == (JobState.READY, "ZeroDivisionError")
    assert "oops" in attempts(gateways, shop)[0].detail


def test_work_that_is_stopped_because_it_takes_too_long_is_a_try_that_failed(
    gateways: Gateways, shop: int
) -> None:
    with clock.using(SetClock(NOON)) as at:
        assert isinstance(at, SetClock)
        for _ in range(3):
            with pytest.raises(TimeLimitExceeded):
                take(gateways, shop, raising(TimeLimitExceeded()))
            at.move(60)
    assert [each.fault_code for each in attempts(gateways, shop)] == ["too_slow"] * 3
    (issue,) = issues(gateways, shop)
    assert (issue.state, issue.fault_code) == ("open", "too_slow")


def test_work_of_a_process_that_is_told_to_end_is_handed_over_at_once_and_is_no_try(
    gateways: Gateways, shop: int
) -> None:
    with pytest.raises(Shutdown):
        take(gateways, shop, raising(Shutdown()))
    with gateways.database.transaction(shop_id=shop) as session:
        job = session.execute(select(Job)).scalar_one()
    assert (job.state, job.attempts, attempts(gateways, shop)) == (JobState.READY, 0, [])


def test_what_waited_to_be_saved_is_saved_with_a_failure_too(gateways: Gateways, shop: int) -> None:
    saved = []

    def flow(work: Work) -> Outcome:
        work.later(lambda _session: saved.append("link"))
        raise Transient("later", "Later.")

    take(gateways, shop, flow)
    assert saved == ["link"]


def grant(gateways: Gateways, shop: int, *scopes: str) -> None:
    with gateways.database.transaction(shop_id=shop) as session:
        session.execute(delete(Grant))
        session.add(
            Grant(
                shop_id=shop, access_token="k.x", scopes=list(scopes), obtained_at=clock.now(), is_valid=True
            )
        )


def test_a_flow_rests_before_it_runs_while_a_scope_is_missing_and_not_a_moment_longer(
    gateways: Gateways, shop: int
) -> None:
    ran: list[int] = []

    def flow(work: Work) -> Outcome:
        ran.append(work.job.id)
        return Done()

    grant(gateways, shop, "read_orders")
    job = take(gateways, shop, flow)
    assert (job.state, job.misses, ran) == (JobState.HELD, "scope:read_customers", [])
    assert "read_customers" in job.reason
    grant(gateways, shop, "write_orders", "read_customers")
    assert take(gateways, shop, flow).state == JobState.DONE
    assert ran == [job.id]


def test_without_any_grant_a_flow_runs_into_what_it_needs(gateways: Gateways, shop: int) -> None:
    assert take(gateways, shop, lambda _work: Done()).state == JobState.DONE


NO_ROOM = """
    create function has_no_room() returns trigger language plpgsql as $$
        begin raise exception 'could not extend file' using errcode = 'disk_full'; end
    $$;
    create trigger no_room before insert on {table} for each row execute function has_no_room()
"""


@pytest.mark.parametrize("table", ["intent", "attempt"])
def test_a_full_disk_of_the_database_is_no_try_and_no_issue_of_the_record(
    gateways: Gateways, shop: int, table: str
) -> None:
    """Before the ERP is asked, and when it has answered."""

    def flow(work: Work) -> Outcome:
        with work.transaction() as session:
            intents.begin(
                session,
                shop_id=shop,
                flow=work.job.flow,
                record=work.job.record,
                purpose="order",
                version=1,
                variables={},
            )
        return Done()

    with gateways.database.transaction() as session:
        session.execute(all_shops(text(NO_ROOM.format(table=table))))
    job = take(gateways, shop, flow)
    assert (job.state, job.attempts, job.fault_code) == (JobState.READY, 0, "database_in_trouble")
    assert (attempts(gateways, shop), issues(gateways, shop)) == ([], [])
    with gateways.database.transaction() as session:
        session.execute(all_shops(text(f"drop trigger no_room on {table}")))
    with gateways.database.transaction(shop_id=shop) as session:
        jobs.retry(session, job_ids=[job.id])
    assert take(gateways, shop, flow).state == JobState.DONE
