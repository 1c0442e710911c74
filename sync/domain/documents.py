"""What the plan wants in the ERP, in words that every ERP understands: documents, lines, customers, shipments.

Amounts are copied from Shopify and signed (a credit is negative). ERP ids in here come from the mapping; a document
is complete: a connector needs nothing else to write it, and its `reference` finds it again for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sync.domain.money import Both, total


class DocumentKind(StrEnum):
    """What kind of paper it is."""

    SALE = "sale"  # the order as first exported
    CHARGE = "charge"  # a later agreement that adds money (edit, exchange)
    CREDIT = "credit"  # a later agreement that takes money back (refund, return, cancellation, edit)


class LineKind(StrEnum):
    """The component of money that a line carries; the proof adds up by these."""

    GOODS = "goods"
    DISCOUNT = "discount"
    SHIPPING = "shipping"
    TIP = "tip"
    GIFT_CARD = "gift_card"
    DUTY = "duty"
    FEE = "fee"
    ADJUSTMENT = "adjustment"  # an order adjustment or refund discrepancy of Shopify's, with its reason
    ROUNDING = "rounding"  # cash rounding
    RESIDUAL = "residual"  # what nothing else explains, named and posted by policy


class Restock(StrEnum):
    """What happens with the goods of a credit line."""

    NONE = "none"  # money only
    RETURN = "return"  # they come back into stock
    CANCEL = "cancel"  # they never left: the open quantity shrinks


@dataclass(frozen=True, kw_only=True)
class Address:
    """A postal address, as far as Shopify knows it."""

    name: str = ""
    company: str = ""
    street: str = ""
    street2: str = ""
    city: str = ""
    postal_code: str = ""
    province_code: str = ""
    country_code: str = ""
    phone: str = ""


@dataclass(frozen=True, kw_only=True)
class DocumentTax:
    """One tax on a line: the ERP's tax and the amount that Shopify charged."""

    erp_tax: str
    title: str
    rate: Decimal  # 0.19 = 19 %
    amount: Both
    is_included: bool  # the price the buyer saw contains it
    is_channel_liable: bool = False  # a marketplace pays it to the authority


@dataclass(frozen=True, kw_only=True)
class DocumentLine:
    """One line. `net` is without tax, signed, for the whole quantity; taxes come on top of it."""

    source: str  # gid of the Shopify line, allocation, adjustment ... that it copies
    kind: LineKind
    description: str
    quantity: Decimal  # signed
    net: Both
    taxes: tuple[DocumentTax, ...] = ()
    erp_item: str = ""  # id of the ERP's product (goods) or service product (everything else)
    erp_account: str = ""  # where the ERP wants an account instead of, or besides, an item
    erp_warehouse: str = ""
    sku: str = ""
    restock: Restock = Restock.NONE
    discount: Both | None = None  # already taken off `net`, as Shopify allocated it: to show, not to subtract

    @property
    def tax(self) -> Both:
        """The sum of its taxes."""
        zero = Both.nothing(self.net.shop.currency, self.net.presentment.currency)
        return total((each.amount for each in self.taxes), zero=zero) if self.taxes else zero

    @property
    def gross(self) -> Both:
        """With tax."""
        return total((each.amount for each in self.taxes), zero=self.net) if self.taxes else self.net


@dataclass(frozen=True, kw_only=True)
class CustomerDocument:
    """A party as the ERP should know it. `code` is ours and unique: it finds the party again."""

    code: str
    name: str
    shopify_gid: str | None = None
    is_company: bool = False
    is_guest: bool = False
    email: str = ""
    phone: str = ""
    vat_number: str = ""
    external_id: str = ""  # what people call it in the ERP, or the number that the ERP keeps for it
    addresses: tuple[Address, ...] = ()
    payment_term: str = ""  # ERP id, from the mapping


@dataclass(frozen=True, kw_only=True)
class PaymentDocument:
    """Money that moved for a document: paid by the buyer, or paid back. A redeemed gift card is one. It is a fact of
    its own, since a signed body tells an order before anybody tells its payments."""

    source: str  # gid of the transaction
    record: str  # gid of the order
    origin: str  # reference of the document that it pays
    number: str  # what people call that document
    gateway: str
    erp_method: str
    amount: Both  # positive
    currency: str  # the one that the document is posted in
    paid_on: date
    is_refund: bool = False
    may_post_later: bool = True  # as for documents
    erp_document: str = (
        ""  # id of the ERP's own credit note that the refund was made for; it has no document of ours
    )


@dataclass(frozen=True, kw_only=True)
class Document:
    """One ERP document for one fact of the shop. `reference` is unique per shop and fact."""

    kind: DocumentKind
    reference: str  # e.g. 6000000123 for the order, 6000000123/R456 for a refund
    record: str  # gid of the order
    number: str  # what people call it: #1001, #1001-R1
    dated_on: date
    occurred_at: datetime
    currency: str  # the one it is posted in: shop or presentment
    lines: tuple[DocumentLine, ...]
    total: Both  # Shopify's own figure for this fact, tax included
    customer: CustomerDocument
    erp_customer: str = ""  # id of the party, once known
    billing: Address | None = None
    shipping: Address | None = None
    warehouse: str = ""
    shipping_method: str = ""
    payment_term: str = ""
    purchase_order: str = ""
    note: str = ""
    origin: str = ""  # reference of the first document, for credits and charges
    is_shipped_elsewhere: bool = False  # the goods left without the ERP: it must not ship them
    may_post_later: bool = True  # policy: when its day's period is closed, post on the next open day, or hold
    is_posted: bool = True  # policy: post the invoice or credit note, or leave a draft
    extra: tuple[tuple[str, str], ...] = field(default=())  # ERP fields filled from attributes and metafields

    @property
    def is_stock_only(self) -> bool:
        """A later document without money: it moves goods (a cancelled order that cost nothing) and posts nothing."""
        return (
            self.kind is not DocumentKind.SALE
            and not self.total
            and not any(line.net or line.tax for line in self.lines)
        )


@dataclass(frozen=True, kw_only=True)
class PackageDocument:
    """One parcel."""

    tracking_number: str = ""
    carrier: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class ShipmentDocument:
    """A fulfilment of Shopify that the ERP should know: these quantities left from that warehouse."""

    reference: str
    record: str  # gid of the order
    origin: str  # reference of the sale
    shipped_at: datetime
    warehouse: str
    lines: tuple[tuple[str, Decimal], ...]  # (erp_item, quantity)
    packages: tuple[PackageDocument, ...] = ()
    is_cancelled: bool = False
