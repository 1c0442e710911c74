"""Sheets that are one table of the rules: shipping, payments, payment terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.connectors.base import OptionKind
from sync.domain.rules import Rest, Rules
from sync.insight.missing import Missing
from web.forms import Form
from web.mapping.sheet import LINES_LIMIT, Choices, Line, Sheet, placeholders
from web.options import Lists


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table: which part of the rules it is, and how people speak of it."""

    heading: str
    intro: str
    misses: str
    part: str  # field of Rules
    rest_part: str  # field of Rules for everything else; "" when there is none
    options: OptionKind
    erp_label: str
    add_label: str
    rest_label: str = "Everything else"
    placeholder: Rest | None = None  # the rest may leave the document a draft
    more_options: Sequence[OptionKind] = ()
    unmapped: str = (
        "What is not listed becomes what stands at “Everything else”. While that is empty and anything is listed, "
        "it holds its order."
    )

    def sheet(
        self, rules: Rules, missing: Sequence[Missing], lists: Lists, *, names: Mapping[str, str]
    ) -> Sheet:
        """What is missing, what is mapped, and what everything else becomes."""
        table: Mapping[str, str] = getattr(rules, self.part)
        open_ones = [each for each in missing if each.value not in table]
        unused = [key for key in names if key not in table and key not in {each.value for each in missing}]
        rows = [
            *((each.value, "", each.records, each.sentence) for each in open_ones),
            *((key, chosen, 0, "") for key, chosen in sorted(table.items())),
            *((key, "", 0, "") for key in unused),
        ]
        lines = tuple(
            Line(
                name=f"line_{index}",
                key=key,
                label=names.get(key, key),
                chosen=chosen,
                chosen_label=lists.named(self.options, chosen) if chosen else "",
                records=records,
                note=note,
            )
            for index, (key, chosen, records, note) in enumerate(rows[:LINES_LIMIT])
        )
        rest = None
        if self.rest_part:
            chosen = str(getattr(rules, self.rest_part))
            label = lists.named(self.options, chosen) if chosen else ""
            rest = Line(name="rest", key="", label=self.rest_label, chosen=chosen, chosen_label=label)
        return Sheet(
            lines=lines,
            choices=lists.choices(self.options),
            erp_label=self.erp_label,
            rest=rest,
            rest_is_placeholder=self.placeholder in rules.placeholders if self.placeholder else None,
            add_label=self.add_label,
            unmapped=self.unmapped,
        )

    def apply(self, rules: Rules, form: Form, lists: Lists) -> Rules:
        """The rules with this table as the form wants it."""
        table: Mapping[str, str] = getattr(rules, self.part)
        rest = str(getattr(rules, self.rest_part)) if self.rest_part else ""
        choices = Choices(form, lists, self.options, frozenset({*table.values(), rest}))
        # A sheet shows its first lines only: what it does not show stays as it is.
        wanted = {**table, **{key: choices.of(name) for name, key in choices.lines()}}
        if new := choices.new_key():
            wanted[new] = choices.of("line_new")
        values: dict[str, object] = {self.part: {key: chosen for key, chosen in wanted.items() if chosen}}
        if self.rest_part:
            values[self.rest_part] = choices.of("rest")
        if self.placeholder:
            values["placeholders"] = placeholders(rules, form, self.placeholder)
        return replace(rules, **values)  # type: ignore[arg-type]


SHIPPING = Table(
    heading="Shipping",
    intro="How your ERP sends what Shopify’s customers chose. Leave all of it empty if your ERP does not need it.",
    misses="shipping",
    part="shipping_methods",
    rest_part="default_shipping_method",
    options=OptionKind.CARRIER,
    erp_label="Carrier in your ERP",
    add_label="Shipping name in Shopify",
    placeholder=Rest.SHIPPING,
)
PAYMENTS = Table(
    heading="Payments",
    intro="Which payment method of your ERP each gateway is. Leave all of it empty if your ERP does not need it.",
    misses="payment",
    part="payment_methods",
    rest_part="default_payment_method",
    options=OptionKind.PAYMENT_METHOD,
    erp_label="Payment method in your ERP",
    add_label="Gateway in Shopify",
)
TERMS = Table(
    heading="Payment terms",
    intro="When companies pay that buy on account.",
    misses="payment_term",
    part="payment_terms",
    rest_part="default_payment_term",
    options=OptionKind.PAYMENT_TERM,
    erp_label="Payment term in your ERP",
    add_label="Payment term in Shopify",
    placeholder=Rest.PAYMENT_TERM,
)
