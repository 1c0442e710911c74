"""What a draft of the mapping changes against the published version, one line per value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_AREAS = {
    "products": "Products",
    "taxes": "Taxes",
    "default_tax": "Taxes",
    "services": "Money that is not goods",
    "adjustments": "Money that is not goods",
    "default_service": "Money that is not goods",
    "warehouses": "Locations",
    "default_warehouse": "Locations",
    "shipping_methods": "Shipping",
    "default_shipping_method": "Shipping",
    "payment_methods": "Payments",
    "default_payment_method": "Payments",
    "payment_terms": "Payment terms",
    "default_payment_term": "Payment terms",
    "customers": "Customers",
    "match_order": "Customers",
    "external_id": "Customers",
    "fields": "Order fields",
}
# Parts of the rules that say nothing to people: `services.shipping.item` is what shipping is.
_SILENT = frozenset({"links", "item"})


@dataclass(frozen=True, kw_only=True)
class Change:
    """One value that differs."""

    area: str
    what: str
    before: str
    after: str


def between(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Change, ...]:
    """All changes, in the order of the rules. Nothing published yet counts as empty."""
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    places = [place for place in {**new, **old} if old.get(place, "") != new.get(place, "")]
    return tuple(
        Change(area=_area(place), what=_what(place), before=old.get(place, ""), after=new.get(place, ""))
        for place in places
    )


def _flat(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, (*place, str(key)))
    elif place == ("taxes",) and isinstance(value, Sequence):
        for rule in value:
            yield (*place, _tax(rule)), str(rule.get("erp_tax", ""))
    elif place == ("fields",) and isinstance(value, Sequence):
        for rule in value:
            yield (*place, str(rule.get("target", ""))), _field(rule)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield place, ", ".join(str(each) for each in value)
    elif value not in (None, ""):
        yield (
            place,
            {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value),
        )


def _tax(rule: Mapping[str, Any]) -> str:
    rate, included = rule.get("rate"), rule.get("is_included")
    parts = (
        rule.get("title"),
        f"rate {rate}" if rate is not None else "",
        rule.get("country"),
        "" if included is None else "included" if included else "on top",
        "paid by the channel" if rule.get("is_channel_liable") else "",
    )
    return " ".join(part for part in parts if part) or "any tax"


def _field(rule: Mapping[str, Any]) -> str:
    values = rule.get("values") or {}
    parts = (
        f"from {rule.get('source')}",
        *(rule.get("transforms") or ()),
        ", ".join(f"{key} = {value}" for key, value in values.items()),
        f"else {rule['default']}" if rule.get("default") else "",
        "required" if rule.get("is_required") else "",
    )
    return "; ".join(part for part in parts if part)


def _area(place: tuple[str, ...]) -> str:
    return _AREAS.get(place[0], "Policies")


def _what(place: tuple[str, ...]) -> str:
    if place[0].startswith("default_"):
        return "Everything else"
    rest = tuple(part for part in place if part not in _AREAS and part not in _SILENT) or place
    return " ".join(part.replace("_", " ") if part.islower() else part for part in rest) or place[0]
