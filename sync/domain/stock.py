"""How much of a variant Shopify may sell, out of what the ERP has: exact, never below zero unless allowed.

available = on hand − reserved − safety, summed over the warehouses that feed a location; a kit is worth its scarcest
member.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    sold: Decimal | None = None  # pieces that are gone or reserved because Shopify sold them; none: not said


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


def available(target: Target, levels: Mapping[tuple[str, str], Level], rules: StockRules) -> int:
    """The quantity that may be sold, in whole pieces."""
    if target.members:
        quantity = min(_kits(member, target, levels, rules) for member in target.members)
    else:
        quantity = _free(target.erp_item, target, levels, rules)
    quantity -= rules.location_safety.get(target.location_gid, 0)
    whole = int(quantity.to_integral_value(rounding=ROUND_FLOOR))
    return whole if rules.allow_negative else max(whole, 0)


def undisturbed(target: Target, levels: Mapping[tuple[str, str], Level], rules: StockRules) -> int | None:
    """What would be there if Shopify had sold nothing: it only changes by what happens in the warehouses. None while
    the ERP has not said of every level how much of it Shopify sold."""
    fed = [level for each in target.warehouses if (level := levels.get((target.erp_item, each))) is not None]
    if not fed or any(level.sold is None for level in fed):
        return None
    whole = {
        (level.erp_item, level.warehouse): replace(level, reserved=level.reserved - (level.sold or 0))
        for level in fed
    }
    return available(target, whole, replace(rules, allow_negative=True))


def adjustment(figure: int, base: int, *, present: int, allow_negative: bool) -> int:
    """By how much Shopify's quantity changes when the ERP's figure moved away from the one that it was told up to. It
    does not fall below zero; what it cannot fall by stays owed."""
    change = figure - base
    return change if change >= 0 or allow_negative else max(change, min(0, -present))


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
