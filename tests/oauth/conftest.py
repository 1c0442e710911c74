"""The local Shopify in the test's own process, with both shops, and the tokens of Concord in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.crypto import Sealer
from kit.db import Database
from kit.http import Door
from oauth.install import Installer
from oauth.tokens import Tokens
from tests.oauth.shopify import APP_URL, ORIGIN, LocalShopify

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[SetClock]:
    """A clock that stands at noon and moves when told; Concord and the local Shopify live by it."""
    with clock.using(SetClock(NOON)) as set_clock:
        assert isinstance(set_clock, SetClock)
        yield set_clock


@pytest.fixture
def shopify(noon: SetClock) -> LocalShopify:
    """The local Shopify with the shops Alpha and Beta, the app installed in neither."""
    return LocalShopify()


@pytest.fixture
def environment(environment: dict[str, str]) -> dict[str, str]:
    """The settings of an operator whose Shopify is the local one."""
    return environment | {
        "CONCORD_APP_URL": APP_URL,
        "CONCORD_SHOPIFY_SHOP_URL": f"{ORIGIN}/shops/{{shop}}",
        "CONCORD_SHOPIFY_ADMIN_URL": ORIGIN,
    }


@pytest.fixture
def sealer(settings: Settings) -> Sealer:
    """Seals with the operator's keys."""
    return Sealer(settings.sealing_keys)


@pytest.fixture
def door(shopify: LocalShopify) -> Door:
    """The door to the network, with the local Shopify behind it."""
    return shopify.door()


@pytest.fixture
def tokens(db: Database, door: Door, sealer: Sealer, settings: Settings) -> Tokens:
    """Tokens in a rolled-back database."""
    return Tokens(db, door, sealer, settings)


@pytest.fixture
def installer(db: Database, tokens: Tokens) -> Installer:
    """Lets shops in and asks for nothing."""
    return Installer(db, tokens)
