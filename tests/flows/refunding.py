"""What tests of refunds for the ERP's credit notes have in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sync.domain.feeds import CreditLine
from tests.flows.town import Town

MUG = "ALP-MUG"
WIDE = {"per_refund": "500", "per_day": "1000"}
ENDLESS = {"per_refund": None, "per_day": None}


def open_refunds(town: Town) -> Town:
    """Links products and opens the road of refunds, with wide limits."""
    town.set(roads={"refunds": "on"}, owners={"refund": "erp"}, refunds=WIDE)
    town.link_products()
    return town


def paid_back(town: Town, order: dict[str, Any]) -> list[str]:
    """Amounts of the order's refund transactions."""
    transactions = town.shopify_order(order["id"])["transactions"]
    return [each["amountSet"]["shopMoney"]["amount"] for each in transactions if each["kind"] == "REFUND"]


def mugs(town: Town, pieces: int, gross: str, *, is_restocked: bool = False) -> tuple[CreditLine, ...]:
    return (
        CreditLine(
            item=town.product(MUG), quantity=Decimal(pieces), gross=Decimal(gross), is_restocked=is_restocked
        ),
    )
