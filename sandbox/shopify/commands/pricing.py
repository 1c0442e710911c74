"""What a charge costs: its discounts shared out and its taxes computed per line, in both currencies.

It owns the arithmetic of lines, shipping and duties. Amounts are computed once, at the moment of sale; afterwards
everybody copies them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.shopify.money import Bag, Currencies, bag_of, rounded, total
from sandbox.shopify.store import Document

Rates = Sequence[Sequence[str]]  # title and rate of each tax


@dataclass
class Charge:
    """One line or shipping line on its way into an order."""

    gross: Bag
    rates: Rates = ()
    allocations: list[tuple[int, Bag]] = field(default_factory=list)  # index of the application, amount

    @property
    def net(self) -> Bag:
        """What is left after all discounts."""
        return self.gross - total([amount for _, amount in self.allocations])

    def allocated(self, applications: Sequence[Document], *, across: bool | None = None) -> Bag:
        """The discounts on it: all, or only those spread over the order (or not)."""
        return total(
            [
                amount
                for index, amount in self.allocations
                if across is None or (applications[index]["allocationMethod"] == "ACROSS") == across
            ]
        )


def discount(charges: Sequence[Charge], wish: Document, *, index: int, currencies: Currencies) -> None:
    """Takes a discount (`percent` or `amount` of the shop's currency) off the charges, never below zero."""
    base = [charge.net for charge in charges]
    whole = total(base)
    if wish.get("percent") is not None:
        off = currencies.rounded(whole.times(Decimal(str(wish["percent"])) / 100))
    else:
        off = currencies.bag(Decimal(str(wish["amount"])))
        off = Bag(min(off.shop, whole.shop), min(off.presentment, whole.presentment))
    for charge, share in zip(charges, currencies.shared(off, base), strict=True):
        if share:
            charge.allocations.append((index, share))


def tax_lines(net: Bag, rates: Rates, *, included: bool, currencies: Currencies) -> list[Document]:
    """The taxes on a net amount, one document per tax, each rounded half up on its own."""
    divisor = 1 + sum((Decimal(rate) for _, rate in rates), Decimal(0)) if included else Decimal(1)
    lines = []
    for title, rate in rates:
        factor = Decimal(rate) / divisor
        amount = Bag(
            rounded(net.shop * factor, currencies.shop),
            rounded(net.presentment * factor, currencies.presentment),
        )
        lines.append(tax_line(title, rate, amount, currencies))
    return lines


def tax_line(title: str, rate: str, amount: Bag, currencies: Currencies) -> Document:
    """A TaxLine."""
    return {
        "title": title,
        "rate": float(rate),
        "ratePercentage": float(Decimal(rate) * 100),
        "priceSet": currencies.document(amount),
        "channelLiable": False,
        "source": "Shopify",
    }


def tax_total(lines: Sequence[Document]) -> Bag:
    """The sum of some tax lines."""
    return total([bag_of(line["priceSet"]) for line in lines])


def merged(tax_line_lists: Sequence[Sequence[Document]], currencies: Currencies) -> list[Document]:
    """Tax lines of many charges added up by title and rate."""
    sums: dict[tuple[str, float], Bag] = {}
    for lines in tax_line_lists:
        for line in lines:
            key = (line["title"], line["rate"])
            sums[key] = sums.get(key, Bag()) + bag_of(line["priceSet"])
    return [tax_line(title, str(rate), amount, currencies) for (title, rate), amount in sums.items()]


def part(whole: Bag, *, taken: int, quantity: int, of: int, currencies: Currencies) -> Bag:
    """What `quantity` more of `of` pieces are worth when `taken` are gone; all parts together make the whole."""
    if of == 0:
        return Bag()
    after = currencies.rounded(whole.times(Decimal(taken + quantity) / of))
    return after - currencies.rounded(whole.times(Decimal(taken) / of))


def application(wish: Document, *, index: int, target: str, across: bool, currency: str) -> Document:
    """A DiscountApplication of the kind that the wish describes."""
    value: dict[str, Any]
    if wish.get("percent") is not None:
        value = {"__typename": "PricingPercentageValue", "percentage": float(wish["percent"])}
    else:
        value = {"__typename": "MoneyV2", "amount": str(wish["amount"]), "currencyCode": currency}
    common = {
        "index": index,
        "targetType": target,
        "targetSelection": "ALL" if across or target == "SHIPPING_LINE" else "EXPLICIT",
        "allocationMethod": "ACROSS" if across else "EACH",
        "value": value,
    }
    if wish.get("code"):
        return {"__typename": "DiscountCodeApplication", "code": wish["code"], **common}
    title = wish.get("title") or "Discount"
    description = wish.get("description") or title
    return {"__typename": "ManualDiscountApplication", "title": title, "description": description, **common}


def allocations(charge: Charge, applications: Sequence[Document], currencies: Currencies) -> list[Document]:
    """The DiscountAllocations of a charge."""
    return [
        {"allocatedAmountSet": currencies.document(amount), "discountApplication": applications[index]}
        for index, amount in charge.allocations
    ]
