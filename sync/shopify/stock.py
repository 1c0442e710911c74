"""Stock at Shopify: levels read by item and location, and set by compare-and-set, at most 250 rows a call.

A call is all or nothing: when a row is refused nothing was written, and the answer names the rows, so that the caller
can split them off and send the rest under a new key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.shopify import writer
from sync.shopify.answers import UserError, UserErrors
from sync.shopify.client import Client
from sync.shopify.writer import STALE_CODES, Refused

ROWS_LIMIT = 250
FEW = 10  # items up to which each is paid for by itself
AVAILABLE, ON_HAND = "available", "on_hand"
REASON = "correction"
ALREADY_ACTIVE = "already active"


@dataclass(frozen=True)
class Level:
    """What Shopify has of one item at one location."""

    item: str
    sku: str
    is_tracked: bool
    is_stocked: bool  # it has an active level there; otherwise it must be activated first
    quantities: Mapping[str, int]

    @property
    def available(self) -> int:
        """What can be sold."""
        return self.quantities.get(AVAILABLE, 0)


@dataclass(frozen=True)
class Row:
    """One value to set, and the value that it must still have."""

    item: str
    location: str
    quantity: int
    change_from: int | None  # none: whatever it is


@dataclass(frozen=True)
class Delta:
    """One change to make to a value."""

    item: str
    location: str
    delta: int
    change_from: int | None


class RowsRefused(Refused):
    """Some rows of a batch are stale or bad. Nothing of the batch was written."""

    def __init__(
        self, errors: UserErrors, *, operation: str, stale: frozenset[int], bad: Mapping[int, UserError]
    ) -> None:
        super().__init__(errors, operation=operation, code="stale" if stale and not bad else "rows_refused")
        self.stale = stale
        self.bad = bad


def levels(client: Client, items: Sequence[str], location: str, *, lane: int) -> dict[str, Level]:
    """The levels of items at a location. An item that Shopify does not have is not in the answer.

    Asked for by their ids, 250 items cost 750 points; as a page that is searched for they cost 35. A search may not
    know what is new, so what it did not find is asked for by its id."""
    found: dict[str, Level] = {}
    for start in range(0, len(items), ROWS_LIMIT):
        part = items[start : start + ROWS_LIMIT]
        if len(part) > FEW:
            found |= _found(client, part, location, lane=lane)
        left = [item for item in part if item not in found]
        for first in range(0, len(left), FEW):
            few = {"items": left[first : first + FEW], "location": location}
            nodes = client.run("inventory_levels", few, lane=lane)["nodes"]
            found |= {node["id"]: _level(node) for node in nodes if node}
    return found


def _found(client: Client, items: Sequence[str], location: str, *, lane: int) -> dict[str, Level]:
    query = " OR ".join(f"id:{item.rpartition('/')[2]}" for item in items)
    searched = {"query": query, "first": len(items), "location": location}
    nodes = client.run("inventory_levels_found", searched, lane=lane)["inventoryItems"]["nodes"]
    return {node["id"]: _level(node) for node in nodes}


def set_quantities(
    client: Client,
    rows: Sequence[Row],
    *,
    key: str,
    lane: int,
    name: str = AVAILABLE,
    reason: str = REASON,
    reference: str | None = None,
) -> None:
    """Sets all rows or none. Raises RowsRefused with the stale and the bad ones."""
    if not 0 < len(rows) <= ROWS_LIMIT:
        raise ValueError(f"a batch has 1 to {ROWS_LIMIT} rows, not {len(rows)}")
    quantities = [
        {
            "inventoryItemId": row.item,
            "locationId": row.location,
            "quantity": row.quantity,
            "changeFromQuantity": row.change_from,
        }
        for row in rows
    ]
    variables = {
        "input": {
            "name": name,
            "reason": reason,
            "referenceDocumentUri": reference,
            "quantities": quantities,
        }
    }
    _all_or_none(client, "inventory_set_quantities", variables, rows_in="quantities", key=key, lane=lane)


def adjust_quantities(
    client: Client,
    deltas: Sequence[Delta],
    *,
    key: str,
    lane: int,
    reason: str = REASON,
    reference: str | None = None,
) -> None:
    """Changes `available` by the deltas, all or none. Raises RowsRefused with the stale and the bad ones."""
    if not 0 < len(deltas) <= ROWS_LIMIT:
        raise ValueError(f"a batch has 1 to {ROWS_LIMIT} rows, not {len(deltas)}")
    changes = [
        {
            "inventoryItemId": each.item,
            "locationId": each.location,
            "delta": each.delta,
            "changeFromQuantity": each.change_from,
        }
        for each in deltas
    ]
    variables = {
        "input": {
            "name": AVAILABLE,
            "reason": reason,
            "referenceDocumentUri": reference,
            "changes": changes,
        }
    }
    _all_or_none(client, "inventory_adjust_quantities", variables, rows_in="changes", key=key, lane=lane)


def activate(client: Client, item: str, location: str, *, key: str, lane: int) -> None:
    """Lets an item be stocked at a location, without saying how much. It may be so already."""
    _, errors = writer.tried(
        client, "inventory_activate", {"item": item, "location": location}, key=key, lane=lane
    )
    if errors and not all(ALREADY_ACTIVE in error.message for error in errors.errors):
        writer.refuse("inventory_activate", errors)


def _all_or_none(
    client: Client, name: str, variables: Mapping[str, Any], *, rows_in: str, key: str, lane: int
) -> None:
    _, errors = writer.tried(client, name, variables, key=key, lane=lane)
    if not errors:
        return
    stale: set[int] = set()
    bad: dict[int, UserError] = {}
    for error in errors.errors:
        row = error.row(rows_in)
        if row is None and error.code not in STALE_CODES:
            writer.refuse(name, errors)  # about the call as a whole: no row is to blame
        elif row is not None and error.code in STALE_CODES:
            stale.add(row)
        elif row is not None:
            bad.setdefault(row, error)
    raise RowsRefused(errors, operation=name, stale=frozenset(stale - bad.keys()), bad=bad)


def _level(node: Mapping[str, Any]) -> Level:
    level = node.get("inventoryLevel")
    return Level(
        item=node["id"],
        sku=node.get("sku") or "",
        is_tracked=bool(node.get("tracked")),
        is_stocked=bool(level and level["isActive"]),
        quantities={each["name"]: int(each["quantity"]) for each in level["quantities"]} if level else {},
    )
