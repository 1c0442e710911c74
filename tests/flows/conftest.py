"""A town of one test's own, on a database that the module's tests share one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from kit import clock, config
from sandbox.simulator.run import environment
from sandbox.simulator.stage import Stage, empty
from tests.flows.town import Town


@pytest.fixture(scope="session")
def town_database_url(make_database: Callable[[], str]) -> str:
    """One database for all towns of this worker; each town begins by emptying it."""
    return make_database()


@pytest.fixture
def town(town_database_url: str) -> Iterator[Town]:
    """Shop Alpha with its ERP, connected, at rest."""
    settings = config.read(environment(town_database_url))
    engine = create_engine(make_url(town_database_url).set(drivername="postgresql+psycopg"))
    plain = make_url(town_database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    empty(engine)
    with psycopg.connect(plain, autocommit=True) as inbox:
        stage = Stage(settings, engine, inbox)
        try:
            with clock.using(stage.clock):
                yield Town(stage)
        finally:
            engine.dispose()
