"""Which orders are exported at all. An order outside is skipped with a reason that a person can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sync.domain.records import Order
from sync.domain.rules import CancelledPolicy, Rules

PAID: Final = frozenset({"paid", "partially_paid", "partially_refunded", "refunded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Nothing is written, on purpose. A waiting one is looked at again when Shopify tells more."""

    code: str
    sentence: str
    is_waiting: bool = False


def skip(order: Order, rules: Rules) -> Skip | None:
    """Why the order is not exported; None when it is."""
    filters = rules.filters
    tags = {tag.casefold() for tag in order.tags}
    if order.is_test and not filters.with_test_orders:
        return Skip(code="test_order", sentence=f"Order {order.name} is a test order.")
    if filters.since and order.processed_at < filters.since:
        return Skip(
            code="before_cut_off",
            sentence=f"Order {order.name} is from before the cut-off date {filters.since.date().isoformat()}.",
        )
    if filters.only_sources and order.source_name not in filters.only_sources:
        return Skip(code="other_source", sentence=f"Order {order.name} comes from {order.source_name!r}.")
    if order.source_name in filters.skip_sources:
        return Skip(code="other_source", sentence=f"Orders from {order.source_name!r} are not exported.")
    if filters.only_tags and not tags & {tag.casefold() for tag in filters.only_tags}:
        return Skip(
            code="tag_missing", sentence=f"Order {order.name} has none of the tags that are exported."
        )
    kept_out = sorted(tags & {tag.casefold() for tag in filters.skip_tags})
    if kept_out:
        return Skip(code="tag", sentence=f"Orders with the tag {kept_out[0]!r} are not exported.")
    if filters.only_paid and order.financial_status not in PAID:
        return Skip(
            code="not_paid",
            sentence=f"Order {order.name} is not paid yet; only paid orders are exported.",
            is_waiting=True,
        )
    if (
        order.cancelled_at is not None
        and filters.cancelled is CancelledPolicy.SKIP
        and order.financial_status not in PAID
        and not order.totals.current_total
    ):
        return Skip(
            code="cancelled_before_export",
            sentence=f"Order {order.name} was cancelled before it was exported, and nobody had paid.",
        )
    return None
