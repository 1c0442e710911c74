"""Looks things up in the rules for one order and remembers each decision with its reason.

The one place where a missing mapping becomes `Misconfigured`: `misses` names the thing, the sentence tells what to
do. A table that nobody filled and that has no default is not in use, and gives nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from kit.crypto import fingerprint
from kit.faults import Misconfigured
from sync.domain.documents import LineKind
from sync.domain.history import TaxLine
from sync.domain.records import Order, OrderLine
from sync.domain.rules import Rest, Rules, Service, TaxRule, Unmapped

MISSES_LIMIT = 200
SERVICE_WORDS = {
    LineKind.SHIPPING: "shipping",
    LineKind.DISCOUNT: "discounts",
    LineKind.TIP: "tips",
    LineKind.GIFT_CARD: "sold gift cards",
    LineKind.DUTY: "duties",
    LineKind.FEE: "fees",
    LineKind.ADJUSTMENT: "refund adjustments",
    LineKind.ROUNDING: "cash rounding",
    LineKind.RESIDUAL: "residuals",
    LineKind.GOODS: "goods",
}


class Choice(Protocol):
    """One entry of an ERP's option list, as connectors give it."""

    @property
    def erp_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def barcodes(self) -> tuple[str, ...]: ...
    @property
    def rate(self) -> Decimal | None: ...
    @property
    def is_active(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """ERP products by code and barcode, as far as they were asked for."""

    codes: Mapping[str, str] = field(default_factory=dict)
    barcodes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Iterable[Choice]) -> Catalogue:
        """The catalogue of a connector's product options. Of two products with one code, neither is chosen."""
        codes: dict[str, str | None] = {}
        barcodes: dict[str, str | None] = {}
        for option in options:
            if not option.is_active:
                continue
            for table, keys in ((codes, (option.code,)), (barcodes, option.barcodes)):
                for key in keys:
                    if key:
                        table[key] = option.erp_id if table.get(key, option.erp_id) == option.erp_id else None
        return cls(
            codes={key: erp_id for key, erp_id in codes.items() if erp_id},
            barcodes={key: erp_id for key, erp_id in barcodes.items() if erp_id},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One lookup: what was asked, what came out, and why."""

    kind: str
    value: str
    result: str
    because: str


class Mapper:
    """The lookups for one order. Asking twice costs nothing and is remembered once."""

    def __init__(self, rules: Rules, order: Order, *, catalogue: Catalogue | None = None) -> None:
        self.rules = rules
        self.catalogue = catalogue or Catalogue()
        self.country = _country(order) or rules.country
        self.uses_stand_in = False
        self._order = order
        self._known: dict[tuple[object, ...], str] = {}
        self._decisions: list[Decision] = []

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Everything that was decided, in order."""
        return tuple(self._decisions)

    def item(self, line: OrderLine) -> str:
        """The ERP product of a goods line."""
        key = ("item", line.variant_gid, line.sku, line.barcode, line.title)
        return self._known.get(key) or self._remember(key, self._item(line))

    def tax(self, tax: TaxLine, *, is_included: bool) -> str | None:
        """The ERP tax of a tax line; None when no rule knows it and no money hangs on it."""
        key = ("tax", tax.title, tax.rate, is_included, tax.is_channel_liable)
        found = self._known.get(key)
        if found is not None:
            return found
        rule = best_tax(self.rules.taxes, tax, country=self.country, is_included=is_included)
        shown = f"{percent(tax.rate)}:{self.country}{':included' if is_included else ''}"
        if rule is None:
            if not tax.amount:
                return None
            if self.rules.default_tax:
                because = self._stands_in(Rest.TAX)
                decision = Decision(
                    kind="tax", value=f"{tax.title} {shown}", result=self.rules.default_tax, because=because
                )
                return self._remember(key, decision)
            shown += ":channel" if tax.is_channel_liable else ""
            raise self._miss(
                "tax",
                shown,
                f"No ERP tax is chosen for {tax.title or 'tax'} of {percent(tax.rate)} in "
                f"{self.country or 'an unknown country'} ({'included in' if is_included else 'on top of'} prices). "
                "Choose one under taxes.",
            )
        return self._remember(
            key, Decision(kind="tax", value=f"{tax.title} {shown}", result=rule.erp_tax, because="tax rule")
        )

    def keep(self, kind: str, value: str, result: str) -> None:
        """Remembers that a line keeps what it has in the ERP. A placeholder stays one: somebody must look at it."""
        products = self.rules.products
        if products.unmapped is Unmapped.PLACEHOLDER and result == products.stand_in:
            self.uses_stand_in = True
        key = ("kept", kind, value)
        if key not in self._known:
            self._remember(key, Decision(kind=kind, value=value, result=result, because="as first exported"))

    def service(self, kind: LineKind) -> Service:
        """The service product or account for money that is not goods."""
        found, because = self.rules.services.get(kind), "chosen"
        if found is None or not (found.item or found.account):
            found = self.rules.default_service
            if found.item or found.account:
                because = self._stands_in(Rest.SERVICE)
        if not (found.item or found.account):
            raise self._miss(
                "service",
                kind.value,
                f"No ERP product or account is chosen for {SERVICE_WORDS[kind]}. Choose one under services.",
            )
        key = ("service", kind)
        if key not in self._known:
            self._remember(
                key,
                Decision(
                    kind="service", value=kind.value, result=found.item or found.account, because=because
                ),
            )
        return found

    def adjustment(self, reasons: Collection[str]) -> Service:
        """Where the difference between a refund and its lines goes: by its reason when it has exactly one that is
        chosen for, else where all adjustments go."""
        (reason,) = reasons if len(reasons) == 1 else ("",)
        found = self.rules.adjustments.get(reason)
        if found is None or not (found.item or found.account):
            return self.service(LineKind.ADJUSTMENT)
        key = ("adjustment", reason)
        if key not in self._known:
            result = found.account or found.item
            self._remember(
                key, Decision(kind="adjustment", value=reason, result=result, because="by its reason")
            )
        return found

    def warehouse(self, location_gid: str | None) -> str:
        """The warehouse of a location; the default one when the order names none."""
        if not location_gid:
            return self.rules.default_warehouse
        return self._listed(
            "warehouse",
            location_gid,
            (location_gid,),
            self.rules.order_warehouses,
            self.rules.default_warehouse,
            "No ERP warehouse is chosen for the location {value}. Choose one under locations.",
        )

    def shipping_method(self) -> str:
        """How the ERP sends the order, by the first shipping line that was not removed."""
        for line in self._order.shipping_lines:
            if not line.is_removed:
                return self._listed(
                    "shipping",
                    line.title or line.code,
                    (line.code, line.title),
                    self.rules.shipping_methods,
                    self.rules.default_shipping_method,
                    "No ERP shipping method is chosen for {value!r}. Choose one under shipping.",
                )
        return self.rules.default_shipping_method

    def payment_method(self, gateway: str) -> str:
        """The ERP's payment method for a gateway."""
        return self._listed(
            "payment",
            gateway,
            (gateway,),
            self.rules.payment_methods,
            self.rules.default_payment_method,
            "No ERP payment method is chosen for the gateway {value!r}. Choose one under payments.",
        )

    def payment_term(self) -> str:
        """The ERP's payment term; "" when the order is paid at once."""
        terms = self._order.payment_terms
        if terms is None:
            return ""
        by_days = f"{terms.kind}:{terms.due_in_days}" if terms.due_in_days is not None else terms.kind
        return self._listed(
            "payment_term",
            terms.name or by_days,
            (terms.name, by_days),
            self.rules.payment_terms,
            self.rules.default_payment_term,
            "No ERP payment term is chosen for {value!r}. Choose one under payment terms.",
        )

    def _item(self, line: OrderLine) -> Decision:
        products = self.rules.products
        value = line.sku or line.title
        for table, key, because in (
            (products.links, line.variant_gid or "", "linked by a person"),
            (products.links, line.sku, "linked by a person"),
            (products.links, "" if line.sku else line.title, "linked by a person"),
            (products.codes, line.sku, "same code"),
            (self.catalogue.codes, line.sku, "same code"),
            (products.barcodes, line.barcode, "same barcode"),
            (self.catalogue.barcodes, line.barcode, "same barcode"),
        ):
            if key and key in table:
                return Decision(kind="product", value=value, result=table[key], because=because)
        if products.unmapped is not Unmapped.HOLD and products.stand_in:
            self.uses_stand_in = self.uses_stand_in or products.unmapped is Unmapped.PLACEHOLDER
            return Decision(
                kind="product", value=value, result=products.stand_in, because=products.unmapped.value
            )
        raise self._miss(
            "product",
            value,
            f"No ERP product has the code {line.sku!r} ({line.name}). Give the ERP product that code, or link it "
            "under products."
            if line.sku
            else f"The line {line.name!r} has no SKU, so no ERP product can be found. Link it, or choose a product "
            "for lines without one, under products.",
        )

    def _listed(
        self,
        kind: str,
        value: str,
        keys: tuple[str, ...],
        table: Mapping[str, str],
        default: str,
        sentence: str,
    ) -> str:
        known = self._known.get((kind, *keys))
        if known is not None:
            return known
        for key in keys:
            if key and key in table:
                decision = Decision(kind=kind, value=value, result=table[key], because="chosen")
                return self._remember((kind, *keys), decision)
        if not table or default:
            because = self._stands_in(kind) if default else "not in use"
            return self._remember(
                (kind, *keys), Decision(kind=kind, value=value, result=default, because=because)
            )
        raise self._miss(kind, value, sentence.format(value=value))

    def _stands_in(self, kind: str) -> str:
        """Notes that the one choice for everything else is used; why, as a decision says it."""
        if kind not in self.rules.placeholders:
            return "default"
        self.uses_stand_in = True
        return "placeholder"

    def _remember(self, key: tuple[object, ...], decision: Decision) -> str:
        self._known[key] = decision.result
        self._decisions.append(decision)
        return decision.result

    def _miss(self, kind: str, value: str, sentence: str) -> Misconfigured:
        return Misconfigured(
            f"unmapped_{kind}", sentence, misses=miss(kind, value), detail=f"order {self._order.gid}"
        )


def miss(kind: str, value: str) -> str:
    """The stable name of a missing mapping; a value too long for a name is named by its fingerprint."""
    short = value if len(value) <= MISSES_LIMIT else fingerprint(value)
    return f"mapping:{kind}:{short}"


def best_tax(rules: Iterable[TaxRule], tax: TaxLine, *, country: str, is_included: bool) -> TaxRule | None:
    """The rule that says most about this tax, among those that say nothing against it. The first of equals wins."""
    best: TaxRule | None = None
    best_score = -1
    for rule in rules:
        facts = (
            (rule.title, rule.title == tax.title),
            (rule.is_channel_liable is not None, rule.is_channel_liable == tax.is_channel_liable),
            (rule.country, rule.country == country),
            (rule.rate is not None, rule.rate == tax.rate),
            (rule.is_included is not None, rule.is_included == is_included),
        )
        if any(says and not fits for says, fits in facts):
            continue
        score = sum(2 ** (len(facts) - place) for place, (says, _) in enumerate(facts) if says)
        if score > best_score:
            best, best_score = rule, score
    return best


def percent(rate: Decimal) -> str:
    """0.19 as 19%."""
    shown = (rate * 100).normalize()
    return f"{shown:f}%"


def _country(order: Order) -> str:
    for place in (order.shipping, order.billing):
        if place and place.country_code:
            return place.country_code
    return ""
