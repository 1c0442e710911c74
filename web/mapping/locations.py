"""The sheet of the locations: which warehouses of the ERP feed each, and how a warehouse of several is divided.

A location has a line for each of its warehouses and an empty one for another. No piece may be sold twice, so a
warehouse of several locations is refused until each of them has a share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.connectors.base import OptionKind
from sync.domain.rules import Rest, Rules
from sync.insight.missing import Missing
from web.forms import Form, NotFilledIn
from web.mapping.sheet import LINES_LIMIT, Choices, Line, Sheet, placeholders
from web.options import Lists


@dataclass(frozen=True, kw_only=True)
class Locations:
    """Locations of Shopify and warehouses of the ERP."""

    heading: str = "Locations"
    intro: str = (
        "Which warehouses of your ERP each location of Shopify sells from. Orders leave from the first."
    )
    misses: str = "warehouse"
    options: OptionKind = OptionKind.WAREHOUSE
    more_options: Sequence[OptionKind] = ()

    def sheet(
        self, rules: Rules, missing: Sequence[Missing], lists: Lists, *, names: Mapping[str, str]
    ) -> Sheet:
        """What is missing, what is mapped with room for one more each, and what everything else becomes."""
        waiting = {each.value: each for each in missing if each.value.startswith("gid:")}
        known = {*rules.warehouses, *names}
        keys = [
            *(key for key in waiting if key not in known),
            *sorted(known, key=lambda key: key not in waiting),
        ]
        lines: list[Line] = []
        for key in keys:
            chosen = rules.warehouses.get(key, ())
            for place, warehouse in enumerate((*chosen, "")):
                need = waiting.get(key) if not chosen else None
                label = names.get(key, key)
                lines.append(
                    Line(
                        name=f"line_{len(lines)}",
                        key=key,
                        label=f"{label}, and also" if place else label,
                        chosen=warehouse,
                        chosen_label=lists.named(self.options, warehouse) if warehouse else "",
                        records=need.records if need else 0,
                        note=need.sentence if need else "",
                        share=None if place else str(rules.warehouse_shares.get(key, "")),
                    )
                )
        rest = rules.default_warehouse
        return Sheet(
            lines=tuple(lines[:LINES_LIMIT]),
            choices=lists.choices(self.options),
            erp_label="Warehouse in your ERP",
            rest=Line(
                name="rest",
                key="",
                label="Other locations, and orders without one",
                chosen=rest,
                chosen_label=lists.named(self.options, rest) if rest else "",
            ),
            rest_is_placeholder=Rest.WAREHOUSE in rules.placeholders,
            unmapped="While no warehouse is chosen for the rest, an order of a location without one is held.",
        )

    def apply(self, rules: Rules, form: Form, lists: Lists) -> Rules:
        """The rules with the locations as the form wants them. Raises NotFilledIn."""
        stored = {each for names in rules.warehouses.values() for each in names}
        choices = Choices(form, lists, self.options, frozenset({*stored, rules.default_warehouse}))
        wanted: dict[str, tuple[str, ...]] = {}
        shares: dict[str, int] = {}
        fields: dict[str, str] = {}
        for name, key in choices.lines():
            before = wanted.setdefault(key, ())
            chosen = choices.of(name)
            wanted[key] = (*before, chosen) if chosen and chosen not in before else before
            fields.setdefault(key, name.replace("line_", "share_", 1))
        for key, name in fields.items():
            if share := _share(form, name):
                shares[key] = share
        # A sheet shows its first lines only: what it does not show stays as it is.
        changed = replace(
            rules,
            warehouses={key: each for key, each in {**rules.warehouses, **wanted}.items() if each},
            warehouse_shares={
                **{key: each for key, each in rules.warehouse_shares.items() if key not in wanted},
                **shares,
            },
            default_warehouse=choices.of("rest"),
            placeholders=placeholders(rules, form, Rest.WAREHOUSE),
        )
        _check(changed, fields, lists)
        return changed


def _share(form: Form, name: str) -> int | None:
    typed = form.text(name).removesuffix("%").strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed[:4]) <= 100):
        raise NotFilledIn(**{name: "Write a whole number from 1 to 100."})
    return int(typed)


def _check(rules: Rules, fields: Mapping[str, str], lists: Lists) -> None:
    for warehouse in sorted({each for names in rules.warehouses.values() for each in names}):
        fed = [location for location, names in rules.warehouses.items() if warehouse in names]
        if len(fed) > 1 and not rules.is_shared_out(fed):
            name = lists.named(OptionKind.WAREHOUSE, warehouse)
            problem = (
                f"{name} feeds {len(fed)} locations, so its stock would be sold several times. Give each of them a "
                "share of it, together no more than 100 percent, or choose it at one only."
            )
            raise NotFilledIn(**{fields[each]: problem for each in fed if each in fields})
