"""Intake: every shop gets its turn, no delivery blocks another, and what speaks of the shop itself acts at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from kit import clock
from kit.clock import SetClock
from kit.db import Database, NoShop, all_shops
from oauth.install import Arrival
from oauth.models import Grant, Installation, Shop
from sync.flows import arrivals, catalogue, intake, notices
from sync.flows import replay as replays
from sync.flows.intake import Handler, Round
from sync.insight import health, issues
from sync.state import claims, jobs
from sync.state.models import Delivery, DeliveryState, Job, JobState, Lane
from sync.state.settings_models import Issue
from tests.state.conftest import make_shop

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ALPHA, BETA = "alpha.myshopify.com", "beta.myshopify.com"


@pytest.fixture
def alpha(db: Database) -> int:
    return make_shop(db, ALPHA)


@pytest.fixture
def beta(db: Database) -> int:
    return make_shop(db, BETA)


def arrive(
    db: Database,
    shop_id: int | None,
    body: object = None,
    *,
    topic: str = "orders/create",
    number: int = 1,
    domain: str = ALPHA,
    at: datetime | None = None,
) -> int:
    """A delivery waits; returns its id."""
    raw = body if isinstance(body, bytes) else json.dumps({"id": number} if body is None else body).encode()
    with db.transaction(shop_id=shop_id) as session:
        row = Delivery(
            shop_id=shop_id,
            shop_domain=domain,
            webhook_id=f"{topic}-{number}",
            topic=topic,
            triggered_at=at,
            received_at=clock.now(),
            headers={},
            body=raw,
        )
        session.add(row)
        session.flush()
        return row.id


def take(db: Database, handlers: Mapping[str, Handler] | None = None) -> Round:
    """One round over all shops."""
    return intake.process_round(db, notices.HANDLERS if handlers is None else handlers, catalogue.FLOWS)


def state(db: Database, delivery_id: int) -> tuple[str, str]:
    with db.transaction() as session:
        row = session.execute(all_shops(select(Delivery).where(Delivery.id == delivery_id))).scalar_one()
        return row.state, row.reason


def found_jobs(db: Database, shop_id: int) -> list[Job]:
    with db.transaction(shop_id=shop_id) as session:
        return list(session.scalars(select(Job).order_by(Job.id)))


def shop(db: Database, shop_id: int) -> Shop:
    with db.transaction() as session:
        return session.get_one(Shop, shop_id)


def test_a_delivery_becomes_a_job_for_its_record(db: Database, alpha: int) -> None:
    delivery_id = arrive(db, alpha, {"admin_graphql_api_id": "gid://shopify/Order/7"})
    done = take(db)
    (job,) = found_jobs(db, alpha)
    assert (job.flow, job.record, job.lane) == ("order_push", "gid://shopify/Order/7", Lane.ORDERS)
    assert job.hint == {"delivery": delivery_id}
    assert (done.deliveries, done.job_ids, done.is_last) == (1, (job.id,), True)
    assert state(db, delivery_id) == (DeliveryState.DONE, "")


def test_news_of_a_record_that_waits_already_joins_its_job(db: Database, alpha: int) -> None:
    arrive(db, alpha, {"id": 7})
    arrive(db, alpha, {"id": 7}, topic="orders/updated")
    arrive(db, alpha, {"id": 3, "order_id": 7}, topic="refunds/create")
    take(db)
    (job,) = found_jobs(db, alpha)
    assert job.asks == 3
    assert job.hint["reread"] is True, "a refund's body does not hold the whole order"


def test_a_flood_of_one_shop_takes_no_turn_from_another(db: Database, alpha: int, beta: int) -> None:
    for number in range(intake.BATCH_SIZE + 10):
        arrive(db, alpha, number=number + 1)
    late = arrive(db, beta, number=999, domain=BETA)
    first = take(db)
    assert state(db, late)[0] == DeliveryState.DONE
    assert first.deliveries == intake.BATCH_SIZE + 1
    assert not first.is_last
    assert take(db).is_last
    assert len(found_jobs(db, alpha)) == intake.BATCH_SIZE + 10


def test_a_flood_from_an_unknown_shop_delays_nobody(db: Database, alpha: int) -> None:
    for number in range(intake.BATCH_SIZE + 10):
        arrive(db, None, number=number + 1, domain="nobody.myshopify.com")
    ours = arrive(db, alpha, number=999)
    take(db)
    assert state(db, ours)[0] == DeliveryState.DONE


@pytest.mark.parametrize("bad", [b"", b"{", b"[" * 100_000, b"[]", b'{"id": "x"}', b"\xff"])
def test_one_bad_body_never_blocks_another(db: Database, alpha: int, bad: bytes) -> None:
    broken = arrive(db, alpha, bad, number=1)
    good = arrive(db, alpha, number=2)
    assert take(db).deliveries == 2
    assert state(db, broken)[0] == DeliveryState.FAILED
    assert state(db, broken)[1].startswith("The body ")
    assert state(db, good)[0] == DeliveryState.DONE


@pytest.mark.parametrize("error", [KeyError, RuntimeError, NoShop])
def test_a_delivery_that_makes_us_crash_is_set_aside_and_the_error_is_loud(
    db: Database, alpha: int, error: type[Exception]
) -> None:
    def crash(_session: Session, _shop: Shop, body: Mapping[str, Any], _delivery: Delivery) -> None:
        if body["id"] == 2:
            raise error("a bug")

    first, bad, last = (arrive(db, alpha, topic="shop/update", number=number) for number in (1, 2, 3))
    with pytest.raises(error, match="a bug"):
        take(db, {"shop/update": crash})
    assert state(db, bad) == (
        DeliveryState.FAILED,
        f"Concord made a mistake with this delivery ({error.__name__}). Replay it after an update.",
    )
    assert state(db, first)[0] == state(db, last)[0] == DeliveryState.WAITING, "its batch was rolled back"
    take(db, {"shop/update": crash})
    assert state(db, first)[0] == state(db, last)[0] == DeliveryState.DONE


def test_a_delivery_that_makes_us_crash_takes_no_turn_from_another_shop(
    db: Database, alpha: int, beta: int
) -> None:
    arrive(db, alpha, topic="shop/update", number=1)
    good = arrive(db, beta, number=2, domain=BETA)
    with pytest.raises(RuntimeError, match="a bug"):
        take(db, {"shop/update": mistake})
    assert state(db, good)[0] == DeliveryState.DONE


def mistake(*_: object) -> None:
    raise RuntimeError("a bug")


def open_issues(db: Database, shop_id: int) -> list[Issue]:
    with db.transaction(shop_id=shop_id) as session:
        return list(session.scalars(select(Issue).where(Issue.state == "open").order_by(Issue.id)))


def test_deliveries_that_cannot_be_used_are_an_issue_until_they_were_replayed(
    db: Database, alpha: int
) -> None:
    ids = [arrive(db, alpha, topic="shop/update", number=number) for number in (1, 2)]
    for _ in ids:
        with pytest.raises(RuntimeError):
            take(db, {"shop/update": mistake})
    (issue,) = open_issues(db, alpha)
    assert (issue.fault_kind, issue.fault_code, issue.field) == ("bug", "RuntimeError", "shop/update")
    with db.transaction(shop_id=alpha) as session:
        (found,) = issues.listed(session).issues
        assert found.records == 2
        assert health.of(session).stuck == 2
        replays.retry(session, shop_id=alpha, cause=issue.cause, by="ada")
    take(db)
    assert {state(db, each)[0] for each in ids} == {DeliveryState.DONE}
    assert open_issues(db, alpha) == []


def test_deliveries_that_cannot_be_used_may_be_ignored(db: Database, alpha: int) -> None:
    broken = arrive(db, alpha, b"{", number=1)
    take(db)
    (issue,) = open_issues(db, alpha)
    with db.transaction(shop_id=alpha) as session:
        replays.ignore(session, shop_id=alpha, cause=issue.cause, reason="An old test.", by="ada")
    assert state(db, broken) == (DeliveryState.IGNORED, "An old test.")
    assert open_issues(db, alpha) == []


def test_a_topic_that_only_the_newer_of_two_versions_serves_is_not_lost(db: Database, alpha: int) -> None:
    handled = arrive(db, alpha, {"name": "Alpha Outdoor"}, topic="shop/update", number=1)
    asked = arrive(db, alpha, topic="orders/create", number=2)
    strange = arrive(db, alpha, topic="unicorns/sighted", number=3)
    intake.process_round(db, {}, ())  # the version before serves neither
    assert intake.take_up_again(db, {}, ()) == 0, "the version before leaves them as they are"
    assert found_jobs(db, alpha) == []
    assert intake.take_up_again(db, notices.HANDLERS, catalogue.FLOWS) == 2
    take(db)
    assert (state(db, handled)[0], state(db, asked)[0]) == (DeliveryState.DONE, DeliveryState.DONE)
    assert shop(db, alpha).name == "Alpha Outdoor"
    assert len(found_jobs(db, alpha)) == 1
    assert state(db, strange)[0] == DeliveryState.IGNORED
    assert intake.take_up_again(db, notices.HANDLERS, catalogue.FLOWS) == 0


def test_a_value_that_the_database_cannot_hold_is_set_aside_too(db: Database, alpha: int) -> None:
    bad = arrive(db, alpha, {"name": "Al\0pha"}, topic="shop/update")
    good = arrive(db, alpha, number=2)
    with pytest.raises(DataError):
        take(db)
    take(db)
    assert state(db, bad)[0] == DeliveryState.FAILED
    assert state(db, good)[0] == DeliveryState.DONE


def test_a_database_that_goes_away_is_not_the_delivery_s_fault(db: Database, alpha: int) -> None:
    def away(_session: Session, _shop: Shop, _body: Mapping[str, Any], _delivery: Delivery) -> None:
        raise OperationalError("select 1", {}, Exception("the connection is gone"))

    delivery_id = arrive(db, alpha, topic="shop/update")
    with pytest.raises(OperationalError):
        take(db, {"shop/update": away})
    assert state(db, delivery_id) == (DeliveryState.WAITING, "")


def test_an_unknown_shop_and_an_unknown_topic_are_ignored_with_a_reason(db: Database, alpha: int) -> None:
    stranger = arrive(db, None, domain="nobody.myshopify.com", number=1)
    strange = arrive(db, alpha, topic="unicorns/sighted", number=2)
    kept = arrive(db, alpha, topic="locations/update", number=3)
    take(db)
    assert state(db, stranger) == (
        DeliveryState.IGNORED,
        "nobody.myshopify.com has not installed Concord.",
    )
    assert state(db, strange) == (
        DeliveryState.IGNORED,
        "Concord does not serve the topic unicorns/sighted.",
    )
    assert state(db, kept) == (DeliveryState.DONE, "Kept for the record; nothing is owed for it.")


def test_an_uninstalled_shop_asks_for_no_work_and_what_waited_is_kept(db: Database, alpha: int) -> None:
    arrive(db, alpha, number=1)
    take(db)
    at = clock.now() + timedelta(seconds=1)
    arrive(db, alpha, {}, topic="app/uninstalled", number=2, at=at)
    after = arrive(db, alpha, number=3)
    take(db)
    assert shop(db, alpha).state == Installation.UNINSTALLED
    (job,) = found_jobs(db, alpha)
    assert (job.state, job.misses) == (JobState.HELD, "grant")
    assert state(db, after) == (DeliveryState.IGNORED, "Concord was uninstalled from this shop.")


def test_a_return_releases_what_waited_and_leaves_what_is_held_for_something_else(
    db: Database, alpha: int
) -> None:
    with db.transaction(shop_id=alpha) as session:
        for record in ("gid://shopify/Order/1", "gid://shopify/Order/2", "gid://shopify/Order/3"):
            jobs.ask(session, shop_id=alpha, flow="order_push", record=record, lane=Lane.ORDERS)
        held, dead, _ready = session.scalars(select(Job).order_by(Job.record))
        held.state, held.misses = JobState.HELD, "mapping:tax:19%:DE"
        dead.state, dead.reason = JobState.DEAD, "The period is closed."
    arrive(db, alpha, {}, topic="app/uninstalled", number=1, at=clock.now() + timedelta(seconds=1))
    take(db)
    with db.transaction(shop_id=alpha) as session:
        arrivals.ask(
            session, Arrival(shop_id=alpha, shop_domain="alpha.myshopify.com", is_installed_now=True)
        )
    owed = {
        job.record[-1]: (job.state, job.misses) for job in found_jobs(db, alpha) if job.flow == "order_push"
    }
    assert owed == {
        "1": (JobState.HELD, "mapping:tax:19%:DE"),
        "2": (JobState.DEAD, None),
        "3": (JobState.READY, None),
    }


def test_an_uninstall_that_is_older_than_the_installation_changes_nothing(db: Database, alpha: int) -> None:
    arrive(db, alpha, number=1)
    late = clock.now() - timedelta(days=1)
    arrive(db, alpha, {}, topic="app/uninstalled", number=2, at=late)
    take(db)
    assert shop(db, alpha).state == Installation.INSTALLED
    assert [job.state for job in found_jobs(db, alpha)] == [JobState.READY]


def test_privacy_requests_are_owed_also_after_an_uninstall(db: Database, alpha: int) -> None:
    at = clock.now() + timedelta(seconds=1)
    arrive(db, alpha, {}, topic="app/uninstalled", number=1, at=at)
    arrive(db, alpha, {"shop_id": 1}, topic="shop/redact", number=2)
    take(db)
    assert [(job.flow, job.state) for job in found_jobs(db, alpha)] == [("privacy", JobState.READY)]


def test_new_scopes_are_kept_and_release_the_jobs_that_waited_for_one(db: Database, alpha: int) -> None:
    scopes = ["read_orders"]
    with db.transaction(shop_id=alpha) as session:
        session.add(Grant(shop_id=alpha, **grant_values(scopes)))
    arrive(db, alpha, number=1)
    take(db)
    with db.transaction() as session:
        (claimed,) = claims.claim(session, count=1, per_shop=1, lease_seconds=60)
    with db.transaction(shop_id=alpha) as session:
        jobs.put_back(
            session,
            claimed,
            state=JobState.HELD,
            due_at=clock.now(),
            reason="",
            fault_code="scope",
            cause=None,
            misses="scope:read_products",
        )
    body = {"previous": scopes, "current": ["read_orders", "read_products"]}
    arrive(db, alpha, body, topic="app/scopes_update", number=2, at=clock.now() + timedelta(seconds=1))
    take(db)
    found = {job.flow: job for job in found_jobs(db, alpha)}
    assert found["order_push"].state == JobState.READY
    assert list(found["subscriptions"].hint) == ["granted:read_products"]
    with db.transaction(shop_id=alpha) as session:
        assert session.scalars(select(Grant)).one().scopes == ["read_orders", "read_products"]


def grant_values(scopes: list[str]) -> dict[str, Any]:
    """A grant of an hour ago."""
    now = clock.now() - timedelta(hours=1)
    return {
        "scopes": scopes,
        "access_token": "sealed",
        "refresh_token": "sealed",
        "access_expires_at": now + timedelta(hours=2),
        "refresh_expires_at": now + timedelta(days=30),
        "obtained_at": now,
        "scopes_at": now,
    }


@pytest.mark.parametrize("body", [{}, {"current": "read_orders"}, {"current": None}])
def test_a_scopes_update_without_a_list_changes_nothing(db: Database, alpha: int, body: object) -> None:
    delivery_id = arrive(db, alpha, body, topic="app/scopes_update")
    take(db)
    assert state(db, delivery_id)[0] == DeliveryState.DONE
    assert shop(db, alpha).state == Installation.INSTALLED


def test_a_renamed_shop_is_known_by_its_new_name(db: Database, alpha: int) -> None:
    body = {"name": "Alpha Outdoor", "currency": "CAD", "iana_timezone": "America/Toronto"}
    arrive(db, alpha, body, topic="shop/update")
    take(db)
    row = shop(db, alpha)
    assert (row.name, row.currency, row.timezone) == ("Alpha Outdoor", "CAD", "America/Toronto")


def test_two_rounds_at_once_do_not_take_the_same_delivery(fresh_database: Database) -> None:
    shop_id = make_shop(fresh_database, ALPHA)
    delivery_id = arrive(fresh_database, shop_id)
    with fresh_database.transaction(shop_id=shop_id) as other:
        other.execute(select(Delivery).where(Delivery.id == delivery_id).with_for_update()).scalar_one()
        assert take(fresh_database).deliveries == 0
    assert take(fresh_database).deliveries == 1
    assert take(fresh_database).deliveries == 0
    with fresh_database.transaction(shop_id=shop_id) as session:
        assert session.scalar(select(func.count()).select_from(Job)) == 1


def test_intake_lives_by_the_clock(db: Database) -> None:
    with clock.using(SetClock(NOON)):
        shop_id = make_shop(db, ALPHA)
        delivery_id = arrive(db, shop_id)
        take(db)
        with db.transaction(shop_id=shop_id) as session:
            assert session.get_one(Delivery, delivery_id).processed_at == NOON
