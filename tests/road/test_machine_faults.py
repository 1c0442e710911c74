"""Machines fail under real processes: PostgreSQL and Redis restart, the disk is full, lines break."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import redis

from sandbox.leashed import wait_until
from tests.road import disk
from tests.road.stretch import PATIENCE_SECONDS, Stretch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("road")]


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


def test_a_full_disk_loses_nothing_doubles_nothing_and_needs_nobody_once_there_is_room(
    stretch: Stretch,
) -> None:
    stretch.order(1)
    stretch.arrive()
    failed = "outcome in ('lost', 'bug', 'transient', 'unknown')"
    before = stretch.count("attempt", failed)
    with ExitStack() as disk_is_full:
        with stretch.erp.holding() as reached:
            stretch.order(6)
            assert reached.wait(PATIENCE_SECONDS)
            disk_is_full.enter_context(disk.full(stretch.ground.postgres, stretch.ground.database_url))
        # The ERP writes and answers, and nobody can write that down.
        assert wait_until(lambda: "job.not_settled" in stretch.worker.log.read_text(), PATIENCE_SECONDS)
        taken, refused = until_refused(stretch)
    assert stretch.count("delivery", "state = 'failed'") == 0
    assert stretch.count("delivery", f"webhook_id in {names([*taken, refused])}") == len(taken)
    stretch.send([refused])
    stretch.arrive()
    assert stretch.count("delivery", f"webhook_id in {names([*taken, refused])}") == len(taken) + 1
    assert "could not extend file" in stretch.web.log.read_text()
    assert stretch.count("attempt", failed) == before


def until_refused(stretch: Stretch) -> tuple[list[tuple[str, bytes]], tuple[str, bytes]]:
    """Buyers order until a delivery finds no room: those that were acknowledged, and the one that was not."""
    taken: list[tuple[str, bytes]] = []
    while True:
        (item,) = stretch.orders(1)
        code = stretch.post(item[1])
        if code != 200:
            assert code == 503
            return taken, item
        taken.append(item)


def names(items: list[tuple[str, bytes]]) -> str:
    return "(" + ", ".join(f"'{webhook_id}'" for webhook_id, _ in items) + ")"
