"""What the demo keeps between runs, and keeps whole: when one of its parts is gone or was made anew, all of them begin
anew, for a Concord that remembers documents of another ERP would prove nothing.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from sandbox.bootstrap.steps import steps
from sandbox.demo.place import DATABASE, ROOT, Place
from sandbox.erp.tryton import databases
from sandbox.erp.tryton.databases import Company
from sandbox.given import plain
from sandbox.shopify.seed_data import SHOPS


def companies(place: Place, postgres_url: str) -> dict[str, Company]:
    """The ERP's companies. A whole state is left alone; otherwise every part of it begins anew."""
    if not _is_whole(place, postgres_url):
        _forget(place, postgres_url)
    with steps() as progress:
        companies = databases.ensure(postgres_url, progress)
        if _state(place).exists() and not _is_whole(place, postgres_url):  # a company was made anew
            _forget(place, postgres_url)
            companies = databases.ensure(postgres_url, progress)
    return companies


def shopify_file(place: Place) -> Path:
    """Where the local Shopify keeps its world."""
    return place.folder / "shopify.sqlite"


def _state(place: Place) -> Path:
    return place.folder / "state.json"


def _kept(place: Place) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(_state(place).read_text()) if _state(place).exists() else {}
    return kept


def _is_whole(place: Place, postgres_url: str) -> bool:
    return shopify_file(place).exists() and _kept(place).get("databases") == _made(postgres_url)


def _forget(place: Place, postgres_url: str) -> None:
    _state(place).unlink(missing_ok=True)
    for part in place.folder.glob(f"{shopify_file(place).name}*"):
        part.unlink()
    with psycopg.connect(plain(postgres_url), autocommit=True) as connection:
        drop = sql.SQL("drop database if exists {} with (force)")
        connection.execute(drop.format(sql.Identifier(DATABASE)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    for shop in SHOPS:
        databases.drop(postgres_url, databases.database(shop))


def remember(place: Place, postgres_url: str) -> None:
    """Writes down that all parts belong together. Only when each of them works."""
    kept = {
        "databases": _made(postgres_url),
        "migrations": _migrations(),
        "schema": _schema(plain(postgres_url, DATABASE)),
    }
    _state(place).write_text(json.dumps(kept))


def is_migrated(place: Place, database_url: str) -> bool:
    """Whether the database is at the version that these very migrations led to when they ran here."""
    kept = _kept(place)
    return kept.get("migrations") == _migrations() and kept.get("schema") == _schema(database_url)


def _migrations() -> str:
    digest = hashlib.sha256()
    for file in sorted((ROOT / "migrations").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _schema(database_url: str) -> str | None:
    with psycopg.connect(database_url) as connection:
        if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("select string_agg(version_num, ',') from alembic_version").fetchone()
    return str(row[0]) if row and row[0] else None


def _made(postgres_url: str) -> dict[str, int]:
    """Which databases there are; one that was made anew has another number."""
    names = [DATABASE, *(databases.database(shop) for shop in SHOPS)]
    with psycopg.connect(plain(postgres_url)) as connection:
        query = "select datname, oid::bigint from pg_database where datname = any(%s)"
        rows: list[tuple[str, int]] = connection.execute(query, [names]).fetchall()
    return dict(rows)
