"""How much of a variant Shopify may sell, out of what the ERP has: exact, never below zero unless allowed.

available = on hand − reserved − safety, summed over the warehouses that feed a location; a kit is worth its scarcest
member. Only what changed is sent, in batches that Shopify takes; near zero nothing waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Final

BATCH: Final = 250  # entries that one mutation takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one warehouse has of one ERP product."""

    erp_item: str
    warehouse: str
    on_hand: Decimal
    reserved: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A part of a kit and how many of it one kit takes."""

    erp_item: str
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What one variant at one location is fed by."""

    inventory_item_gid: str
    location_gid: str
    erp_item: str
    warehouses: tuple[str, ...]
    shares: Mapping[str, Decimal] = field(default_factory=dict)  # of a warehouse that others sell from too
    members: tuple[Member, ...] = ()  # not empty: the variant is a kit of these
    sku: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockRules:
    """Policies of a connection. `safety` is held back per product, or per location for all of them."""

    safety: Mapping[str, int] = field(default_factory=dict)  # ERP product -> pieces
    location_safety: Mapping[str, int] = field(default_factory=dict)  # location -> pieces of everything
    allow_negative: bool = False
    guard_below: int = 3  # at or under this the value is sent at once, and an unknown one counts as zero
    quiet_pieces: int = 0  # changes up to this wait for the full compare while there is plenty


@dataclass(frozen=True, slots=True, kw_only=True)
class StockValue:
    """A quantity to set at Shopify, and what it is believed to be there now (None: unknown)."""

    inventory_item_gid: str
    location_gid: str
    quantity: int
    believed: int | None = None
    is_urgent: bool = False


def available(target: Target, levels: Mapping[tuple[str, str], Level], rules: StockRules) -> int:
    """The quantity that may be sold, in whole pieces."""
    if target.members:
        quantity = min(_kits(member, target, levels, rules) for member in target.members)
    else:
        quantity = _free(target.erp_item, target, levels, rules)
    quantity -= rules.location_safety.get(target.location_gid, 0)
    whole = int(quantity.to_integral_value(rounding=ROUND_FLOOR))
    return whole if rules.allow_negative else max(whole, 0)


def changed(
    targets: Iterable[Target],
    levels: Iterable[Level],
    rules: StockRules,
    *,
    sent: Mapping[tuple[str, str], int],
) -> list[StockValue]:
    """The values that differ from what Shopify was last told, urgent ones first. `sent` is by (item, location)."""
    by_place = {(level.erp_item, level.warehouse): level for level in levels}
    found: dict[tuple[str, str], StockValue] = {}  # one mutation may not name an item at a location twice
    for target in targets:
        key = (target.inventory_item_gid, target.location_gid)
        quantity = available(target, by_place, rules)
        believed = sent.get(key)
        is_urgent = quantity <= rules.guard_below
        if believed == quantity:
            continue
        if believed is not None and not is_urgent and abs(quantity - believed) <= rules.quiet_pieces:
            continue
        found[key] = StockValue(
            inventory_item_gid=target.inventory_item_gid,
            location_gid=target.location_gid,
            quantity=quantity,
            believed=believed,
            is_urgent=is_urgent,
        )
    return sorted(found.values(), key=lambda value: not value.is_urgent)


def batches(values: Sequence[StockValue], *, size: int = BATCH) -> list[list[StockValue]]:
    """The values in packs that one mutation takes."""
    return [list(values[start : start + size]) for start in range(0, len(values), size)]


def _free(
    erp_item: str, target: Target, levels: Mapping[tuple[str, str], Level], rules: StockRules
) -> Decimal:
    total = Decimal(-rules.safety.get(erp_item, 0))
    for warehouse in target.warehouses:
        level = levels.get((erp_item, warehouse))
        if level is not None:
            total += (level.on_hand - level.reserved) * target.shares.get(warehouse, Decimal(1))
    return total


def _kits(
    member: Member, target: Target, levels: Mapping[tuple[str, str], Level], rules: StockRules
) -> Decimal:
    free = _free(member.erp_item, target, levels, rules)
    return (free / member.quantity).to_integral_value(rounding=ROUND_FLOOR)
