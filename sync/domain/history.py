"""What happens to an order after it was placed: payments, refunds, returns, fulfilments, and the sales ledger.

The ledger (`Agreement` with its signed `Sale`s) is append-only and is the source of money; refunds and returns only
tell what moved and who was paid. Values, no decisions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sync.domain.money import Both

WAITING = frozenset({"pending", "awaiting_response", "unknown"})
GIFT_CARD = "gift_card"
STORE_CREDIT = "shopify_store_credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLine:
    """One tax that Shopify charged on a line or sale, signed as it. `rate` 0.19 = 19 %."""

    title: str
    rate: Decimal
    amount: Both
    is_channel_liable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """Money that moved, or was meant to. The amount is positive; `kind` says the direction."""

    gid: str
    kind: str  # sale · authorization · capture · refund · void · change
    status: str  # success · pending · failure · error · awaiting_response · unknown
    gateway: str
    amount: Both
    processed_at: datetime | None = None
    parent_gid: str | None = None
    rounding: Both | None = None  # cash rounding of this payment
    is_test: bool = False

    @property
    def is_done(self) -> bool:
        """The money has moved."""
        return self.status == "success"

    @property
    def is_waiting(self) -> bool:
        """Nobody knows yet whether the money moves."""
        return self.status in WAITING


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLine:
    """Quantity of a line that was refunded, and whether it went back into stock."""

    line_gid: str
    quantity: int
    restock: str  # return · cancel · no_restock · legacy_restock
    subtotal: Both
    tax: Both
    location_gid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundShipping:
    """Shipping that was paid back, with its own tax."""

    line_gid: str
    subtotal: Both
    tax: Both


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """The difference between what a refund should have been and what it was, with Shopify's reason."""

    gid: str
    amount: Both
    tax: Both
    reason: str = field(default="", compare=False)  # bodies name it in words of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One refund."""

    gid: str
    processed_at: datetime
    note: str = ""
    lines: tuple[RefundLine, ...] = ()
    shipping: tuple[RefundShipping, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    duties: tuple[tuple[str, Both], ...] = ()
    return_gid: str | None = None
    transactions: tuple[Transaction, ...] = field(default=(), compare=False)

    @property
    def is_waiting(self) -> bool:
        """Some of its money has not moved yet."""
        return any(each.is_waiting for each in self.transactions if each.kind == "refund")


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A return or exchange that a customer asked for."""

    gid: str
    name: str
    status: str  # requested · open · closed · declined · canceled


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One parcel."""

    number: str = ""
    carrier: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """Goods that left from one place."""

    gid: str
    status: str  # success · cancelled · pending · open · error · failure
    created_at: datetime
    updated_at: datetime
    lines: tuple[tuple[str, int], ...]  # line gid, quantity
    location_gid: str | None = None
    packages: tuple[Package, ...] = ()
    # Both sources have names and stages of their own for these.
    name: str = field(default="", compare=False)
    delivery_status: str = field(default="", compare=False)

    @property
    def is_cancelled(self) -> bool:
        """It did not happen after all."""
        return self.status == "cancelled"

    @property
    def has_left(self) -> bool:
        """The goods are gone."""
        return self.status == "success"


class AgreementKind(StrEnum):
    """Which act made an entry of the ledger."""

    ORDER = "order"
    EDIT = "edit"
    REFUND = "refund"
    RETURN = "return"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One signed movement of money. `total` is after discounts and with taxes; a return is negative."""

    gid: str
    line_type: (
        str  # product · gift_card · tip · shipping · duty · fee · additional_fee · adjustment · unknown
    )
    action: str  # order · update · return · unknown
    quantity: int
    total: Both
    tax: Both
    discount: Both  # already taken off `total`
    taxes: tuple[TaxLine, ...] = ()
    target_gid: str = ""  # the line, shipping line, duty or fee that it is about
    title: str = ""

    @property
    def net(self) -> Both:
        """Without tax."""
        return self.total - self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One entry of Shopify's sales ledger."""

    gid: str
    kind: AgreementKind
    happened_at: datetime
    sales: tuple[Sale, ...]
    refund_gid: str | None = None
    return_gid: str | None = None

    @property
    def order_of_time(self) -> tuple[datetime, int, str]:
        """Sorts agreements as they happened; ids settle a tie."""
        tail = self.gid.rpartition("/")[2]
        return self.happened_at, int(tail) if tail.isdigit() else 0, self.gid
