"""One Tryton database per shop on a PostgreSQL server that somebody else runs.

A prepared company is kept twice: as a dump in `.cache/tryton` for the next server, and as a database `<name>_base`
that nobody works in, from which working copies are made in a moment. Both carry the hash of everything that they were
made from; when that changes they are made anew.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from sandbox import servers
from sandbox.erp.tryton import books, company, environment, goods, making, places
from sandbox.erp.tryton.environment import CACHE, Progress
from sandbox.given import plain
from sandbox.leashed import CannotStart
from sandbox.shopify import seed_data
from sandbox.shopify.seed_data import ShopSeed

SERVER_LOCK = 72_618
_copies = count(1)


@dataclass(frozen=True)
class Company:
    """A prepared company: whose it is, its working database and the card of its set-up (ids by name, the key)."""

    shop: str
    database: str
    card: dict[str, Any]

    @property
    def key(self) -> str:
        """What the connector authenticates with."""
        return str(self.card["key"])


def ensure(postgres_url: str, progress: Progress) -> dict[str, Company]:
    """A working database for every seeded shop, by domain. What is there already is kept with all its documents.

    The URL's user must be allowed to create databases. Raises CannotStart.
    """
    prepare(postgres_url, progress)
    mark, folder = _mark(), _folder()
    with _server(postgres_url) as server:
        server.execute("select pg_advisory_lock(%s)", [SERVER_LOCK])
        missing = [shop for shop in seed_data.SHOPS if _comment(server, base(shop)) != mark]
        if missing:
            progress("restoring Tryton's databases")
            with ThreadPoolExecutor(len(missing)) as pool:
                begun = [
                    pool.submit(_restore, postgres_url, _dump(folder, shop), base(shop), mark)
                    for shop in missing
                ]
                for each in begun:
                    each.result()
        for shop in seed_data.SHOPS:
            _keep_card(folder, shop)
            if _comment(server, database(shop)) != mark:
                _copy(server, base(shop), database(shop), mark)
        server.execute("select pg_advisory_unlock(%s)", [SERVER_LOCK])
    return {
        shop.domain: Company(shop.domain, database(shop), _card(folder, shop)) for shop in seed_data.SHOPS
    }


def is_prepared() -> bool:
    """Whether the cache holds the environment and the dumps of all companies, as this version makes them."""
    return environment.is_current() and _has_dumps()


def _has_dumps() -> bool:
    return all(_dump(_folder(), shop).exists() for shop in seed_data.SHOPS)


def prepare(postgres_url: str, progress: Progress) -> None:
    """Brings Tryton's environment and the dumps of all companies into the cache. Raises CannotStart."""
    environment.ensure(progress)
    with environment.alone("databases"):
        if not _has_dumps():
            making.make(postgres_url, _folder(), progress)


def clone(postgres_url: str, of: str) -> str:
    """Name of a new database: `of` (a working database's name) as it was when the company was prepared."""
    name = f"{of}_{datetime.now(UTC):%H%M%S%f}_{next(_copies)}"
    with _server(postgres_url) as server:
        _copy(server, f"{of}_base", name, "a copy for a test")
    return name


def drop(postgres_url: str, name: str) -> None:
    """Removes a clone, or a working database, whoever is connected. Does nothing when it is not there."""
    with _server(postgres_url) as server:
        server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def database(shop: ShopSeed) -> str:
    """Name of a shop's working database."""
    return f"tryton_{shop.domain.partition('.')[0]}"


def base(shop: ShopSeed) -> str:
    """Name of the untouched database that copies are made from."""
    return f"{database(shop)}_base"


def _mark() -> str:
    """The hash of all that a prepared company depends on, and the year: its open accounting years depend on that."""
    digest = hashlib.sha256(str(datetime.now(UTC).year).encode())
    made_by = (books, company, goods, making, places, seed_data)
    for source in (environment.LOCK, *(Path(str(module.__file__)) for module in made_by)):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _folder() -> Path:
    return CACHE / _mark()[:16]


def _dump(folder: Path, shop: ShopSeed) -> Path:
    return folder / f"{shop.domain}.dump"


def _card(folder: Path, shop: ShopSeed) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / f"{shop.domain}.json").read_text())
    return card


def _keep_card(folder: Path, shop: ShopSeed) -> None:
    """`.cache/tryton/<domain>.json`, the place where people look for the key."""
    (CACHE / f"{shop.domain}.json").write_bytes((folder / f"{shop.domain}.json").read_bytes())


@contextmanager
def _server(postgres_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
        yield connection


def _comment(server: psycopg.Connection, name: str) -> str | None:
    found = server.execute(
        "select shobj_description(oid, 'pg_database') from pg_database where datname = %s", [name]
    )
    row = found.fetchone()
    return str(row[0]) if row else None


def _restore(url: str, dump: Path, name: str, mark: str) -> None:
    with _server(url) as server:
        _restore_by(server, url, dump, name, mark)


def _restore_by(server: psycopg.Connection, url: str, dump: Path, name: str, mark: str) -> None:
    half = f"{name}_half"
    for each in (half, name):
        server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(each)))
    server.execute(sql.SQL("create database {} template template0").format(sql.Identifier(half)))
    done = subprocess.run(
        [
            *(servers.postgres_tool("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error"),
            *("--dbname", plain(url, half), dump),
        ],
        env=environment.clean(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CannotStart(f"Tryton's database {name} could not be restored: {done.stderr[-2000:]}")
    server.execute(sql.SQL("alter database {} rename to {}").format(*map(sql.Identifier, (half, name))))
    server.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(name), sql.Literal(mark)))


def _copy(server: psycopg.Connection, of: str, name: str, mark: str) -> None:
    server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    statement = sql.SQL("create database {} template {} strategy file_copy")
    server.execute(statement.format(sql.Identifier(name), sql.Identifier(of)))
    server.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(name), sql.Literal(mark)))
