"""A shop to own the rows: Ada owns shop Alpha, Cy owns shop Beta and must never see Alpha."""

from __future__ import annotations

import pytest

from kit import clock
from kit.db import Database, insert
from oauth.models import Shop


def make_shop(database: Database, domain: str) -> int:
    """An installed shop; returns its id."""
    with database.transaction() as session:
        return session.execute(
            insert(Shop)
            .values(domain=domain, state="installed", currency="USD", installed_at=clock.now())
            .returning(Shop.id)
        ).scalar_one()


@pytest.fixture
def alpha(db: Database) -> int:
    """Ada's shop."""
    return make_shop(db, "alpha.myshopify.com")


@pytest.fixture
def beta(db: Database) -> int:
    """Cy's shop."""
    return make_shop(db, "beta.myshopify.com")
