"""The sheet of products: SKUs that a person paired by hand, and what a line without an ERP product does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.connectors.base import OptionKind
from sync.domain.rules import Rules, Unmapped
from sync.insight.missing import Missing
from web.forms import Form, NotFilledIn
from web.mapping.sheet import LINES_LIMIT, Choices, Line, Sheet
from web.options import Lists

POLICIES = (
    (Unmapped.HOLD.value, "Hold the order until it is mapped"),
    (Unmapped.PLACEHOLDER.value, "Use the product below and leave the document a draft"),
    (Unmapped.DEFAULT.value, "Use the product below"),
)


@dataclass(frozen=True, kw_only=True)
class Products:
    """The sheet."""

    heading: str = "Products"
    intro: str = "Products with the same code or barcode find each other. Here you pair the ones that do not."
    misses: str = "product"
    options: OptionKind = OptionKind.PRODUCT
    more_options: Sequence[OptionKind] = ()

    def sheet(
        self, rules: Rules, missing: Sequence[Missing], lists: Lists, *, names: Mapping[str, str]
    ) -> Sheet:
        """What is missing first, then what was paired by hand."""
        products = rules.products
        rows = [
            *(
                (each.value, "", each.records, each.sentence)
                for each in missing
                if each.value not in products.links
            ),
            *((key, chosen, 0, "") for key, chosen in sorted(products.links.items())),
        ]
        return Sheet(
            lines=tuple(
                Line(
                    name=f"line_{index}",
                    key=key,
                    label=names.get(key, key),
                    chosen=chosen,
                    chosen_label=lists.named(self.options, chosen),
                    records=records,
                    note=note,
                )
                for index, (key, chosen, records, note) in enumerate(rows[:LINES_LIMIT])
            ),
            choices=lists.choices(self.options),
            erp_label="Product in your ERP",
            rest=Line(
                name="rest",
                key="",
                label="Product to use then",
                chosen=products.stand_in,
                chosen_label=lists.named(self.options, products.stand_in),
            ),
            add_label="SKU in Shopify",
            policy=products.unmapped.value,
            policies=POLICIES,
        )

    def apply(self, rules: Rules, form: Form, lists: Lists) -> Rules:
        """The rules with these pairs and this policy."""
        products = rules.products
        choices = Choices(form, lists, self.options, frozenset({*products.links.values(), products.stand_in}))
        # A sheet shows its first lines only: what it does not show stays as it is.
        wanted = {**products.links, **{key: choices.of(name) for name, key in choices.lines()}}
        if new := choices.new_key():
            wanted[new] = choices.of("line_new")
        policy = form.text("policy")
        unmapped = Unmapped(policy) if policy in {each.value for each in Unmapped} else products.unmapped
        stand_in = choices.of("rest")
        if unmapped is not Unmapped.HOLD and not stand_in:
            raise NotFilledIn(rest="Choose the product to use for lines that have none.")
        return replace(
            rules,
            products=replace(
                products,
                links={key: chosen for key, chosen in wanted.items() if chosen},
                unmapped=unmapped,
                stand_in=stand_in,
            ),
        )
