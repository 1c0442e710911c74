"""Reader 2: GraphQL nodes become the same records as bodies do, with what bodies cannot tell. It also reads an order
whole: `read_order` follows every page of lines, refunds, fulfilments and of the sales ledger.

Answers must be parsed with exact numbers, as the client does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

from kit.faults import Transient
from sync.domain.history import Agreement
from sync.domain.money import Both
from sync.domain.records import (
    Discount,
    DiscountAllocation,
    Duty,
    Fee,
    Order,
    OrderLine,
    PaymentTerms,
    ShippingLine,
    Totals,
)
from sync.shopify import answers
from sync.shopify.bodies import mark_tips
from sync.shopify.bodies_values import (
    Json,
    child,
    contract,
    count,
    currency,
    each,
    flag,
    gid,
    lower,
    moment,
    moment_or_none,
    need,
    pairs,
    text,
    texts,
    whole,
)
from sync.shopify.reader_history import agreement, fulfilment, refund, returned, transaction
from sync.shopify.reader_parties import customer, order_company
from sync.shopify.reader_values import (
    both,
    both_or,
    identity,
    nodes,
    postal_address,
    reference,
    reference_or_none,
    tax_line,
)

# Figures that the proof compares with their parts, when the node has them.
FIGURES: Final = (
    ("subtotal", "subtotalPriceSet"),
    ("discounts", "totalDiscountsSet"),
    ("tax", "totalTaxSet"),
    ("shipping", "totalShippingPriceSet"),
    ("duties", "originalTotalDutiesSet"),
    ("fees", "originalTotalAdditionalFeesSet"),
)
CURRENT: Final = (
    ("subtotal", "currentSubtotalPriceSet"),
    ("tax", "currentTotalTaxSet"),
    ("shipping", "currentShippingPriceSet"),
    ("duties", "currentTotalDutiesSet"),
    ("fees", "currentTotalAdditionalFeesSet"),
)
DISCOUNT_TITLES: Final = (
    ("code", "code"),
    ("automatic", "automatic"),
    ("manual", "manual"),
    ("script", "script"),
)
# Parts of an order behind a scope or approval of their own, and what the record calls them.
GRANTED_APART: Final = {
    "paymentTerms": "payment_terms",
    "purchasingEntity": "company",
    "customer": "customer",
    "billingAddress": "addresses",
    "shippingAddress": "addresses",
    "email": "contact",
    "phone": "contact",
    "returns": "returns",
    "retailLocation": "location",
    "metafields": "metafields",
    "fulfillments": "fulfilments",
}
PAGES: Final = 200  # of one connection; more than any order may have


class Runs(Protocol):
    """What reads at Shopify: the client."""

    def run(
        self, operation: str, variables: Mapping[str, Any] | None = None, *, lane: int
    ) -> dict[str, Any]: ...

    def ask(
        self, operation: str, variables: Mapping[str, Any] | None = None, *, lane: int
    ) -> answers.Answer: ...


class Read(NamedTuple):
    """An order with its sales ledger; None: the ledger was not read."""

    order: Order
    agreements: tuple[Agreement, ...] | None


def read_order(client: Runs, gid: str, *, lane: int) -> Read | None:
    """The order whole, with its ledger; None when Shopify does not know it.

    Raises Transient when the order changed between two pages.
    """
    answer = client.ask("order", {"id": gid}, lane=lane)
    unknown = _tolerated(answer)
    node = answer.data["order"]
    if node is None:
        return None
    _complete(client, node, lane)
    found = order(node, unknown=unknown)
    return Read(found, read_agreements(client, found, lane=lane))


def read_agreements(client: Runs, record: Order, *, lane: int) -> tuple[Agreement, ...]:
    """The whole sales ledger of an order. Raises Transient when the order changed since the record was read."""
    found: list[Agreement] = []
    after: str | None = None
    for _ in range(PAGES):
        answer = client.run("order_agreements", {"id": record.gid, "after": after}, lane=lane)["order"]
        _unchanged(answer, record)
        before = after
        for edge in answer["agreements"]["edges"]:
            node = edge["node"]
            _all_sales(client, node, record, before, lane)
            with contract("a sales agreement"):
                found.append(agreement(node, taxes_included=record.taxes_included))
            before = edge["cursor"]
        page = answer["agreements"]["pageInfo"]
        if not page["hasNextPage"]:
            break
        after = page["endCursor"]
    return tuple(found)


def order(node: Any, *, unknown: frozenset[str] = frozenset()) -> Order:
    """The order of the `order` document; `unknown` are parts that the shop does not let us see.

    Raises Rejected `schema_drift` with the path of what is broken.
    """
    with contract("an order"):
        return _order(node, unknown)


def _tolerated(answer: answers.Answer) -> frozenset[str]:
    """Parts that an order can be exported without. Any other denied part is a Misconfigured."""
    found = set()
    for each_denied in answer.denied:
        part = GRANTED_APART.get(str(each_denied.path[1])) if len(each_denied.path) > 1 else None
        if part is None:
            raise answers.denied(each_denied.scope, detail=f"order: {each_denied.message}")
        found.add(part)
    return frozenset(found)


def _order(node: Json, unknown: frozenset[str]) -> Order:
    zero = Both.nothing(currency(node, "currencyCode"), currency(node, "presentmentCurrencyCode"))
    totals = _totals(node, zero)
    return Order(
        gid=gid(node, "id", of="Order"),
        name=text(node, "name"),
        number=whole(node, "number"),
        created_at=moment(node, "createdAt"),
        processed_at=moment(node, "processedAt"),
        updated_at=moment(node, "updatedAt"),
        currency=zero.shop.currency,
        presentment_currency=zero.presentment.currency,
        taxes_included=flag(node, "taxesIncluded"),
        totals=totals,
        lines=mark_tips(nodes(node, "lineItems", order_line), totals.tip.shop),
        shipping_lines=nodes(node, "shippingLines", _shipping_line),
        discounts=nodes(node, "discountApplications", _discount),
        fees=each(node, "additionalFees", _fee),
        duties_included=flag(node, "dutiesIncluded"),
        is_tax_exempt=flag(node, "taxExempt"),
        is_test=flag(node, "test"),
        cancelled_at=moment_or_none(node, "cancelledAt"),
        cancel_reason=lower(node, "cancelReason"),
        closed_at=moment_or_none(node, "closedAt"),
        financial_status=lower(node, "displayFinancialStatus"),
        source_name=text(node, "sourceName"),
        location_gid=reference_or_none(node, "retailLocation"),
        customer=child(node, "customer", customer),
        company=child(node, "purchasingEntity", order_company),
        email=text(node, "email"),
        phone=text(node, "phone"),
        billing=child(node, "billingAddress", postal_address),
        shipping=child(node, "shippingAddress", postal_address),
        payment_terms=child(node, "paymentTerms", _payment_terms),
        purchase_order=text(node, "poNumber"),
        note=text(node, "note"),
        attributes=pairs(node, "customAttributes", name="key"),
        tags=tuple(sorted(set(texts(node, "tags")))),
        gateways=texts(node, "paymentGatewayNames"),
        refunds=each(node, "refunds", refund),
        fulfilments=each(node, "fulfillments", fulfilment),
        returns=nodes(node, "returns", returned),
        transactions=each(node, "transactions", transaction),
        metafields=dict(nodes(node, "metafields", _metafield)),
        unknown=unknown,
    )


def order_line(node: Json) -> OrderLine:
    """A LineItem."""
    variant = node.get("variant")
    return OrderLine(
        gid=identity(node),
        title=text(node, "title"),
        variant_title=text(node, "variantTitle"),
        quantity=count(node, "quantity"),
        current_quantity=count(node, "currentQuantity"),
        unit_price=both(node, "originalUnitPriceSet"),
        sku=text(node, "sku"),
        vendor=text(node, "vendor"),
        variant_gid=reference_or_none(node, "variant"),
        product_gid=reference_or_none(node, "product"),
        discounts=each(node, "discountAllocations", _allocation),
        taxes=each(node, "taxLines", tax_line),
        duties=each(node, "duties", _duty),
        attributes=pairs(node, "customAttributes", name="key"),
        is_gift_card=flag(node, "isGiftCard"),
        is_taxable=flag(node, "taxable", default=True),
        requires_shipping=flag(node, "requiresShipping", default=True),
        barcode=text(variant, "barcode") if variant else "",
        group_gid=reference_or_none(node, "lineItemGroup"),
    )


def _complete(client: Runs, node: dict[str, Any], lane: int) -> None:
    """Appends the further pages of the order's connections to the node."""
    _follow(client, node["lineItems"], "order_lines", "order", "lineItems", node["id"], lane)
    for each_refund in node["refunds"]:
        lines = each_refund["refundLineItems"]
        _follow(client, lines, "refund_lines", "refund", "refundLineItems", each_refund["id"], lane)
    for one in node["fulfillments"] or ():
        lines = one["fulfillmentLineItems"]
        _follow(client, lines, "fulfillment_lines", "fulfillment", "fulfillmentLineItems", one["id"], lane)


def _follow(
    client: Runs, first: dict[str, Any], operation: str, root: str, key: str, gid: str, lane: int
) -> None:
    page = first["pageInfo"]
    for _ in range(PAGES):
        if not page["hasNextPage"]:
            return
        answer = client.run(operation, {"id": gid, "after": page["endCursor"]}, lane=lane)[root]
        if answer is None:
            raise _moved(gid)
        first["nodes"] += answer[key]["nodes"]
        page = answer[key]["pageInfo"]


def _all_sales(client: Runs, node: dict[str, Any], record: Order, before: str | None, lane: int) -> None:
    page = node["sales"]["pageInfo"]
    for _ in range(PAGES):
        if not page["hasNextPage"]:
            return
        variables = {"id": record.gid, "before": before, "after": page["endCursor"]}
        answer = client.run("order_sales", variables, lane=lane)["order"]
        _unchanged(answer, record)
        same = answer["agreements"]["nodes"]
        if not same or same[0]["id"] != node["id"]:
            raise _moved(record.gid)
        node["sales"]["nodes"] += same[0]["sales"]["nodes"]
        page = same[0]["sales"]["pageInfo"]


def _unchanged(answer: Any, record: Order) -> None:
    if answer is None or moment(answer, "updatedAt") != record.updated_at:
        raise _moved(record.gid)


def _moved(gid: str) -> Transient:
    return Transient(
        "order_changed", "The order changed while it was read. It is read again.", detail=gid, after_seconds=1
    )


def _totals(node: Json, zero: Both) -> Totals:
    rounding = child(node, "totalCashRoundingAdjustment", lambda bag: _rounding(bag, zero)) or (zero, zero)
    return Totals(
        total=both(node, "totalPriceSet"),
        current_total=both(node, "currentTotalPriceSet"),
        subtotal=both(node, "subtotalPriceSet"),
        discounts=both_or(node, "totalDiscountsSet", zero),
        tax=both_or(node, "totalTaxSet", zero),
        shipping=both(node, "totalShippingPriceSet"),
        duties=both_or(node, "originalTotalDutiesSet", zero),
        fees=both_or(node, "originalTotalAdditionalFeesSet", zero),
        tip=both_or(node, "totalTipReceivedSet", zero),
        rounding_paid=rounding[0],
        rounding_refunded=rounding[1],
        told=frozenset(name for name, key in FIGURES if node.get(key) is not None),
        current={name: both(node, key) for name, key in CURRENT if node.get(key) is not None},
    )


def _rounding(node: Json, zero: Both) -> tuple[Both, Both]:
    return both_or(node, "paymentSet", zero), both_or(node, "refundSet", zero)


def _allocation(node: Json) -> DiscountAllocation:
    return DiscountAllocation(
        discount_index=count(need(node, "discountApplication"), "index"),
        amount=both(node, "allocatedAmountSet"),
    )


def _discount(node: Json) -> Discount:
    for key, kind in DISCOUNT_TITLES:
        if node.get(key) is not None:
            return Discount(index=count(node, "index"), kind=kind, title=text(node, key))
    return Discount(index=count(node, "index"), kind="", title="")


def _duty(node: Json) -> Duty:
    return Duty(
        gid=identity(node),
        amount=both(node, "price"),
        taxes=each(node, "taxLines", tax_line),
        hs_code=text(node, "harmonizedSystemCode"),
        origin_country_code=text(node, "countryCodeOfOrigin"),
    )


def _fee(node: Json) -> Fee:
    return Fee(
        gid=identity(node),
        name=text(node, "name"),
        amount=both(node, "price"),
        taxes=each(node, "taxLines", tax_line),
    )


def _shipping_line(node: Json) -> ShippingLine:
    return ShippingLine(
        gid=reference({"line": node}, "line"),
        title=text(node, "title"),
        code=text(node, "code"),
        source=text(node, "source"),
        carrier=text(node, "carrierIdentifier"),
        price=both(node, "originalPriceSet"),
        discounts=each(node, "discountAllocations", _allocation),
        taxes=each(node, "taxLines", tax_line),
        is_removed=flag(node, "isRemoved"),
    )


def _payment_terms(node: Json) -> PaymentTerms:
    days = node.get("dueInDays")
    return PaymentTerms(
        name=text(node, "paymentTermsName"),
        kind=lower(node, "paymentTermsType"),
        due_in_days=days if isinstance(days, int) else None,
    )


def _metafield(node: Json) -> tuple[str, str]:
    return f"{text(node, 'namespace')}.{text(node, 'key')}", text(node, "value")
