"""A new version takes over under load: its processes start beside the old ones, which drain and end. Each delivery is
answered, each order arrives once, and no job has to wait for a lease."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from sandbox.leashed import Leashed, wait_until
from tests.road.stretch import PATIENCE_SECONDS, Stretch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("road")]

LINES = 4  # on which buyers order at the same time
PAUSE_SECONDS = 0.25
INBOX_WAITS = (
    "select 1 from pg_stat_activity where application_name = 'concord-inbox' and wait_event_type = 'Lock'"
)


class Buyers:
    """They order all the time, each order sent once, to the web process that stands at the stretch's address."""

    def __init__(self, stretch: Stretch) -> None:
        self._stretch = stretch
        self._done = threading.Event()
        self.answered: list[tuple[str, bytes, int]] = []

    def order(self) -> None:
        with ThreadPoolExecutor(LINES) as lines:
            while not self._done.wait(PAUSE_SECONDS):
                items = self._stretch.orders(LINES)
                codes = lines.map(self._stretch.post, [request for _, request in items])
                self.answered += [(*item, code) for item, code in zip(items, codes, strict=True)]

    def go_home(self) -> None:
        self._done.set()

    def go_on(self) -> None:
        """Returns after some more orders."""
        reached = len(self.answered)
        assert wait_until(lambda: len(self.answered) >= reached + 2 * LINES, PATIENCE_SECONDS)

    def not_taken(self) -> list[tuple[str, bytes]]:
        """Deliveries that were answered with anything but 200: Shopify sends them again."""
        return [(webhook_id, request) for webhook_id, request, code in self.answered if code != 200]


@contextmanager
def buyers_at(stretch: Stretch) -> Iterator[Buyers]:
    buyers = Buyers(stretch)
    with ThreadPoolExecutor(1) as street:
        ordering = street.submit(buyers.order)
        try:
            buyers.go_on()
            yield buyers
        finally:
            buyers.go_home()
        ordering.result(PATIENCE_SECONDS)


def replace_web(stretch: Stretch) -> Leashed:
    """Leads all to a new web process while the old one still has deliveries to answer, and tells the old one to end."""
    old = stretch.web
    new, port = stretch.ground.web()
    with (
        psycopg.connect(stretch.ground.database_url) as lock,
        psycopg.connect(stretch.ground.database_url, autocommit=True) as look,
    ):
        lock.execute("lock table delivery in share mode")
        assert wait_until(lambda: look.execute(INBOX_WAITS).fetchone() is not None, PATIENCE_SECONDS)
        stretch.web, stretch.port = new, port
        os.kill(old.pid, signal.SIGTERM)
        lock.rollback()
    return old


def test_a_new_version_takes_over_under_load_and_every_delivery_is_answered(stretch: Stretch) -> None:
    before = stretch.count("attempt", "outcome = 'lost'")
    with buyers_at(stretch) as buyers:
        old_web = replace_web(stretch)
        assert (
            old_web.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
        )  # uvicorn drains, then ends by the signal
        buyers.go_on()

        old_worker = stretch.worker
        stretch.start_worker()
        buyers.go_on()
        assert stretch.ended(old_worker) == 0
        buyers.go_on()

        old_clock, stretch.clock = stretch.clock, stretch.ground.clock()
        assert stretch.ended(old_clock) == 0
        buyers.go_on()
    # On a slow machine a commit may have taken too long: 503 is an answer too, and Shopify sends again.
    assert {code for _, _, code in buyers.answered} <= {200, 503}
    stretch.send(buyers.not_taken())
    stretch.arrive()
    assert stretch.count("attempt", "outcome = 'lost'") == before
