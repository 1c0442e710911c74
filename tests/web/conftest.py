"""An office of Concord with the local Shopify and an ERP stand-in behind it, on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.config import Settings
from tests.oauth.shopify import APP_URL, ORIGIN
from tests.web.office import Office, opened


@pytest.fixture
def fresh_environment(fresh_environment: dict[str, str]) -> dict[str, str]:
    """The settings of an operator whose Shopify is the local one."""
    return fresh_environment | {
        "CONCORD_APP_URL": APP_URL,
        "CONCORD_SHOPIFY_SHOP_URL": f"{ORIGIN}/shops/{{shop}}",
        "CONCORD_SHOPIFY_ADMIN_URL": ORIGIN,
        "CONCORD_WEB_THREADS": "4",
    }


@pytest.fixture
def office(fresh_settings: Settings) -> Iterator[Office]:
    """The screens."""
    with opened(fresh_settings) as made:
        yield made
