"""The JSON Schema of a webhook body, unchanged, and the places where a sample-inferred schema is narrower than Shopify.

The places are data beside the schemas (`webhook-widenings.json`): whole paths, each with what may also stand there and
why. Nothing else is let through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

import sandbox.shopify
from sandbox.shopify import webhooks

DATA = Path(sandbox.shopify.__file__).parent / "data"
FOLDER = DATA / "webhook-schemas"
KINDS = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "string", dict: "object"}


@cache
def of(topic: str) -> jsonschema.Draft202012Validator:
    """The schema of a topic as it was inferred."""
    return jsonschema.Draft202012Validator(
        json.loads((FOLDER / f"{topic.replace('/', '_')}.json").read_text())
    )


@cache
def widened(topic: str) -> dict[str, tuple[str, ...]]:
    """What may also stand at a path of the topic's body."""
    groups = json.loads((DATA / "webhook-widenings.json").read_text())["groups"]
    return {
        path: tuple(group["also"]) for group in groups if topic in group["topics"] for path in group["paths"]
    }


def topics() -> list[str]:
    """The topics that have a schema."""
    return sorted(webhooks.topic_name(path.stem.upper()) for path in FOLDER.glob("*.json"))


def faults(topic: str, body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Path and kind of value of everything that the schema and its widenings do not allow."""
    for error in of(topic).iter_errors(body):
        path = ".".join("*" if isinstance(one, int) else str(one) for one in error.absolute_path)
        # A list that was empty in every sample says nothing of what may be in it.
        is_filled = error.validator == "items" and error.validator_value is False
        kind = "rows" if is_filled else KINDS.get(type(error.instance), "list")
        if error.validator not in ("type", "items") or kind not in widened(topic).get(path, ()):
            yield path, f"{kind}: {error.message[:80]}"


def check(topic: str, body: dict[str, Any]) -> None:
    """Fails when the body does not satisfy the topic's schema."""
    assert list(faults(topic, body)) == []
