"""Plays every history at the local Shopify and writes it to its folder: `python -m tests.golden.generate [NAME ...]`.

Writes body.json (the webhook when it was placed), node.json (order and ledger at the end), rules.json (what differs
from the common rules) and expected.txt. Read the changes of expected.txt before you commit them: they are approvals.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from sandbox.shopify.seed_data import ALPHA, BETA, catalogue
from tests.golden import histories_bad, histories_change, histories_kinds, histories_sale
from tests.golden.corpus import HERE, approved, merged, rules_of, story
from tests.golden.workshop import Workshop

HISTORIES = (
    *histories_sale.HISTORIES,
    *histories_kinds.HISTORIES,
    *histories_change.HISTORIES,
    *histories_bad.HISTORIES,
)
READABLE_LETTERS = 200_000
SERVICES = ("shipping", "discount", "tip", "gift_card", "duty", "fee", "adjustment", "rounding", "residual")


def common_rules() -> dict[str, Any]:
    """The rules that all histories share, unless they say otherwise."""
    codes = {sku: f"item-{sku}" for shop in (ALPHA, BETA) for sku, *_ in catalogue(shop)}
    taxes = {"tax-ny-state": "0.04", "tax-ny-city": "0.04875", "tax-kuwait": "0.05", "tax-japan": "0.1"}
    german = {"tax-19": "0.19", "tax-7": "0.07"}
    return {
        "timezone": "America/New_York",
        "country": "US",
        "products": {"codes": codes},
        "default_warehouse": "WH",
        "taxes": [{"erp_tax": name, "rate": rate} for name, rate in taxes.items()]
        + [{"erp_tax": name, "rate": rate, "is_included": True} for name, rate in german.items()],
        "services": {kind: {"item": f"service-{kind}"} for kind in SERVICES},
        "payment_methods": {"shopify_payments": "cards", "gift_card": "gift cards", "cash": "till"},
        "default_payment_method": "other",
        "payment_terms": {"Net 30": "term-30"},
        "filters": {},
    }


def main(names: list[str]) -> None:
    """Writes all histories, or the named ones."""
    (HERE / "rules.json").write_text(_json(common_rules()))
    for history in HISTORIES:
        if names and history.name not in names:
            continue
        folder = HERE / history.name
        folder.mkdir(exist_ok=True)
        shop = Workshop(history)
        body = _json(shop.body())
        for _ in shop.play():
            pass
        (folder / "body.json").write_text(body)
        (folder / "node.json").write_text(_json(shop.node()))
        (folder / "why.txt").write_text(f"{history.why}\n")
        own = folder / "rules.json"
        if history.rules:
            own.write_text(_json(dict(history.rules)))
        else:
            own.unlink(missing_ok=True)
        story.cache_clear()
        (folder / "expected.txt").write_text(approved(folder))


def _json(value: Any) -> str:
    """For people, unless it is so long that nobody reads it."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    if len(text) > READABLE_LETTERS:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])

__all__ = ["HISTORIES", "main", "merged", "rules_of"]
