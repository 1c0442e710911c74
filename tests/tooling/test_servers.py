"""The embedded servers: they answer, survive a kill, and never outlive whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from sandbox import servers
from sandbox.leashed import CannotStart, Leashed, wait_until

ROOT = Path(__file__).parents[2]
STARTER = """
import sys, time
from pathlib import Path
from sandbox import servers
server = servers.redis(Path(sys.argv[1]))
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[servers.Server]:
    server = servers.postgres(tmp_path / "postgres", fsync=True)
    yield server
    server.stop()


def _is_alive(pid: int) -> bool:
    """A dead child that its new parent has not collected yet is not alive."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def test_a_committed_row_survives_the_kill_of_postgresql(postgres: servers.Server) -> None:
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("create table kept (word text)")
        connection.execute("insert into kept values ('accord')")
    first = postgres.pid

    postgres.kill()
    postgres.restart()

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("select word from kept").fetchone() == ("accord",)
    assert postgres.pid not in (0, first)


def test_postgresql_is_version_18_and_speaks_only_to_those_who_know_the_password(
    postgres: servers.Server,
) -> None:
    with psycopg.connect(postgres.url) as connection:
        assert connection.info.server_version // 10_000 == 18
        assert connection.execute("show max_connections").fetchone() == ("200",)
    stranger = postgres.url.replace("concord:", "concord:not-")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stranger)


def test_redis_comes_back_empty_on_the_same_address(tmp_path: Path) -> None:
    server = servers.redis(tmp_path / "redis")
    with Redis.from_url(server.url) as client:
        client.set("word", "accord")
        server.kill()
        server.restart()
        assert client.get("word") is None
    server.stop()


@pytest.mark.parametrize("last", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_ends_with_its_starter_in_whatever_manner(tmp_path: Path, last: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        server_pid = int(starter.stdout.readline())
        assert _is_alive(server_pid)
        starter.send_signal(last)
    assert wait_until(lambda: not _is_alive(server_pid), 10)


def test_grandchildren_that_left_their_group_end_too(tmp_path: Path) -> None:
    script = "setsid sh -c 'echo $$; exec sleep 600' & wait"
    process = Leashed("shell", ["sh", "-c", script], log=tmp_path / "shell.log")
    assert wait_until(lambda: process.tail().strip().isdigit(), 10)
    grandchild = int(process.tail())
    process.stop()
    assert wait_until(lambda: not _is_alive(grandchild), 10)


def test_a_command_that_does_not_listen_is_killed_after_the_grace(tmp_path: Path) -> None:
    process = Leashed(
        "stubborn",
        ["sh", "-c", "trap '' TERM; echo up; sleep 600 & wait; sleep 600"],
        log=tmp_path / "log",
        grace=0.2,
    )
    assert wait_until(lambda: "up" in process.tail(), 10)
    pid = process.pid
    process.stop()
    assert not process.is_running
    assert not _is_alive(pid)


def test_a_taken_port_is_one_clear_sentence(tmp_path: Path) -> None:
    first = servers.redis(tmp_path / "first")
    port = int(first.url.rpartition(":")[2].partition("/")[0])
    with pytest.raises(CannotStart, match=f"Redis did not start on port {port}"):
        servers.redis(tmp_path / "second", port=port)
    first.stop()


def test_a_given_server_is_left_alone() -> None:
    server = servers.given("postgresql://elsewhere.example/shop")
    server.kill()
    server.stop()
    assert not server.is_ours
    assert server.url == "postgresql://elsewhere.example/shop"
    assert os.getpid() != server.pid == 0
