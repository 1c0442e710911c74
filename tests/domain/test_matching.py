"""The chain by which a buyer is recognised: in the order of the mapping, and only by what it names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.faults import Misconfigured
from sync.domain import customers, matching, rules_json
from sync.domain.matching import Verdict, choose
from sync.domain.parties import Customer, OrderCompany
from sync.domain.plan import needs_ledger
from sync.domain.rules import SHOPIFY_ID, MatchBy, Rules
from tests.domain.orders import Candidate, line, order, rules

ADA = Customer(gid="gid://shopify/Customer/7", first_name="Ada", email="ada@example.com", phone="+49 1")
BRANCH = OrderCompany(gid="gid://shopify/Company/1", location_gid="gid://shopify/CompanyLocation/2")
FOUND = (
    Candidate(erp_id="1", by="code"),
    Candidate(erp_id="2", by="external_id"),
    Candidate(erp_id="3", by="email"),
    Candidate(erp_id="4", by="phone"),
    Candidate(erp_id="5", by="vat"),
)


@pytest.mark.parametrize(
    ("first", "erp_id", "because"),
    [
        (MatchBy.LINK, "1", "same code"),
        (MatchBy.EXTERNAL_ID, "2", "same external id"),
        (MatchBy.EMAIL, "3", "same email"),
        (MatchBy.PHONE, "4", "same phone"),
        (MatchBy.VAT, "5", "same VAT number"),
    ],
)
def test_what_the_mapping_names_first_decides(first: MatchBy, erp_id: str, because: str) -> None:
    chain = (first, *(each for each in MatchBy if each is not first))
    choice = choose(FOUND, order=chain)
    assert (choice.verdict, choice.erp_id, choice.because) == (Verdict.MATCHED, erp_id, because)


def test_what_the_mapping_leaves_out_never_decides() -> None:
    chain = (MatchBy.VAT, MatchBy.EMAIL)
    assert choose(FOUND[:4], order=chain).erp_id == "3"
    assert choose((FOUND[0], FOUND[3]), order=chain, link="9").verdict is Verdict.CREATE
    torn = choose((*FOUND[:3], Candidate(erp_id="1", by="email")), order=chain)
    assert (torn.verdict, torn.candidates) == (Verdict.AMBIGUOUS, ("1", "3"))


def test_an_earlier_export_counts_where_the_chain_has_it() -> None:
    assert choose(FOUND, order=(MatchBy.LINK, MatchBy.EMAIL), link="9").because == "linked before"
    assert choose(FOUND, order=(MatchBy.EMAIL, MatchBy.LINK), link="9").erp_id == "3"
    assert matching.link_decides(Rules().match_order)
    assert not matching.link_decides((MatchBy.EMAIL, MatchBy.LINK))


@pytest.mark.parametrize(
    ("source", "external_id"),
    [("", ""), (SHOPIFY_ID, "7"), ("attribute:Customer number", "K-100"), ("metafield:custom.erp", "K-200")],
)
def test_a_person_s_external_id_comes_from_where_the_mapping_says(source: str, external_id: str) -> None:
    bought = order(
        line(),
        total="1",
        customer=ADA,
        attributes=(("Customer number", " K-100 "),),
        metafields={"custom.erp": "K-200"},
    )
    assert customers.of_order(bought, rules(external_id=source))[0].external_id == external_id
    without = rules(external_id=source, match_order=(MatchBy.EMAIL,))
    assert customers.of_order(bought, without)[0].external_id == ""
    assert customers.own_number(ADA.gid, rules(external_id=source)) == ("7" if source == SHOPIFY_ID else "")


def test_a_company_brings_its_own_external_id_the_branch_s_first() -> None:
    told = replace(BRANCH, name="Acme", external_id="K-1", location_external_id="K-1-KIEL")
    bought = order(line(), total="1", company=told)
    assert customers.of_order(bought, rules())[0].external_id == "K-1-KIEL"
    whole = replace(bought, company=replace(told, location_external_id=""))
    assert customers.of_order(whole, rules())[0].external_id == "K-1"
    assert customers.is_untold(replace(bought, company=BRANCH))
    assert not customers.is_untold(bought)


def test_a_metafield_is_read_from_shopify_before_anybody_is_created() -> None:
    body = order(line(), total="1", unknown=frozenset({"metafields"}))
    assert not needs_ledger(body, rules=rules())
    assert needs_ledger(body, rules=rules(external_id="metafield:custom.erp"))


def test_what_a_buyer_is_looked_up_by_names_only_what_is_known() -> None:
    document = customers.of_customer(ADA)
    assert matching.looked_up_by(document, tuple(MatchBy)) == ("code", "email", "phone")
    assert matching.looked_up_by(document, (MatchBy.VAT, MatchBy.PHONE)) == ("phone",)


def test_the_chain_is_kept_with_the_mapping_and_names_nothing_twice() -> None:
    chain = (MatchBy.EMAIL, MatchBy.LINK)
    kept = rules_json.write_rules(Rules(match_order=chain, external_id=SHOPIFY_ID))
    assert kept["match_order"] == ["email", "link"]
    assert rules_json.read_rules(kept) == Rules(match_order=chain, external_id=SHOPIFY_ID)
    assert rules_json.read_rules({}).match_order == tuple(MatchBy)
    with pytest.raises(Misconfigured, match="twice"):
        rules_json.read_rules({"match_order": ["email", "email"]})
