"""What the ERP has of an order is read from its links alone, so that `explain` says what is still to be written."""

from __future__ import annotations

import json

from sandbox.shopify import bodies as rest
from sandbox.shopify.seed_data import ALPHA
from sync.insight.explain import HELD, explain
from sync.state import links
from tests.flows.town import Town
from tests.golden import corpus


def test_an_order_that_the_erp_has_is_not_explained_as_new(town: Town) -> None:
    order = town.order(("ALP-MUG", 1))
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        already = links.exported(session, order["id"])
    assert already.sale is not None
    assert already.sale.goods
    body = json.dumps(rest.build(town.stage.store, ALPHA, "orders/updated", order)).encode()
    rules = corpus.rules_of(corpus.HERE)
    fresh = explain(body, topic="orders/updated", shop=ALPHA, rules=rules)
    assert [each["kind"] for each in fresh.as_json["documents"]] == ["sale"]
    told = explain(body, topic="orders/updated", shop=ALPHA, rules=rules, already=already)
    assert (told.status, told.as_json["reason"]["code"]) == (HELD, "ledger_needed")
