"""The sales ledger of an order: agreements that are only ever added, with signed sales.

It owns the writing of agreements and the sums over them; what an order is worth today is the sum of its ledger, by
construction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.shopify.documents import new_gid
from sandbox.shopify.money import Bag, Currencies, bag_of, total
from sandbox.shopify.store import Document, Store

SALE_TYPES = {
    "PRODUCT": "ProductSale",
    "GIFT_CARD": "GiftCardSale",
    "TIP": "TipSale",
    "SHIPPING": "ShippingLineSale",
    "DUTY": "DutySale",
    "ADDITIONAL_FEE": "AdditionalFeeSale",
    "FEE": "FeeSale",
    "ADJUSTMENT": "AdjustmentSale",
}
AGREEMENT_TYPES = {
    "ORDER": "OrderAgreement",
    "ORDER_EDIT": "OrderEditAgreement",
    "REFUND": "RefundAgreement",
    "RETURN": "ReturnAgreement",
}


@dataclass(frozen=True)
class Sale:
    """One signed line of an agreement. `amount` is after discounts and includes the taxes."""

    line_type: str
    action: str  # ORDER, RETURN or UPDATE
    amount: Bag
    taxes: tuple[tuple[Document, Bag], ...] = ()  # tax line and its signed amount
    discount: Bag = field(default_factory=Bag)  # before taxes, signed like the amount
    discount_after_taxes: Bag = field(default_factory=Bag)
    quantity: int | None = None
    about: dict[str, Any] = field(default_factory=dict)  # lineItemId, shippingLineId, dutyId, additionalFee

    @property
    def tax(self) -> Bag:
        """All taxes of the sale."""
        return total([amount for _, amount in self.taxes])


def agree(
    store: Store,
    order: Document,
    reason: str,
    sales: Iterable[Sale],
    *,
    at: str,
    currencies: Currencies,
    **about: Any,
) -> Document:
    """Adds one agreement to the order's ledger."""
    kind = AGREEMENT_TYPES[reason]
    agreement = {
        "__typename": kind,
        "id": new_gid(store, kind),
        "orderId": order["id"],
        "happenedAt": at,
        "reason": reason,
        "app": None,
        "user": None,
        "sales": [_document(store, sale, currencies) for sale in sales],
        **about,
    }
    order["agreements"].append(agreement)
    return agreement


def _document(store: Store, sale: Sale, currencies: Currencies) -> Document:
    kind = SALE_TYPES[sale.line_type]
    return {
        "__typename": kind,
        "id": new_gid(store, kind),
        "lineType": sale.line_type,
        "actionType": sale.action,
        "quantity": sale.quantity,
        "totalAmount": currencies.document(sale.amount),
        "totalTaxAmount": currencies.document(sale.tax),
        "totalDiscountAmountBeforeTaxes": currencies.document(sale.discount),
        "totalDiscountAmountAfterTaxes": currencies.document(sale.discount_after_taxes),
        "taxes": [
            {"id": new_gid(store, "SaleTax"), "amount": currencies.document(amount), "taxLine": line}
            for line, amount in sale.taxes
        ],
        **sale.about,
    }


def sales_of(order: Document, *line_types: str) -> list[Document]:
    """All sales of an order, or those of some types."""
    return [
        sale
        for agreement in order["agreements"]
        for sale in agreement["sales"]
        if not line_types or sale["lineType"] in line_types
    ]


def amount_of(order: Document, *line_types: str) -> Bag:
    """What the ledger says today, taxes included."""
    return total([bag_of(sale["totalAmount"]) for sale in sales_of(order, *line_types)])


def tax_of(order: Document, *line_types: str) -> Bag:
    """The taxes in what the ledger says today."""
    return total([bag_of(sale["totalTaxAmount"]) for sale in sales_of(order, *line_types)])


def discount_of(order: Document) -> Bag:
    """The discounts in what the ledger says today."""
    return total([bag_of(sale["totalDiscountAmountBeforeTaxes"]) for sale in sales_of(order)])


def taxes_of(order: Document) -> list[list[Document]]:
    """Today's taxes as lists of tax lines, ready to be merged."""
    return [
        [{**tax["taxLine"], "priceSet": tax["amount"]} for tax in sale["taxes"]] for sale in sales_of(order)
    ]
