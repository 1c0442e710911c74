"""The sheet of money that is not goods: shipping, tips, gift cards ... each a product of the ERP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.connectors.base import OptionKind
from sync.domain.documents import LineKind
from sync.domain.rules import Rules, Service
from sync.insight.missing import Missing
from web.forms import Form
from web.mapping.sheet import Choices, Line, Sheet
from web.options import Lists

WORDS = {
    LineKind.SHIPPING: ("Shipping", "What customers pay for delivery."),
    LineKind.DISCOUNT: ("Discounts", "Only when discounts are lines of their own."),
    LineKind.TIP: ("Tips", ""),
    LineKind.GIFT_CARD: ("Gift cards sold", "They are a debt of yours until they are used."),
    LineKind.DUTY: ("Duties", ""),
    LineKind.FEE: ("Fees", "Additional fees that Shopify charges the buyer."),
    LineKind.ADJUSTMENT: ("Refund adjustments", "When a refund is more or less than its lines."),
    LineKind.ROUNDING: ("Cash rounding", ""),
    LineKind.RESIDUAL: ("Residuals", "Money that nothing explains, if you allow it to be booked."),
}


@dataclass(frozen=True, kw_only=True)
class Services:
    """The sheet."""

    heading: str = "Money that is not goods"
    intro: str = "Choose a product of your ERP for each. What your shop never has may stay empty."
    misses: str = "service"
    options: OptionKind = OptionKind.PRODUCT

    def sheet(
        self, rules: Rules, missing: Sequence[Missing], lists: Lists, *, names: Mapping[str, str]
    ) -> Sheet:
        """All kinds of money, the missing ones first."""
        waiting = {each.value: each.records for each in missing}
        kinds = sorted(WORDS, key=lambda kind: kind.value not in waiting)
        lines = []
        for kind in kinds:
            chosen = rules.services.get(kind, Service()).item
            lines.append(
                Line(
                    name=f"line_{kind.value}",
                    key=kind.value,
                    label=WORDS[kind][0],
                    note=WORDS[kind][1],
                    chosen=chosen,
                    chosen_label=lists.named(self.options, chosen),
                    records=waiting.get(kind.value, 0),
                )
            )
        return Sheet(lines=tuple(lines), choices=lists.choices(self.options), erp_label="Product in your ERP")

    def apply(self, rules: Rules, form: Form, lists: Lists) -> Rules:
        """The rules with these products; accounts that were set elsewhere stay."""
        known = frozenset(service.item for service in rules.services.values())
        choices = Choices(form, lists, self.options, known)
        services = dict(rules.services)
        for kind in WORDS:
            item = choices.of(f"line_{kind.value}")
            before = services.get(kind, Service())
            if item or before.account:
                services[kind] = replace(before, item=item)
            else:
                services.pop(kind, None)
        return replace(rules, services=services)
