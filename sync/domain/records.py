"""An order as Shopify tells it, in one canonical form for both readers (webhook body and GraphQL node).

Every amount is `Both`: shop and presentment currency. Kinds and states are lower-case text as Shopify names them,
because an unknown one is data, not an error. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync.domain.documents import Address
from sync.domain.history import Fulfilment, Refund, Return, TaxLine, Transaction
from sync.domain.money import Both
from sync.domain.parties import Customer, OrderCompany


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What reduced the order: a code, an automatic discount, a script or a person. Its amounts are the allocations."""

    index: int
    kind: str  # code · automatic · script · manual, or what Shopify invents next
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountAllocation:
    """The part of a discount that one line carries. Follows no formula: it is copied."""

    discount_index: int
    amount: Both


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Import duty on a line, with its own taxes."""

    gid: str
    amount: Both
    taxes: tuple[TaxLine, ...] = ()
    hs_code: str = ""
    origin_country_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """An additional fee of the order (a delivery fee a state demands, say), with its own taxes."""

    gid: str
    name: str
    amount: Both
    taxes: tuple[TaxLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line as sold. `quantity` is what was ever ordered; `current_quantity` what edits and refunds left."""

    gid: str
    title: str
    quantity: int
    current_quantity: int
    unit_price: Both
    variant_title: str = ""
    sku: str = ""
    vendor: str = ""
    variant_gid: str | None = None  # None: a custom line, or the product is gone
    product_gid: str | None = None
    discounts: tuple[DiscountAllocation, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    duties: tuple[Duty, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    is_gift_card: bool = False
    is_tip: bool = False
    is_taxable: bool = True
    requires_shipping: bool = True
    barcode: str = field(default="", compare=False)  # only GraphQL tells it
    group_gid: str | None = field(default=None, compare=False)  # bundle that the line belongs to

    @property
    def name(self) -> str:
        """What people read on the paper."""
        return f"{self.title} - {self.variant_title}" if self.variant_title else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingLine:
    """One shipping charge with its allocations and taxes. A removed one was taken off by an edit or refund."""

    gid: str
    title: str
    price: Both
    code: str = ""
    source: str = ""
    carrier: str = ""
    discounts: tuple[DiscountAllocation, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    is_removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """When a B2B customer pays."""

    name: str
    kind: str = ""  # net · receipt · fixed · fulfillment
    due_in_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Shopify's own figures for the order; the proof is held against them."""

    total: Both  # all that was ever sold on the order, tax included, before returns
    current_total: Both  # after edits and returns
    subtotal: Both  # goods after discounts, before shipping, duties, taxes (unless included) and tips
    discounts: Both
    tax: Both
    shipping: Both  # before shipping discounts
    duties: Both
    fees: Both
    tip: Both
    rounding_paid: Both  # cash rounding on payments
    rounding_refunded: Both
    told: frozenset[str] = field(
        default=frozenset(), compare=False
    )  # figures above that the source really states
    current: Mapping[str, Both] = field(default_factory=dict)  # parts of `current_total` that Shopify states


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order with everything both sources know. `unknown` names the parts that this source could not tell."""

    gid: str
    name: str
    number: int
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    currency: str
    presentment_currency: str
    taxes_included: bool
    totals: Totals
    lines: tuple[OrderLine, ...]
    shipping_lines: tuple[ShippingLine, ...] = ()
    discounts: tuple[Discount, ...] = ()
    fees: tuple[Fee, ...] = field(default=(), compare=False)  # a body knows their sum only
    tax_lines: tuple[TaxLine, ...] = field(default=(), compare=False)  # as Shopify sums them up for the order
    duties_included: bool = False
    is_tax_exempt: bool = False
    is_test: bool = False
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    closed_at: datetime | None = None
    financial_status: str = ""
    source_name: str = ""  # web · pos · shopify_draft_order · a channel's id
    location_gid: str | None = None  # where a POS order was made
    customer: Customer | None = None
    company: OrderCompany | None = None
    email: str = ""
    phone: str = ""
    billing: Address | None = None
    shipping: Address | None = None
    payment_terms: PaymentTerms | None = None
    purchase_order: str = ""
    note: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    refunds: tuple[Refund, ...] = ()
    fulfilments: tuple[Fulfilment, ...] = ()
    returns: tuple[Return, ...] = field(default=(), compare=False)
    transactions: tuple[Transaction, ...] = field(default=(), compare=False)
    metafields: Mapping[str, str] = field(default_factory=dict, compare=False)  # namespace.key -> value
    unknown: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def legacy_id(self) -> str:
        """The number at the end of the gid."""
        return self.gid.rpartition("/")[2]

    @property
    def zero(self) -> Both:
        """Nothing, in this order's currencies."""
        return Both.nothing(self.currency, self.presentment_currency)

    @property
    def taxed(self) -> Iterator[OrderLine | ShippingLine | Duty | Fee]:
        """Everything that the order charges tax on."""
        for line in self.lines:
            yield line
            if not self.duties_included:
                yield from line.duties
        yield from (each for each in self.shipping_lines if not each.is_removed)
        yield from self.fees

    @property
    def duties_in_prices(self) -> Iterator[Duty]:
        """Duties that the prices contain: nobody is charged for them apart."""
        if self.duties_included:
            for line in self.lines:
                yield from line.duties

    @property
    def is_pos(self) -> bool:
        """Sold over the counter."""
        return self.source_name == "pos"

    @property
    def is_pristine(self) -> bool:
        """Nothing was ever taken back: the lines at their quantities are the order's money."""
        return (
            not self.refunds
            and self.cancelled_at is None
            and not any(line.is_removed for line in self.shipping_lines)
            and all(line.current_quantity == line.quantity for line in self.lines)
            and self.totals.current_total == self.totals.total
        )

    def discount_title(self, index: int) -> str:
        """What the discount of an allocation is called."""
        for each in self.discounts:
            if each.index == index:
                return each.title or each.kind
        return "discount"
