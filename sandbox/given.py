"""Servers that somebody else runs, named by DATABASE_URL and REDIS_URL: asked whether they will do before anything is
built on them. They are never stopped here.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis as client

from kit import values
from sandbox import servers
from sandbox.leashed import CannotStart
from sandbox.servers import Server

# The dumps of the ERP are those of PostgreSQL 18, and set a parameter that 16 does not know.
OLDEST_POSTGRES = 17
SECONDS = 5


def postgres(url: str) -> Server:
    """The PostgreSQL of DATABASE_URL, on which databases can be made. Raises CannotStart."""
    _read("DATABASE_URL", url, values.postgres_url)
    try:
        with psycopg.connect(plain(url), connect_timeout=SECONDS) as connection:
            version = connection.info.server_version // 10_000
            query = "select rolsuper or rolcreatedb from pg_roles where rolname = current_user"
            may_create = connection.execute(query).fetchone() == (True,)
    except psycopg.Error as error:
        raise CannotStart(f"the server of DATABASE_URL cannot be used: {_line(error)}") from error
    if version < OLDEST_POSTGRES:
        raise CannotStart(
            f"the server of DATABASE_URL is PostgreSQL {version}; {OLDEST_POSTGRES} or newer is needed."
        )
    if not may_create:
        raise CannotStart("the user of DATABASE_URL may not create databases; give it the right CREATEDB.")
    return servers.given(url)


def redis(url: str) -> Server:
    """The Redis of REDIS_URL. Raises CannotStart."""
    _read("REDIS_URL", url, values.redis_url)
    try:
        with client.Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS) as connection:
            connection.ping()
    except (client.RedisError, ValueError, OSError) as error:
        raise CannotStart(f"the server of REDIS_URL cannot be used: {_line(error)}") from error
    return servers.given(url)


def plain(postgres_url: str, name: str = "postgres") -> str:
    """The URL of a database on the server, in the form that every PostgreSQL program reads."""
    return urlunsplit(urlsplit(postgres_url)._replace(scheme="postgresql", path=f"/{name}"))


def _read(name: str, value: str, reader: Callable[[str], str]) -> None:
    try:
        reader(value)
    except ValueError as error:
        raise CannotStart(f"the setting {name} is wrong: {error}.") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
