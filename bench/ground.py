"""The ground of a benchmark: real PostgreSQL with fsync, Redis, a migrated database, a shop connected to the stand-in.

Processes are started as in production, except that workers know the ERP stand-in.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from kit import clock, config
from kit.crypto import Sealer
from kit.db import Database, connect, insert
from oauth.models import Shop
from sandbox import servers
from sandbox.erp.standin.connecting import connect as connect_erp
from sandbox.leashed import Leashed
from sandbox.processes import Crew, Program, answers, listens, says

ROOT = Path(__file__).parents[1]
SECRET = "bench-client-secret-0123456789"
KEY = "bench-key"
THREADS = 8
DATABASE = "bench"


@dataclass(frozen=True)
class Ground:
    """What the benchmarks stand on."""

    crew: Crew
    postgres: servers.Server
    redis: servers.Server
    database_url: str
    database: Database
    environment: Mapping[str, str]
    erp_url: str

    def shop(self, domain: str) -> int:
        """An installed shop, connected to the ERP stand-in. Returns its id."""
        with self.database.transaction() as session:
            shop_id = session.execute(
                insert(Shop)
                .values(domain=domain, state="installed", currency="USD", installed_at=clock.now())
                .returning(Shop.id)
            ).scalar_one()
        sealer = Sealer(config.read(self.environment).sealing_keys)
        connect_erp(self.database, sealer, shop_id=shop_id, url=self.erp_url, key=KEY, slots=64)
        return shop_id

    def web(
        self, name: str = "web", *, app: str = "web.app:app", port: int | None = None
    ) -> tuple[Leashed, int]:
        """A web process and its port."""
        port = port or servers.free_port()
        command = [
            *(sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(port)),
            *("--log-level", "warning", "--no-access-log", "--no-server-header", "--backlog", "4096"),
        ]
        ready = answers(f"http://127.0.0.1:{port}/", below=500)
        return self.crew.start(Program(name, command, ready, self.environment, ROOT)), port

    def workers(self, *, processes: int, threads: int = THREADS) -> Leashed:
        """Worker processes."""
        command = [
            *(sys.executable, "-m", "dramatiq", "bench.worker"),
            *("--processes", str(processes), "--threads", str(threads)),
        ]
        environment = {
            **self.environment,
            "CONCORD_WORKER_THREADS": str(threads),
            "dramatiq_queue_prefetch": str(threads),
            "dramatiq_worker_timeout": "100",
        }
        return self.crew.start(Program("worker", command, says("ready for action"), environment, ROOT))

    def clock(self) -> Leashed:
        """The clock process."""
        command = [sys.executable, "-m", "sync", "schedule"]
        return self.crew.start(Program("clock", command, lambda _: True, self.environment, ROOT))


@contextmanager
def prepared(*, fsync: bool = True, extra: Mapping[str, str] | None = None) -> Iterator[Ground]:
    """Everything below the processes under test; all of it ends with the block."""
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as name, Crew(Path(name) / "logs") as crew:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs under another account when we are root
        postgres = servers.postgres(folder / "postgres", fsync=fsync)
        crew.hold("postgresql", postgres)
        redis = servers.redis(folder / "redis")
        crew.hold("redis", redis)
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute(f"create database {DATABASE}")
        database_url = f"{postgres.url.rpartition('/')[0]}/{DATABASE}"
        environment = {**os.environ, **_settings(database_url, redis.url), **(extra or {})}
        crew.run(
            "migrations",
            [sys.executable, "-m", "alembic", "upgrade", "head"],
            environment=environment,
            folder=ROOT,
        )
        erp_port = servers.free_port()
        erp = [
            *(
                sys.executable,
                "-m",
                "uvicorn",
                "bench.erp:app",
                "--host",
                "127.0.0.1",
                "--port",
                str(erp_port),
            ),
            *("--log-level", "warning", "--no-access-log"),
        ]
        crew.start(Program("erp", erp, listens(erp_port), environment, ROOT))
        if fsync:
            _wear_in(database_url)
        database = connect(database_url, pool_size=4, application="bench")
        yield Ground(
            crew, postgres, redis, database_url, database, environment, f"http://127.0.0.1:{erp_port}"
        )
        database.close()


def _wear_in(database_url: str) -> None:
    """A server that has run for a while writes over the segments of its old log. A new one makes each of them first,
    and everything waits for that: half a tenth of a second, now and then."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create table filling (bytes bytea)")
        for _ in range(3):
            for _ in range(12):
                connection.execute(
                    "insert into filling"
                    " select convert_to(repeat(md5(random()::text), 30), 'UTF8') from generate_series(1, 9000)"
                )
            connection.execute("checkpoint")
        connection.execute("drop table filling")


def _settings(database_url: str, redis_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "BENCH_SECRET": SECRET,
        "CONCORD_APP_URL": "https://concord.example",
        "CONCORD_SHOPIFY_CLIENT_ID": "bench",
        "CONCORD_SHOPIFY_CLIENT_SECRET": SECRET,
        "CONCORD_SHOPIFY_SHOP_URL": "http://127.0.0.1:9/{shop}",
        "CONCORD_SEALING_KEYS": "one:" + "b25lb25lb25lb25lb25lb25lb25lb25lb25lb25lb24=",
        "CONCORD_LOG_LEVEL": "INFO",
    }
