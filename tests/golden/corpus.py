"""The corpus on disk: its folders, the rules of each, and the approved text that its JSON gives."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from sync.domain.rules import Rules
from sync.domain.rules_json import read_rules
from tests.golden.rendering import whole_story

HERE = Path(__file__).parent


def folders() -> list[Path]:
    """One folder per history."""
    return sorted(path.parent for path in HERE.glob("*/expected.txt"))


def rules_of(folder: Path) -> Rules:
    """The common rules with the folder's own over them."""
    common = json.loads((HERE / "rules.json").read_text())
    own = folder / "rules.json"
    return read_rules(merged(common, json.loads(own.read_text())) if own.exists() else common)


@cache
def story(folder: Path) -> tuple[str, list[str]]:
    """The text and the outcomes that the folder's JSON gives now."""
    body, node = (folder / "body.json").read_text(), (folder / "node.json").read_text()
    return whole_story(body, node, rules_of(folder))


def approved(folder: Path) -> str:
    """The text to approve: why the history is there, and what becomes of it."""
    return (folder / "why.txt").read_text() + "\n" + story(folder)[0]


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Objects merged key by key; anything else of `over` wins."""
    found = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = merged(found[key], value) if both else value
    return found
