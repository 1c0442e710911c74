"""Real processes are killed, stopped and cut off in the middle of orders: every order arrives, each once."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import redis

from bench.bodies import FIRST_ORDER
from sandbox.leashed import wait_until
from tests.road.stretch import PATIENCE_SECONDS, SHOPS, THREADS, Stretch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("road")]


def test_a_worker_that_is_killed_in_the_middle_of_an_order_loses_and_doubles_nothing(
    stretch: Stretch,
) -> None:
    with stretch.erp.holding() as reached:
        stretch.order(6)
        assert reached.wait(PATIENCE_SECONDS)
        stretch.worker.kill()
    # Now the ERP writes what the dead worker had asked for, and nobody hears its answer.
    stretch.start_worker()
    stretch.arrive()
    assert stretch.count("attempt", "outcome = 'lost'") > 0


def test_orders_that_wait_while_redis_is_emptied_arrive(stretch: Stretch) -> None:
    stretch.worker.kill()
    stretch.order(12)
    redis.Redis.from_url(stretch.ground.redis.url).flushall()
    stretch.start_worker()
    stretch.arrive()


def test_orders_wait_while_the_erp_is_down_and_arrive_when_it_is_back(stretch: Stretch) -> None:
    before = stretch.count("attempt", "outcome = 'transient'")
    stretch.erp.stop()
    stretch.order(8)
    assert wait_until(lambda: stretch.count("attempt", "outcome = 'transient'") > before, PATIENCE_SECONDS)
    stretch.erp.start()
    stretch.arrive()


def test_a_slow_erp_of_one_shop_delays_no_other_shop(stretch: Stretch) -> None:
    """Alpha has more to send than its ERP takes, and all the threads that it may have wait for answers. Then Beta's
    buyers order."""
    slow, quick = SHOPS
    items = list(zip(stretch.orders(20), stretch.all_orders[-20:], strict=True))
    of = {shop: [item for item in items if stretch.shop_of(item[1]) == shop] for shop in SHOPS}
    references = {shop: {str(FIRST_ORDER + number) for _, number in of[shop]} for shop in SHOPS}
    written = stretch.erp.books.documents.keys()
    running = "state = 'running' and shop_id = (select min(id) from shop)"  # Alpha was the first
    with stretch.erp.holding(references[slow].__contains__) as reached:
        stretch.send([delivery for delivery, _ in of[slow]])
        assert reached.wait(PATIENCE_SECONDS)
        assert wait_until(lambda: stretch.count("job", running) >= THREADS - 1, PATIENCE_SECONDS)
        stretch.send([delivery for delivery, _ in of[quick]])
        assert wait_until(lambda: references[quick] <= written, PATIENCE_SECONDS)
        assert not references[slow] & written
        assert stretch.count("job", running) == THREADS - 1
    stretch.arrive()


def test_a_worker_that_is_told_to_stop_finishes_what_it_runs_and_leaves_no_lease(stretch: Stretch) -> None:
    before = stretch.count("attempt", "outcome = 'lost'")
    with stretch.erp.holding() as reached:
        stretch.order(6)
        assert reached.wait(PATIENCE_SECONDS)
        os.kill(stretch.worker.pid, signal.SIGTERM)
    stretch.worker.wait(PATIENCE_SECONDS)
    assert stretch.count("job", "state = 'running' or lease is not null") == 0
    stretch.start_worker()
    stretch.arrive()
    assert stretch.count("attempt", "outcome = 'lost'") == before


def test_a_web_process_that_is_told_to_stop_answers_what_it_accepted(stretch: Stretch) -> None:
    items = stretch.orders(6)
    with psycopg.connect(stretch.ground.database_url) as lock, ThreadPoolExecutor(len(items)) as pool:
        lock.execute("lock table delivery in share mode")
        answers = [pool.submit(stretch.post, request) for _, request in items]
        waiting = "select 1 from pg_stat_activity where application_name = 'concord-inbox' and wait_event_type = 'Lock'"
        with psycopg.connect(stretch.ground.database_url, autocommit=True) as look:
            assert wait_until(lambda: look.execute(waiting).fetchone() is not None, PATIENCE_SECONDS)
        # A later visitor is answered, so the earlier ones were let in.
        assert stretch.post(b"GET /healthz HTTP/1.1\r\nHost: road\r\nConnection: close\r\n\r\n") == 200
        os.kill(stretch.web.pid, signal.SIGTERM)
        lock.rollback()
        statuses = [answer.result(PATIENCE_SECONDS) for answer in answers]
    stretch.web.wait(PATIENCE_SECONDS)
    # On a slow machine the commit may have taken too long: then the answer was 503 and nothing is stored.
    assert set(statuses) <= {200, 503}
    with psycopg.connect(stretch.ground.database_url) as connection:
        rows = connection.execute("select webhook_id from delivery").fetchall()
    stored = {webhook_id for (webhook_id,) in rows}
    acknowledged = [webhook_id for (webhook_id, _), code in zip(items, statuses, strict=True) if code == 200]
    assert set(acknowledged) == stored & {webhook_id for webhook_id, _ in items}
    stretch.start_web()
    stretch.send(items)
    stretch.arrive()
