"""The sheet of taxes: which tax of the ERP a rate in a country is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from sync.connectors.base import OptionKind
from sync.domain.mapper import percent
from sync.domain.rules import Rest, Rules, TaxRule
from sync.insight.missing import Missing
from web.forms import Form, NotFilledIn
from web.mapping.sheet import Choices, Line, Sheet, placeholders
from web.options import Lists

INCLUDED, CHANNEL = "included", "channel"


@dataclass(frozen=True, kw_only=True)
class Taxes:
    """The sheet."""

    heading: str = "Taxes"
    intro: str = "Which tax of your ERP each tax of Shopify is. Amounts are never recalculated, only named."
    misses: str = "tax"
    options: OptionKind = OptionKind.TAX
    more_options: Sequence[OptionKind] = ()

    def sheet(
        self, rules: Rules, missing: Sequence[Missing], lists: Lists, *, names: Mapping[str, str]
    ) -> Sheet:
        """What is missing first, then the rules in their order."""
        asked = [
            Line(
                name=f"line_m{index}",
                key=f"miss:{each.value}",
                label=_missed(each.value),
                records=each.records,
                note=each.sentence,
            )
            for index, each in enumerate(missing)
        ]
        known = [
            Line(
                name=f"line_r{index}",
                key=f"rule:{index}",
                label=_said(rule),
                chosen=rule.erp_tax,
                chosen_label=lists.named(self.options, rule.erp_tax),
            )
            for index, rule in enumerate(rules.taxes)
        ]
        return Sheet(
            lines=(*asked, *known),
            choices=lists.choices(self.options),
            erp_label="Tax in your ERP",
            add_label="Rate in Shopify, in per cent",
            adds_tax=True,
            rest=Line(
                name="rest",
                key="",
                label="Every other tax",
                chosen=rules.default_tax,
                chosen_label=lists.named(self.options, rules.default_tax) if rules.default_tax else "",
            ),
            rest_is_placeholder=Rest.TAX in rules.placeholders,
            unmapped="A tax that no line fits becomes “Every other tax”. While that is empty, it holds its order.",
        )

    def apply(self, rules: Rules, form: Form, lists: Lists) -> Rules:
        """The rules with these taxes. A rule that is set to nothing is removed."""
        stored = {rules.default_tax, *(rule.erp_tax for rule in rules.taxes)}
        choices = Choices(form, lists, self.options, frozenset(stored))
        kept: dict[int, TaxRule] = dict(enumerate(rules.taxes))
        added: list[TaxRule] = []
        for name, key in choices.lines():
            family, _, rest = key.partition(":")
            chosen = choices.of(name)
            if family == "rule" and rest.isascii() and rest.isdigit() and int(rest) in kept:
                if chosen:
                    kept[int(rest)] = replace(kept[int(rest)], erp_tax=chosen)
                else:
                    del kept[int(rest)]
            elif family == "miss" and chosen:
                added.append(_rule(rest, chosen))
        if _is_asked(form):
            added.append(_new(form, choices))
        return replace(
            rules,
            taxes=(*kept.values(), *added),
            default_tax=choices.of("rest"),
            placeholders=placeholders(rules, form, Rest.TAX),
        )


def _is_asked(form: Form) -> bool:
    return any(
        form.is_on(name) for name in ("key_new", "country_new", "title_new", "channel_new", "line_new")
    )


def _new(form: Form, choices: Choices) -> TaxRule:
    """The rule that was typed; what was left empty counts for every tax."""
    typed = choices.new_key()
    country = form.text("country_new", limit=2).upper()
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise NotFilledIn(country_new="Write the country in two letters, for example DE.")
    return TaxRule(
        erp_tax=_needed(choices),
        rate=_rate(typed) if typed else None,
        country=country,
        title=form.text("title_new", limit=255),
        is_included={"included": True, "on_top": False}.get(form.text("included_new")),
        is_channel_liable=True if form.is_on("channel_new") else None,
    )


def _needed(choices: Choices) -> str:
    chosen = choices.of("line_new")
    if not chosen:
        raise NotFilledIn(line_new="Choose the tax of your ERP.")
    return chosen


def _rate(typed: str) -> Decimal:
    try:
        rate = Decimal(typed.replace("%", "").replace(",", ".").strip()) / 100
    except InvalidOperation:
        raise NotFilledIn(key_new="Write the rate as a number, for example 19.") from None
    if not 0 <= rate < 1:
        raise NotFilledIn(key_new="A rate is between 0 and 100 per cent.")
    return rate


def _rule(missed: str, erp_tax: str) -> TaxRule:
    """The rule for a miss such as `19%:DE:included`. It does not insist on included or on top: one ERP tax is both,
    unless a person makes two rules of it."""
    rate, country, flags = _apart(missed)
    return TaxRule(
        erp_tax=erp_tax,
        rate=_rate(rate),
        country=country,
        is_channel_liable=True if CHANNEL in flags else None,
    )


def _apart(missed: str) -> tuple[str, str, list[str]]:
    """A miss is named `rate:country[:included][:channel]`."""
    rate, _, rest = missed.partition(":")
    country, *flags = rest.split(":")
    return rate, country, flags


def _missed(value: str) -> str:
    rate, country, flags = _apart(value)
    included = "included in prices" if INCLUDED in flags else "on top of prices"
    channel = "paid by the channel" if CHANNEL in flags else ""
    return ", ".join(part for part in (rate, country, included, channel) if part)


def _said(rule: TaxRule) -> str:
    parts = [
        percent(rule.rate) if rule.rate is not None else "any rate",
        rule.country,
        f"called {rule.title}" if rule.title else "",
    ]
    if rule.is_included is not None:
        parts.append("included in prices" if rule.is_included else "on top of prices")
    if rule.is_channel_liable:
        parts.append("paid by the channel")
    return ", ".join(part for part in parts if part)
