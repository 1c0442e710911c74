"""The mapping as data: how records of a shop become documents of one ERP. A published version never changes.

Values only. Lookups, and the fault for one that misses, live in `mapper`; the JSON form in `rules_json`; a first
proposal in `suggest`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sync.domain.documents import DocumentKind, LineKind


class Side(StrEnum):
    """Which of the two currencies the ERP posts in."""

    SHOP = "shop"
    PRESENTMENT = "presentment"


class Unmapped(StrEnum):
    """What a line without an ERP product does."""

    HOLD = "hold"
    PLACEHOLDER = "placeholder"  # one item that means "look at me": the document is left a draft
    DEFAULT = "default"  # one item for all of them


class Rest(StrEnum):
    """What may have one choice of the ERP for everything that is not mapped. Without one it holds its order; whether
    the one is a placeholder is said in `Rules.placeholders`."""

    TAX = "tax"
    SERVICE = "service"
    WAREHOUSE = "warehouse"
    SHIPPING = "shipping"
    PAYMENT_TERM = "payment_term"


class GuestPolicy(StrEnum):
    """Who the party is when nobody signed in."""

    BY_EMAIL = "by_email"  # one party per address; without one, per order
    PER_ORDER = "per_order"
    SHARED = "shared"  # the one party named in `shared_customer`
    HOLD = "hold"


class MatchBy(StrEnum):
    """What a buyer is recognised by in the ERP. A mapping says which of them count, and in what order."""

    LINK = "link"  # ours: an earlier export, or our code on the party
    EXTERNAL_ID = "external_id"
    EMAIL = "email"
    PHONE = "phone"
    VAT = "vat"


SHOPIFY_ID = "shopify_id"  # as `Rules.external_id`: the customer's own number in Shopify


class DiscountStyle(StrEnum):
    """How a discount shows on the ERP document."""

    NET = "net"  # the line's price is after discount, and the line says how much that was
    LINES = "lines"  # a negative line of its own


class ResidualPolicy(StrEnum):
    """What happens with money that nothing explains."""

    HOLD = "hold"
    POST = "post"  # as a named line, up to the limit; above it the order is held


class ClosedPeriod(StrEnum):
    """What happens with a document whose day lies in an accounting period that is closed."""

    NEXT_OPEN = "next_open"  # posted on the first open day after it; the document names its own day
    HOLD = "hold"


class CancelledPolicy(StrEnum):
    """What a cancelled order that was never exported does."""

    SKIP = "skip"  # when nobody paid; a paid and refunded one is exported with its credit
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRules:
    """From a Shopify line to an ERP product: an explicit link wins, then the code, then the barcode."""

    links: Mapping[str, str] = field(default_factory=dict)  # variant gid or SKU -> ERP id, chosen by a person
    codes: Mapping[str, str] = field(default_factory=dict)  # SKU -> ERP id
    barcodes: Mapping[str, str] = field(default_factory=dict)
    unmapped: Unmapped = Unmapped.HOLD
    stand_in: str = ""  # ERP id of the placeholder or default product


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRule:
    """Which ERP tax a Shopify tax is. None and "" match anything; the rule that says most wins."""

    erp_tax: str
    rate: Decimal | None = None  # 0.19
    country: str = ""
    title: str = ""
    is_included: bool | None = None
    is_channel_liable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where money goes that is not goods: an ERP service product, an account, or both."""

    item: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """One ERP field filled from the order. `source`: `attribute:Gift note`, `metafield:custom.po`, `order:note`."""

    source: str
    target: str
    transforms: tuple[str, ...] = ()  # names of `fields.TRANSFORMS`, with an argument after a colon
    values: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which orders are ours at all. An order outside is skipped, with the reason."""

    since: datetime | None = None  # the cut-off: older orders were handled before us
    with_test_orders: bool = False
    only_sources: tuple[str, ...] = ()
    skip_sources: tuple[str, ...] = ()
    only_tags: tuple[str, ...] = ()
    skip_tags: tuple[str, ...] = ()
    only_paid: bool = False
    cancelled: CancelledPolicy = CancelledPolicy.SKIP


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """How much unexplained money may be posted per order, in the document's currency."""

    policy: ResidualPolicy = ResidualPolicy.HOLD
    limit: Decimal = Decimal("0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One version of a connection's mapping."""

    side: Side = Side.SHOP
    timezone: str = "UTC"  # whose midnight ends a document's day
    country: str = ""  # the shop's, for orders without any address
    products: ProductRules = field(default_factory=ProductRules)
    warehouses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # location gid -> ERP warehouses
    warehouse_shares: Mapping[str, int] = field(
        default_factory=dict
    )  # location gid -> percent of shared ones
    default_warehouse: str = ""
    taxes: tuple[TaxRule, ...] = ()
    default_tax: str = ""
    services: Mapping[LineKind, Service] = field(default_factory=dict)
    adjustments: Mapping[str, Service] = field(
        default_factory=dict
    )  # reason of a discrepancy -> its own account
    default_service: Service = field(default_factory=Service)
    placeholders: tuple[
        Rest, ...
    ] = ()  # what has a default that means "look at me": the document is left a draft
    shipping_methods: Mapping[str, str] = field(default_factory=dict)  # title or code -> ERP method
    default_shipping_method: str = ""
    payment_methods: Mapping[str, str] = field(default_factory=dict)  # gateway -> ERP method
    default_payment_method: str = ""
    payment_terms: Mapping[str, str] = field(default_factory=dict)  # name -> ERP term
    default_payment_term: str = ""
    discount_style: DiscountStyle = DiscountStyle.NET
    guests: GuestPolicy = GuestPolicy.BY_EMAIL
    shared_customer: str = ""  # ERP id
    match_order: tuple[MatchBy, ...] = tuple(MatchBy)  # the first that answers decides
    external_id: str = (
        ""  # of a person: SHOPIFY_ID, or a source like a field's; a company may have its own anyway
    )
    customers: Mapping[str, str] = field(default_factory=dict)  # gid or guest code -> ERP id, by a person
    posting: Mapping[DocumentKind, bool] = field(default_factory=dict)  # absent: posted
    fields: tuple[FieldRule, ...] = ()
    filters: Filters = field(default_factory=Filters)
    residual: Residual = field(default_factory=Residual)
    closed_period: ClosedPeriod = ClosedPeriod.NEXT_OPEN
    ships_elsewhere: bool = False  # True: goods leave without the ERP, it only learns of them
    returns_restock: bool = True  # goods of a return go back into stock unless its refund says otherwise
    title_limit: int = 200  # characters of a line's description that the ERP takes

    def is_posted(self, kind: DocumentKind) -> bool:
        """Whether a document of this kind is posted or left a draft."""
        return self.posting.get(kind, True)

    @property
    def order_warehouses(self) -> dict[str, str]:
        """The warehouse that an order of each location leaves from: the first of those that feed it."""
        return {location: names[0] for location, names in self.warehouses.items() if names}

    def shares(self, location: str) -> dict[str, Decimal]:
        """How much of each of its warehouses a location may sell. A warehouse of several locations is divided, in
        equal parts where nobody chose shares, so that no piece is sold twice."""
        found: dict[str, Decimal] = {}
        for warehouse in self.warehouses.get(location, ()):
            fed = [each for each, names in self.warehouses.items() if warehouse in names]
            if len(fed) == 1:
                found[warehouse] = Decimal(1)
            elif self.is_shared_out(fed):
                found[warehouse] = Decimal(self.warehouse_shares[location]) / 100
            else:
                found[warehouse] = Decimal(1) / len(fed)
        return found

    def is_shared_out(self, locations: Collection[str]) -> bool:
        """Whether people chose the shares of these locations, and together they are no more than everything."""
        chosen = [self.warehouse_shares.get(each, 0) for each in locations]
        return all(chosen) and sum(chosen) <= 100
