"""Customers and companies of a shop as values. Who they are in the ERP is decided in `customers`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sync.domain.documents import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person (or a shared mailbox) who buys."""

    gid: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    is_tax_exempt: bool = False
    default_address: Address | None = None
    addresses: tuple[Address, ...] = field(default=(), compare=False)
    tags: tuple[str, ...] = field(default=(), compare=False)
    updated_at: datetime | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """First and last name, as far as known."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyLocation:
    """A branch of a company: the one that orders and is invoiced."""

    gid: str
    name: str
    external_id: str = ""
    vat_number: str = ""
    phone: str = ""
    is_tax_exempt: bool = False
    billing: Address | None = None
    shipping: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A B2B customer with its branches."""

    gid: str
    name: str
    external_id: str = ""
    note: str = ""
    updated_at: datetime | None = None
    locations: tuple[CompanyLocation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCompany:
    """The company and branch that an order is for. A webhook body tells only the two ids."""

    gid: str
    location_gid: str
    name: str = field(default="", compare=False)
    external_id: str = field(default="", compare=False)
    location_name: str = field(default="", compare=False)
    location_external_id: str = field(default="", compare=False)
    vat_number: str = field(default="", compare=False)
