"""Customers in Tryton: found by what people would find them by, never made twice, never robbed of anything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from secrets import token_hex

import pytest

from kit.faults import Misconfigured
from sync.domain.documents import Address
from tests.connectors.tryton.papers import HOME, new_customer
from tests.fixtures.tryton import Erp

pytestmark = pytest.mark.slow

TOKYO = Address(
    name="Ken Mori",
    street="1-5 Umeda",
    city="Osaka",
    postal_code="530-0001",
    country_code="JP",
    province_code="JP-27",
)


def by(erp: Erp, **values: str) -> list[tuple[str, str]]:
    """Which parties match a customer who shares just these values, and why."""
    found = erp.connector().match_customer(new_customer(**values))
    return [(each.erp_id, each.by) for each in found]


def test_a_new_customer_is_made_once_and_completed_later(tryton_beta: Erp) -> None:
    connector = tryton_beta.connector()
    customer = new_customer(email=f"{token_hex(4)}@example.de", phone="+49 40 555 01 01")
    written = connector.write_customer(customer)
    assert connector.write_customer(customer) == written
    connector.write_customer(replace(customer, addresses=(HOME, TOKYO), vat_number="DE136695976"))
    with tryton_beta.admin() as rpc:
        (party,) = rpc.read(
            "party.party", [int(written.erp_id)], "name", "addresses", "contact_mechanisms", "identifiers"
        )
        addresses = rpc.read("party.address", party["addresses"], "city", "country", "subdivision")
        (vat,) = rpc.read("party.identifier", party["identifiers"], "type", "code")
    assert party["name"] == customer.name
    assert [each["city"] for each in addresses] == ["Hamburg", "Osaka"]
    assert all(each["country"] for each in addresses)
    assert addresses[1]["subdivision"] is not None
    assert len(party["contact_mechanisms"]) == 2
    assert (vat["type"], vat["code"]) == ("eu_vat", "DE136695976")


def test_a_customer_is_recognised_by_code_email_phone_and_vat_number(tryton_beta: Erp) -> None:
    email, phone = f"Anna_{token_hex(4)}@Example.de", f"+49 40 {int(token_hex(3), 16):08d}"
    customer = new_customer(email=email, phone=phone, vat_number="DE129273398")
    party = tryton_beta.connector().write_customer(customer).erp_id
    assert by(tryton_beta, code=customer.code) == [(party, "code")]
    assert by(tryton_beta, email=f" {email.upper()} ") == [(party, "email")]
    assert by(tryton_beta, phone=phone.replace(" ", "")) == [(party, "phone")]
    assert by(tryton_beta, vat_number="DE 129 273 398") == [(party, "vat")]
    assert by(tryton_beta, email=email.replace("_", "x")) == []


def test_a_customer_is_recognised_by_the_external_id_that_tryton_keeps_or_people_call_it_by(
    tryton_beta: Erp,
) -> None:
    number, code = token_hex(6), f"K-{token_hex(4)}"
    customer = new_customer(external_id=number)
    party = tryton_beta.connector().write_customer(customer).erp_id
    tryton_beta.connector().write_customer(customer)
    assert by(tryton_beta, external_id=number) == [(party, "external_id")]
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("party.party", [int(party)], "identifiers")
        chosen = rpc.one("party.party", name="Becker GmbH", code=code)
    assert len(row["identifiers"]) == 1
    assert by(tryton_beta, external_id=code) == [(str(chosen), "external_id")]
    known = new_customer(external_id=code)
    tryton_beta.connector().write_customer(known, erp_id=str(chosen))
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("party.party", [chosen], "identifiers")
    assert row["identifiers"] == []


def test_a_party_is_named_once_for_each_reason(tryton_beta: Erp) -> None:
    customer = new_customer(email=f"{token_hex(4)}@example.de")
    party = tryton_beta.connector().write_customer(customer).erp_id
    found = tryton_beta.connector().match_customer(customer)
    assert [(each.erp_id, each.by) for each in found] == [(party, "code"), (party, "email")]


def test_what_tryton_does_not_accept_as_a_phone_or_vat_number_is_kept_as_text(tryton_beta: Erp) -> None:
    customer = new_customer(phone="call the neighbour", vat_number="DE000000000")
    party = tryton_beta.connector().write_customer(customer).erp_id
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("party.party", [int(party)], "contact_mechanisms", "identifiers")
        (contact,) = rpc.read("party.contact_mechanism", row["contact_mechanisms"], "value")
        (identifier,) = rpc.read("party.identifier", row["identifiers"], "type", "code")
    assert contact["value"] == "call the neighbour"
    assert (identifier["type"], identifier["code"]) == (None, "DE000000000")


def test_a_party_that_people_chose_keeps_its_code_and_name(tryton_beta: Erp) -> None:
    with tryton_beta.admin() as rpc:
        chosen = rpc.one("party.party", name="Becker GmbH", code=f"K-{token_hex(4)}")
    written = tryton_beta.connector().write_customer(
        new_customer(email="buero@becker.example"), erp_id=str(chosen)
    )
    assert written.erp_id == str(chosen)
    with tryton_beta.admin() as rpc:
        (row,) = rpc.read("party.party", [chosen], "name", "code", "addresses", "contact_mechanisms")
    assert row["name"] == "Becker GmbH"
    assert row["code"].startswith("K-")
    assert (len(row["addresses"]), len(row["contact_mechanisms"])) == (1, 1)


def test_many_at_once_make_one_party(tryton_beta: Erp) -> None:
    customer = new_customer(email=f"{token_hex(4)}@example.de")
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: tryton_beta.connector().write_customer(customer).erp_id, range(6)))
    assert len(set(made)) == 1


def test_a_province_that_tryton_does_not_list_stays_readable(tryton_beta: Erp) -> None:
    home = replace(HOME, country_code="US", province_code="VT", city="Stowe")
    party = tryton_beta.connector().write_customer(new_customer(addresses=(home,))).erp_id
    with tryton_beta.admin() as rpc:
        (address,) = rpc.find("party.address", ("party", "=", int(party)))
        (row,) = rpc.read("party.address", [address], "city", "subdivision")
    assert (row["city"], row["subdivision"]) == ("Stowe, VT", None)


def test_a_country_that_tryton_lacks_holds_the_record(tryton_beta: Erp) -> None:
    nowhere = new_customer(addresses=(replace(HOME, country_code="BV"),))
    with pytest.raises(Misconfigured) as held:
        tryton_beta.connector().write_customer(nowhere)
    assert held.value.misses == "erp:country.country:BV"
