"""Whether new rules answer what a held job misses. Decided by the name of the miss alone, as exactly as that name is:
a job that is let go and still misses something is held again, one that is kept waits for the next version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sync.domain.documents import LineKind
from sync.domain.mapper import miss
from sync.domain.rules import ClosedPeriod, GuestPolicy, ResidualPolicy, Rules, Unmapped

FAMILY = "mapping"
VARIANT = "gid://"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One publication: the rules in force until now (none at first), the new ones, and the SKU or title of each variant
    that is linked by its gid, as far as it is known."""

    before: Rules | None
    after: Rules
    variants: Mapping[str, str]

    def answers(self, misses: str) -> bool:
        """Whether the new rules answer this miss."""
        family, _, rest = misses.partition(":")
        if family != FAMILY:
            return False
        kind, _, value = rest.partition(":")
        rules = self.after
        match kind:
            case "product":
                return self._product(value)
            case "tax":
                return bool(rules.default_tax) or _tax(rules, value)
            case "service" if value in set(LineKind):
                chosen = [rules.services.get(LineKind(value)), rules.default_service]
                if value == LineKind.ADJUSTMENT:  # which reason it had only a new try can tell
                    chosen += rules.adjustments.values()
                return any(each is not None and bool(each.item or each.account) for each in chosen)
            case "warehouse":
                return self._warehouse(value)
            case "shipping":
                return _listed(kind, value, rules.shipping_methods, rules.default_shipping_method)
            case "payment":
                return _listed(kind, value, rules.payment_methods, rules.default_payment_method)
            case "payment_term":
                return _listed(kind, value, rules.payment_terms, rules.default_payment_term)
            case "customer":
                return value in _missed(kind, rules.customers)
            case "guests":
                return rules.guests is not GuestPolicy.HOLD and (
                    rules.guests is not GuestPolicy.SHARED or bool(rules.shared_customer)
                )
            case "closed_period":
                return rules.closed_period is ClosedPeriod.NEXT_OPEN
            case "residual":
                return self._residual()
            case "field" | "transform" | "source":
                return self._field(kind, value)
            case _:
                return True  # the mapping as a whole, or something that only a new try can tell

    def _product(self, value: str) -> bool:
        products = self.after.products
        before = self.before.products if self.before else None
        if not value:  # an ERP product that is gone, whichever it was
            return products != before
        if products.unmapped is not Unmapped.HOLD and products.stand_in:
            return True
        if value in _missed("product", (*products.links, *products.codes)):
            return True
        # A link by variant answers a miss that is named by SKU; of a variant that nobody knows, only a new link may.
        linked = {gid: erp for gid, erp in products.links.items() if gid.startswith(VARIANT)}
        known = [self.variants[gid] for gid in linked if gid in self.variants]
        old = before.links if before else {}
        is_unsure = any(gid not in self.variants and old.get(gid) != erp for gid, erp in linked.items())
        return is_unsure or value in _missed("product", known)

    def _warehouse(self, value: str) -> bool:
        rules = self.after
        if value.startswith(VARIANT):  # a location
            return _listed("warehouse", value, rules.order_warehouses, rules.default_warehouse)
        if value:  # a warehouse of the ERP that feeds no location
            return any(value in names for names in rules.warehouses.values())
        return (
            bool(rules.default_warehouse) or self.before is None or rules.warehouses != self.before.warehouses
        )

    def _residual(self) -> bool:
        now, before = self.after.residual, self.before.residual if self.before else None
        if now.policy is not ResidualPolicy.POST:
            return False
        return before is None or before.policy is not ResidualPolicy.POST or now.limit > before.limit

    def _field(self, kind: str, value: str) -> bool:
        """A rule for a field is what was wrong: it is answered once that rule is another one, or gone."""

        def wrong(rules: Rules) -> list[object]:
            return [
                each
                for each in rules.fields
                if (kind == "field" and each.target == value)
                or (kind == "source" and each.source == value)
                or (kind == "transform" and value in {name.partition(":")[0] for name in each.transforms})
            ]

        now = wrong(self.after)
        if not now:
            return True
        return kind == "field" and (self.before is None or now != wrong(self.before))


def _tax(rules: Rules, value: str) -> bool:
    """A miss is named `rate:country[:included][:channel]`; the title it does not tell, so a rule by title may fit."""
    shown, _, rest = value.partition(":")
    country, *flags = rest.split(":")
    try:
        rate = Decimal(shown.removesuffix("%")) / 100
    except InvalidOperation:
        return True
    return any(
        rule.rate in (None, rate)
        and rule.country in ("", country)
        and rule.is_included in (None, "included" in flags)
        and rule.is_channel_liable in (None, "channel" in flags)
        for rule in rules.taxes
    )


def _listed(kind: str, value: str, table: Mapping[str, str], default: str) -> bool:
    return bool(default) or not table or value in _missed(kind, table)


def _missed(kind: str, keys: Iterable[str]) -> set[str]:
    """The values under which a miss names these keys: long ones go by their fingerprint."""
    start = f"{FAMILY}:{kind}:"
    return {miss(kind, key).removeprefix(start) for key in keys}
