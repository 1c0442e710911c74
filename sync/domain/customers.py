"""The buyer as a party of the ERP: its values, clean, and the code that finds it again.

Which party of the ERP it is already is decided in `matching`; a person's own choice always wins.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from kit.crypto import fingerprint
from kit.faults import Misconfigured
from sync.domain import fields
from sync.domain.documents import Address, CustomerDocument
from sync.domain.parties import Company, CompanyLocation, Customer, OrderCompany
from sync.domain.records import Order
from sync.domain.rules import SHOPIFY_ID, GuestPolicy, MatchBy, Rules

CODE_HASH_LETTERS: Final = 16


def of_order(order: Order, rules: Rules) -> tuple[CustomerDocument, str]:
    """The buyer of an order, and the ERP id when a person chose it or the guest policy names it."""
    if order.company is not None:
        chosen = rules.customers.get(order.company.location_gid) or rules.customers.get(order.company.gid, "")
        return _company_of(order, order.company, rules), chosen
    if order.customer is not None:
        gid = order.customer.gid
        document = of_customer(order.customer, order=order, external_id=_external_id(order, rules, gid=gid))
        return document, rules.customers.get(gid, "")
    return _guest(order, rules)


def is_untold(order: Order) -> bool:
    """Whether the order is a company's and its source told no more than that: not its name, nor its VAT number."""
    return order.company is not None and not order.company.name


def own_number(gid: str, rules: Rules) -> str:
    """The external id of a customer of whom no order is at hand."""
    is_asked = MatchBy.EXTERNAL_ID in rules.match_order and rules.external_id == SHOPIFY_ID
    return tail(gid) if is_asked else ""


def of_customer(customer: Customer, *, order: Order | None = None, external_id: str = "") -> CustomerDocument:
    """A customer as a party. Addresses are optional; a name is found somewhere or made from the code."""
    places = [customer.default_address, *customer.addresses]
    if order is not None:
        places = [order.billing, order.shipping, *places]
    addresses = unique_addresses(places)
    code = f"SC-{tail(customer.gid)}"
    email = normal_email(customer.email or (order.email if order else ""))
    name = customer.name or next((a.name for a in addresses if a.name), "") or _local(email) or code
    return CustomerDocument(
        code=code,
        name=name,
        shopify_gid=customer.gid,
        email=email,
        phone=normal_phone(customer.phone or (order.phone if order else "")),
        external_id=external_id,
        addresses=addresses,
    )


def of_company(company: Company, location: CompanyLocation) -> CustomerDocument:
    """A company's branch as a party."""
    return CustomerDocument(
        code=f"SB-{tail(location.gid)}",
        name=_branch_name(company.name, location.name),
        shopify_gid=location.gid,
        is_company=True,
        phone=normal_phone(location.phone),
        vat_number=normal_vat(location.vat_number),
        external_id=location.external_id or company.external_id,
        addresses=unique_addresses([location.billing, location.shipping]),
    )


def merged(kept: CustomerDocument, gone: CustomerDocument) -> CustomerDocument:
    """The party after two customers became one: the kept one's values, with what only the other had."""
    return replace(
        kept,
        email=kept.email or gone.email,
        phone=kept.phone or gone.phone,
        vat_number=kept.vat_number or gone.vat_number,
        external_id=kept.external_id or gone.external_id,
        addresses=unique_addresses([*kept.addresses, *gone.addresses]),
        payment_term=kept.payment_term or gone.payment_term,
    )


def unique_addresses(places: Sequence[Address | None]) -> tuple[Address, ...]:
    """Normalised addresses, each once, in order."""
    found: dict[Address, None] = {}
    for place in places:
        if place is not None:
            clean = normal_address(place)
            if clean != Address():
                found.setdefault(clean)
    return tuple(found)


def normal_address(place: Address) -> Address:
    """Trimmed texts, upper-case codes; a province code loses its country (`US-NY` is `NY`)."""
    country = place.country_code.strip().upper()
    province = place.province_code.strip().upper().removeprefix(f"{country}-" if country else "\0")
    return Address(
        name=_squeezed(place.name),
        company=_squeezed(place.company),
        street=_squeezed(place.street),
        street2=_squeezed(place.street2),
        city=_squeezed(place.city),
        postal_code=_squeezed(place.postal_code).upper(),
        province_code=province,
        country_code=country,
        phone=normal_phone(place.phone),
    )


def normal_email(email: str) -> str:
    """The address in lower case without spaces around; "" when it is not one."""
    clean = email.strip().casefold()
    return (
        clean if clean.count("@") == 1 and not re.search(r"\s", clean) and clean.strip("@") == clean else ""
    )


def normal_phone(phone: str) -> str:
    """Digits with a leading plus where there was one (or 00); "" when there are none."""
    clean = re.sub(r"[^\d+]", "", phone)
    if clean.startswith("00"):
        clean = "+" + clean[2:]
    return ("+" if clean.startswith("+") else "") + clean.replace("+", "")


def normal_vat(number: str) -> str:
    """Letters and digits only, upper case."""
    return re.sub(r"[^A-Z0-9]", "", number.upper())


def tail(gid: str) -> str:
    """The last part of a gid."""
    return gid.rpartition("/")[2].partition("?")[0]


def _guest(order: Order, rules: Rules) -> tuple[CustomerDocument, str]:
    addresses = unique_addresses([order.billing, order.shipping])
    email = normal_email(order.email)
    code = f"SG-{order.legacy_id}"
    match rules.guests:
        case GuestPolicy.HOLD:
            raise Misconfigured(
                "guest_order",
                f"Order {order.name} has no customer, and guest orders are held. "
                "Choose another policy under customers.",
                misses="mapping:guests",
                detail=f"order {order.gid}",
            )
        case GuestPolicy.BY_EMAIL if email:
            code = f"SG-{fingerprint(email)[:CODE_HASH_LETTERS]}"
        case GuestPolicy.SHARED:
            code = "SG-SHARED"
        case _:
            pass
    name = next((a.name or a.company for a in addresses if a.name or a.company), "") or _local(email)
    guest = CustomerDocument(
        code=code,
        name=name or f"Guest {order.name}",
        is_guest=True,
        email=email,
        phone=normal_phone(order.phone),
        external_id=_external_id(order, rules),
        addresses=addresses,
    )
    if rules.guests is GuestPolicy.SHARED:
        if not rules.shared_customer:
            raise Misconfigured(
                "guest_customer_missing",
                "Guest orders go to one shared customer, but none is chosen. Choose it under customers.",
                misses="mapping:guests",
            )
        return guest, rules.shared_customer
    return guest, rules.customers.get(code, "")


def _external_id(order: Order, rules: Rules, *, gid: str = "") -> str:
    if MatchBy.EXTERNAL_ID not in rules.match_order or not rules.external_id:
        return ""
    if rules.external_id == SHOPIFY_ID:
        return own_number(gid, rules)
    return fields.read(order, rules.external_id, rules).strip()


def _company_of(order: Order, company: OrderCompany, rules: Rules) -> CustomerDocument:
    addresses = unique_addresses([order.billing, order.shipping])
    code = f"SB-{tail(company.location_gid)}"
    own = company.location_external_id or company.external_id
    known = _branch_name(company.name, company.location_name) if company.name else ""
    return CustomerDocument(
        code=code,
        name=known or next((a.company or a.name for a in addresses if a.company or a.name), "") or code,
        shopify_gid=company.location_gid,
        is_company=True,
        email=normal_email(order.email or (order.customer.email if order.customer else "")),
        phone=normal_phone(order.phone),
        vat_number=normal_vat(company.vat_number),
        external_id=own if own and MatchBy.EXTERNAL_ID in rules.match_order else _external_id(order, rules),
        addresses=addresses,
    )


def _branch_name(company: str, location: str) -> str:
    if not location or location.casefold() == company.casefold():
        return company
    return f"{company} – {location}" if company else location


def _local(email: str) -> str:
    return email.partition("@")[0]


def _squeezed(value: str) -> str:
    return " ".join(value.split())
