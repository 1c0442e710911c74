"""What crosses when an ERP tells of its changes: one shape per feed, as plain JSON in a `Change`'s values.

A connector makes the values with `plain`, a flow reads them with `of`. Numbers cross as text. A missing or odd value
is refused here, so that a flow never guesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sync.domain.money import Money, decimal

Values = Mapping[str, Any]
PIECES_LIMIT = 10**9  # more of one product than Shopify can count is a mistake


class BadValues(ValueError):
    """A connector broke the shape of a feed. Always a bug of the connector."""


class ShipmentState(StrEnum):
    """Whether the goods have left."""

    DONE = "done"
    CANCELLED = "cancelled"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class StockTold:
    """What one warehouse has of one product. The change's `erp_id` is the product. `sold` is how much less
    `on_hand` minus `reserved` is because of our own sales, ever (what came back taken off); none: not said."""

    product: str
    warehouse: str
    on_hand: Decimal
    reserved: Decimal = Decimal(0)
    sold: Decimal | None = None
    code: str = ""

    def plain(self) -> dict[str, Any]:
        """As it crosses."""
        return {
            "product": self.product,
            "warehouse": self.warehouse,
            "on_hand": str(self.on_hand),
            "reserved": str(self.reserved),
            "sold": None if self.sold is None else str(self.sold),
            "code": self.code,
        }

    @classmethod
    def of(cls, values: Values) -> StockTold:
        """As it arrived."""
        return cls(
            product=_text(values, "product"),
            warehouse=_text(values, "warehouse"),
            on_hand=_pieces(values, "on_hand"),
            reserved=_pieces(values, "reserved", default="0"),
            sold=None if values.get("sold") is None else _pieces(values, "sold"),
            code=str(values.get("code") or ""),
        )


@dataclass(frozen=True)
class Quantity:
    """So many of a product."""

    item: str
    quantity: Decimal


@dataclass(frozen=True)
class Parcel:
    """One package."""

    number: str = ""
    carrier: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class ShipmentTold:
    """Goods that left a warehouse. `origin` is the reference of our sale; `reference` is ours if we wrote it."""

    number: str
    state: ShipmentState
    origin: str
    warehouse: str
    lines: tuple[Quantity, ...]
    parcels: tuple[Parcel, ...] = ()
    reference: str = ""

    def plain(self) -> dict[str, Any]:
        """As it crosses."""
        return {
            "number": self.number,
            "state": self.state.value,
            "origin": self.origin,
            "warehouse": self.warehouse,
            "reference": self.reference,
            "lines": [[each.item, str(each.quantity)] for each in self.lines],
            "parcels": [[each.number, each.carrier, each.url] for each in self.parcels],
        }

    @classmethod
    def of(cls, values: Values) -> ShipmentTold:
        """As it arrived."""
        return cls(
            number=_text(values, "number"),
            state=_state(values),
            origin=str(values.get("origin") or ""),
            warehouse=str(values.get("warehouse") or ""),
            reference=str(values.get("reference") or ""),
            lines=tuple(Quantity(str(item), _exact(number)) for item, number in _pairs(values, "lines")),
            parcels=tuple(Parcel(*(str(part) for part in each)) for each in values.get("parcels") or ()),
        )


@dataclass(frozen=True, kw_only=True)
class CreditLine:
    """A line of a credit note: what was taken back, and whether it went into stock again. `item` is empty for
    money that is not goods (shipping, a goodwill amount)."""

    item: str
    quantity: Decimal
    gross: Decimal  # positive
    is_restocked: bool = False
    is_shipping: bool = False


@dataclass(frozen=True, kw_only=True)
class CreditTold:
    """A posted credit note for a sale of ours. `reference` is ours when it came from Shopify."""

    number: str
    origin: str
    total: Money  # positive, tax included
    lines: tuple[CreditLine, ...] = ()
    reference: str = ""
    warehouse: str = ""
    is_posted: bool = True

    def plain(self) -> dict[str, Any]:
        """As it crosses."""
        return {
            "number": self.number,
            "origin": self.origin,
            "total": str(self.total.amount),
            "currency": self.total.currency,
            "reference": self.reference,
            "warehouse": self.warehouse,
            "is_posted": self.is_posted,
            "lines": [
                {
                    "item": each.item,
                    "quantity": str(each.quantity),
                    "gross": str(each.gross),
                    "is_restocked": each.is_restocked,
                    "is_shipping": each.is_shipping,
                }
                for each in self.lines
            ],
        }

    @classmethod
    def of(cls, values: Values) -> CreditTold:
        """As it arrived."""
        return cls(
            number=_text(values, "number"),
            origin=str(values.get("origin") or ""),
            total=Money(_number(values, "total"), _text(values, "currency")),
            reference=str(values.get("reference") or ""),
            warehouse=str(values.get("warehouse") or ""),
            is_posted=bool(values.get("is_posted", True)),
            lines=tuple(
                CreditLine(
                    item=str(each.get("item") or ""),
                    quantity=_exact(each.get("quantity", "0")),
                    gross=_exact(each.get("gross", "0")),
                    is_restocked=bool(each.get("is_restocked")),
                    is_shipping=bool(each.get("is_shipping")),
                )
                for each in values.get("lines") or ()
            ),
        )


@dataclass(frozen=True, kw_only=True)
class ProductTold:
    """A product of the ERP. Texts are none where the ERP does not keep them. Products of one `group` are the variants
    of one product at Shopify, each under its `choice` (its code, where the ERP tells none)."""

    product: str
    code: str
    barcodes: tuple[str, ...] = ()
    title: str | None = None
    description_html: str | None = None
    vendor: str | None = None
    cost: Decimal | None = None
    cost_currency: str = ""  # empty: the shop's
    is_active: bool = True
    group: str = ""
    choice: str = ""

    def plain(self) -> dict[str, Any]:
        """As it crosses."""
        return {
            "product": self.product,
            "code": self.code,
            "barcodes": list(self.barcodes),
            "title": self.title,
            "description_html": self.description_html,
            "vendor": self.vendor,
            "cost": None if self.cost is None else str(self.cost),
            "cost_currency": self.cost_currency,
            "is_active": self.is_active,
            "group": self.group,
            "choice": self.choice,
        }

    @classmethod
    def of(cls, values: Values) -> ProductTold:
        """As it arrived. A product without variants has nothing that Shopify could sell."""
        if not values.get("product") and (values.get("group") or values.get("title")):
            raise BadValues(f"{values.get('title') or values['group']} has no variants")
        cost = values.get("cost")
        return cls(
            product=_text(values, "product"),
            code=str(values.get("code") or ""),
            barcodes=tuple(str(each) for each in values.get("barcodes") or ()),
            title=values.get("title"),
            description_html=values.get("description_html"),
            vendor=values.get("vendor"),
            cost=None if cost is None else _exact(cost),
            cost_currency=str(values.get("cost_currency") or ""),
            is_active=bool(values.get("is_active", True)),
            group=str(values.get("group") or ""),
            choice=str(values.get("choice") or ""),
        )


@dataclass(frozen=True, kw_only=True)
class PriceTold:
    """A price of a product. `price_list` is empty for the price that everybody sees. An ERP that keeps prices without
    tax tells in `gross` what a buyer pays with the product's own taxes. One with a `schedule` (what the ERP calls it)
    holds for a time beside the normal price, from `starts_at` to `ends_at`, unless the ERP cancels it."""

    product: str
    price: Money
    gross: Money | None = None
    compare_at: Money | None = None
    price_list: str = ""
    minimum: int = 1
    increment: int = 1
    maximum: int | None = None
    schedule: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_cancelled: bool = False

    def plain(self) -> dict[str, Any]:
        """As it crosses."""
        return {
            "product": self.product,
            "price": str(self.price.amount),
            "gross": None if self.gross is None else str(self.gross.amount),
            "compare_at": None if self.compare_at is None else str(self.compare_at.amount),
            "currency": self.price.currency,
            "price_list": self.price_list,
            "minimum": self.minimum,
            "increment": self.increment,
            "maximum": self.maximum,
            "schedule": self.schedule,
            "starts_at": self.starts_at.isoformat() if self.starts_at else None,
            "ends_at": self.ends_at.isoformat() if self.ends_at else None,
            "is_cancelled": self.is_cancelled,
        }

    @classmethod
    def of(cls, values: Values) -> PriceTold:
        """As it arrived."""
        currency = _text(values, "currency")
        starts_at, ends_at = _moment(values, "starts_at"), _moment(values, "ends_at")
        schedule = str(values.get("schedule") or "")
        if (starts_at or ends_at or values.get("is_cancelled")) and not schedule:
            raise BadValues("a price for a time needs a schedule")
        if starts_at and ends_at and ends_at <= starts_at:
            raise BadValues("a price for a time ends before it starts")
        return cls(
            product=_text(values, "product"),
            price=Money(_number(values, "price"), currency),
            gross=_money(values, "gross", currency),
            compare_at=_money(values, "compare_at", currency),
            price_list=str(values.get("price_list") or ""),
            minimum=_count(values, "minimum"),
            increment=_count(values, "increment"),
            maximum=_count(values, "maximum") if values.get("maximum") else None,
            schedule=schedule[:128],
            starts_at=starts_at,
            ends_at=ends_at,
            is_cancelled=bool(values.get("is_cancelled")),
        )


def _text(values: Values, name: str) -> str:
    value = values.get(name)
    if value is None or value == "":
        raise BadValues(f"the feed does not say {name}")
    return str(value)


def _number(values: Values, name: str, *, default: str | None = None) -> Decimal:
    return _exact(values.get(name, default))


def _pieces(values: Values, name: str, *, default: str | None = None) -> Decimal:
    found = _number(values, name, default=default)
    if abs(found) > PIECES_LIMIT:
        raise BadValues(f"{name} of {found:f} pieces cannot be true")
    return found


def _money(values: Values, name: str, currency: str) -> Money | None:
    value = values.get(name)
    return None if value is None else Money(_exact(value), currency)


def _moment(values: Values, name: str) -> datetime | None:
    value = values.get(name)
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadValues(f"{name} is no time") from error
    if moment.tzinfo is None:
        raise BadValues(f"{name} does not say its time zone")
    return moment


def _count(values: Values, name: str) -> int:
    number = _exact(values.get(name) or 1)
    if number != int(number) or number < 1:
        raise BadValues(f"{name} must be a whole number, 1 or more")
    return int(number)


def _exact(value: Any) -> Decimal:
    try:
        return decimal(value)
    except ValueError as error:
        raise BadValues(str(error)) from error


def _state(values: Values) -> ShipmentState:
    try:
        return ShipmentState(str(values.get("state")))
    except ValueError as error:
        raise BadValues(f"a shipment cannot be {values.get('state')!r}") from error


def _pairs(values: Values, name: str) -> Sequence[tuple[Any, Any]]:
    pairs = values.get(name) or ()
    if any(len(pair) != 2 for pair in pairs):
        raise BadValues(f"{name} must be pairs")
    return [(first, second) for first, second in pairs]
