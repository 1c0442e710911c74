"""A first mapping that works at once: equal codes, equal names, equal rates. Each suggestion says why.

Nothing is guessed that could post money to a wrong place: what has no clear match stays open, and the order that
needs it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sync.domain.documents import LineKind
from sync.domain.mapper import Catalogue, Choice, percent
from sync.domain.rules import ProductRules, Rules, Service, TaxRule

SERVICE_CODES: Final = {
    LineKind.SHIPPING: "SHIPPING",
    LineKind.DISCOUNT: "DISCOUNT",
    LineKind.TIP: "TIP",
    LineKind.GIFT_CARD: "GIFTCARD",
    LineKind.DUTY: "DUTY",
    LineKind.FEE: "FEE",
    LineKind.ADJUSTMENT: "ADJUSTMENT",
    LineKind.ROUNDING: "ROUNDING",
    LineKind.RESIDUAL: "RESIDUAL",
}
# A catalogue that has no product of its own for these may take the neighbour's.
SERVICE_NEIGHBOURS: Final = {
    LineKind.ADJUSTMENT: ("DISCOUNT",),
    LineKind.RESIDUAL: ("DIFFERENCE", "ROUNDING"),
}
INCLUDED_WORDS: Final = {"included", "incl", "inclusive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant of the shop."""

    gid: str
    sku: str = ""
    barcode: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """What is known of the shop when a mapping is suggested."""

    country: str = ""
    timezone: str = "UTC"
    locations: tuple[tuple[str, str], ...] = ()  # gid, name
    variants: tuple[Variant, ...] = ()
    gateways: tuple[str, ...] = ()
    shipping_titles: tuple[str, ...] = ()
    payment_terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpLists:
    """The ERP's option lists, as its connector gives them."""

    products: Sequence[Choice] = ()
    warehouses: Sequence[Choice] = ()
    taxes: Sequence[Choice] = ()
    payment_methods: Sequence[Choice] = ()
    payment_terms: Sequence[Choice] = ()
    carriers: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something was suggested, or that nothing was."""

    kind: str
    value: str
    erp_id: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Rules to look at and publish, with the reasons."""

    rules: Rules
    reasons: tuple[Reason, ...]

    @property
    def open(self) -> tuple[Reason, ...]:
        """What a person has to choose."""
        return tuple(each for each in self.reasons if not each.erp_id)


def suggest(lists: ErpLists, shop: ShopFacts) -> Suggestion:
    """Default rules for a new connection."""
    reasons: list[Reason] = []
    catalogue = Catalogue.of(lists.products)
    products = _products(catalogue, shop.variants, reasons)
    services = _services(catalogue, reasons)
    warehouses = _once(_by_name("warehouse", shop.locations, lists.warehouses, reasons))
    only = [each for each in lists.warehouses if each.is_active]
    return Suggestion(
        rules=Rules(
            timezone=shop.timezone,
            country=shop.country,
            products=products,
            warehouses={location: (warehouse,) for location, warehouse in warehouses.items()},
            default_warehouse=next(iter(warehouses.values()), only[0].erp_id if len(only) == 1 else ""),
            taxes=_taxes(lists.taxes, reasons),
            services=services,
            shipping_methods=_by_name(
                "shipping", _same(shop.shipping_titles), lists.carriers, reasons, is_open=False
            ),
            payment_methods=_by_name(
                "payment", _same(shop.gateways), lists.payment_methods, reasons, is_open=False
            ),
            payment_terms=_by_name("payment_term", _same(shop.payment_terms), lists.payment_terms, reasons),
        ),
        reasons=tuple(reasons),
    )


def _products(catalogue: Catalogue, variants: Iterable[Variant], reasons: list[Reason]) -> ProductRules:
    links: dict[str, str] = {}
    for variant in variants:
        value = variant.sku or variant.title or variant.gid
        if variant.sku and variant.sku in catalogue.codes:
            reasons.append(
                Reason(kind="product", value=value, erp_id=catalogue.codes[variant.sku], because="same code")
            )
        elif variant.barcode and variant.barcode in catalogue.barcodes:
            links[variant.gid] = catalogue.barcodes[variant.barcode]
            reasons.append(
                Reason(kind="product", value=value, erp_id=links[variant.gid], because="same barcode")
            )
        else:
            reasons.append(Reason(kind="product", value=value, erp_id="", because="no product has this code"))
    return ProductRules(links=links, codes=dict(catalogue.codes))


def _services(catalogue: Catalogue, reasons: list[Reason]) -> dict[LineKind, Service]:
    by_code = {
        code.upper().replace("-", "").replace("_", ""): erp_id for code, erp_id in catalogue.codes.items()
    }
    found: dict[LineKind, Service] = {}
    for kind, code in SERVICE_CODES.items():
        for candidate in (code, *SERVICE_NEIGHBOURS.get(kind, ())):
            if candidate in by_code:
                found[kind] = Service(item=by_code[candidate])
                reasons.append(
                    Reason(
                        kind="service",
                        value=kind.value,
                        erp_id=by_code[candidate],
                        because=f"code {candidate}",
                    )
                )
                break
        else:
            reasons.append(
                Reason(kind="service", value=kind.value, erp_id="", because=f"no product has the code {code}")
            )
    return found


def _taxes(options: Iterable[Choice], reasons: list[Reason]) -> tuple[TaxRule, ...]:
    """One rule per rate. Two taxes of one rate are told apart by a country code in their name, else left open."""
    by_rate: dict[Decimal, list[Choice]] = {}
    for option in options:
        if option.is_active and option.rate is not None:
            by_rate.setdefault(option.rate.normalize(), []).append(option)
    rules: list[TaxRule] = []
    for rate, same in by_rate.items():
        if len(same) == 1:
            rules.append(TaxRule(erp_tax=same[0].erp_id, rate=rate))
            reasons.append(
                Reason(kind="tax", value=percent(rate), erp_id=same[0].erp_id, because="same rate")
            )
            continue
        rules += _told_apart(rate, same, reasons)
    return tuple(rules)


def _told_apart(rate: Decimal, same: Sequence[Choice], reasons: list[Reason]) -> list[TaxRule]:
    found: dict[tuple[str, bool | None], list[Choice]] = {}
    for option in same:
        words = set(option.name.replace("(", " ").replace(")", " ").replace(",", " ").split())
        country = next(
            (word for word in sorted(words) if len(word) == 2 and word.isalpha() and word.isupper()), ""
        )
        is_included = True if {word.casefold() for word in words} & INCLUDED_WORDS else None
        found.setdefault((country, is_included), []).append(option)
    rules = []
    for (country, is_included), options in found.items():
        if len(options) > 1:
            reasons.append(
                Reason(
                    kind="tax", value=percent(rate), erp_id="", because=f"{len(options)} taxes have this rate"
                )
            )
            continue
        rules.append(TaxRule(erp_tax=options[0].erp_id, rate=rate, country=country, is_included=is_included))
        reasons.append(
            Reason(
                kind="tax",
                value=f"{percent(rate)} {country}".strip(),
                erp_id=options[0].erp_id,
                because="same rate",
            )
        )
    return rules


def _by_name(
    kind: str,
    wanted: Iterable[tuple[str, str]],
    options: Iterable[Choice],
    reasons: list[Reason],
    *,
    is_open: bool = True,
) -> dict[str, str]:
    names: dict[str, list[str]] = {}
    for option in options:
        if option.is_active:
            for name in {_key(option.name), _key(option.code)} - {""}:
                names.setdefault(name, []).append(option.erp_id)
    found: dict[str, str] = {}
    for key, name in wanted:
        ids = names.get(_key(name), [])
        if len(ids) == 1:
            found[key] = ids[0]
            reasons.append(Reason(kind=kind, value=name, erp_id=ids[0], because="same name"))
        elif is_open:
            because = "several have this name" if ids else "nothing has this name"
            reasons.append(Reason(kind=kind, value=name, erp_id="", because=because))
    return found


def _once(warehouses: Mapping[str, str]) -> dict[str, str]:
    """Each warehouse at its first location: its stock must not be offered twice because two names are alike."""
    first: dict[str, str] = {}
    for location, warehouse in warehouses.items():
        first.setdefault(warehouse, location)
    return {location: warehouse for warehouse, location in first.items()}


def _same(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


def _key(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())
