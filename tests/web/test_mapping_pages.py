"""The mapping's own pages: who buyers become, and the fields that are filled from orders; draft, publish, roll back."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from sandbox.shopify.commands import orders
from sync.domain.documents import LineKind
from sync.domain.rules import SHOPIFY_ID, ClosedPeriod, FieldRule, MatchBy, Rest, Rules, Service, TaxRule
from sync.domain.rules_json import read_rules
from sync.state import mappings
from sync.state.models import Job
from sync.state.settings_models import Connection
from tests.house import polaris
from tests.oauth.shopify import ALPHA
from tests.web.office import Office

CHAIN = {f"match_{number}": each.value for number, each in enumerate(MatchBy, 1)}
BO = "bo@example.com"
NEW = {"target": "comment", "source": "attribute", "source_name": "Gift note"}


@pytest.fixture
def mapped(office: Office) -> Office:
    """An office that is connected, with a mapping in force."""
    office.shop_id()
    assert office.connect().status_code == 200
    assert office.do("/mappings/suggest").status_code == 200
    assert office.do("/mappings/publish").status_code == 200
    return office


def rules(office: Office, *, draft: bool = False) -> Rules:
    with office.database.transaction(shop_id=office.shop_id()) as session:
        connection = session.scalars(select(Connection)).one()
        read = mappings.draft if draft else mappings.published
        version = read(session, connection.id)
        assert version is not None
        return read_rules(version.rules)


def order(office: Office, **spec: Any) -> None:
    """A guest orders, and everything that waits is done."""
    lines = [{"sku": "ALP-MUG", "quantity": 1}]
    given = {"lines": lines, "email": BO, "guest": True, "financial_state": "paid", **spec}
    orders.create(office.shopify.world.store, ALPHA, given)
    office.work()


def party(office: Office, code: str, **values: str) -> str:
    made = office.books.call("write_party", {"code": code, "name": f"Bo of {code}", **values})
    return str(made["erp_id"])


def name(page: str) -> str:
    """What the fields of the first buyer on the page are called."""
    found = re.search(r'name="key_([^"]+)" value="SG-', page)
    assert found is not None
    return found[1]


def buyer(page: str) -> dict[str, str]:
    """The hidden field that names the first buyer."""
    found = re.search(rf'name="(key_{name(page)})" value="([^"]+)"', page)
    assert found is not None
    return {found[1]: found[2]}


def states(office: Office) -> list[str]:
    with office.database.transaction(shop_id=office.shop_id()) as session:
        return list(session.scalars(select(Job.state).where(Job.flow == "order_push").order_by(Job.id)))


def test_a_buyer_is_shown_with_what_will_happen_before_it_happens(mapped: Office) -> None:
    mapped.books.refuse = lambda verb, _: "Closed." if verb.startswith("write_") else None
    order(mapped)
    text = mapped.look("/mappings/customers").text
    assert "Will be created: nobody in your ERP has the same code, email" in text
    mapped.books.refuse = lambda *_: None
    assert not mapped.books.parties
    party(mapped, "K-1", email=BO)
    assert "Will be matched: Bo of K-1, same email" in mapped.look("/mappings/customers").text


def test_an_ambiguous_buyer_is_chosen_from_the_parties_that_it_could_be(mapped: Office) -> None:
    party(mapped, "K-1", email=BO)
    second = party(mapped, "K-2", email=BO)
    order(mapped)
    assert states(mapped) == ["held"]
    page = mapped.look("/mappings/customers").text
    assert polaris.problems(page) == []
    assert "1 record waits" in page
    assert re.search(rf'<s-option value="{second}">Bo of K-2 [^<]*same email', page)
    choice = buyer(page) | {f"line_{name(page)}": second}
    answer = mapped.do("/mappings/customers", **CHAIN, **choice, publish="yes")
    assert answer.json()["say"].endswith("1 record runs again.")
    mapped.work()
    assert states(mapped) == ["done"]
    assert [each["party"] for each in mapped.books.documents.values()] == [second]
    assert "Chosen by a person" in mapped.look("/mappings/customers").text


def test_a_customer_is_named_by_its_number_in_the_erp(mapped: Office) -> None:
    known = party(mapped, "K-7")
    order(mapped)
    page = mapped.look("/mappings/customers").text
    (key,) = buyer(page).values()
    other = f"other_{name(page)}"
    wrong = mapped.do("/mappings/customers", **CHAIN, **buyer(page), **{other: "K-8"})
    assert wrong.status_code == 422
    assert "has no customer, or several, with the number “K-8”" in wrong.text
    saved = mapped.do("/mappings/customers", **CHAIN, **buyer(page), **{other: "K-7"})
    assert "Saved in the draft" in saved.json()["say"]
    assert rules(mapped, draft=True).customers == {key: known}
    mapped.do("/mappings/customers", **CHAIN, **buyer(page), **{other: ""})
    assert rules(mapped, draft=True).customers == {}


def test_the_chain_is_set_and_nothing_stands_in_it_twice(mapped: Office) -> None:
    twice = mapped.do("/mappings/customers", match_1="email", match_2="email")
    assert "This stands further up already" in twice.text
    none = mapped.do("/mappings/customers")
    assert "Choose at least one" in none.text
    nameless = mapped.do("/mappings/customers", match_1="email", external="metafield", external_name="erp")
    assert "with its namespace" in nameless.text
    mapped.do("/mappings/customers", match_1="email", match_3="link", external=SHOPIFY_ID, publish="yes")
    now = rules(mapped)
    assert (now.match_order, now.external_id) == ((MatchBy.EMAIL, MatchBy.LINK), SHOPIFY_ID)


def test_a_page_of_buyers_stands_while_the_erp_does_not_answer(mapped: Office) -> None:
    order(mapped, email="nora@example.com")
    mapped.books.refuse = lambda verb, _: "Down for repair." if verb == "find_party" else None
    order(mapped)
    text = mapped.look("/mappings/customers").text
    assert "Your ERP could not be asked" in text
    assert "Down for repair." in text


def test_a_field_is_added_changed_removed_published_and_rolled_back(mapped: Office) -> None:
    assert "No order fields yet" in mapped.look("/mappings/fields").text
    added = mapped.do(
        "/mappings/fields/new",
        **NEW,
        step_1="upper",
        step_2="first",
        argument_2="20",
        values="YES = Gift\r\nNO = Plain\r\n",
        default="none",
        is_required="yes",
        publish="yes",
    )
    assert added.json()["say"] == "Published as version 2."
    rule = FieldRule(
        source="attribute:Gift note",
        target="comment",
        transforms=("upper", "first:20"),
        values={"YES": "Gift", "NO": "Plain"},
        default="none",
        is_required=True,
    )
    assert rules(mapped).fields == (rule,)
    order(mapped, attributes={"Gift note": "yes"})
    (document,) = mapped.books.documents.values()
    assert document["extra"] == {"comment": "Gift"}
    page = mapped.look("/mappings/fields").text
    assert polaris.problems(page) == []
    assert "For example: <strong>Gift</strong>" in page
    form = mapped.look("/mappings/fields/1").text
    assert polaris.problems(form) == []
    assert "YES = Gift" in form

    changed = mapped.do("/mappings/fields/1", **(NEW | {"source": "order:note", "source_name": ""}))
    assert "Saved in the draft" in changed.json()["say"]
    assert rules(mapped).fields == (rule,)
    assert "Order fields: comment" in mapped.look("/mappings").text
    mapped.do("/mappings/fields/1/remove")
    assert rules(mapped, draft=True).fields == ()
    mapped.do("/mappings/publish")
    assert rules(mapped).fields == ()
    mapped.do("/mappings/roll-back", number="2")
    assert rules(mapped).fields == (rule,)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"target": ""}, "Choose the field of your ERP"),
        ({"target": "price"}, "no such field that Concord may fill"),
        ({"source": "moon"}, "Choose where the value comes from"),
        ({"source_name": ""}, "Write the name, exactly as Shopify has it"),
        ({"source": "metafield", "source_name": "po"}, "with its namespace"),
        ({"step_1": "first", "argument_1": "some"}, "Write how many characters"),
        ({"step_1": "first", "argument_1": "0"}, "Write how many characters"),
        ({"step_1": "prefix"}, "Write the text"),
        ({"values": "a = b\nc"}, "Line 2 is not of the form"),
        ({"values": "a = b\na = c"}, "Line 2 says again what “a” becomes"),
    ],
)
def test_a_field_that_cannot_work_is_refused_with_a_sentence_beside_it(
    mapped: Office, fields: dict[str, str], sentence: str
) -> None:
    answer = mapped.do("/mappings/fields/new", **(NEW | fields))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert polaris.problems(answer.text) == []
    if "target" not in fields:
        assert '<s-option value="comment" selected>' in answer.text


def test_two_rules_never_fill_one_field(mapped: Office) -> None:
    mapped.do("/mappings/fields/new", **NEW)
    assert "Another rule fills this field already" in mapped.do("/mappings/fields/new", **NEW).text
    assert mapped.do("/mappings/fields/1", **NEW).status_code == 200


@pytest.mark.parametrize("path", ["/mappings/fields/2", "/mappings/fields/0", "/mappings/fields/x"])
def test_a_rule_that_is_not_there_is_not_found(mapped: Office, path: str) -> None:
    assert mapped.look(path).status_code == 404
    assert mapped.do(path, **NEW).status_code == 404


def test_an_order_that_a_field_holds_goes_on_when_the_field_gets_a_default(mapped: Office) -> None:
    mapped.do("/mappings/fields/new", **NEW, is_required="yes", publish="yes")
    order(mapped)
    assert states(mapped) == ["held"]
    page = mapped.look("/mappings/fields").text
    assert "1 record waits" in page
    assert "/app/mappings/fields?" in mapped.look("/mappings").text
    mapped.do("/mappings/fields/1", **NEW, default="none", is_required="yes", publish="yes")
    mapped.work()
    assert states(mapped) == ["done"]


def test_a_tax_is_told_apart_by_name_by_how_prices_have_it_and_by_who_pays_it(mapped: Office) -> None:
    whole = {
        "key_new": "19",
        "country_new": "de",
        "title_new": "VAT",
        "included_new": "on_top",
        "channel_new": "yes",
        "line_new": "T2",
    }
    before = rules(mapped).taxes
    assert mapped.do("/mappings/taxes", **whole, publish="yes").status_code == 200
    added = TaxRule(
        erp_tax="T2",
        rate=Decimal("0.19"),
        country="DE",
        title="VAT",
        is_included=False,
        is_channel_liable=True,
    )
    assert rules(mapped).taxes == (*before, added)
    mapped.do("/mappings/taxes", line_new="T1", included_new="either", publish="yes")
    assert rules(mapped).taxes == (*before, added, TaxRule(erp_tax="T1"))
    page = mapped.look("/mappings/taxes").text
    assert "any rate" in page
    assert polaris.problems(page) == []
    wrong = mapped.do("/mappings/taxes", country_new="D", line_new="T1")
    assert "Write the country in two letters" in wrong.text


def test_money_that_is_not_goods_is_booked_on_an_account_of_the_erp(mapped: Office) -> None:
    mapped.books.options["account"] = [{"erp_id": "A1", "name": "Rounding", "code": "7300"}]
    page = mapped.look("/mappings/services").text
    assert polaris.problems(page) == []
    assert '<s-option value="A1">7300 – Rounding</s-option>' in page
    mapped.do("/mappings/services", line_shipping="S1", account_residual="A1", publish="yes")
    assert rules(mapped).services[LineKind.RESIDUAL] == Service(account="A1")
    mapped.do("/mappings/services", line_shipping="S1", publish="yes")
    assert rules(mapped).services[LineKind.RESIDUAL].account == "A1"
    mapped.do("/mappings/services", line_shipping="S1", account_residual="", publish="yes")
    assert LineKind.RESIDUAL not in rules(mapped).services


def test_an_erp_without_accounts_is_not_asked_for_any(mapped: Office) -> None:
    assert "account_tip" not in mapped.look("/mappings/services").text


def test_channels_time_zone_country_and_restocking_are_policies(mapped: Office) -> None:
    whole = {"only_sources": "web, pos", "timezone": "Asia/Tokyo", "country": "jp", "publish": "yes"}
    assert mapped.do("/policies", **whole).status_code == 200
    now = rules(mapped)
    assert now.filters.only_sources == ("web", "pos")
    assert (now.timezone, now.country, now.returns_restock) == ("Asia/Tokyo", "JP", False)
    mapped.do("/policies", **whole, returns_restock="yes")
    assert rules(mapped).returns_restock
    assert "Write the time zone" in mapped.do("/policies", timezone="Moon/Base").text
    assert "Write the country" in mapped.do("/policies", country="Japan").text


def test_what_happens_with_a_closed_period_is_a_policy(mapped: Office) -> None:
    assert rules(mapped).closed_period is ClosedPeriod.NEXT_OPEN
    mapped.do("/policies", closed_period="hold", publish="yes")
    assert rules(mapped).closed_period is ClosedPeriod.HOLD
    assert re.search(r'value="hold" selected>Hold it until the period', mapped.look("/policies").text)


def test_an_order_that_a_filter_leaves_out_says_why(mapped: Office) -> None:
    mapped.do("/policies", only_sources="pos", publish="yes")
    order(mapped)
    page = mapped.look("/records", tab="skipped").text
    assert "Order #1001 comes from &#39;web&#39;." in page
    assert not mapped.books.documents


def test_a_location_sells_from_several_warehouses_and_a_shared_one_needs_shares(mapped: Office) -> None:
    first, second = (each["id"] for each in mapped.shopify.world.store.all(ALPHA, "location"))
    mapped.books.options["warehouse"] = [{"erp_id": each, "name": each} for each in ("W1", "W2")]
    both = {"key_0": first, "line_0": "W1", "key_1": first, "line_1": "W2", "publish": "yes"}
    assert mapped.do("/mappings/locations", **both).status_code == 200
    assert rules(mapped).warehouses[first] == ("W1", "W2")
    twice = {"key_0": first, "line_0": "W1", "key_1": second, "line_1": "W1", "publish": "yes"}
    refused = mapped.do("/mappings/locations", **twice)
    assert "sold several times" in refused.text
    assert "sold several times" in mapped.do("/mappings/locations", **twice, share_0="70", share_1="31").text
    assert "from 1 to 100" in mapped.do("/mappings/locations", **twice, share_0="all").text
    assert rules(mapped).warehouses[first] == ("W1", "W2")
    mapped.do("/mappings/locations", **twice, share_0="70", share_1="30")
    assert rules(mapped).shares(second) == {"W1": Decimal("0.3")}
    assert 'name="share_0"' in mapped.look("/mappings/locations").text


def test_how_long_a_description_may_be_is_a_policy(mapped: Office) -> None:
    assert 'name="title_limit" label="Longest description of a line"' in mapped.look("/policies").text
    mapped.do("/policies", title_limit="64", publish="yes")
    assert rules(mapped).title_limit == 64
    for wrong in ("nine", "9", "-70", "10001"):
        assert "whole number from 10 to 10,000" in mapped.do("/policies", title_limit=wrong).text
    assert rules(mapped).title_limit == 64


@pytest.mark.parametrize(
    ("sheet", "kind", "part"),
    [
        ("taxes", Rest.TAX, "default_tax"),
        ("services", Rest.SERVICE, "default_service"),
        ("locations", Rest.WAREHOUSE, "default_warehouse"),
        ("shipping", Rest.SHIPPING, "default_shipping_method"),
        ("terms", Rest.PAYMENT_TERM, "default_payment_term"),
    ],
)
def test_what_is_not_listed_is_held_a_default_or_a_placeholder(
    mapped: Office, sheet: str, kind: Rest, part: str
) -> None:
    for listed in ("carrier", "payment_term"):
        mapped.books.options[listed] = [{"erp_id": "L1", "name": "The usual", "code": "L1"}]
    page = mapped.look(f"/mappings/{sheet}").text
    assert 'name="rest_is_placeholder"' in page
    choice = re.search(
        r'<s-select name="rest"[^>]*>\s*<s-option value="">.*?<s-option value="([^"]+)"', page, re.DOTALL
    )
    assert choice is not None
    mapped.do(f"/mappings/{sheet}", rest=choice[1], rest_is_placeholder="yes", publish="yes")
    found = rules(mapped)
    assert kind in found.placeholders
    chosen = getattr(found, part)
    assert (chosen.item if isinstance(chosen, Service) else chosen) == choice[1]
    assert re.search(r'name="rest_is_placeholder"[^>]* checked', mapped.look(f"/mappings/{sheet}").text)
    mapped.do(f"/mappings/{sheet}", rest=choice[1], publish="yes")
    assert kind not in rules(mapped).placeholders
    mapped.do(f"/mappings/{sheet}", publish="yes")
    assert getattr(rules(mapped), part) in ("", Service())


def test_a_refund_discrepancy_has_an_account_by_its_reason(mapped: Office) -> None:
    mapped.books.options["account"] = [{"erp_id": "A5", "name": "Breakage", "code": "5000"}]
    assert "Refund adjustments for damage" in mapped.look("/mappings/services").text
    mapped.do("/mappings/services", account_adjustment_damage="A5", publish="yes")
    assert rules(mapped).adjustments == {"damage": Service(account="A5")}
    mapped.do("/mappings/services", line_tip="I1", publish="yes")
    assert rules(mapped).adjustments == {"damage": Service(account="A5")}
    mapped.do("/mappings/services", account_adjustment_damage="", publish="yes")
    assert rules(mapped).adjustments == {}


def test_a_payment_has_no_draft_and_so_no_placeholder(mapped: Office) -> None:
    assert "rest_is_placeholder" not in mapped.look("/mappings/payments").text
