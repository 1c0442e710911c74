"""What the tests of the road stand on, started once: the whole town on a real Tryton, and a stretch on the stand-in.

The town's own secrets are marked, so that a test can tell whether one of them was ever written down.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from bench.ground import prepared
from sandbox.demo import connect, place, town
from sandbox.demo.place import Place
from sandbox.demo.town import Town
from sandbox.processes import Crew
from sandbox.servers import free_port
from tests.road import marks
from tests.road.stretch import Erp, Stretch

LEASE_SECONDS = "8"


@dataclass(frozen=True)
class Whole:
    """The town, the crew that runs it, and where it lives."""

    town: Town
    crew: Crew
    place: Place


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Partner link, grant, ID token, token exchange, connection and mapping are done in both shops."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(name, raising=False)
        ports = {name: str(free_port()) for name in place.PORTS}
        folder = tmp_path_factory.mktemp("town")
        marks.make(folder)
        here = place.find({"DEMO_FOLDER": str(folder), **ports})
        with Crew(here.logs) as crew, ExitStack() as aboard:
            built = town.build(crew, here)
            aboard.callback(built.control.close)
            connect.all_shops(built)
            yield Whole(built, crew, here)


@pytest.fixture(scope="session")
def stretch() -> Iterator[Stretch]:
    """Web, worker and clock, with two shops and an ERP."""
    erp = Erp()
    erp.start()
    with prepared(fsync=False, extra={"CONCORD_LEASE_SECONDS": LEASE_SECONDS}) as ground:
        yield Stretch(ground, erp)
    erp.stop()
