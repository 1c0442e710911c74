"""Money that nothing explains: posted as a named line when policy allows and it is small, else the order is held."""

from __future__ import annotations

from decimal import Decimal

from kit.faults import Misconfigured
from sync.domain.documents import DocumentLine, LineKind
from sync.domain.lines import LineBuilder
from sync.domain.money import Both
from sync.domain.records import Order
from sync.domain.rules import ResidualPolicy, Rules, Side


def explained(
    residual: Both, order: Order, rules: Rules, lines: LineBuilder, *, source: str
) -> list[DocumentLine]:
    """The line that names the residual; none when there is nothing left over. Raises Misconfigured to hold."""
    if not residual:
        return []
    if rules.residual.policy is ResidualPolicy.POST and is_small(residual, order, rules):
        return [lines.bare(LineKind.RESIDUAL, source, residual)]
    raise Misconfigured(
        "residual",
        f"{shown(residual)} of order {order.name} is explained by none of its lines. "
        "Look at the order, or allow residuals of this size under policies.",
        misses="mapping:residual",
        detail=f"residual {residual.shop} / {residual.presentment} on {order.gid}",
    )


def shown(amount: Both) -> str:
    """An amount for a sentence: the side that is not nothing, or both where their currencies differ."""
    if not amount.shop:
        return f"{amount.presentment} (in what the buyer paid)"
    if amount.shop.currency != amount.presentment.currency:
        return f"{amount.shop} ({amount.presentment})"
    return str(amount.shop)


def is_small(residual: Both, order: Order, rules: Rules) -> bool:
    """Within the limit in the posting currency, and in proportion in the other one."""
    total = order.totals.total
    posted, other = residual.shop, residual.presentment
    whole, other_whole = total.shop.amount, total.presentment.amount
    if rules.side is Side.PRESENTMENT:
        posted, other, whole, other_whole = other, posted, other_whole, whole
    limit = rules.residual.limit
    ratio = abs(other_whole / whole) if whole else Decimal(1)
    return abs(posted.amount) <= limit and abs(other.amount) <= limit * max(ratio, Decimal(1))
