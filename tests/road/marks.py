"""Marked secrets: what the town is given as its secrets, and where any of them was written down in plain.

A secret is looked for by its random part, so that a mask over its beginning hides nothing from the search.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from kit.packing import unpack

MARK = "marked"
ID_TOKEN = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}")


def make(folder: Path) -> None:
    """Puts marked secrets where a town that is built in the folder will find its own: keys and passwords."""
    sealing = base64.b64encode(secrets.token_bytes(32)).decode()
    keys = {
        "client_secret": f"shpss_{MARK}{secrets.token_hex(16)}",
        "sealing_keys": f"{MARK}:{sealing}",
    }
    _kept(folder / "keys.json", json.dumps(keys))
    for server in ("postgres", "redis"):
        (folder / server).mkdir()
        _kept(folder / server / "password", f"{MARK}{secrets.token_hex(16)}")


def _kept(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)


@dataclass
class Search:
    """Looks for secrets in text after text, and keeps where one was found, without repeating it."""

    secrets: Mapping[str, str]  # what it is -> its random part
    places: list[str] = field(default_factory=list)  # all that were looked through
    found: list[str] = field(default_factory=list)

    def through(self, place: str, text: str) -> str:
        """Looks through a text that was written at a place; gives it back."""
        self.places.append(place)
        self.found += [f"{name} in {place}" for name, secret in self.secrets.items() if secret in text]
        if ID_TOKEN.search(text):
            self.found.append(f"an ID token in {place}")
        return text


def columns(database_url: str) -> Iterator[tuple[str, str]]:
    """Every column of every table with all its values as text; bytes as the text that they are."""
    with psycopg.connect(database_url) as connection:
        names = connection.execute(
            "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        ).fetchall()
        for table, column in names:
            query = sql.SQL("select {} from {}").format(sql.Identifier(column), sql.Identifier(table))
            yield f"{table}.{column}", "\n".join(_text(value) for (value,) in connection.execute(query))


def _text(value: object) -> str:
    match value:
        case bytes() | memoryview():
            return unpack(bytes(value)).decode("utf-8", "replace")
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def redis_content(url: str) -> Iterator[tuple[str, str]]:
    """Every key of every database of the server, with what it holds."""
    with redis.Redis.from_url(url) as client:
        for key in client.scan_iter():
            yield key.decode("utf-8", "replace"), (client.dump(key) or b"").decode("latin-1")
