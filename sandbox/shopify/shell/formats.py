"""How the admin pages write money, moments and words of the API for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any


def money(value: Any) -> str:
    """`EUR 1,234.50` from a money value ({amount, currencyCode}, a bag of two, or a pair)."""
    if not value:
        return "–"
    if "shopMoney" in value:
        shop, buyer = money(value["shopMoney"]), money(value["presentmentMoney"])
        return shop if shop == buyer else f"{shop} ({buyer})"
    amount = Decimal(str(value["amount"]))
    places = max(2, -int(amount.as_tuple().exponent)) if amount % 1 else 2
    return f"{value['currencyCode']} {amount:,.{places}f}"


def moment(text: str | None) -> str:
    """`20 Nov 2026, 10:15:03` in UTC."""
    if not text:
        return "–"
    read = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    return f"{read.day} {read:%b %Y, %H:%M:%S}"


def words(text: Any) -> str:
    """`Partially refunded` from `PARTIALLY_REFUNDED`."""
    return str(text or "–").replace("_", " ").capitalize()


def tail(global_id: str) -> str:
    """The number at the end of a global id."""
    return str(global_id).rsplit("/", 1)[-1]
