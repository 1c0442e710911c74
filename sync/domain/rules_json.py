"""The JSON form of mapping rules: what is stored as a version, exported and compared. Unknown keys are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kit.faults import Misconfigured
from sync.domain.documents import DocumentKind, LineKind
from sync.domain.fields import TRANSFORMS
from sync.domain.rules import (
    CancelledPolicy,
    ClosedPeriod,
    DiscountStyle,
    FieldRule,
    Filters,
    GuestPolicy,
    MatchBy,
    ProductRules,
    Residual,
    ResidualPolicy,
    Rest,
    Rules,
    Service,
    Side,
    TaxRule,
    Unmapped,
)

T = TypeVar("T")
Json = dict[str, Any]
COUNTING = ("first", "last")


class BrokenRules(Misconfigured):
    """The stored or uploaded rules cannot be understood."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(
            "rules_broken",
            f"The mapping cannot be used: {path} {problem}.",
            misses="mapping:rules",
            field=path,
        )


def write_rules(rules: Rules) -> Json:
    """The rules as plain JSON. Decimals are texts, so no float touches a rate or a limit."""
    written = {each.name: _plain(getattr(rules, each.name)) for each in fields_of(rules)}
    # One warehouse stays the plain text that it was before a location could have several.
    written["warehouses"] = {
        location: names[0] if isinstance(names, list) and len(names) == 1 else names
        for location, names in written["warehouses"].items()
    }
    return written


def read_rules(value: Any) -> Rules:
    """The rules out of JSON; what is absent has its default. Raises Misconfigured with the path of what is wrong."""
    given = _object(value, "rules")
    readers: dict[str, Callable[[Any, str], Any]] = {
        "side": _enum(Side),
        "timezone": _timezone,
        "products": _products,
        "warehouses": _warehouses,
        "warehouse_shares": _shares,
        "taxes": _list(_tax),
        "services": _services,
        "adjustments": lambda node, path: {
            reason: _built(Service, _object(each, f"{path}.{reason}"), f"{path}.{reason}", {})
            for reason, each in _object(node, path).items()
        },
        "default_service": lambda node, path: _built(Service, _object(node, path), path, {}),
        "placeholders": _list(_enum(Rest)),
        "shipping_methods": _texts,
        "payment_methods": _texts,
        "payment_terms": _texts,
        "customers": _texts,
        "match_order": _chain,
        "discount_style": _enum(DiscountStyle),
        "guests": _enum(GuestPolicy),
        "posting": lambda node, path: {
            _enum(DocumentKind)(key, path): _flag(flag, f"{path}.{key}")
            for key, flag in _object(node, path).items()
        },
        "fields": _list(_field),
        "filters": _filters,
        "residual": _residual,
        "closed_period": _enum(ClosedPeriod),
        "ships_elsewhere": _flag,
        "returns_restock": _flag,
        "title_limit": _count,
    }
    return _built(Rules, given, "rules", readers)


def _built(kind: type[T], given: Json, path: str, readers: Mapping[str, Callable[[Any, str], Any]]) -> T:
    known = {each.name for each in fields_of(kind)}  # type: ignore[arg-type]
    for key in given:
        if key not in known:
            raise BrokenRules(f"{path}.{key}", "is not a part of a mapping")
    otherwise: Callable[[Any, str], Any] = _text
    values = {key: readers.get(key, otherwise)(value, f"{path}.{key}") for key, value in given.items()}
    make: Callable[..., Any] = kind
    made: T = make(**values)
    return made


def _products(value: Any, path: str) -> ProductRules:
    readers = {"links": _texts, "codes": _texts, "barcodes": _texts, "unmapped": _enum(Unmapped)}
    return _built(ProductRules, _object(value, path), path, readers)


def _tax(value: Any, path: str) -> TaxRule:
    readers = {
        "rate": _or_none(_decimal),
        "is_included": _or_none(_flag),
        "is_channel_liable": _or_none(_flag),
    }
    return _built(TaxRule, _object(value, path), path, readers)


def _field(value: Any, path: str) -> FieldRule:
    readers = {"transforms": _list(_transform), "values": _texts, "is_required": _flag}
    return _built(FieldRule, _object(value, path), path, readers)


def _filters(value: Any, path: str) -> Filters:
    lists = ("only_sources", "skip_sources", "only_tags", "skip_tags")
    readers: dict[str, Callable[[Any, str], Any]] = dict.fromkeys(lists, _list(_text))
    readers |= {"since": _or_none(_moment), "with_test_orders": _flag, "only_paid": _flag}
    readers["cancelled"] = _enum(CancelledPolicy)
    return _built(Filters, _object(value, path), path, readers)


def _residual(value: Any, path: str) -> Residual:
    return _built(Residual, _object(value, path), path, {"policy": _enum(ResidualPolicy), "limit": _decimal})


def _services(value: Any, path: str) -> dict[LineKind, Service]:
    return {
        _enum(LineKind)(key, path): _built(Service, _object(node, f"{path}.{key}"), f"{path}.{key}", {})
        for key, node in _object(value, path).items()
    }


def _warehouses(value: Any, path: str) -> dict[str, tuple[str, ...]]:
    return {
        key: (each,) if isinstance(each, str) else _list(_text)(each, f"{path}.{key}")
        for key, each in _object(value, path).items()
    }


def _shares(value: Any, path: str) -> dict[str, int]:
    found = {key: _count(each, f"{path}.{key}") for key, each in _object(value, path).items()}
    for key, share in found.items():
        if share > 100:
            raise BrokenRules(f"{path}.{key}", "is more than everything")
    return found


def _transform(value: Any, path: str) -> str:
    name, _, argument = _text(value, path).partition(":")
    if name not in TRANSFORMS:
        raise BrokenRules(path, f"names {name!r}, which is not a transform")
    if name in COUNTING and argument and not argument.isdigit():
        raise BrokenRules(path, f"needs a number after {name!r}")
    return str(value)


def _chain(value: Any, path: str) -> tuple[MatchBy, ...]:
    found = _list(_enum(MatchBy))(value, path)
    if len(set(found)) < len(found):
        raise BrokenRules(path, "names one of its choices twice")
    return found


def _timezone(value: Any, path: str) -> str:
    name = _text(value, path)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BrokenRules(path, "is not a time zone") from None
    return name


def _enum(kind: type[T]) -> Callable[[Any, str], T]:
    def read(value: Any, path: str) -> T:
        try:
            return kind(value)  # type: ignore[call-arg]
        except ValueError:
            raise BrokenRules(path, f"has the value {value!r}, which is not one of its choices") from None

    return read


def _list(read: Callable[[Any, str], T]) -> Callable[[Any, str], tuple[T, ...]]:
    def whole(value: Any, path: str) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            raise BrokenRules(path, "is not a list")
        return tuple(read(item, f"{path}[{index}]") for index, item in enumerate(value))

    return whole


def _or_none(read: Callable[[Any, str], T]) -> Callable[[Any, str], T | None]:
    return lambda value, path: None if value is None else read(value, path)


def _object(value: Any, path: str) -> Json:
    if not isinstance(value, dict):
        raise BrokenRules(path, "is not an object")
    return value


def _texts(value: Any, path: str) -> dict[str, str]:
    return {key: _text(each, f"{path}.{key}") for key, each in _object(value, path).items()}


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise BrokenRules(path, "is not a text")
    return value


def _flag(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise BrokenRules(path, "is not true or false")
    return value


def _count(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BrokenRules(path, "is not a whole number above zero")
    return value


def _decimal(value: Any, path: str) -> Decimal:
    try:
        found = Decimal(_text(value, path))
    except InvalidOperation:
        raise BrokenRules(path, "is not a number") from None
    if not found.is_finite():
        raise BrokenRules(path, "is not a number")
    return found


def _moment(value: Any, path: str) -> datetime:
    try:
        found = datetime.fromisoformat(_text(value, path))
    except ValueError:
        raise BrokenRules(path, "is not a time") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _plain(value: Any) -> Any:
    match value:
        case StrEnum():
            return value.value
        case bool() | int() | str() | None:
            return value
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case tuple() | list():
            return [_plain(each) for each in value]
        case Mapping():
            return {_plain(key): _plain(each) for key, each in value.items()}
        case _:
            return {each.name: _plain(getattr(value, each.name)) for each in fields_of(value)}
