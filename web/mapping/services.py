"""The sheet of money that is not goods: shipping, tips, gift cards ... each a product of the ERP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.connectors.base import OptionKind
from sync.domain.documents import LineKind
from sync.domain.rules import Rest, Rules, Service
from sync.insight.missing import Missing
from web.forms import Form
from web.mapping.sheet import Choices, Line, Sheet, placeholders
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


OWN = "adjustment_"  # begins the fields of one reason
NO_OWN = "Empty: as all refund adjustments."
# Why a refund is not what its lines were worth, as Shopify names it.
REASONS = {
    "restock": "Refund adjustments for restocking",
    "damage": "Refund adjustments for damage",
    "customer": "Refund adjustments for the customer’s sake",
    "refund_discrepancy": "Refund adjustments without a reason",
    "pending_refund_discrepancy": "Refund adjustments that are pending",
    "full_return_balancing_adjustment": "Balance of a full return",
}


@dataclass(frozen=True, kw_only=True)
class Services:
    """The sheet."""

    heading: str = "Money that is not goods"
    intro: str = "Choose a product of your ERP for each. What your shop never has may stay empty."
    misses: str = "service"
    options: OptionKind = OptionKind.PRODUCT
    more_options: Sequence[OptionKind] = (OptionKind.ACCOUNT,)

    def sheet(
        self, rules: Rules, missing: Sequence[Missing], lists: Lists, *, names: Mapping[str, str]
    ) -> Sheet:
        """All kinds of money, the missing ones first."""
        waiting = {each.value: each.records for each in missing}
        kinds = sorted(WORDS, key=lambda kind: kind.value not in waiting)
        lines: list[Line] = []
        for kind in kinds:
            service, records = rules.services.get(kind, Service()), waiting.get(kind.value, 0)
            line = _line(kind.value, *WORDS[kind], service=service, lists=lists)
            lines.append(replace(line, records=records))
            if kind is LineKind.ADJUSTMENT:
                for reason, label in REASONS.items():
                    own = rules.adjustments.get(reason, Service())
                    lines.append(_line(f"{OWN}{reason}", label, NO_OWN, service=own, lists=lists))
        return Sheet(
            lines=tuple(lines),
            choices=lists.choices(self.options),
            erp_label="Product in your ERP",
            accounts=lists.choices(OptionKind.ACCOUNT),
            account_label="Account, when it is not the product’s",
            rest=Line(
                name="rest",
                key="",
                label="Everything else",
                chosen=rules.default_service.item,
                chosen_label=lists.named(self.options, rules.default_service.item),
            ),
            rest_is_placeholder=Rest.SERVICE in rules.placeholders,
            unmapped="Money of a kind that has neither product nor account becomes “Everything else”. While that is "
            "empty, it holds its order.",
        )

    def apply(self, rules: Rules, form: Form, lists: Lists) -> Rules:
        """The rules with these products and accounts; an account that the form does not show stays."""
        stored = (rules.default_service, *rules.services.values(), *rules.adjustments.values())
        known = frozenset(each.item for each in stored)
        choices = Choices(form, lists, self.options, known)
        booked = frozenset(each.account for each in stored)
        accounts = Choices(form, lists, OptionKind.ACCOUNT, booked)
        services = dict(rules.services)
        for kind in WORDS:
            services[kind] = _typed(kind.value, services.get(kind, Service()), form, choices, accounts)
        adjustments = {
            reason: _typed(
                f"{OWN}{reason}", rules.adjustments.get(reason, Service()), form, choices, accounts
            )
            for reason in (*REASONS, *(each for each in rules.adjustments if each not in REASONS))
        }
        return replace(
            rules,
            services={kind: each for kind, each in services.items() if each.item or each.account},
            adjustments={reason: each for reason, each in adjustments.items() if each.item or each.account},
            default_service=replace(rules.default_service, item=choices.of("rest")),
            placeholders=placeholders(rules, form, Rest.SERVICE),
        )


def _typed(name: str, before: Service, form: Form, choices: Choices, accounts: Choices) -> Service:
    """The product and the account of one line; an account that the form does not show stays."""
    field = f"account_{name}"
    is_shown = any(each == field for each, _ in form.pairs)
    return Service(
        item=choices.of(f"line_{name}"), account=accounts.of(field) if is_shown else before.account
    )


def _line(name: str, label: str, note: str, *, service: Service, lists: Lists) -> Line:
    """The product of one kind of money, with its account where the ERP has accounts."""
    account = None
    if lists.by_kind.get(OptionKind.ACCOUNT) or service.account:
        named = lists.named(OptionKind.ACCOUNT, service.account) if service.account else ""
        account = Line(
            name=f"account_{name}", key=name, label=label, chosen=service.account, chosen_label=named
        )
    return Line(
        name=f"line_{name}",
        key=name,
        label=label,
        note=note,
        chosen=service.item,
        chosen_label=lists.named(OptionKind.PRODUCT, service.item),
        account=account,
    )
