"""Ada owns shop Alpha, Cy owns shop Beta and must never see Alpha. It is noon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from kit import clock
from kit.clock import SetClock
from kit.db import Database
from sync.state.settings_models import Connection
from tests.insight.rows import Rows
from tests.state.rows import a_connection, a_shop


@pytest.fixture
def noon() -> Iterator[SetClock]:
    """A clock that stands at noon."""
    with clock.using(SetClock(datetime(2026, 11, 20, 12, tzinfo=UTC))) as at:
        assert isinstance(at, SetClock)
        yield at


@pytest.fixture
def alpha(db: Database, noon: SetClock) -> Rows:
    """Ada's shop."""
    return Rows(db, a_shop(db))


@pytest.fixture
def beta(db: Database, noon: SetClock) -> Rows:
    """Cy's shop."""
    return Rows(db, a_shop(db, "beta.myshopify.com"))


@pytest.fixture
def erp(db: Database, alpha: Rows) -> Connection:
    """Alpha's connection."""
    return a_connection(db, alpha.shop_id)
