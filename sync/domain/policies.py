"""What a shop lets come back from its ERP, as a person set it: which roads are open, and the limits on each.

Everything that writes to Shopify is shut until somebody opens it. Values only; the JSON is the shop's `policies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sync.domain.carriers import Carrier, Carriers
from sync.domain.money import decimal
from sync.domain.ownership import Group, Owners, Side
from sync.domain.prices import FALL_LIMIT, PriceRules
from sync.domain.stock import Member, StockRules


class Road(StrEnum):
    """A road back to Shopify."""

    STOCK = "stock"
    SHIPMENTS = "shipments"
    REFUNDS = "refunds"
    PRODUCTS = "products"
    PRICES = "prices"


class Mode(StrEnum):
    """How far a road is open."""

    OFF = "off"
    LINK_ONLY = "link_only"  # records are matched, nothing is written at Shopify
    ON = "on"


# Whose fields a road writes at Shopify: only the ERP's own may be planned.
GROUPS: Mapping[Road, Group] = {
    Road.STOCK: Group.STOCK,
    Road.SHIPMENTS: Group.SHIPMENT,
    Road.REFUNDS: Group.REFUND,
    Road.PRODUCTS: Group.PRODUCT_CONTENT,
    Road.PRICES: Group.PRODUCT_PRICE,
}
DEFAULT_MODES: Mapping[Road, Mode] = {
    **dict.fromkeys(Road, Mode.OFF),
    Road.PRODUCTS: Mode.LINK_ONLY,
}


class Restocking(StrEnum):
    """Whether goods that a credit takes back are available at Shopify again."""

    AS_CREDITED = "as_credited"  # where the ERP put them into stock
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class RefundLimits:
    """How much money may leave without a person, in the shop's currency. None: any amount."""

    per_refund: Decimal | None = Decimal(0)
    per_day: Decimal | None = Decimal(0)
    two_persons_above: Decimal | None = None  # none: one person is enough
    is_notified: bool = False
    restocking: Restocking = Restocking.AS_CREDITED

    def restocks(self, *, is_restocked: bool) -> bool:
        """Whether goods go back into Shopify's stock, by what the credit says of them."""
        return (
            is_restocked
            if self.restocking is Restocking.AS_CREDITED
            else self.restocking is Restocking.ALWAYS
        )


@dataclass(frozen=True, kw_only=True)
class BackPolicies:
    """Everything about the roads back."""

    modes: Mapping[Road, Mode] = field(default_factory=lambda: DEFAULT_MODES)
    owners: Owners = field(default_factory=Owners)
    stock: StockRules = field(default_factory=StockRules)
    kits: Mapping[str, tuple[Member, ...]] = field(default_factory=dict)  # ERP product -> its parts
    repairs_drift: bool = True
    shown_drift: frozenset[Group] = frozenset()  # groups whose drift is shown to people instead of set back
    prices: PriceRules = field(default_factory=PriceRules)
    price_lists: Mapping[str, str] = field(default_factory=dict)  # ERP price list -> Shopify price list gid
    refunds: RefundLimits = field(default_factory=RefundLimits)
    notifies_of_shipments: bool = True
    carriers: Carriers = field(default_factory=Carriers)

    def chosen(self, road: Road) -> Mode:
        """How far a person opened a road, whoever owns what it writes."""
        return self.modes.get(road, Mode.OFF)

    def mode(self, road: Road) -> Mode:
        """How far a road is open. A road never writes what Shopify owns; pairing products writes nothing there."""
        chosen = self.chosen(road)
        if chosen is not Mode.ON or self.is_of_erp(road):
            return chosen
        return Mode.LINK_ONLY if road is Road.PRODUCTS else Mode.OFF

    def is_of_erp(self, road: Road) -> bool:
        """Whether the ERP owns what the road writes at Shopify."""
        return self.owners.may_write(GROUPS[road], source=Side.ERP)

    @property
    def is_split(self) -> bool:
        """Whether Shopify counts stock and the ERP only tells what changes in its warehouses."""
        return self.owners.is_split(Group.STOCK)

    @property
    def refunding(self) -> RefundLimits:
        """The limits of refunds as they hold now. Where stock is split, goods that a credit of the ERP takes back come
        to Shopify as a change of its stock: a refund that put them back too would count them twice."""
        if self.is_split and self.is_on(Road.STOCK):
            return replace(self.refunds, restocking=Restocking.NEVER)
        return self.refunds

    def is_on(self, road: Road) -> bool:
        """Whether a road may write at Shopify."""
        return self.mode(road) is Mode.ON

    def sets_back(self, group: Group) -> bool:
        """Whether a value of the group that somebody changed at Shopify is set back to the ERP's."""
        return group not in self.shown_drift

    @classmethod
    def of(cls, policies: Mapping[str, Any]) -> BackPolicies:
        """From the shop's policies. What nobody set has its default; what is wrong raises ValueError."""
        stock, prices, refunds, shipments = (
            _part(policies, name) for name in ("stock", "prices", "refunds", "shipments")
        )
        if _part(policies, "owners").get("stock") == Side.SPLIT and _part(stock, "kits"):
            raise ValueError("kits need one owner of stock: a sale of a kit would not change its parts")
        return cls(
            modes={
                **DEFAULT_MODES,
                **{Road(road): Mode(mode) for road, mode in _part(policies, "roads").items()},
            },
            owners=Owners(
                chosen={Group(group): Side(side) for group, side in _part(policies, "owners").items()}
            ),
            stock=StockRules(
                safety=_whole(stock.get("safety")),
                location_safety=_whole(stock.get("location_safety")),
                allow_negative=bool(stock.get("allow_negative", False)),
                guard_below=int(stock.get("guard_below", 3)),
            ),
            kits={
                kit: tuple(
                    Member(erp_item=item, quantity=decimal(quantity)) for item, quantity in parts.items()
                )
                for kit, parts in _part(stock, "kits").items()
            },
            repairs_drift=bool(stock.get("repairs_drift", True)),
            shown_drift=frozenset(
                Group(group) for group, is_set_back in _part(policies, "sets_back").items() if not is_set_back
            ),
            prices=PriceRules(
                fall_limit=decimal(prices.get("fall_limit", str(FALL_LIMIT))),
                rise_limit=_amount(prices.get("rise_limit")),
                factor=decimal(prices.get("factor", "1")),
            ),
            price_lists={str(erp): str(gid) for erp, gid in _part(prices, "lists").items()},
            refunds=RefundLimits(
                per_refund=_amount(refunds.get("per_refund", "0")),
                per_day=_amount(refunds.get("per_day", "0")),
                two_persons_above=_amount(refunds.get("two_persons_above")),
                is_notified=bool(refunds.get("is_notified", False)),
                restocking=Restocking(refunds.get("restocking", Restocking.AS_CREDITED)),
            ),
            notifies_of_shipments=bool(shipments.get("notifies", True)),
            carriers=Carriers(
                {
                    str(erp): Carrier(*(str(part) for part in told))
                    for erp, told in _part(shipments, "carriers").items()
                }
            ),
        )


def _part(policies: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = policies.get(name) or {}
    if not isinstance(part, Mapping):
        raise ValueError(f"the policy {name} is not a table")
    return part


def _whole(values: Any) -> dict[str, int]:
    return {str(name): int(value) for name, value in (values or {}).items()}


def _amount(value: Any) -> Decimal | None:
    return None if value is None else decimal(value)
