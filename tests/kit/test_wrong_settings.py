"""A wrong setting stops the boot of every process with one sentence that names it and does not repeat a secret."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kit import config
from kit.config import WrongSetting
from sandbox.servers import free_port
from tests.environments import environment_for

ROOT = Path(__file__).parents[2]
SECONDS = 60
GOOD = environment_for(
    database_url="postgresql://concord:secret@127.0.0.1:1/concord", redis_url="redis://127.0.0.1:1/0"
)
PROCESSES = {
    "web": ["-m", "uvicorn", "web.app:app", "--port", "0"],
    "worker": ["-m", "dramatiq", "sync.worker", "--processes", "1", "--skip-logging"],
    "clock": ["-m", "sync", "schedule"],
    "migrate": ["-m", "alembic", "upgrade", "head"],
}

WRONG = [
    ("DATABASE_URL", "garbage"),
    ("DATABASE_URL", "mysql://concord:hidden@host/concord"),
    ("DATABASE_URL", "postgresql://"),
    ("DATABASE_URL", "postgresql://concord:hidden/word@host/concord"),
    ("DATABASE_URL", "postgresql://concord:hidden@host:port/concord"),
    ("DATABASE_URL", "postgresql://concord:hidden@host /concord"),
    ("REDIS_URL", "garbage"),
    ("REDIS_URL", "http://host:6379"),
    ("REDIS_URL", "redis://"),
    ("REDIS_URL", "redis://:hidden/word@host:6379/0"),
    ("CONCORD_APP_URL", "concord.example"),
    ("CONCORD_APP_URL", "https://:443"),
    ("CONCORD_APP_URL", "https://host:99999"),
    ("CONCORD_SHOPIFY_SHOP_URL", "nonsense"),
    ("CONCORD_SHOPIFY_SHOP_URL", "https://one.shop"),
    ("CONCORD_SHOPIFY_SHOP_URL", "ftp://{shop}"),
    ("CONCORD_SHOPIFY_ADMIN_URL", "admin"),
    ("CONCORD_SHOPIFY_API_VERSION", "latest"),
    ("CONCORD_APP_BRIDGE_URL", "//cdn"),
    ("CONCORD_POLARIS_URL", "polaris.js"),
    ("CONCORD_LOG_LEVEL", "foo"),
    ("CONCORD_SEALING_KEYS", "k.1:" + "b25lb25lb25lb25lb25lb25lb25lb25lb25lb25lb24="),
    ("CONCORD_SEALING_KEYS", ",".join(["one:b25lb25lb25lb25lb25lb25lb25lb25lb25lb25lb24="] * 2)),
    ("CONCORD_WEB_THREADS", "0"),
    ("CONCORD_WEB_THREADS", "many"),
    ("CONCORD_WORKER_THREADS", "-1"),
    ("CONCORD_BODY_LIMIT_BYTES", "0"),
    ("CONCORD_INBOX_WAITING_LIMIT", "0"),
    ("CONCORD_ATTEMPTS_LIMIT", "0"),
    ("CONCORD_SHOP_JOBS_LIMIT", "0"),
    ("CONCORD_LEASE_SECONDS", "0"),
    ("CONCORD_LEASE_SECONDS", "1e3"),
    ("CONCORD_DRAIN_SECONDS", "-1"),
    ("CONCORD_DELIVERY_DAYS", "0"),
    ("CONCORD_HISTORY_DAYS", "0"),
    ("CONCORD_AUDIT_DAYS", "9" * 13),
    ("CONCORD_SANDBOX", "maybe"),
    ("CONCORD_SEALING_KEYS", "one:hidden"),
    ("CONCORD_SEALING_KEYS", "one:hiddén"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_one_sentence_that_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        config.read(GOOD | {name: value})
    assert re.fullmatch(rf"the setting {name} is wrong: [^\n]*[^.\n]\.", refused.value.sentence)
    assert "hidd" not in refused.value.sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://concord@host"),
        ("DATABASE_URL", "postgresql+psycopg://concord:p%2Fw@[::1]:5432/concord?sslmode=require"),
        ("DATABASE_URL", "postgresql:///concord?host=/run/postgresql"),
        ("REDIS_URL", "rediss://:word@host:6380/1"),
        ("REDIS_URL", "unix:///run/redis.sock?db=1"),
        ("CONCORD_SHOPIFY_API_VERSION", "unstable"),
        ("CONCORD_DRAIN_SECONDS", "0"),
        ("CONCORD_WEB_THREADS", " 1 "),
    ],
)
def test_every_right_form_is_taken(name: str, value: str) -> None:
    config.read(GOOD | {name: value})


@pytest.mark.parametrize(
    ("given", "jobs"),
    [
        ({}, 6),
        ({"CONCORD_WORKER_THREADS": "4"}, 3),
        ({"CONCORD_WORKER_THREADS": "1"}, 1),
        ({"CONCORD_SHOP_JOBS_LIMIT": "20"}, 20),
    ],
)
def test_one_shop_leaves_threads_of_a_single_worker_to_others_unless_somebody_chose_a_number(
    given: dict[str, str], jobs: int
) -> None:
    assert config.read(GOOD | given).jobs_of_one_shop == jobs


def test_settings_show_no_secret_and_no_password_of_an_address() -> None:
    given = config.read(
        GOOD
        | {
            "DATABASE_URL": "postgresql://concord:hidden1@host/concord",
            "REDIS_URL": "redis://:hidden2@host:6379/0",
            "CONCORD_SHOPIFY_CLIENT_SECRET": "hidden3",
            "CONCORD_SHOPIFY_PREVIOUS_CLIENT_SECRET": "hidden4",
        }
    )
    shown = f"{given!r} {given}"
    assert "hidden" not in shown
    assert GOOD["CONCORD_SEALING_KEYS"].partition(":")[2] not in shown
    assert "client_id" in shown
    assert "hidden1" in given.database_url


def test_a_level_may_be_written_small() -> None:
    assert config.read(GOOD | {"CONCORD_LOG_LEVEL": "warning"}).log_level == "WARNING"


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")
    given = {name: value for name, value in GOOD.items() if name != "DATABASE_URL"}
    with pytest.raises(WrongSetting, match=r"DATABASE_URL_FILE is not the path of a text file"):
        config.read(given | {"DATABASE_URL_FILE": str(tmp_path / "secret")})


def _ends(process: str, **wrong: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(config.OWN_PREFIX)}
    return subprocess.run(
        [sys.executable, *PROCESSES[process]],
        cwd=ROOT,
        env={**kept, **GOOD, **wrong},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("process", PROCESSES)
def test_every_process_ends_at_once_with_the_sentence(process: str) -> None:
    ended = _ends(process, DATABASE_URL="garbage")
    assert ended.returncode != 0
    assert "concord: the setting DATABASE_URL is wrong: must be a PostgreSQL address" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_migrating_a_database_that_is_away_is_one_sentence() -> None:
    port = free_port()
    ended = _ends("migrate", DATABASE_URL=f"postgresql://concord:hidden@127.0.0.1:{port}/concord")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("concord: the database of DATABASE_URL cannot be opened: ")
    assert str(port) in line
    assert "hidden" not in line
