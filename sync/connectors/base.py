"""The contract of a connector: what every ERP must be able to do for the flows, and the values that cross.

A connector knows no table and no shop. Writing is *making it so*: it looks by our reference first, creates what is
missing, and brings what is there to the wanted state; so any call may be made any number of times, by one caller at a
time per reference. A write whose answer is lost raises OutcomeUnknown; the engine then asks with `find`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from kit.crypto import Secret
from kit.http import Door
from sync.domain.documents import CustomerDocument, Document, PaymentDocument, ShipmentDocument
from sync.domain.money import Money


class OptionKind(StrEnum):
    """Lists of the ERP that a mapping chooses from."""

    PRODUCT = "product"
    WAREHOUSE = "warehouse"
    TAX = "tax"
    ACCOUNT = "account"
    PAYMENT_METHOD = "payment_method"
    PAYMENT_TERM = "payment_term"
    CARRIER = "carrier"


INVOICE_OPEN = "invoice_open"  # code of the refusal of a payment whose document is still a draft


class Feed(StrEnum):
    """What the ERP can tell changes of."""

    STOCK = "stock"
    SHIPMENTS = "shipments"
    CREDITS = "credits"
    PRODUCTS = "products"
    PRICES = "prices"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What the ERP says of itself when a connection is tested."""

    system: str  # Tryton 8.2
    company: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice of a list: a product with its code, a tax with its rate."""

    erp_id: str
    name: str
    code: str = ""
    barcodes: tuple[str, ...] = ()
    rate: Decimal | None = None
    is_active: bool = True


@dataclass(frozen=True, kw_only=True)
class Written:
    """A document as it stands in the ERP. `total` includes tax and is the ERP's own figure."""

    model: str
    erp_id: str
    number: str
    state: str
    total: Money | None = None
    related: tuple[Related, ...] = ()  # invoices, shipments, credit notes that came with it
    is_complete: bool = True  # False: it was begun, and `write` must bring it to the wanted state


@dataclass(frozen=True, kw_only=True)
class Related:
    """A document that the ERP made from ours."""

    model: str
    erp_id: str
    number: str
    state: str
    total: Money | None = None


@dataclass(frozen=True, kw_only=True)
class CustomerMatch:
    """A party that could be the customer, and one reason why."""

    erp_id: str
    name: str
    by: str  # code · external_id · email · phone · vat


@dataclass(frozen=True, kw_only=True)
class Change:
    """One changed thing of a feed. `values` depends on the feed; see the feed's docstring in the connector."""

    feed: Feed
    erp_id: str
    changed_at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ChangePage:
    """Changes since a position, oldest first, and the position to ask from next. Overlap is allowed, gaps are not."""

    changes: tuple[Change, ...]
    position: Mapping[str, Any]
    has_more: bool


class Connector(Protocol):
    """One ERP, opened for one connection."""

    kind: str

    def probe(self) -> Probe:
        """Says who we are there. Raises Misconfigured when address or credential are wrong."""
        ...

    def options(self, kind: OptionKind, *, codes: Sequence[str] = ()) -> list[Option]:
        """The ERP's list, whole or (for products) just those with the given codes or barcodes."""
        ...

    def match_customer(self, customer: CustomerDocument) -> list[CustomerMatch]:
        """Parties that share the code, external id, exact normalised email, phone or VAT number: each reason once."""
        ...

    def write_customer(self, customer: CustomerDocument, *, erp_id: str = "") -> Written:
        """Creates the party (or updates the given one). Finds it again by its code."""
        ...

    def write(self, document: Document, *, key: str) -> Written:
        """Makes the document so, to its wanted state. Raises Rejected when the ERP refuses a value."""
        ...

    def find(self, document: Document) -> Written | None:
        """The document as the ERP has it, by our reference; None when it is not there."""
        ...

    def ship(self, shipment: ShipmentDocument, *, key: str) -> Written:
        """Records that goods left (or, cancelled, that they did not)."""
        ...

    def pay(self, payment: PaymentDocument, *, key: str) -> Written:
        """Books money that moved against its document, once. Raises Rejected with INVOICE_OPEN while the document is a
        draft that a person has to finish."""
        ...

    def changes(self, feed: Feed, position: Mapping[str, Any], *, limit: int) -> ChangePage:
        """What changed since a position ({} = the present state, whole)."""
        ...


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a connector is opened with: the connection's address fields, its secret, the door."""

    address: Mapping[str, Any]
    secret: Secret
    door: Door
    shop_domain: str
    counts_sold: bool = False  # levels of stock are told with what our own sales took; that costs reads


@dataclass(frozen=True, kw_only=True)
class Field:
    """A question of the form that connects an ERP: asked on the page, kept in `Connection.address` or sealed."""

    name: str
    label: str
    help: str = ""
    is_secret: bool = False
    is_url: bool = False
