"""Plays many seeds on one database, one after the other, and yields their stories."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from kit import clock, config
from sandbox.simulator.play import Story, play
from sandbox.simulator.stage import Stage, empty

SHOPIFY = "http://shopify.sandbox"


def environment(database_url: str) -> dict[str, str]:
    """What Concord's processes are told in a play. Redis is not part of it: a play has no need to be woken."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "CONCORD_APP_URL": "https://concord.sandbox",
        "CONCORD_SHOPIFY_CLIENT_ID": "simulated-client",
        "CONCORD_SHOPIFY_CLIENT_SECRET": "simulated-secret",
        "CONCORD_SHOPIFY_SHOP_URL": SHOPIFY + "/shops/{shop}",
        "CONCORD_SHOPIFY_ADMIN_URL": SHOPIFY,
        "CONCORD_SEALING_KEYS": "one:" + "b25lb25lb25lb25lb25lb25lb25lb25lb25lb25lb24=",
    }


def simulate(database_url: str, *, first: int, count: int) -> Iterator[Story]:
    """The stories of `count` seeds from `first` on. The database must be migrated; each seed begins by emptying it."""
    settings = config.read(environment(database_url))
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
    plain_url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    for seed in range(first, first + count):
        empty(engine)
        with psycopg.connect(plain_url, autocommit=True) as inbox:
            stage = Stage(settings, engine, inbox)
            with clock.using(stage.clock):
                stage.open()
                story = play(stage, seed)
        yield story
    engine.dispose()
