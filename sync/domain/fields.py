"""Fields of the ERP that are filled from an order: where a value comes from, and the small set of safe transforms.

No expression language: a transform is a name out of a list, so a mapping can be read, tested and never hurts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from kit.faults import Misconfigured
from sync.domain.records import Order
from sync.domain.rules import FieldRule, Rules

TRANSFORMS: Final[dict[str, Callable[[str, str], str]]] = {
    "trim": lambda value, _: value.strip(),
    "upper": lambda value, _: value.upper(),
    "lower": lambda value, _: value.lower(),
    "digits": lambda value, _: "".join(c for c in value if c.isdigit()),
    "first": lambda value, count: value[: int(count or "1")],
    "last": lambda value, count: value[-int(count or "1") :],
    "prefix": lambda value, text: f"{text}{value}" if value else "",
    "suffix": lambda value, text: f"{value}{text}" if value else "",
    "remove": lambda value, text: value.replace(text, ""),
    "date": lambda value, _: value[:10],
}


def filled(order: Order, rules: Rules) -> tuple[tuple[str, str], ...]:
    """The ERP fields with their values, in the rules' order. Raises Misconfigured when a required one is empty."""
    found: list[tuple[str, str]] = []
    for rule in rules.fields:
        value = value_of(order, rule, rules)
        if value:
            found.append((rule.target, value))
        elif rule.is_required:
            raise Misconfigured(
                "field_empty",
                f"The ERP field {rule.target!r} must be filled, but {rule.source!r} is empty on order {order.name}. "
                "Give the rule a default, or make the field optional.",
                misses=f"mapping:field:{rule.target}"[:255],
                field=rule.source,
            )
    return tuple(found)


def value_of(order: Order, rule: FieldRule, rules: Rules) -> str:
    """One field's value: source, transforms, value map, default."""
    value = read(order, rule.source, rules)
    for each in rule.transforms:
        name, _, argument = each.partition(":")
        transform = TRANSFORMS.get(name)
        if transform is None:
            raise Misconfigured(
                "transform_unknown",
                f"The rule for {rule.target!r} uses {name!r}, which is not a transform that Concord knows.",
                misses=f"mapping:transform:{name}"[:255],
                field=rule.source,
            )
        value = transform(value, argument)
    return rule.values.get(value, value) or rule.default


def read(order: Order, source: str, rules: Rules) -> str:
    """What a source says about an order. Raises Misconfigured for one that is no source."""
    kind, _, name = source.partition(":")
    match kind:
        case "attribute":
            return dict(order.attributes).get(name, "")
        case "metafield":
            return order.metafields.get(name, "")
        case "tag":
            return name if name in order.tags else ""
        case "order":
            return _own(order, name, rules)
        case _:
            raise Misconfigured(
                "source_unknown",
                f"A field rule reads from {source!r}, which is not a place that Concord knows.",
                misses=f"mapping:source:{source}"[:255],
                field=source,
            )


def _own(order: Order, name: str, rules: Rules) -> str:
    zone = ZoneInfo(rules.timezone)

    def local(moment: datetime | None) -> str:
        return moment.astimezone(zone).isoformat() if moment else ""

    own: dict[str, Callable[[], str]] = {
        "name": lambda: order.name,
        "note": lambda: order.note,
        "email": lambda: order.email,
        "phone": lambda: order.phone,
        "tags": lambda: ", ".join(order.tags),
        "source": lambda: order.source_name,
        "purchase_order": lambda: order.purchase_order,
        "gateway": lambda: ", ".join(order.gateways),
        "created_at": lambda: local(order.created_at),
        "processed_at": lambda: local(order.processed_at),
        "currency": lambda: order.presentment_currency,
        "discounts": lambda: ", ".join(d.title for d in order.discounts if d.title),
        "location": lambda: order.location_gid or "",
    }
    reader = own.get(name)
    if reader is None:
        raise Misconfigured(
            "source_unknown",
            f"A field rule reads 'order:{name}', which is not a part of an order that Concord knows.",
            misses=f"mapping:source:order:{name}"[:255],
            field=f"order:{name}",
        )
    return reader()
