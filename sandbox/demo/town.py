"""Builds the demo's town: engines, the ERP, the local Shopify, and Concord's three processes, in this order.

State is kept between runs, and kept whole: when one of its parts is gone or was made anew, all of them begin anew,
for a Concord that remembers documents of another ERP would prove nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from sandbox import servers
from sandbox.bootstrap.steps import step, steps
from sandbox.demo.place import DATABASE, ROOT, Place
from sandbox.demo.shopify import Control
from sandbox.erp.tryton import databases, server
from sandbox.erp.tryton.databases import plain
from sandbox.erp.tryton.environment import Progress
from sandbox.leashed import Leashed
from sandbox.processes import Crew, Program, answers, require_free, says
from sandbox.shopify.seed_data import SHOPS

WORKER_THREADS = 8


@dataclass(frozen=True)
class Town:
    """What runs."""

    place: Place
    control: Control
    erp: server.Running
    database_url: str
    environment: Mapping[str, str]


def build(crew: Crew, place: Place) -> Town:
    """Starts everything and returns when all of it answers. Raises CannotStart."""
    require_free(place.shopify_port, what="the local Shopify", setting="DEMO_SHOPIFY_PORT")
    require_free(place.web_port, what="Concord", setting="DEMO_WEB_PORT")
    require_free(place.erp_port, what="the ERP", setting="DEMO_ERP_PORT")
    postgres, redis = _engines(crew, place)
    with steps() as progress:
        databases.ensure(postgres.url, progress)
        _keep_whole(place, postgres.url, progress)
    shopify = _shopify(place)
    launched = crew.launch(shopify)
    database_url = plain(postgres.url, DATABASE)
    environment = place.environment(place.settings(database_url=database_url, redis_url=redis.url))
    migrate = [sys.executable, "-m", "alembic", "upgrade", "head"]
    crew.run("migrations", migrate, environment=environment, folder=ROOT)
    concord = [(each, crew.launch(each)) for each in _concord(place, environment, database_url)]
    with steps() as progress:
        erp = server.start(postgres.url, place.erp_port, progress=progress)
    crew.hold("tryton", erp)
    for program, process in [(shopify, launched), *concord]:
        crew.ready(program, process)
    _remember(place, postgres.url)
    return Town(place, Control(place.shopify_url), erp, database_url, environment)


def _engines(crew: Crew, place: Place) -> tuple[servers.Server, servers.Server]:
    with step("PostgreSQL and Redis"):
        url = os.environ.get("DATABASE_URL")
        postgres = servers.given(url) if url else servers.postgres(place.folder / "postgres", fsync=False)
        crew.hold("postgresql", postgres)
        url = os.environ.get("REDIS_URL")
        redis = servers.given(url) if url else servers.redis(place.folder / "redis")
        crew.hold("redis", redis)
    return postgres, redis


def _shopify(place: Place) -> Program:
    command = [
        *(sys.executable, "-m", "sandbox.shopify", "--port", str(place.shopify_port)),
        *("--state", str(_shopify_file(place)), "--app-url", place.web_url),
        *("--client-secret", place.client_secret),
    ]
    ready = answers(f"{place.shopify_url}/control/health")
    return Program("local Shopify", command, ready, environment=place.environment({}), folder=ROOT)


def _concord(place: Place, environment: Mapping[str, str], database_url: str) -> list[Program]:
    """The three processes, as in production."""
    python = sys.executable
    web = [
        *(python, "-m", "uvicorn", "web.app:app", "--host", "127.0.0.1", "--port", str(place.web_port)),
        *("--log-level", "warning", "--no-server-header"),
    ]
    worker = [
        *(python, "-m", "dramatiq", "sync.worker", "--processes", "1", "--threads", str(WORKER_THREADS)),
        *("--worker-shutdown-timeout", "25000"),
        "--skip-logging",  # by Dramatiq; ours begins with the import
    ]
    prefetch = {"dramatiq_queue_prefetch": str(WORKER_THREADS)}

    def clock_ticks(_process: Leashed) -> bool:
        with psycopg.connect(database_url) as connection:
            query = (
                "select 1 from pg_stat_activity where datname = %s and application_name = 'concord-schedule'"
            )
            return connection.execute(query, [DATABASE]).fetchone() is not None

    return [
        Program("web", web, answers(f"{place.web_url}/readyz"), environment, ROOT),
        Program("worker", worker, says("ready for action"), {**environment, **prefetch}, ROOT),
        Program("clock", [python, "-m", "sync", "schedule"], clock_ticks, environment, ROOT),
    ]


def _shopify_file(place: Place) -> Path:
    return place.folder / "shopify.sqlite"


def _keep_whole(place: Place, postgres_url: str, progress: Progress) -> None:
    """Leaves a whole state alone; otherwise every part begins anew."""
    file, names = (
        place.folder / "state.json",
        [databases.database(shop) for shop in SHOPS],
    )
    if (
        file.exists()
        and _shopify_file(place).exists()
        and json.loads(file.read_text()) == _made(postgres_url)
    ):
        return
    file.unlink(missing_ok=True)
    for part in place.folder.glob(f"{_shopify_file(place).name}*"):
        part.unlink()
    with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
        drop = sql.SQL("drop database if exists {} with (force)")
        connection.execute(drop.format(sql.Identifier(DATABASE)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    for name in names:
        databases.drop(postgres_url, name)
    databases.ensure(postgres_url, progress)


def _remember(place: Place, postgres_url: str) -> None:
    (place.folder / "state.json").write_text(json.dumps(_made(postgres_url)))


def _made(postgres_url: str) -> dict[str, int]:
    """Which databases there are; one that was made anew has another number."""
    names = [DATABASE, *(databases.database(shop) for shop in SHOPS)]
    with psycopg.connect(plain(postgres_url)) as connection:
        query = "select datname, oid::bigint from pg_database where datname = any(%s)"
        rows: list[tuple[str, int]] = connection.execute(query, [names]).fetchall()
    return dict(rows)
