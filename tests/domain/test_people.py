"""Who the buyer is: exact matches, sticky choices, guests, companies, clean addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.faults import Misconfigured
from sync.domain import customers
from sync.domain.documents import Address
from sync.domain.matching import Verdict, choose
from sync.domain.parties import Company, CompanyLocation, Customer, OrderCompany
from sync.domain.rules import GuestPolicy
from tests.domain.orders import Candidate, line, order, rules

ADA = Customer(gid="gid://shopify/Customer/7", first_name="Ada", last_name="Stone", email=" Ada@Example.com ")


def test_a_person_s_choice_wins_over_the_link_and_the_link_over_every_match() -> None:
    found = [Candidate(erp_id="9", by="email")]
    assert choose(found, link="5", chosen="3").erp_id == "3"
    assert choose(found, link="5").erp_id == "5"
    assert choose(found).erp_id == "9"
    assert choose([]).verdict is Verdict.CREATE


def test_the_first_kind_of_match_decides_and_two_parties_are_a_question() -> None:
    found = [
        Candidate(erp_id="1", by="phone"),
        Candidate(erp_id="2", by="email"),
        Candidate(erp_id="2", by="email"),
    ]
    assert (choose(found).erp_id, choose(found).because) == ("2", "same email")
    torn = choose([*found, Candidate(erp_id="3", by="email")])
    assert (torn.verdict, torn.candidates) == (Verdict.AMBIGUOUS, ("2", "3"))


def test_a_customer_is_found_again_by_code_and_known_by_clean_values() -> None:
    document, chosen = customers.of_order(order(line(), total="10.00", customer=ADA), rules())
    assert (document.code, document.name, document.email, chosen) == (
        "SC-7",
        "Ada Stone",
        "ada@example.com",
        "",
    )
    assert document.shopify_gid == ADA.gid


def test_a_customer_chosen_by_a_person_is_taken_as_it_is() -> None:
    by = rules(customers={ADA.gid: "party-4"})
    assert customers.of_order(order(line(), total="10.00", customer=ADA), by)[1] == "party-4"


def test_a_customer_without_a_name_takes_it_from_the_address_or_mailbox() -> None:
    nameless = replace(ADA, first_name="", last_name="")
    assert customers.of_customer(nameless).name == "ada"
    assert customers.of_customer(replace(nameless, email="")).name == "SC-7"
    assert customers.of_customer(nameless, order=order(line(), total="1")).name == "Ada Stone"


@pytest.mark.parametrize(
    ("policy", "email", "code"),
    [
        (
            GuestPolicy.BY_EMAIL,
            "Ada@Example.com",
            customers.of_order(order(line(), total="1", email="ada@example.com"), rules())[0].code,
        ),
        (GuestPolicy.BY_EMAIL, "", "SG-1001"),
        (GuestPolicy.BY_EMAIL, "not an address", "SG-1001"),
        (GuestPolicy.PER_ORDER, "ada@example.com", "SG-1001"),
    ],
)
def test_a_guest_is_one_party_per_mailbox_or_per_order(policy: GuestPolicy, email: str, code: str) -> None:
    document, _ = customers.of_order(order(line(), total="1", email=email), rules(guests=policy))
    assert (document.code, document.is_guest, document.shopify_gid) == (code, True, None)


@pytest.mark.parametrize("policy", [GuestPolicy.BY_EMAIL, GuestPolicy.PER_ORDER])
def test_a_guest_whom_a_person_paired_stays_paired(policy: GuestPolicy) -> None:
    guest = order(line(), total="1", email="ada@example.com")
    code = customers.of_order(guest, rules(guests=policy))[0].code
    assert customers.of_order(guest, rules(guests=policy, customers={code: "party-4"}))[1] == "party-4"


def test_shared_and_held_guests_need_their_setting() -> None:
    guest = order(line(), total="1")
    assert customers.of_order(guest, rules(guests=GuestPolicy.SHARED, shared_customer="p1"))[1] == "p1"
    for by in (rules(guests=GuestPolicy.SHARED), rules(guests=GuestPolicy.HOLD)):
        with pytest.raises(Misconfigured) as caught:
            customers.of_order(guest, by)
        assert caught.value.misses == "mapping:guests"


def test_a_company_s_branch_is_the_party() -> None:
    branch = OrderCompany(
        gid="gid://shopify/Company/1",
        location_gid="gid://shopify/CompanyLocation/2",
        name="Acme",
        location_name="Kiel",
        vat_number="de 123.456",
    )
    document, chosen = customers.of_order(
        order(line(), total="1", customer=ADA, company=branch), rules(customers={branch.gid: "p9"})
    )
    assert (document.code, document.name, document.is_company, document.vat_number) == (
        "SB-2",
        "Acme – Kiel",
        True,
        "DE123456",
    )
    assert chosen == "p9"


def test_a_company_record_becomes_one_party_per_branch() -> None:
    location = CompanyLocation(
        gid="gid://shopify/CompanyLocation/2", name="Acme", billing=Address(city="Kiel", country_code="de")
    )
    document = customers.of_company(Company(gid="gid://shopify/Company/1", name="Acme"), location)
    assert (document.name, document.addresses[0].country_code) == ("Acme", "DE")


def test_addresses_are_cleaned_and_told_once() -> None:
    rough = Address(
        street="  1  High   St ",
        province_code="us-ny",
        country_code="us",
        postal_code="sw1a 1aa",
        phone="0049 (431) 12-3",
    )
    clean = customers.normal_address(rough)
    assert clean == Address(
        street="1 High St", province_code="NY", country_code="US", postal_code="SW1A 1AA", phone="+49431123"
    )
    assert customers.unique_addresses([rough, clean, None, Address()]) == (clean,)


@pytest.mark.parametrize(
    ("rough", "clean"),
    [("A@B.com ", "a@b.com"), ("a@@b", ""), ("@b.com", ""), ("a b@c.com", ""), ("", "")],
)
def test_a_mailbox_is_normal_or_none(rough: str, clean: str) -> None:
    assert customers.normal_email(rough) == clean


def test_two_customers_made_one_keep_what_only_one_had() -> None:
    kept = customers.of_customer(replace(ADA, email=""))
    gone = customers.of_customer(replace(ADA, gid="gid://shopify/Customer/8", phone="+49 1"))
    both = customers.merged(kept, gone)
    assert (both.code, both.email, both.phone) == ("SC-7", "ada@example.com", "+491")
