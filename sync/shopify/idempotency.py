"""The last look before a write leaves: no mutation that needs a key goes without one, no stock is set blindly.

Which mutations need `@idempotent` is data of Shopify's, by API version. What is refused here is a bug of ours, so it
is no Fault: it crashes loudly and nothing is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from sync.shopify.documents import Document

COMPARED = "changeFromQuantity"
# Where each mutation keeps the inputs that compare before they change: the way through its variables' values.
COMPARED_INPUTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "inventorySetQuantities": (("quantities",),),
    "inventoryAdjustQuantities": (("changes",),),
    "inventorySetOnHandQuantities": (("setQuantities",),),
    "inventoryMoveQuantities": (("changes", "from"), ("changes", "to")),
    "productVariantsBulkUpdate": (("quantityAdjustments",),),
    "productVariantsBulkCreate": (("quantityAdjustments",),),
}


class UnsafeWrite(RuntimeError):
    """A write of ours that could happen twice, or overwrite what it has not seen. Always a bug."""


@cache
def facts() -> Mapping[str, Mapping[str, str]]:
    """`required` or `optional` by API version and mutation, as Shopify's schema texts say."""
    text = (files("sync.shopify") / "data" / "idempotent-mutations.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, str]] = json.loads(text)
    return found


def needing_key(api_version: str) -> frozenset[str]:
    """Mutations that Shopify refuses without a key. An unknown version is held to the rules of the newest one."""
    known = facts()
    newest = max(version for version in known if version[0].isdigit())
    rules = known.get(api_version, known[newest])
    return frozenset(name for name, need in rules.items() if need == "required")


def check(document: Document, variables: Mapping[str, Any], *, key: str | None, api_version: str) -> None:
    """Raises UnsafeWrite when the call must not be sent like this."""
    needing = needing_key(api_version).intersection(document.roots) if document.is_write else frozenset()
    if needing and not document.takes_key:
        raise UnsafeWrite(
            f"{document.name} asks for {', '.join(sorted(needing))} without @idempotent(key: $key)"
        )
    if document.takes_key and not (key or "").strip():
        raise UnsafeWrite(f"{document.name} must carry the key of its intent")
    if key is not None and not document.takes_key:
        raise UnsafeWrite(f"{document.name} takes no key; its intent is settled by asking")
    for root in document.roots:
        for way in COMPARED_INPUTS.get(root, ()):
            rows = [row for value in variables.values() for row in _rows(value, way)]
            if any(COMPARED not in row for row in rows) or (not rows and root in needing):
                raise UnsafeWrite(
                    f"{document.name}: each of {'.'.join(way)} must say {COMPARED}, if only as null"
                )


def _rows(value: Any, way: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """The inputs at the end of the way, whether the value is the input, or a list of inputs that hold it."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _rows(item, way)
    elif isinstance(value, Mapping):
        if not way:
            yield value
        elif way[0] in value:
            yield from _rows(value[way[0]], way[1:])
