"""`python -m sandbox.demo` from the outside: exit status, what it prints, and what it leaves behind."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from sandbox import given
from sandbox.demo import place
from sandbox.leashed import CannotStart, wait_until
from sandbox.servers import free_port

ROOT = Path(__file__).parents[2]
SECONDS = 900
ORDERS = 24


def _environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    ports = {name: str(free_port()) for name in place.PORTS}
    return {**kept, **ports, "DEMO_FOLDER": str(folder), **more}


def _demo(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox.demo", "--once"],
        cwd=ROOT,
        env=_environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def _left_behind(folder: Path) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(folder) in line]


def _sales(output: str) -> list[str]:
    """Order, both totals and the number of the sale, line by line."""
    return re.findall(r"^  (\w+ #\d+ +[\d.]+ \w{3} = +[\d.]+ \w{3} +\d+) ", output, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_the_demo_agrees_to_the_cent_and_a_second_run_creates_nothing_twice(tmp_path: Path) -> None:
    first = _demo(tmp_path)
    assert first.returncode == 0, first.stdout + first.stderr
    assert f"{ORDERS} of {ORDERS} orders agree to the cent" in first.stdout
    assert f"({ORDERS} of them new)" in first.stderr
    assert len(_sales(first.stdout)) == ORDERS
    assert not _left_behind(tmp_path)

    second = _demo(tmp_path)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "(0 of them new)" in second.stderr
    assert _sales(second.stdout) == _sales(first.stdout)
    assert not _left_behind(tmp_path)


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_a_demo_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    log = tmp_path / "output"
    with log.open("w") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "sandbox.demo"],
            cwd=ROOT,
            env=_environment(tmp_path),
            stdout=output,
            stderr=output,
        )
    assert wait_until(lambda: (tmp_path / "postgres" / "data").exists() or demo.poll() is not None, 60)
    assert demo.poll() is None, log.read_text()
    demo.send_signal(signal.SIGKILL)
    demo.wait(10)
    assert wait_until(lambda: not _left_behind(tmp_path), 20), _left_behind(tmp_path)


@pytest.mark.parametrize("name", place.PORTS)
def test_a_taken_port_is_one_sentence_that_names_the_setting(tmp_path: Path, name: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = _demo(tmp_path, **{name: str(port)})
    assert ended.returncode == 1
    sentence = (
        rf"sandbox: port {port}, where [\w ]+ should listen, is taken; stop what uses it or set {name}\.\n"
    )
    assert re.fullmatch(sentence, ended.stderr)
    assert not _left_behind(tmp_path)


def test_a_port_that_is_no_number_is_one_sentence(tmp_path: Path) -> None:
    ended = _demo(tmp_path, DEMO_WEB_PORT="ninety")
    assert (ended.returncode, ended.stderr) == (
        1,
        "sandbox: DEMO_WEB_PORT must be a port number, and is 'ninety'.\n",
    )


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "garbage", "the setting DATABASE_URL is wrong: must be a PostgreSQL address"),
        (
            "DATABASE_URL",
            "postgresql://me:hidden@127.0.0.1:{port}/x",
            "the server of DATABASE_URL cannot be used",
        ),
        ("REDIS_URL", "garbage", "the setting REDIS_URL is wrong: must be a Redis address"),
        ("REDIS_URL", "redis://:hidden@127.0.0.1:{port}/0", "the server of REDIS_URL cannot be used"),
    ],
)
def test_a_given_server_that_will_not_do_is_one_sentence_before_anything_is_built(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    ended = _demo(tmp_path, **{name: value.format(port=free_port())})
    assert ended.returncode == 1
    *steps, said = ended.stderr.splitlines()
    assert said.startswith(f"sandbox: {sentence}")
    assert all(step.startswith("  ") for step in steps)
    assert "hidden" not in ended.stderr
    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "redis").exists()


def test_a_database_user_that_may_not_create_databases_is_one_sentence(
    postgres_url: str, run_name: str
) -> None:
    role = sql.Identifier(f"concord_{run_name}_guest")
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(sql.SQL("create role {} login password 'guest'").format(role))
        guest = make_url(postgres_url).set(username=f"concord_{run_name}_guest", password="guest")
        try:
            with pytest.raises(CannotStart, match="the user of DATABASE_URL may not create databases"):
                given.postgres(guest.render_as_string(hide_password=False))
        finally:
            server.execute(sql.SQL("drop role {}").format(role))
    assert not given.postgres(postgres_url).is_ours


def test_a_given_redis_is_asked_and_taken(redis_url: str) -> None:
    assert given.redis(redis_url).url == redis_url


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        here = place.find({"DEMO_FOLDER": str(tmp_path)})
        with pytest.raises(CannotStart, match="a demo already runs in"), place.alone(here):
            pass


def test_settings_of_another_concord_do_not_leak_into_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCORD_APP_URL", "https://production.example")
    monkeypatch.setenv("SANDBOX_STATE", "/elsewhere")
    here = place.find({"DEMO_FOLDER": str(tmp_path)})
    environment = here.environment(here.settings(database_url="postgresql://x/y", redis_url="redis://x"))
    assert environment["CONCORD_APP_URL"] == here.web_url == "http://127.0.0.1:9200"
    assert "SANDBOX_STATE" not in environment


def test_the_keys_of_a_demo_stay_the_same_and_private(tmp_path: Path) -> None:
    first = place.find({"DEMO_FOLDER": str(tmp_path)})
    second = place.find({"DEMO_FOLDER": str(tmp_path)})
    assert (first.client_secret, first.sealing_keys) == (second.client_secret, second.sealing_keys)
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0
