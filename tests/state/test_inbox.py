"""The inbox: stored before answered, one row per (shop, webhook id), refused early when the database is away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import select

from kit.db import Database, all_shops
from oauth.signatures import SignedDelivery
from sync.state.inbox import GROUP_SIZE, GroupWriter, InboxBusy, Stored, store
from sync.state.models import Delivery
from tests.state.conftest import make_shop

ALPHA = "alpha.myshopify.com"
PATIENCE_SECONDS = 20.0


def delivery(webhook_id: str, *, shop: str = ALPHA, body: bytes = b'{"id": 1}') -> SignedDelivery:
    return SignedDelivery(
        shop_domain=shop,
        topic="orders/create",
        webhook_id=webhook_id,
        event_id="e",
        api_version="2026-10",
        triggered_at=None,
        headers={"x-shopify-topic": "orders/create"},
        body=body,
    )


def rows(database: Database) -> dict[str, Delivery]:
    with database.transaction() as session:
        found = session.execute(all_shops(select(Delivery))).scalars()
        return {row.webhook_id: row for row in found}


@pytest.fixture
def connection(fresh_database_url: str) -> Iterator[psycopg.Connection[tuple[int, bool]]]:
    url = fresh_database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as opened:
        yield opened


def test_a_group_is_stored_with_its_raw_bytes(
    connection: psycopg.Connection[tuple[int, bool]], fresh_database: Database
) -> None:
    shop_id = make_shop(fresh_database, ALPHA)
    body = '{"note": "café \\u0000 ✓"}'.encode()
    stored = store(connection, [delivery("w1", body=body), delivery("w2")])
    found = rows(fresh_database)
    assert len(stored.new_ids) == 2
    assert (found["w1"].body, found["w1"].shop_id, found["w1"].state) == (body, shop_id, "waiting")


def test_a_second_delivery_of_the_same_webhook_is_counted_and_not_stored_again(
    connection: psycopg.Connection[tuple[int, bool]], fresh_database: Database
) -> None:
    store(connection, [delivery("w1", body=b"first"), delivery("w1", body=b"again in one group")])
    stored = store(connection, [delivery("w1", body=b"again later")])
    row = rows(fresh_database)["w1"]
    assert (row.copies, row.body, stored.new_ids) == (3, b"first", ())


def test_the_same_webhook_id_of_another_shop_is_another_delivery(
    connection: psycopg.Connection[tuple[int, bool]],
) -> None:
    stored = store(connection, [delivery("w1"), delivery("w1", shop="beta.myshopify.com")])
    assert len(stored.new_ids) == 2


def test_a_delivery_of_an_unknown_shop_is_kept_without_an_owner(
    connection: psycopg.Connection[tuple[int, bool]], fresh_database: Database
) -> None:
    store(connection, [delivery("w1", shop="nobody.myshopify.com")])
    assert rows(fresh_database)["w1"].shop_id is None


class Answers:
    """Collects what the writer answers, as the event loop of the web process would."""

    def __init__(self) -> None:
        self.got: list[InboxBusy | None] = []
        self.stored: list[Stored] = []
        self._more = threading.Condition()

    def add(self, refusal: InboxBusy | None) -> None:
        with self._more:
            self.got.append(refusal)
            self._more.notify_all()

    def wait(self, count: int) -> list[InboxBusy | None]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.got) >= count, PATIENCE_SECONDS)
            return list(self.got)


@contextmanager
def writing(url: str, answers: Answers, *, limit: int = 1000) -> Iterator[GroupWriter]:
    def at_once(answer_all: Callable[[], None]) -> None:
        answer_all()

    writer = GroupWriter(url, waiting_limit=limit, answers=at_once, stored=answers.stored.append)
    writer.start()
    yield writer
    writer.stop(timeout_seconds=PATIENCE_SECONDS)


def test_every_offered_delivery_is_committed_before_it_is_answered(
    fresh_database_url: str, fresh_database: Database
) -> None:
    answers, seen = Answers(), []
    with writing(fresh_database_url, answers) as writer:
        for number in range(500):
            webhook_id = f"w{number}"

            def answered(refusal: InboxBusy | None, webhook_id: str = webhook_id) -> None:
                seen.append((webhook_id, refusal))
                answers.add(refusal)

            writer.offer(delivery(webhook_id), answered)
        assert answers.wait(500) == [None] * 500
        found = rows(fresh_database)
    assert {webhook_id for webhook_id, _ in seen} == set(found)
    assert len(answers.stored) < 500, "concurrent deliveries share commits"


def test_a_database_that_is_away_refuses_and_the_writer_recovers(
    fresh_database_url: str, fresh_database: Database
) -> None:
    answers = Answers()
    with writing(fresh_database_url, answers) as writer:
        writer.offer(delivery("before"), answers.add)
        assert answers.wait(1) == [None]
        with fresh_database.engine.connect() as killer:
            killer.exec_driver_sql(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'concord-inbox' and datname = current_database()"
            )
        writer.offer(delivery("lost"), answers.add)
        assert isinstance(answers.wait(2)[1], InboxBusy)
        writer.offer(delivery("after"), answers.add)
        assert answers.wait(3)[2] is None
    assert set(rows(fresh_database)) == {"before", "after"}


def test_a_delivery_that_the_database_refuses_refuses_nobody_beside_it(
    fresh_database_url: str, fresh_database: Database
) -> None:
    answers, got = Answers(), {}
    writer = GroupWriter(
        fresh_database_url, waiting_limit=10, answers=lambda run: run(), stored=answers.stored.append
    )
    for number in range(5):
        webhook_id = "w2" * 100 if number == 2 else f"w{number}"  # the third is too long for its column

        def answered(refusal: InboxBusy | None, number: int = number) -> None:
            got[number] = refusal
            answers.add(refusal)

        writer.offer(delivery(webhook_id), answered)
    writer.start()  # with all five in one group
    answers.wait(5)
    assert [got[number] for number in (0, 1, 3, 4)] == [None] * 4
    assert isinstance(got[2], InboxBusy)
    assert set(rows(fresh_database)) == {"w0", "w1", "w3", "w4"}
    writer.stop(timeout_seconds=PATIENCE_SECONDS)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_writer_that_ends_by_a_mistake_of_ours_lets_nobody_wait_and_says_so(
    fresh_database_url: str,
) -> None:
    def mistake(_stored: Stored) -> None:
        raise TypeError("a bug")

    answers = Answers()
    writer = GroupWriter(fresh_database_url, waiting_limit=1000, answers=lambda run: run(), stored=mistake)
    for number in range(GROUP_SIZE + 1):
        writer.offer(delivery(f"w{number}"), answers.add)
    writer.start()
    got = answers.wait(GROUP_SIZE + 1)
    assert got[:GROUP_SIZE] == [None] * GROUP_SIZE, "these were committed before the mistake"
    assert isinstance(got[GROUP_SIZE], InboxBusy)
    assert writer.has_failed
    with pytest.raises(InboxBusy):
        writer.offer(delivery("later"), answers.add)


def test_too_many_waiting_deliveries_are_refused_at_once(fresh_database_url: str) -> None:
    answers = Answers()
    writer = GroupWriter(
        fresh_database_url, waiting_limit=2, answers=lambda run: run(), stored=answers.stored.append
    )
    writer.offer(delivery("w1"), answers.add)
    writer.offer(delivery("w2"), answers.add)
    with pytest.raises(InboxBusy):
        writer.offer(delivery("w3"), answers.add)
    writer.start()
    assert answers.wait(2) == [None, None]
    writer.stop(timeout_seconds=PATIENCE_SECONDS)
