"""Every setting can be found where an operator looks for it, and nowhere is one named that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kit import config
from tests.environments import CLIENT_ID, CLIENT_SECRET, SEALING_KEYS
from tests.house import files

PLACES = (".env.example", "docs/configuration.md")


@pytest.mark.parametrize("place", PLACES)
def test_every_setting_is_documented(place: str) -> None:
    words = set(re.findall(r"[A-Z][A-Z0-9_]+", files.text(Path(place))))
    assert not set(config.names()) - words


@pytest.mark.parametrize("place", [*PLACES, "compose.yaml", "Dockerfile", "README.md"])
def test_no_setting_is_named_that_does_not_exist(place: str) -> None:
    named = set(re.findall(r"\bCONCORD_[A-Z0-9_]+", files.text(Path(place))))
    known = set(config.names()) | {f"{name}_FILE" for name in config.names()}
    assert not named - known


def _example() -> dict[str, str]:
    lines = files.text(Path(".env.example")).splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_file_boots_once_its_secrets_are_filled_in() -> None:
    with pytest.raises(config.WrongSetting, match="CONCORD_SHOPIFY_CLIENT_ID is missing"):
        config.read(_example())
    secrets = {
        "CONCORD_SHOPIFY_CLIENT_ID": CLIENT_ID,
        "CONCORD_SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
        "CONCORD_SEALING_KEYS": SEALING_KEYS,
    }
    assert set(secrets) <= set(_example())
    assert config.read(_example() | secrets).is_sandbox is False


def test_the_documented_defaults_are_the_defaults() -> None:
    required = {
        "DATABASE_URL": "postgresql://x/y",
        "REDIS_URL": "redis://x",
        "CONCORD_APP_URL": "https://x.example",
    }
    secrets = {
        "CONCORD_SHOPIFY_CLIENT_ID": CLIENT_ID,
        "CONCORD_SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
        "CONCORD_SEALING_KEYS": SEALING_KEYS,
    }
    assert config.read(_example() | required | secrets) == config.read(required | secrets)
    assert repr(config.read(_example() | required | secrets)) == repr(config.read(required | secrets))
