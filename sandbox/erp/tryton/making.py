"""Makes the prepared companies from nothing: schema and modules once, then one company per shop, then a dump of each.

It takes most of a minute and happens once per version of the lock and of the set-up. A dump counts only when it is
whole: it is written under another name first.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from sandbox import servers
from sandbox.erp.tryton import company, environment, serving
from sandbox.erp.tryton.environment import Progress
from sandbox.erp.tryton.rpc import Rpc
from sandbox.leashed import CannotStart, Leashed
from sandbox.shopify.seed_data import SHOPS, ShopSeed

MODULES = ("account_deposit", "account_invoice_stock", "carrier", "sale_shipment_cost", "web_shop")
ADMIN_PASSWORD = "concord-sandbox"
INIT_SECONDS = 900.0
ANALYZE_EVERY_SECONDS = 2.0
CATALOGUES = ("pg_attribute", "pg_class", "pg_constraint", "pg_depend", "pg_index")


def make(postgres_url: str, folder: Path, progress: Progress) -> None:
    """Writes `<domain>.dump` and `<domain>.json` for every seeded shop into the folder. Raises CannotStart."""
    folder.mkdir(parents=True, exist_ok=True)
    run = secrets.token_hex(3)
    blank = f"tryton_making_{run}"
    with psycopg.connect(_on(postgres_url, "postgres"), autocommit=True) as server, _dropped(server, run):
        server.execute(sql.SQL("create database {} template template0").format(sql.Identifier(blank)))
        progress("creating Tryton's tables (once)")
        _initialise(postgres_url, blank, folder)
        names = [(shop, f"{blank}_{shop.domain.partition('.')[0]}") for shop in SHOPS]
        for _, name in names:
            statement = sql.SQL("create database {} template {} strategy file_copy")
            server.execute(statement.format(sql.Identifier(name), sql.Identifier(blank)))
        with ThreadPoolExecutor(len(names)) as pool:
            begun = [
                pool.submit(_make_one, postgres_url, folder, shop, name, progress) for shop, name in names
            ]
            for each in begun:
                each.result()


def _make_one(postgres_url: str, folder: Path, shop: ShopSeed, name: str, progress: Progress) -> None:
    """One company by a server of its own: a single process sees its own changes at once, several do not."""
    this_year = datetime.now(UTC).year
    running, url = serving.start(
        postgres_url, [name], port=None, workers=1, threads=2, log=folder / f"{shop.domain}.log"
    )
    try:
        rpc = Rpc(url, name, login="admin", password=ADMIN_PASSWORD)
        card = company.fill(
            rpc,
            shop,
            years=(this_year - 1, this_year, this_year + 1),
            progress=lambda what: progress(f"{shop.name}: {what}"),
        )
        rpc.close()
    finally:
        running.stop()
    card["admin"] = {"login": "admin", "password": ADMIN_PASSWORD}
    (folder / f"{shop.domain}.json").write_text(json.dumps(card, indent=1))
    half = folder / f"{shop.domain}.half"
    done = subprocess.run(
        [
            *(servers.postgres_tool("pg_dump"), "--format=custom", "--no-owner", "--no-privileges"),
            *("--file", half, _on(postgres_url, name)),
        ],
        env=environment.clean(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotStart(f"Tryton's database could not be dumped: {done.stderr[-2000:]}")
    half.rename(folder / f"{shop.domain}.dump")


def _initialise(postgres_url: str, name: str, folder: Path) -> None:
    password = folder / "admin-password"
    password.touch(mode=0o600)
    password.write_text(ADMIN_PASSWORD)
    modules = ["ir", "res", *MODULES]
    # Tryton reads the catalogues with prepared statements inside long transactions; a plan for empty catalogues
    # makes it five times slower.
    options = "-c plan_cache_mode=force_custom_plan -c synchronous_commit=off"
    admin = Leashed(
        "trytond-admin",
        [
            *(environment.program("trytond-admin"), "--database", name, "--activate-dependencies"),
            *("--email", "admin@example.com", "--update", *modules),
        ],
        log=folder / "init.log",
        environment={
            **environment.clean(),
            "TRYTOND_DATABASE__URI": _on(postgres_url, ""),
            "TRYTONPASSFILE": str(password),
            "PGOPTIONS": options,
        },
    )
    with _fresh_statistics(postgres_url, name):
        status = admin.wait(INIT_SECONDS)
    if status != 0:
        raise CannotStart(f"Tryton could not create its tables:\n{admin.tail()}")
    password.unlink()


@contextmanager
def _fresh_statistics(postgres_url: str, name: str) -> Iterator[None]:
    """Keeps the planner informed of how the catalogues grow while the block runs."""
    over = threading.Event()

    def analyze() -> None:
        with psycopg.connect(_on(postgres_url, name), autocommit=True) as connection:
            while not over.wait(ANALYZE_EVERY_SECONDS):
                for each in CATALOGUES:
                    connection.execute(sql.SQL("analyze pg_catalog.{}").format(sql.Identifier(each)))

    watcher = threading.Thread(target=analyze, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@contextmanager
def _dropped(server: psycopg.Connection, run: str) -> Iterator[None]:
    """Leaves none of this run's databases behind."""
    try:
        yield
    finally:
        like = f"tryton_making_{run}%"
        for (name,) in server.execute(
            "select datname from pg_database where datname like %s", [like]
        ).fetchall():
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _on(postgres_url: str, name: str) -> str:
    return urlunsplit(urlsplit(postgres_url)._replace(scheme="postgresql", path=f"/{name}"))
