"""Customers: finds parties that could be the one, creates the one, and adds what it lacks. Never takes anything away.

The party's code is ours and unique in Tryton's database, so the same customer cannot be created twice. A party that
people chose by hand keeps its own code and name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from kit.faults import Rejected
from sync.connectors.base import CustomerMatch, Written
from sync.connectors.tryton import fields
from sync.connectors.tryton.client import Client, Row
from sync.connectors.tryton.shop import Shop
from sync.domain.documents import Address, CustomerDocument

PARTY = "party.party"
MANY = 20
ADDRESS_FIELDS = ("party_name", "street_unstructured", "postal_code", "city", "country", "subdivision")
EU = frozenset("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split())


class Parties:
    """The parties of one Tryton, for one shop."""

    def __init__(self, client: Client, shop: Shop) -> None:
        self._client = client
        self._shop = shop

    def match(self, customer: CustomerDocument) -> list[CustomerMatch]:
        """Active parties by code, external id, email, phone and VAT number, each named once for each reason."""
        self._shop.record  # noqa: B018 - puts the company into the context
        found: dict[tuple[int, str], CustomerMatch] = {}
        for by, rows in (
            ("code", self._by_code(customer.code)),
            ("external_id", self._by_external_id(customer.external_id)),
            ("email", self._by_contact(("email",), customer.email)),
            ("phone", self._by_contact(("phone", "mobile"), customer.phone)),
            ("vat", self._by_identifier(_compact(customer.vat_number))),
        ):
            for party, name in rows:
                found.setdefault((party, by), CustomerMatch(erp_id=str(party), name=name, by=by))
        return list(found.values())

    def write(self, customer: CustomerDocument, *, erp_id: str) -> Written:
        """The party, created or completed."""
        self._shop.record  # noqa: B018
        party = int(erp_id) if erp_id else self._created(customer)
        self._complete(party, customer)
        row = self._client.get(PARTY, party, ["code", "active"])
        if row is None:
            raise Rejected("party_gone", "Tryton does not have this customer any more.", field="customer")
        state = "active" if row["active"] else "inactive"
        return Written(model=PARTY, erp_id=str(party), number=row["code"], state=state)

    def address(self, party: int, wanted: Address | None) -> int:
        """Id of the party's address that says this, created when there is none; any address for None."""
        stored = self._addresses(party)
        if wanted is None:
            return stored[0]["id"] if stored else self._new_address(party, self._values(Address()))
        values = self._values(wanted)
        for row in stored:
            if fields.same_address(values, row):
                return int(row["id"])
        return self._new_address(party, values)

    def _created(self, customer: CustomerDocument) -> int:
        known = self._by_code(customer.code)
        if known:
            return known[0][0]
        values = fields.party_values(customer)
        values["addresses"] = [
            ["create", [self._values(each) for each in _distinct(customer.addresses or (Address(),))]]
        ]
        try:
            return int(self._client.create(PARTY, values)["id"])
        except Rejected as refusal:
            # Somebody was first, or the party is inactive.
            known = self._by_code(customer.code, also_inactive=True)
            if refusal.code != "not_unique" or not known:
                raise
            return known[0][0]

    def _complete(self, party: int, customer: CustomerDocument) -> None:
        """Adds contacts, the VAT number and addresses that are not there yet."""
        model = "party.contact_mechanism"
        stored = self._client.search(model, [["party", "=", party]], ["type", "value", "value_compact"])
        known = {_bare(row[name]) for row in stored for name in ("value", "value_compact") if row[name]}
        for contact in fields.contact_values(customer):
            if _bare(contact["value"]) not in known:
                self._add_contact(party, contact)
        if customer.vat_number:
            self._add_vat(party, customer.vat_number)
        if customer.external_id:
            self._add_external_id(party, customer.external_id)
        for address in _distinct(customer.addresses):
            self.address(party, address)

    def _add_contact(self, party: int, contact: dict[str, str]) -> None:
        try:
            self._client.create("party.contact_mechanism", {"party": party, **contact})
        except Rejected:
            # Tryton checks phone numbers and emails; what it does not accept is kept as plain text.
            self._client.create("party.contact_mechanism", {"party": party, **contact, "type": "other"})

    def _add_vat(self, party: int, number: str) -> None:
        compact = _compact(number)
        stored = self._client.search("party.identifier", [["party", "=", party]], ["code"])
        if compact in {_compact(row["code"]) for row in stored}:
            return
        kind = "eu_vat" if compact[:2] in EU else None
        try:
            self._client.create("party.identifier", {"party": party, "type": kind, "code": compact})
        except Rejected:
            # The number does not check; kept as text, so that a person can look at it.
            self._client.create("party.identifier", {"party": party, "type": None, "code": compact})

    def _add_external_id(self, party: int, number: str) -> None:
        """Keeps it as an identifier, unless people call the party by it already."""
        if party in {known for known, _ in self._by_external_id(number)}:
            return
        self._client.create("party.identifier", {"party": party, "type": None, "code": number})

    def _by_code(self, code: str, *, also_inactive: bool = False) -> list[tuple[int, str]]:
        if not code:
            return []
        domain: list[Any] = [["code", "=", code]]
        if also_inactive:
            domain.append(["active", "in", [True, False]])
        rows = self._client.search(PARTY, domain, ["rec_name"], size=2)
        return [(row["id"], row["rec_name"]) for row in rows]

    def _by_contact(self, kinds: tuple[str, ...], value: str) -> Iterable[tuple[int, str]]:
        value = value.strip()
        if not value:
            return
        domain = [["type", "in", list(kinds)], ["value", "ilike", _pattern(value)]]
        rows = self._client.search(
            "party.contact_mechanism", domain, ["party.rec_name", "value", "value_compact"], size=MANY
        )
        for row in rows:
            if _bare(value) in (_bare(row["value"]), _bare(row["value_compact"] or "")):
                yield row["party"]["id"], row["party"]["rec_name"]

    def _by_external_id(self, number: str) -> list[tuple[int, str]]:
        """By the code that people gave the party, or by an identifier that says the same."""
        return [*self._by_code(number), *self._by_identifier(number)]

    def _by_identifier(self, code: str) -> list[tuple[int, str]]:
        if not code:
            return []
        rows = self._client.search("party.identifier", [["code", "=", code]], ["party.rec_name"], size=MANY)
        return [(row["party"]["id"], row["party"]["rec_name"]) for row in rows]

    def _addresses(self, party: int) -> list[Row]:
        return self._client.search("party.address", [["party", "=", party]], list(ADDRESS_FIELDS))

    def _values(self, address: Address) -> dict[str, Any]:
        return fields.address_values(
            address,
            country=self._shop.country(address.country_code),
            subdivision=self._shop.subdivision(address.country_code, address.province_code),
        )

    def _new_address(self, party: int, values: dict[str, Any]) -> int:
        return int(self._client.create("party.address", {"party": party, **values})["id"])


def _distinct(addresses: Iterable[Address]) -> list[Address]:
    return list(dict.fromkeys(addresses))


def _bare(value: str) -> str:
    """A contact as it is compared: emails without case, phone numbers by their digits."""
    return value.strip().lower() if "@" in value else _phone(value)


def _pattern(value: str) -> str:
    """Finds an email without regard to case, and a phone number however it is spaced."""
    if "@" in value:
        return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return "%".join(["", *_phone(value), ""])


def _phone(value: str) -> str:
    return re.sub(r"(?!^\+)[^0-9]", "", value.strip())


def _compact(number: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", number.upper())
