"""Sealing keys change while web, worker and clock run and orders flow: nothing fails, and a key that is gone is a
sentence until it is back."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from bench.ground import ROOT
from kit import config
from kit.crypto import Sealer
from oauth import erp
from sandbox.leashed import wait_until
from tests.road.stretch import PATIENCE_SECONDS, SHOPS, Stretch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("road")]

SECONDS = 120
CREDENTIALS = 230  # five steps of the rotation
SETTING = "CONCORD_SEALING_KEYS"
NEW = f"new:{base64.b64encode(b'n' * 32).decode()}"
LOST = f"other:{base64.b64encode(b'o' * 32).decode()}"
WAITING_LIMIT = 4
PACE_SECONDS = 0.1
OWED = "flow = 'order_push' and state in ('ready', 'running')"
FAILED = "flow = 'order_push' and fault_code is not null"


def test_keys_are_rotated_while_orders_flow_and_go_on_after_a_kill(stretch: Stretch) -> None:
    old = stretch.ground.environment[SETTING]
    _many_credentials(stretch)
    _restart(stretch, f"{NEW},{old}")
    failed = stretch.count("attempt", FAILED)
    with _traffic(stretch) as sent:
        _killed_half_way(stretch)
        half = _sealed(stretch)
        assert set(half) == {"new", "one"}
        before = len(sent)
        done = _rotate(stretch)
        assert done.returncode == 0, done.stdout + done.stderr
        assert wait_until(lambda: len(sent) >= before + 2, PATIENCE_SECONDS)
    stretch.arrive()
    assert f"credential.sealed: {half['one']} sealed anew, 0 left, 0 cannot be opened" in done.stdout
    assert "The others may be removed" in done.stdout
    assert set(_sealed(stretch)) == {"new"}
    assert set(sent) == {200}
    assert stretch.count("attempt", FAILED) == failed
    _restart(stretch, NEW)  # the old key is gone for good
    stretch.order(4)
    stretch.arrive()
    assert stretch.count("attempt", FAILED) == failed
    again = _rotate(stretch)
    assert (again.returncode, "0 sealed anew, 0 left" in again.stdout) == (0, True)


def test_a_key_that_is_lost_holds_orders_with_a_sentence_until_it_is_back(stretch: Stretch) -> None:
    key = stretch.ground.environment[SETTING]
    name = key.partition(":")[0]
    _restart(stretch, LOST)
    stretch.order(2)
    assert wait_until(
        lambda: stretch.count("job", f"state = 'held' and misses = 'key:{name}'") == 2, PATIENCE_SECONDS
    )
    is_said = "fault_code = 'key_lost' and sentence like '%encryption key is no longer configured%'"
    assert stretch.count("issue", f"state = 'open' and {is_said}") > 0
    refused = _rotate(stretch)
    assert refused.returncode == 1
    assert "Put the lost key back" in refused.stdout
    assert set(_sealed(stretch)) == {name}
    _restart(stretch, key)
    stretch.arrive()
    assert stretch.count("issue", f"state = 'open' and {is_said}") == 0


def _many_credentials(stretch: Stretch) -> None:
    """As many secrets as take several steps, sealed with the key of before."""
    sealer = Sealer(config.read(stretch.ground.environment).sealing_keys)
    with psycopg.connect(stretch.ground.database_url) as connection:
        (shop_id,) = connection.execute("select id from shop where domain = %s", [SHOPS[0]]).fetchone() or (
            0,
        )
    with stretch.ground.database.transaction(shop_id=shop_id) as session:
        for number in range(CREDENTIALS):
            erp.create(
                session, sealer, shop_id=shop_id, kind="standin", values={"key": str(number)}, actor="test"
            )


def _restart(stretch: Stretch, keys: str) -> None:
    """Every process is told to stop and comes back with these keys, as in a deployment."""
    environment = {**stretch.ground.environment, SETTING: keys}
    stretch.ground = replace(stretch.ground, environment=environment)
    for process in (stretch.worker, stretch.clock, stretch.web):
        stretch.ended(process)
    stretch.start_web()
    stretch.start_worker()
    stretch.clock = stretch.ground.clock()


@contextmanager
def _traffic(stretch: Stretch) -> Iterator[list[int]]:
    """Inside the block orders come one after another, as fast as they are worked on; the list has the answers."""
    statuses: list[int] = []
    ended = threading.Event()

    def send() -> None:
        while not ended.is_set():
            if stretch.count("delivery", "state = 'waiting'") + stretch.count("job", OWED) < WAITING_LIMIT:
                ((_, request),) = stretch.orders(1)
                statuses.append(stretch.post(request))
            ended.wait(PACE_SECONDS)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield statuses
    finally:
        ended.set()
        sender.join()


def _command() -> list[str]:
    return [sys.executable, "-m", "sync", "keys", "rotate"]


def _rotate(stretch: Stretch) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(),
        cwd=ROOT,
        env=dict(stretch.ground.environment),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _killed_half_way(stretch: Stretch) -> None:
    """The operator's verb tells its progress, and is killed while it waits for a row that somebody works on."""
    query = "select id from credential order by id desc limit 1 for update"
    waiting = (
        "select 1 from pg_stat_activity where application_name = 'concord-keys' and wait_event_type = 'Lock'"
    )
    with (
        psycopg.connect(stretch.ground.database_url) as lock,
        psycopg.connect(stretch.ground.database_url, autocommit=True) as look,
        subprocess.Popen(
            _command(),
            cwd=ROOT,
            env={**stretch.ground.environment, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        ) as verb,
    ):
        lock.execute(query)
        assert wait_until(lambda: look.execute(waiting).fetchone() is not None, PATIENCE_SECONDS)
        os.kill(verb.pid, signal.SIGKILL)
        assert verb.stdout is not None
        assert "credential.sealed: 50 sealed anew" in verb.stdout.read()


def _sealed(stretch: Stretch) -> dict[str, int]:
    """How many credentials each key sealed."""
    with psycopg.connect(stretch.ground.database_url) as connection:
        rows = connection.execute("select split_part(sealed, '.', 1), count(*) from credential group by 1")
        return {str(name): int(count) for name, count in rows}
