"""Who the buyer is in the ERP: the party document, the code that finds it again, and which match is believed.

A person's own choice always wins and is never overwritten. A match needs exactly one party by an exact, normalised
value; two candidates are a question, not an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from kit.crypto import fingerprint
from kit.faults import Misconfigured
from sync.domain.documents import Address, CustomerDocument
from sync.domain.parties import Company, CompanyLocation, Customer, OrderCompany
from sync.domain.records import Order
from sync.domain.rules import GuestPolicy, Rules

MATCH_ORDER: Final = ("code", "external_id", "email", "phone", "vat")  # the first that answers decides
CODE_HASH_LETTERS: Final = 16


class Candidate(Protocol):
    """A party of the ERP that could be the buyer, as connectors give it."""

    @property
    def erp_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def by(self) -> str: ...


class Verdict(StrEnum):
    """What to do about a buyer."""

    LINKED = "linked"  # a person or an earlier export said who it is
    MATCHED = "matched"
    CREATE = "create"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The decision, with the reason for people."""

    verdict: Verdict
    erp_id: str = ""
    because: str = ""
    candidates: tuple[str, ...] = ()


def choose(candidates: Iterable[Candidate], *, link: str = "", chosen: str = "") -> Choice:
    """Which party it is. `chosen` is a person's choice, `link` what an earlier export recorded."""
    if chosen:
        return Choice(verdict=Verdict.LINKED, erp_id=chosen, because="chosen by a person")
    if link:
        return Choice(verdict=Verdict.LINKED, erp_id=link, because="linked before")
    found = list(candidates)
    for by in MATCH_ORDER:
        ids = sorted({each.erp_id for each in found if each.by == by})
        if len(ids) == 1:
            return Choice(verdict=Verdict.MATCHED, erp_id=ids[0], because=f"same {by}")
        if ids:
            return Choice(
                verdict=Verdict.AMBIGUOUS,
                because=f"{len(ids)} parties have the same {by}",
                candidates=tuple(ids),
            )
    return Choice(verdict=Verdict.CREATE, because="nobody matches")


def of_order(order: Order, rules: Rules) -> tuple[CustomerDocument, str]:
    """The buyer of an order, and the ERP id when a person chose it or the guest policy names it."""
    if order.company is not None:
        chosen = rules.customers.get(order.company.location_gid) or rules.customers.get(order.company.gid, "")
        return _company_of(order, order.company), chosen
    if order.customer is not None:
        return of_customer(order.customer, order=order), rules.customers.get(order.customer.gid, "")
    return _guest(order, rules)


def of_customer(customer: Customer, *, order: Order | None = None) -> CustomerDocument:
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
        addresses=unique_addresses([location.billing, location.shipping]),
    )


def merged(kept: CustomerDocument, gone: CustomerDocument) -> CustomerDocument:
    """The party after two customers became one: the kept one's values, with what only the other had."""
    return replace(
        kept,
        email=kept.email or gone.email,
        phone=kept.phone or gone.phone,
        vat_number=kept.vat_number or gone.vat_number,
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


def _company_of(order: Order, company: OrderCompany) -> CustomerDocument:
    addresses = unique_addresses([order.billing, order.shipping])
    code = f"SB-{tail(company.location_gid)}"
    known = _branch_name(company.name, company.location_name) if company.name else ""
    return CustomerDocument(
        code=code,
        name=known or next((a.company or a.name for a in addresses if a.company or a.name), "") or code,
        shopify_gid=company.location_gid,
        is_company=True,
        email=normal_email(order.email or (order.customer.email if order.customer else "")),
        phone=normal_phone(order.phone),
        vat_number=normal_vat(company.vat_number),
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
