"""Refunds, fulfilments, transactions and ledger entries out of GraphQL nodes."""

from __future__ import annotations

from sync.domain.history import (
    Adjustment,
    Agreement,
    AgreementKind,
    Fulfilment,
    Package,
    Refund,
    RefundLine,
    RefundShipping,
    Return,
    Sale,
    TaxLine,
    Transaction,
)
from sync.domain.money import Both
from sync.shopify.bodies_values import (
    Drift,
    Json,
    child,
    count,
    each,
    flag,
    lower,
    moment,
    moment_or_none,
    need,
    rate,
    text,
)
from sync.shopify.reader_values import both, identity, nodes, reference, reference_or_none

AGREEMENT_KINDS = {
    "OrderAgreement": AgreementKind.ORDER,
    "OrderEditAgreement": AgreementKind.EDIT,
    "RefundAgreement": AgreementKind.REFUND,
    "ReturnAgreement": AgreementKind.RETURN,
}
TARGETS = ("lineItem", "shippingLine", "duty", "additionalFee", "fee")


def transaction(node: Json) -> Transaction:
    """An OrderTransaction."""
    return Transaction(
        gid=identity(node),
        kind=lower(node, "kind"),
        status=lower(node, "status"),
        gateway=text(node, "gateway"),
        amount=both(node, "amountSet"),
        processed_at=moment_or_none(node, "processedAt"),
        parent_gid=reference_or_none(node, "parentTransaction"),
        rounding=both(node, "amountRoundingSet") if node.get("amountRoundingSet") else None,
        is_test=flag(node, "test"),
    )


def refund(node: Json) -> Refund:
    """A Refund."""
    return Refund(
        gid=identity(node),
        processed_at=moment(node, "processedAt"),
        note=text(node, "note"),
        lines=nodes(node, "refundLineItems", refund_line),
        shipping=nodes(node, "refundShippingLines", _refund_shipping),
        adjustments=nodes(node, "orderAdjustments", _adjustment),
        duties=each(node, "duties", _refund_duty),
        return_gid=reference_or_none(node, "return"),
        transactions=nodes(node, "transactions", transaction),
    )


def refund_line(node: Json) -> RefundLine:
    """A RefundLineItem."""
    return RefundLine(
        line_gid=reference(node, "lineItem"),
        quantity=count(node, "quantity"),
        restock=lower(node, "restockType"),
        subtotal=both(node, "subtotalSet"),
        tax=both(node, "totalTaxSet"),
        location_gid=reference_or_none(node, "location"),
    )


def returned(node: Json) -> Return:
    """A Return."""
    return Return(gid=identity(node), name=text(node, "name"), status=lower(node, "status"))


def fulfilment(node: Json) -> Fulfilment:
    """A Fulfillment."""
    return Fulfilment(
        gid=identity(node),
        name=text(node, "name"),
        status=lower(node, "status"),
        created_at=moment(node, "createdAt"),
        updated_at=moment(node, "updatedAt"),
        lines=nodes(node, "fulfillmentLineItems", shipped_line),
        location_gid=reference_or_none(node, "location"),
        packages=each(node, "trackingInfo", _package),
        delivery_status=lower(node, "displayStatus"),
    )


def shipped_line(node: Json) -> tuple[str, int]:
    """A FulfillmentLineItem as (line, quantity)."""
    return reference(node, "lineItem"), count(node, "quantity")


def agreement(node: Json, *, taxes_included: bool) -> Agreement:
    """A SalesAgreement with the sales that the node holds."""
    return Agreement(
        gid=identity(node),
        kind=AGREEMENT_KINDS.get(text(node, "__typename"), AgreementKind.UNKNOWN),
        happened_at=moment(node, "happenedAt"),
        sales=nodes(node, "sales", lambda item: sale(item, taxes_included=taxes_included)),
        refund_gid=reference_or_none(node, "refund"),
        return_gid=reference_or_none(node, "return"),
    )


def sale(node: Json, *, taxes_included: bool) -> Sale:
    """A Sale. Its discount is told as the price is: with tax where prices include it."""
    after = "totalDiscountAmountAfterTaxes" if taxes_included else "totalDiscountAmountBeforeTaxes"
    target, title = _target(node)
    quantity = node.get("quantity")
    return Sale(
        gid=identity(node),
        line_type=lower(node, "lineType"),
        action=lower(node, "actionType"),
        quantity=count(node, "quantity") if quantity is not None else 0,
        total=both(node, "totalAmount"),
        tax=both(node, "totalTaxAmount"),
        discount=both(node, after),
        taxes=each(node, "taxes", _sale_tax),
        target_gid=target,
        title=title,
    )


def _sale_tax(node: Json) -> TaxLine:
    line = need(node, "taxLine")
    try:
        return TaxLine(
            title=text(line, "title"),
            rate=rate(line),
            amount=both(node, "amount"),
            is_channel_liable=flag(line, "channelLiable"),
        )
    except AttributeError:
        raise Drift("taxLine", "is not an object") from None


def _target(node: Json) -> tuple[str, str]:
    for key in TARGETS:
        found = node.get(key)
        if isinstance(found, dict):
            return text(found, "id"), text(found, "title") or text(found, "name")
    return "", ""


def _refund_shipping(node: Json) -> RefundShipping:
    return RefundShipping(
        line_gid=child(node, "shippingLine", lambda line: text(line, "id")) or "",
        subtotal=both(node, "subtotalAmountSet"),
        tax=both(node, "taxAmountSet"),
    )


def _adjustment(node: Json) -> Adjustment:
    return Adjustment(
        gid=identity(node),
        reason=lower(node, "reason"),
        amount=both(node, "amountSet"),
        tax=both(node, "taxAmountSet"),
    )


def _refund_duty(node: Json) -> tuple[str, Both]:
    return reference_or_none(node, "originalDuty") or "", both(node, "amountSet")


def _package(node: Json) -> Package:
    return Package(number=text(node, "number"), carrier=text(node, "company"), url=text(node, "url"))
