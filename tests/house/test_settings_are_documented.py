"""Every setting can be found where an operator looks for it, and nowhere is one named that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kit import config
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


def test_the_example_file_boots(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = files.text(Path(".env.example")).splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert config.read(pairs).api_version == pairs.get("CONCORD_SHOPIFY_API_VERSION", "2026-10")
