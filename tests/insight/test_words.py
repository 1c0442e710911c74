"""How things are spelt: names of records, the cent table, changes of a mapping."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sync.domain.documents import DocumentKind, LineKind
from sync.domain.rules import ProductRules, Rules, Service, TaxRule
from sync.domain.rules_json import write_rules
from sync.insight import names, proofs, rule_changes


@pytest.mark.parametrize(
    ("record", "word", "path"),
    [
        ("gid://shopify/Order/6000000001", "Order", "Order/6000000001"),
        ("gid://shopify/ShopifyPaymentsPayout/7", "Payout", "ShopifyPaymentsPayout/7"),
        ("gid://shopify/InventoryItem/7", "Stock item", "InventoryItem/7"),
        ("gid://shopify/DraftOrder/7", "Draft order", "DraftOrder/7"),
        ("erp:shipment:12", "Record", "erp:shipment:12"),
        ("gid://shopify/Order/7#credit:12", "Credit note", "Order/7#credit:12"),
        ("gid://shopify/Order/7#shipment:CU/3", "Shipment", "Order/7#shipment:CU/3"),
    ],
)
def test_a_record_has_a_word_and_a_path_that_leads_back(record: str, word: str, path: str) -> None:
    name = names.of(record)
    assert (name.word, name.path) == (word, path)
    assert names.record_at(name.path) == record


def test_work_about_the_whole_shop_has_a_name() -> None:
    assert names.titled("shop") == "This shop"
    assert names.titled("customers/redact:abc") == "Privacy: delete a customer"
    assert names.titled("gid://shopify/Order/7", "#1001") == "Order #1001"


def _row(component: str, said: str, made: str, left: str, *, memo: bool = False) -> dict[str, Any]:
    return {
        "component": component,
        "is_memo": memo,
        "shopify": {"shop": f"{said} EUR", "presentment": f"{said} EUR"},
        "documents": {"shop": f"{made} EUR", "presentment": f"{made} EUR"},
        "difference": {"shop": f"{left} EUR", "presentment": f"{left} EUR"},
    }


def test_a_proof_that_agrees_says_so() -> None:
    stored = {
        "is_proven": True,
        "residual": {"shop": "0.00 EUR", "presentment": "0.00 EUR"},
        "rows": [
            _row("goods", "11.90", "11.90", "0.00"),
            _row("tax MwSt 19%", "1.90", "1.90", "0.00", memo=True),
            _row("total", "11.90", "11.90", "0.00"),
        ],
    }
    proof = proofs.read(stored)
    assert proof is not None
    assert proof.sentence == "Shopify and your ERP agree to the cent."
    assert [row.name for row in proof.rows] == ["Goods", "of which tax MwSt 19%", "Total"]
    assert all(row.is_equal for row in proof.rows)
    assert not proof.has_two_currencies


def test_a_proof_that_differs_marks_the_row_and_a_residual_is_named() -> None:
    stored = {
        "is_proven": False,
        "residual": {"shop": "0.01 EUR", "presentment": "0.01 USD"},
        "rows": [_row("gift_card", "5.00", "4.99", "0.01")],
    }
    proof = proofs.read(stored)
    assert proof is not None
    assert proof.residual == "0.01 EUR"
    assert "differ" in proof.sentence
    assert [(row.name, row.is_equal) for row in proof.rows] == [("Gift cards sold", False)]
    assert proofs.read(None) is None
    assert proofs.read({}) is None


def test_changes_of_a_mapping_are_said_in_words() -> None:
    before = write_rules(Rules(products=ProductRules(links={"MUG": "I1", "CUP": "I2"})))
    after = write_rules(
        Rules(
            products=ProductRules(links={"MUG": "I9"}),
            taxes=(TaxRule(erp_tax="T19", rate=Decimal("0.19"), country="DE"),),
            services={LineKind.SHIPPING: Service(item="S1")},
            posting={DocumentKind.SALE: False},
            default_warehouse="W1",
        )
    )
    found = [(each.area, each.what, each.before, each.after) for each in rule_changes.between(before, after)]
    assert ("Products", "MUG", "I1", "I9") in found
    assert ("Products", "CUP", "I2", "") in found
    assert ("Taxes", "rate 0.19 DE", "", "T19") in found
    assert ("Money that is not goods", "shipping", "", "S1") in found
    assert ("Locations", "Everything else", "", "W1") in found
    assert ("Policies", "posting sale", "", "no") in found
    assert rule_changes.between(after, after) == ()
