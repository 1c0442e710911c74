"""From lines to signed sales: what buying, giving back or refunding some pieces writes into the ledger.

It owns the share of a line's money that a quantity stands for, so that all shares of a line together are the line.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.commands.ledger import Sale
from sandbox.shopify.commands.pricing import part
from sandbox.shopify.money import Bag, Currencies, bag_of, total
from sandbox.shopify.store import Document


def line_type(line: Document) -> str:
    """Which kind of sale the line is."""
    if line["isTip"]:
        return "TIP"
    return "GIFT_CARD" if line["isGiftCard"] else "PRODUCT"


def of_line(
    line: Document, *, taken: int, quantity: int, sign: int, included: bool, currencies: Currencies
) -> Sale:
    """The sale of `quantity` pieces of a line of which `taken` were counted before; sign -1 gives them back."""

    def share(whole: Bag) -> Bag:
        bag = part(whole, taken=taken, quantity=quantity, of=line["quantity"], currencies=currencies)
        return bag if sign > 0 else -bag

    net = share(bag_of(line["discountedTotalWithCodesSet"]))
    taxes = tuple((tax, share(bag_of(tax["priceSet"]))) for tax in line["taxLines"])
    off = share(total([bag_of(one["allocatedAmountSet"]) for one in line["discountAllocations"]]))
    before, after = discounts(off, line["taxLines"], included=included, currencies=currencies)
    return Sale(
        line_type=line_type(line),
        action="ORDER" if sign > 0 else "RETURN",
        amount=net if included else net + total([amount for _, amount in taxes]),
        taxes=taxes,
        discount=before,
        discount_after_taxes=after,
        quantity=quantity * sign,
        about={"lineItemId": line["id"]},
    )


def of_shipping(
    line: Document, net: Bag, *, sign: int, included: bool, currencies: Currencies, taxes: Any = None
) -> Sale:
    """The sale of (a part of) a shipping line; `net` is the part before added taxes."""
    shares = (
        tuple(taxes)
        if taxes is not None
        else tuple((tax, bag_of(tax["priceSet"])) for tax in line["taxLines"])
    )
    if sign < 0:
        net, shares = -net, tuple((tax, -amount) for tax, amount in shares)
    off = (
        total([bag_of(one["allocatedAmountSet"]) for one in line["discountAllocations"]])
        if taxes is None
        else Bag()
    )
    before, after = discounts(off, line["taxLines"], included=included, currencies=currencies)
    return Sale(
        line_type="SHIPPING",
        action="ORDER" if sign > 0 else "RETURN",
        amount=net if included else net + total([amount for _, amount in shares]),
        taxes=shares,
        discount=before,
        discount_after_taxes=after,
        quantity=None,
        about={"shippingLineId": line["id"]},
    )


def of_duty(duty: Document, *, sign: int, included: bool) -> Sale:
    """The sale of a duty."""
    taxes = tuple((tax, bag_of(tax["priceSet"]).times(sign)) for tax in duty["taxLines"])
    net = bag_of(duty["price"]).times(sign)
    amount = net if included else net + total([one for _, one in taxes])
    action = "ORDER" if sign > 0 else "RETURN"
    return Sale("DUTY", action, amount, taxes, quantity=sign, about={"dutyId": duty["id"]})


def of_fee(fee: Document, *, sign: int, included: bool) -> Sale:
    """The sale of an additional fee."""
    taxes = tuple((tax, bag_of(tax["priceSet"]).times(sign)) for tax in fee["taxLines"])
    net = bag_of(fee["price"]).times(sign)
    amount = net if included else net + total([one for _, one in taxes])
    action = "ORDER" if sign > 0 else "RETURN"
    return Sale("ADDITIONAL_FEE", action, amount, taxes, quantity=sign, about={"additionalFee": fee})


def adjustment(amount: Bag) -> Sale:
    """The difference between what lines say and what was paid back."""
    return Sale("ADJUSTMENT", "RETURN", amount)


def discounts(off: Bag, taxes: list[Document], *, included: bool, currencies: Currencies) -> tuple[Bag, Bag]:
    """A discount before and after taxes, from the discount as it stands on the line."""
    if not off:
        return off, off
    rate = sum((tax_rate(tax) for tax in taxes), start=tax_rate(None))
    if included:
        return currencies.rounded(off.times(1 / (1 + rate))), off
    return off, currencies.rounded(off.times(1 + rate))


def tax_rate(tax: Document | None) -> Decimal:
    """The rate of a tax line as an exact number."""
    return Decimal(str(tax["rate"])) if tax else Decimal(0)
