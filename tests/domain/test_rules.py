"""Rules are data: they go through JSON unchanged, name what they miss, and suggest themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, assert_never

import pytest

from kit.faults import Misconfigured
from sync.domain.documents import DocumentKind, LineKind
from sync.domain.mapper import Catalogue, Mapper, best_tax, miss, percent
from sync.domain.records import Order, PaymentTerms
from sync.domain.rules import FieldRule, Filters, ProductRules, Rest, Rules, Service, TaxRule, Unmapped
from sync.domain.rules_json import read_rules, write_rules
from sync.domain.suggest import ErpLists, ShopFacts, Variant, suggest
from tests.domain.orders import Option, line, order, rules, shipping, vat


def test_rules_survive_the_way_through_json() -> None:
    full = rules(
        timezone="Europe/Berlin",
        products=ProductRules(
            links={"gid": "7"}, barcodes={"29": "8"}, unmapped=Unmapped.DEFAULT, stand_in="1"
        ),
        taxes=(TaxRule(erp_tax="t", rate=Decimal("0.077"), country="CH", is_included=True),),
        warehouses={"L1": ("w1", "w2"), "L2": ("w2",)},
        warehouse_shares={"L1": 60, "L2": 40},
        default_tax="rest",
        default_service=Service(item="rest"),
        placeholders=(Rest.TAX, Rest.SHIPPING),
        adjustments={"damage": Service(account="5000")},
        posting={DocumentKind.CREDIT: False},
        fields=(FieldRule(source="order:note", target="comment", transforms=("trim", "first:20")),),
        filters=Filters(since=datetime(2026, 1, 1, tzinfo=UTC), skip_tags=("x",)),
    )
    assert read_rules(json.loads(json.dumps(write_rules(full)))) == full


def test_a_location_with_one_warehouse_is_stored_as_it_always_was() -> None:
    stored = {"L1": "w1", "L2": ["w2", "w3"]}
    read = read_rules({"warehouses": stored})
    assert read.order_warehouses == {"L1": "w1", "L2": "w2"}
    assert write_rules(read)["warehouses"] == stored


def test_no_more_of_a_warehouse_is_offered_than_it_has() -> None:
    thirds = Rules(warehouses=dict.fromkeys(("L1", "L2", "L3"), ("w1",)))
    assert sum(thirds.shares(each)["w1"] for each in thirds.warehouses) <= 1
    too_much = replace(thirds, warehouse_shares={"L1": 60, "L2": 40, "L3": 1})
    assert not too_much.is_shared_out(too_much.warehouses)
    assert too_much.shares("L1") == thirds.shares("L1")


def test_two_locations_of_one_name_are_not_both_given_its_warehouse() -> None:
    lists = ErpLists(warehouses=[Option(erp_id="w1", name="Store")])
    found = suggest(lists, ShopFacts(locations=(("L1", "Store"), ("L2", "store"))))
    assert found.rules.warehouses == {"L1": ("w1",)}


def test_absent_rules_have_their_defaults() -> None:
    assert read_rules({}) == Rules()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], "rules"),
        ({"colour": "red"}, "rules.colour"),
        ({"side": "left"}, "rules.side"),
        ({"timezone": "Mars/Olympus"}, "rules.timezone"),
        ({"taxes": [{"erp_tax": "1", "rate": 0.19}]}, "rules.taxes[0].rate"),
        ({"taxes": [{"erp_tax": "1", "rate": "much"}]}, "rules.taxes[0].rate"),
        ({"taxes": {}}, "rules.taxes"),
        ({"warehouses": {"L1": [7]}}, "rules.warehouses.L1[0]"),
        ({"warehouse_shares": {"L1": 101}}, "rules.warehouse_shares.L1"),
        ({"services": {"beer": {"item": "1"}}}, "rules.services"),
        ({"services": {"tip": {"item": 5}}}, "rules.services.tip.item"),
        (
            {"fields": [{"source": "order:note", "target": "x", "transforms": ["eval"]}]},
            "rules.fields[0].transforms[0]",
        ),
        (
            {"fields": [{"source": "order:note", "target": "x", "transforms": ["first:x"]}]},
            "rules.fields[0].transforms[0]",
        ),
        ({"filters": {"since": "soon"}}, "rules.filters.since"),
        ({"products": {"codes": {"a": 5}}}, "rules.products.codes.a"),
        ({"ships_elsewhere": "yes"}, "rules.ships_elsewhere"),
        ({"title_limit": 0}, "rules.title_limit"),
    ],
)
def test_rules_that_make_no_sense_are_refused_with_the_path(value: Any, path: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_rules(value)
    assert (caught.value.misses, caught.value.field) == ("mapping:rules", path)


def test_a_person_s_link_wins_over_the_code_and_the_code_over_the_barcode() -> None:
    products = ProductRules(links={"gid://shopify/ProductVariant/1": "linked"}, codes={"SKU-1": "coded"})
    catalogue = Catalogue(codes={"SKU-2": "found"}, barcodes={"29": "scanned"})
    mapper = Mapper(rules(products=products), order(total="0"), catalogue=catalogue)
    assert mapper.item(line(1)) == "linked"
    assert mapper.item(replace(line(1), variant_gid=None)) == "coded"
    assert mapper.item(line(2, barcode="29")) == "found"
    assert mapper.item(line(9, barcode="29")) == "scanned"
    assert [each.because for each in mapper.decisions] == [
        "linked by a person",
        "same code",
        "same code",
        "same barcode",
    ]


def test_an_unmapped_product_says_its_name_and_what_to_do() -> None:
    with pytest.raises(Misconfigured) as caught:
        Mapper(rules(), order(total="0")).item(line(9))
    assert caught.value.misses == "mapping:product:SKU-9"
    assert "SKU-9" in caught.value.sentence


def test_a_placeholder_leaves_the_document_a_draft_and_a_default_does_not() -> None:
    for unmapped, is_marked in ((Unmapped.PLACEHOLDER, True), (Unmapped.DEFAULT, False)):
        mapper = Mapper(rules(products=ProductRules(unmapped=unmapped, stand_in="any")), order(total="0"))
        assert mapper.item(line(9)) == "any"
        assert mapper.uses_stand_in is is_marked


@pytest.mark.parametrize("kind", Rest)
def test_whatever_is_unmapped_is_held_or_becomes_a_default_or_a_placeholder(kind: Rest) -> None:
    defaults: dict[Rest, dict[str, Any]] = {
        Rest.TAX: {"default_tax": "any"},
        Rest.SERVICE: {"default_service": Service(account="any")},
        Rest.WAREHOUSE: {"default_warehouse": "any"},
        Rest.SHIPPING: {"default_shipping_method": "any"},
        Rest.PAYMENT_TERM: {"default_payment_term": "any"},
    }
    listed: dict[str, Any] = {
        "warehouses": {"gid://1": ("w",)},
        "default_warehouse": "",
        "shipping_methods": {"y": "1"},
        "payment_terms": {"Net 90": "1"},
        "services": {},
        "taxes": (),
    }
    with pytest.raises(Misconfigured) as held:
        _asked(kind, Mapper(rules(**listed), _everything_unmapped()))
    assert held.value.misses.startswith(f"mapping:{kind}:")
    for placeholders, is_marked in (((kind,), True), (tuple(each for each in Rest if each != kind), False)):
        changes = {**listed, **defaults[kind], "placeholders": placeholders}
        mapper = Mapper(rules(**changes), _everything_unmapped())
        assert _asked(kind, mapper) == "any"
        assert mapper.uses_stand_in is is_marked
        assert mapper.decisions[-1].because == ("placeholder" if is_marked else "default")


def _everything_unmapped() -> Order:
    rocket = replace(shipping(), code="x", title="Rocket")
    terms = PaymentTerms(kind="net", name="Net 7", due_in_days=7)
    return order(total="0", shipping_lines=(rocket,), payment_terms=terms)


def _asked(kind: Rest, mapper: Mapper) -> str | None:
    match kind:
        case Rest.TAX:
            return mapper.tax(vat("1.90"), is_included=False)
        case Rest.SERVICE:
            return mapper.service(LineKind.TIP).account
        case Rest.WAREHOUSE:
            return mapper.warehouse("gid://2")
        case Rest.SHIPPING:
            return mapper.shipping_method()
        case Rest.PAYMENT_TERM:
            return mapper.payment_term()
        case _:
            assert_never(kind)


def test_a_refund_discrepancy_goes_where_its_one_reason_says() -> None:
    by_reason = rules(adjustments={"damage": Service(account="5000"), "restock": Service()})
    mapper = Mapper(by_reason, order(total="0"))
    assert mapper.adjustment(("damage",)) == Service(account="5000")
    general = by_reason.services[LineKind.ADJUSTMENT]
    for reasons in ((), ("restock",), ("customer",), ("damage", "customer")):
        assert mapper.adjustment(reasons) == general
    assert [(each.kind, each.value) for each in mapper.decisions][:1] == [("adjustment", "damage")]
    without = rules(services={}, adjustments={"damage": Service(account="5000")})
    assert Mapper(without, order(total="0")).adjustment(("damage",)).account == "5000"


def test_the_tax_rule_that_says_most_wins() -> None:
    general = TaxRule(erp_tax="general", rate=Decimal("0.19"))
    german = TaxRule(erp_tax="german", rate=Decimal("0.19"), country="DE")
    included = TaxRule(erp_tax="included", rate=Decimal("0.19"), country="DE", is_included=True)
    titled = TaxRule(erp_tax="titled", title="VAT")
    every = (general, german, included)
    assert _tax(every, country="FR") == "general"
    assert _tax(every, country="DE") == "german"
    assert _tax(every, country="DE", is_included=True) == "included"
    assert _tax((*every, titled), country="DE", is_included=True) == "titled"
    assert _tax((german,), country="FR") is None


def _tax(listed: tuple[TaxRule, ...], *, country: str, is_included: bool = False) -> str | None:
    found = best_tax(listed, vat("1.00"), country=country, is_included=is_included)
    return found.erp_tax if found else None


def test_a_tax_of_nothing_needs_no_rule_and_a_tax_of_something_does() -> None:
    mapper = Mapper(rules(taxes=()), order(total="0"))
    assert mapper.tax(vat("0.00", "0"), is_included=False) is None
    with pytest.raises(Misconfigured) as caught:
        mapper.tax(vat("1.90"), is_included=True)
    assert caught.value.misses == "mapping:tax:19%:DE:included"


def test_a_table_that_nobody_filled_is_not_in_use_and_a_filled_one_must_answer() -> None:
    with_terms = order(total="0", payment_terms=PaymentTerms(name="Net 30", kind="net", due_in_days=30))
    assert Mapper(rules(), with_terms).payment_term() == ""
    assert Mapper(rules(payment_terms={"net:30": "T30"}), with_terms).payment_term() == "T30"
    with pytest.raises(Misconfigured) as caught:
        Mapper(rules(payment_terms={"Net 60": "T60"}), with_terms).payment_term()
    assert caught.value.misses == "mapping:payment_term:Net 30"


def test_the_shipping_method_is_found_by_code_or_title_of_what_was_not_removed() -> None:
    lines = (shipping(is_removed=True), replace(shipping(), code="x", title="Express"))
    sent = order(total="0", shipping_lines=lines)
    assert Mapper(rules(shipping_methods={"Express": "M1", "Parcel": "M2"}), sent).shipping_method() == "M1"


def test_a_service_without_item_and_account_is_missing() -> None:
    with pytest.raises(Misconfigured) as caught:
        Mapper(rules(services={LineKind.TIP: Service()}), order(total="0")).service(LineKind.TIP)
    assert caught.value.misses == "mapping:service:tip"


def test_a_name_too_long_for_a_key_is_named_by_its_fingerprint() -> None:
    assert len(miss("product", "x" * 900)) < 255
    assert miss("product", "x" * 900) != miss("product", "x" * 901)


def test_rates_are_shown_as_people_write_them() -> None:
    assert [percent(Decimal(rate)) for rate in ("0.19", "0.0770", "0.08875", "0", "1")] == [
        "19%",
        "7.7%",
        "8.875%",
        "0%",
        "100%",
    ]


def test_of_two_products_with_one_code_neither_is_chosen() -> None:
    catalogue = Catalogue.of(
        [
            Option(erp_id="1", name="A", code="X"),
            Option(erp_id="2", name="B", code="X"),
            Option(erp_id="3", name="C", code="Y", barcodes=("29",)),
            Option(erp_id="4", name="D", code="Z", is_active=False),
        ]
    )
    assert catalogue == Catalogue(codes={"Y": "3"}, barcodes={"29": "3"})


def test_a_first_mapping_is_suggested_by_equal_codes_names_and_rates() -> None:
    lists = ErpLists(
        products=[
            Option(erp_id="p1", name="Mug", code="MUG"),
            Option(erp_id="p2", name="Tent", code="T", barcodes=("29",)),
            *(
                Option(erp_id=f"s-{code}", name=code, code=code)
                for code in ("SHIPPING", "DISCOUNT", "ROUNDING")
            ),
        ],
        warehouses=[Option(erp_id="w1", name="brooklyn  Warehouse"), Option(erp_id="w2", name="Other")],
        taxes=[
            Option(erp_id="t1", name="VAT 19", rate=Decimal("0.19")),
            Option(erp_id="t7", name="7 % DE", rate=Decimal("0.07")),
            Option(erp_id="t7i", name="7 % DE (included)", rate=Decimal("0.07")),
            Option(erp_id="a", name="5 % one", rate=Decimal("0.05")),
            Option(erp_id="b", name="5 % two", rate=Decimal("0.05")),
        ],
    )
    shop = ShopFacts(
        country="DE",
        locations=(("gid://shopify/Location/1", "Brooklyn Warehouse"),),
        variants=(
            Variant(gid="v1", sku="MUG"),
            Variant(gid="v2", barcode="29"),
            Variant(gid="v3", sku="NONE"),
        ),
    )
    suggestion = suggest(lists, shop)
    found = suggestion.rules
    assert found.products.codes["MUG"] == "p1"
    assert found.products.links == {"v2": "p2"}
    assert found.warehouses == {"gid://shopify/Location/1": ("w1",)}
    assert found.default_warehouse == "w1"
    assert found.services[LineKind.ADJUSTMENT].item == "s-DISCOUNT"
    assert found.services[LineKind.RESIDUAL].item == "s-ROUNDING"
    chosen = {(rule.rate, rule.country, rule.is_included): rule.erp_tax for rule in found.taxes}
    assert chosen == {
        (Decimal("0.19"), "", None): "t1",
        (Decimal("0.07"), "DE", None): "t7",
        (Decimal("0.07"), "DE", True): "t7i",
    }
    assert {(each.kind, each.value) for each in suggestion.open} >= {
        ("product", "NONE"),
        ("tax", "5%"),
        ("service", "tip"),
    }
