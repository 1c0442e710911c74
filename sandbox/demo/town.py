"""Builds the demo's town: engines, then the ERP and the local Shopify, then Concord's three processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from sandbox import given, servers
from sandbox.bootstrap.steps import step
from sandbox.demo import kept
from sandbox.demo.place import DATABASE, ROOT, Place
from sandbox.demo.shopify import Control
from sandbox.erp.tryton import server
from sandbox.given import plain
from sandbox.leashed import Leashed
from sandbox.processes import Crew, Program, answers, require_free, says

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
    companies = kept.companies(place, postgres.url)
    shopify = _shopify(place)
    database_url = plain(postgres.url, DATABASE)
    environment = place.environment(place.settings(database_url=database_url, redis_url=redis.url))
    with crew.together():
        erp = server.launch(postgres.url, companies, place.erp_port)
        crew.hold("tryton", erp)
        launched = crew.launch(shopify)
    if not kept.is_migrated(place, database_url):
        migrate = [sys.executable, "-m", "alembic", "upgrade", "head"]
        crew.run("migrations", migrate, environment=environment, folder=ROOT)
    with crew.together():
        concord = [(each, crew.launch(each)) for each in _concord(place, environment, database_url)]
    for program, process in [(shopify, launched), *concord]:
        crew.ready(program, process)
    with step("Tryton"):
        erp.ready()
    kept.remember(place, postgres.url)
    return Town(place, Control(place.shopify_url), erp, database_url, environment)


def _engines(crew: Crew, place: Place) -> tuple[servers.Server, servers.Server]:
    with step("PostgreSQL and Redis"), crew.together():
        # What was given is asked first: nothing is started for an answer that ends the demo.
        ours = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
        postgres = given.postgres(ours[0]) if ours[0] else None
        redis = given.redis(ours[1]) if ours[1] else None
        postgres = postgres or servers.postgres(place.folder / "postgres", fsync=False)
        crew.hold("postgresql", postgres)
        redis = redis or servers.redis(place.folder / "redis")
        crew.hold("redis", redis)
    return postgres, redis


def _shopify(place: Place) -> Program:
    command = [
        *(sys.executable, "-m", "sandbox.shopify", "--port", str(place.shopify_port)),
        *("--state", str(kept.shopify_file(place)), "--app-url", place.web_url),
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
