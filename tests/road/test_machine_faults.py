"""Machines fail under real processes: PostgreSQL and Redis restart, the disk is full, lines break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis

from tests.road.stretch import Stretch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("road")]

FULL = """
    create or replace function is_full() returns trigger language plpgsql as $$
        begin
            raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
        end
    $$
"""


def test_orders_arrive_although_postgresql_restarts_under_web_worker_and_clock(stretch: Stretch) -> None:
    items = stretch.orders(8)
    stretch.send(items[:4])
    stretch.ground.postgres.restart()  # orderly: this one runs without fsync and would forget at a kill
    stretch.send(items[4:])
    stretch.arrive()


def test_orders_arrive_although_redis_is_emptied_and_killed_under_a_living_worker(stretch: Stretch) -> None:
    items = stretch.orders(9)
    stretch.send(items[:3])
    redis.Redis.from_url(stretch.ground.redis.url).flushall()
    stretch.send(items[3:6])
    stretch.ground.redis.kill()
    stretch.send(items[6:])
    stretch.ground.redis.restart()
    stretch.arrive()


def test_an_answer_that_breaks_off_in_its_middle_leads_to_a_question_and_not_to_a_second_document(
    stretch: Stretch,
) -> None:
    stretch.erp.cut(3)
    stretch.order(5)
    stretch.arrive()
    assert stretch.erp.cuts_left == 0


def test_a_full_disk_is_told_and_nothing_is_acknowledged(stretch: Stretch) -> None:
    before, items = stretch.count("delivery", "true"), stretch.orders(6)
    with full_disk(stretch.ground.database_url):
        assert [stretch.post(request) for _, request in items] == [503] * len(items)
        assert stretch.count("delivery", "true") == before
    stretch.send(items)
    stretch.arrive()


@contextmanager
def full_disk(database_url: str) -> Iterator[None]:
    """PostgreSQL answers every new delivery as it does when its disk is full. The answer of a real one is the same to
    us: an error with SQLSTATE 53100 that ends the transaction, wherever in the server it was raised. A disk that is too
    full for the log itself ends the server instead, which is the restart above."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(FULL)
        connection.execute(
            "create trigger disk before insert on delivery for each row execute function is_full()"
        )
        try:
            yield
        finally:
            connection.execute("drop trigger disk on delivery")
