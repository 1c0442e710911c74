"""Refunds, fulfilments and transactions out of webhook bodies. A transaction is trusted for its state, not for money:
its REST form tells one currency only.
"""

from __future__ import annotations

from typing import Any

from sync.domain.history import (
    Adjustment,
    Fulfilment,
    Package,
    Refund,
    RefundLine,
    RefundShipping,
    TaxLine,
    Transaction,
)
from sync.domain.money import Both
from sync.shopify.bodies_sets import both, both_or, duty_amount
from sync.shopify.bodies_values import (
    GID,
    Drift,
    Json,
    child,
    contract,
    count,
    each,
    flag,
    gid,
    lower,
    moment,
    moment_or_none,
    money,
    need,
    rate,
    text,
    texts,
    whole,
)


def refund_record(body: Any, *, shop: str, presentment: str) -> Refund:
    """The refund of a `refunds/create` body. Raises Rejected `schema_drift`."""
    with contract("a refund"):
        return refund(body, zero=Both.nothing(shop, presentment))


def order_gid(body: Any) -> str:
    """The order that a refund, return, fulfilment or transaction body belongs to. Raises Rejected `schema_drift`."""
    with contract("a body"):
        nested = body.get("order") if isinstance(body, dict) else None
        if isinstance(nested, dict):
            return gid(nested)
        edit = body.get("order_edit") if isinstance(body, dict) else None
        return f"{GID}Order/{whole(edit if isinstance(edit, dict) else body, 'order_id')}"


def tax_line(node: Json) -> TaxLine:
    """One tax."""
    return TaxLine(
        title=text(node, "title"),
        rate=rate(node),
        amount=both(node, "price_set"),
        is_channel_liable=flag(node, "channel_liable"),
    )


def refund(node: Json, *, zero: Both) -> Refund:
    """A refund, alone or inside an order."""
    adjusted = each(node, "order_adjustments", _adjusted)
    shipping = each(node, "refund_shipping_lines", _refund_shipping)
    if not shipping:
        shipping = tuple(one for one in adjusted if isinstance(one, RefundShipping))
    return Refund(
        gid=gid(node),
        processed_at=moment(node, "processed_at"),
        note=text(node, "note"),
        lines=each(node, "refund_line_items", _refund_line),
        shipping=shipping,
        adjustments=tuple(one for one in adjusted if isinstance(one, Adjustment)),
        duties=each(node, "duties", _refund_duty),
        return_gid=child(node, "return", gid),
        transactions=each(node, "transactions", lambda item: _transaction(item, zero)),
    )


def fulfilment(node: Json) -> Fulfilment:
    """A fulfilment, alone or inside an order."""
    numbers = texts(node, "tracking_numbers")
    urls = texts(node, "tracking_urls")
    location = node.get("location_id")
    return Fulfilment(
        gid=gid(node),
        name=text(node, "name"),
        status=lower(node, "status"),
        created_at=moment(node, "created_at"),
        updated_at=moment(node, "updated_at"),
        lines=each(node, "line_items", lambda item: (gid(item), count(item, "quantity"))),
        location_gid=f"{GID}Location/{location}" if location is not None else None,
        packages=tuple(
            Package(
                number=number,
                carrier=text(node, "tracking_company"),
                url=urls[index] if index < len(urls) else "",
            )
            for index, number in enumerate(numbers)
        ),
        delivery_status=lower(node, "shipment_status"),
    )


def fulfilment_record(body: Any) -> Fulfilment:
    """The fulfilment of a `fulfillments/*` body. Raises Rejected `schema_drift`."""
    with contract("a fulfilment"):
        return fulfilment(body)


def _refund_line(node: Json) -> RefundLine:
    location = node.get("location_id")
    line = node.get("line_item")
    return RefundLine(
        line_gid=gid(line) if isinstance(line, dict) else f"{GID}LineItem/{whole(node, 'line_item_id')}",
        quantity=count(node, "quantity"),
        restock=lower(node, "restock_type"),
        subtotal=both(node, "subtotal_set"),
        tax=both(node, "total_tax_set"),
        location_gid=f"{GID}Location/{location}" if location is not None else None,
    )


def _refund_shipping(node: Json) -> RefundShipping:
    line = need(node, "shipping_line")
    return RefundShipping(
        line_gid=f"{GID}ShippingLine/{whole(line, 'id')}",
        subtotal=both(node, "subtotal_amount_set"),
        tax=both(node, "tax_amount_set"),
    )


def _adjusted(node: Json) -> Adjustment | RefundShipping:
    """An adjustment; older bodies tell shipping that was paid back as one, too."""
    return _old_shipping(node) if node.get("kind") == "shipping_refund" else _adjustment(node)


def _old_shipping(node: Json) -> RefundShipping:
    return RefundShipping(line_gid="", subtotal=-both(node, "amount_set"), tax=-both(node, "tax_amount_set"))


def _adjustment(node: Json) -> Adjustment:
    return Adjustment(
        gid=f"{GID}OrderAdjustment/{whole(node, 'id')}",
        reason=lower(node, "reason").replace(" ", "_"),
        amount=both(node, "amount_set"),
        tax=both(node, "tax_amount_set"),
    )


def _refund_duty(node: Json) -> tuple[str, Both]:
    if "duty_id" in node:
        return f"{GID}Duty/{need(node, 'duty_id')}", both(node, "amount_set")
    identity = text(node, "admin_graphql_api_id") or f"{GID}Duty/{need(node, 'id')}"
    return identity, duty_amount(node)


def _transaction(node: Json, zero: Both) -> Transaction:
    parent = node.get("parent_id")
    try:
        amount = money(need(node, "amount"), text(node, "currency") or zero.shop.currency)
    except (TypeError, ValueError):
        raise Drift("amount", "is not an amount") from None
    is_shop = amount.currency == zero.shop.currency
    return Transaction(
        gid=gid(node),
        kind=lower(node, "kind"),
        status=lower(node, "status"),
        gateway=text(node, "gateway"),
        amount=Both(
            amount if is_shop else zero.shop,
            amount if amount.currency == zero.presentment.currency else zero.presentment,
        ),
        processed_at=moment_or_none(node, "processed_at"),
        parent_gid=f"{GID}OrderTransaction/{parent}" if parent is not None else None,
        rounding=both_or(node, "amount_rounding_set", zero) if node.get("amount_rounding_set") else None,
        is_test=flag(node, "test"),
    )
