"""Shopify's own figures of an order against the parts that documents are made from, in both currencies.

The cent proof stands on it: documents copy the parts, so only a figure that Shopify states itself can contradict them.
A figure that the source did not tell is neither compared nor claimed. Where Shopify's figure has two honest readings,
either will do; beyond the residual that the shop allows, a difference holds the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kit.faults import Misconfigured
from sync.domain.components import tax_name
from sync.domain.documents import LineKind
from sync.domain.history import Sale, TaxLine
from sync.domain.money import Both, Tally, digits
from sync.domain.records import Order, OrderLine, ShippingLine
from sync.domain.residual import is_small, shown
from sync.domain.rules import ResidualPolicy, Rules
from sync.domain.sales import amounts, discount_of, price_of, tax_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of Shopify's and what its parts come to, in each reading that is right."""

    name: str
    said: Both
    readings: tuple[Both, ...]
    component: str = ""  # the row of the cent table that it is, when the first reading holds
    pieces: int = (
        0  # that were rounded each for itself: a shop that rounds their sum may be off by one step of each
    )

    @property
    def difference(self) -> Both:
        """What the parts lack; nothing when one reading agrees."""
        return min((self.said - each for each in self.readings), key=_size)


def checked(order: Order, rules: Rules) -> dict[str, Both]:
    """Shopify's own figures by row of the cent table, for an order that nothing was taken from.

    Raises Misconfigured when a figure contradicts its parts by more than the shop allows.
    """
    figures = list(_figures(order))
    wrong = [each for each in figures if each.difference]
    if not all(_is_allowed(each.difference, order, rules) for each in wrong):
        raise _differ(wrong, order)
    return {each.component: each.said for each in figures if each.component and each.said == each.readings[0]}


def check_current(order: Order, sold: Sequence[Sale], rules: Rules) -> None:
    """Shopify's figures of the order as it is now, part by part, against everything in its sales ledger.

    Raises Misconfigured when a part contradicts the ledger by more than the shop allows: a total may agree by chance.
    """
    wrong = [each for each in _current(order, sold) if each.difference and not _is_rounding(each)]
    if not all(_is_allowed(each.difference, order, rules) for each in wrong):
        raise _differ(wrong, order, code="current_figures_differ", what="sales ledger comes")


def _current(order: Order, sold: Sequence[Sale]) -> Iterator[Figure]:
    zero, said = order.zero, order.totals.current

    def worth(*kinds: str) -> tuple[Both, Both]:
        """In the shop's way of telling prices first, then in the other."""
        of_kind = [each for each in sold if each.line_type in kinds]
        gross = amounts((each.total for each in of_kind), zero)
        net = amounts((each.net for each in of_kind), zero)
        return (gross, net) if order.taxes_included else (net, gross)

    parts = {
        "subtotal": (*worth("product", "gift_card"), *worth("product", "gift_card", "tip")),
        "shipping": worth("shipping"),
        "duties": worth("duty"),
        "fees": worth("fee", "additional_fee"),
    }
    for name, readings in parts.items():
        if name in said:
            yield Figure(name=f"current {name}", said=said[name], readings=readings)
    if "tax" in said:
        whole = amounts((each.tax for each in sold), zero)
        apart = amounts((each.tax for each in sold if each.line_type in ("shipping", "duty")), zero)
        liable = tax_of(tuple(t for each in sold for t in each.taxes if t.is_channel_liable), zero)
        readings = (whole, whole - liable, whole - apart)
        pieces = sum(len(each.taxes) for each in sold)
        yield Figure(name="current tax", said=said["tax"], readings=readings, pieces=pieces)


def _is_rounding(figure: Figure) -> bool:
    return all(
        abs(side.amount) <= figure.pieces * Decimal(1).scaleb(-digits(side.currency))
        for side in (figure.difference.shop, figure.difference.presentment)
    )


def _figures(order: Order) -> Iterator[Figure]:
    """What Shopify says of the order as a whole, each with the ways in which its parts can be added up."""
    yield from _goods(order)
    yield from _charges(order)
    yield from _taxes(order)


def _goods(order: Order) -> Iterator[Figure]:
    """Subtotal and discounts."""
    zero, told = order.zero, order.totals.told
    goods = [line for line in order.lines if not line.is_tip]
    tips = [line for line in order.lines if line.is_tip]
    worth, off_goods = _worth(goods, zero), _off(goods, zero)
    worth_of_tips, off_tips = _worth(tips, zero), _off(tips, zero)
    cards = _worth([line for line in goods if line.is_gift_card], zero)
    off_shipping = amounts((discount_of(each.discounts, zero) for each in _shipping(order)), zero)
    if "subtotal" in told:
        yield Figure(
            name="subtotal",
            said=order.totals.subtotal,
            readings=(worth - off_goods, worth + worth_of_tips - off_goods - off_tips),
        )
        yield Figure(  # the same, as a row: before discounts, and gift cards have a row of their own
            name="subtotal",
            said=order.totals.subtotal + off_goods - cards,
            readings=(worth - cards, worth + worth_of_tips - off_tips - cards),
            component=LineKind.GOODS.value if any(not line.is_gift_card for line in goods) else "",
        )
    if "discounts" in told:
        all_off = off_goods + off_tips + off_shipping
        yield Figure(
            name="discounts",
            said=-order.totals.discounts,
            readings=(-all_off, off_shipping - all_off),
            component=LineKind.DISCOUNT.value if all_off else "",
        )


def _charges(order: Order) -> Iterator[Figure]:
    """Shipping, duties and fees."""
    totals, zero, told = order.totals, order.zero, order.totals.told
    shipping = _shipping(order)
    carried = amounts((each.price for each in shipping), zero)
    off_shipping = amounts((discount_of(each.discounts, zero) for each in shipping), zero)
    duties = [duty for line in order.lines for duty in line.duties]
    if "shipping" in told:
        yield Figure(
            name="shipping",
            said=totals.shipping,
            readings=(carried, carried - off_shipping),
            component=LineKind.SHIPPING.value if shipping else "",
        )
    if "duties" in told and not order.duties_included:
        yield Figure(
            name="duties",
            said=totals.duties,
            readings=(amounts((each.amount for each in duties), zero),),
            component=LineKind.DUTY.value if duties else "",
        )
    if "fees" in told:
        yield Figure(
            name="additional fees",
            said=totals.fees,
            readings=(amounts((each.amount for each in order.fees), zero),),
            component=LineKind.FEE.value if order.fees else "",
        )


def _shipping(order: Order) -> list[ShippingLine]:
    return [each for each in order.shipping_lines if not each.is_removed]


def _worth(lines: Sequence[OrderLine], zero: Both) -> Both:
    return amounts((price_of(line) for line in lines), zero)


def _off(lines: Sequence[OrderLine], zero: Both) -> Both:
    return amounts((discount_of(line.discounts, zero) for line in lines), zero)


def _taxes(order: Order) -> Iterator[Figure]:
    """The tax in all, and tax by tax where the order lists them under the same titles and rates."""
    zero = order.zero
    taxes = [tax for each in order.taxed for tax in each.taxes]
    whole = tax_of(tuple(taxes), zero)
    hidden = amounts((tax.amount for each in order.duties_in_prices for tax in each.taxes), zero)
    liable = tax_of(tuple(tax for tax in taxes if tax.is_channel_liable), zero)
    if "tax" in order.totals.told:
        # What a marketplace pays to the authority is in some channels' totals and in others' not.
        yield Figure(name="tax", said=order.totals.tax, readings=(whole, whole - liable, whole + hidden))
    if not order.tax_lines:
        return
    listed, summed = _by_tax(order.tax_lines, zero), _by_tax(taxes, zero)
    if listed.keys() != summed.keys():
        total = amounts(listed.values(), zero)
        yield Figure(name="listed taxes", said=total, readings=(whole, whole - liable, whole + hidden))
        return
    names = {(tax.title.casefold(), tax.rate): tax_name(tax.title, tax.rate) for tax in taxes}
    spelled = {tax_name(tax.title, tax.rate) for tax in taxes if tax.amount}
    ours = _by_tax((tax for tax in taxes if not tax.is_channel_liable), zero)
    for key, amount in listed.items():
        yield Figure(
            name=names[key],
            said=amount,
            readings=(summed[key], ours.get(key, zero)),
            component=names[key] if len(spelled) == len(summed) else "",
        )


def _by_tax(taxes: Iterable[TaxLine], zero: Both) -> dict[tuple[str, Decimal], Both]:
    """Sums by title and rate, however the title is spelled; taxes of nothing do not count."""
    tally = Tally(zero)
    keys: dict[str, tuple[str, Decimal]] = {}
    for tax in taxes:
        key = (tax.title.casefold(), tax.rate.normalize())
        keys[str(key)] = key
        tally.add(str(key), tax.amount)
    return {keys[name]: amount for name, amount in tally.sums().items() if amount}


def _size(amount: Both) -> Decimal:
    return abs(amount.shop.amount) + abs(amount.presentment.amount)


def _is_allowed(difference: Both, order: Order, rules: Rules) -> bool:
    return rules.residual.policy is ResidualPolicy.POST and is_small(difference, order, rules)


def _differ(
    wrong: list[Figure], order: Order, *, code: str = "figures_differ", what: str = "lines come"
) -> Misconfigured:
    told = dict.fromkeys(f"{each.name} differs by {shown(each.difference)}" for each in wrong)
    return Misconfigured(
        code,
        f"Shopify's own figures of order {order.name} are not what its {what} to: {'; '.join(told)}. "
        "Look at the order, or allow residuals of this size under policies.",
        misses="mapping:residual",
        detail="; ".join(f"{each.name}: {each.said.shop} / {each.said.presentment}" for each in wrong),
    )
