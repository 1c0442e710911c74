"""How single values are taken out of Shopify's JSON, for both readers. A broken contract becomes `Drift` with the path.

Unknown fields and unknown enum values are data and pass; a missing or mistyped field that money, identity or time
depends on does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeVar

from kit.faults import Rejected
from sync.domain.documents import Address
from sync.domain.money import Both, Money, decimal

T = TypeVar("T")
Json = Mapping[str, Any]
MONEY_CACHE: Final = 65_536  # amounts repeat a lot; parsing a decimal costs more than finding it
LARGEST_ID: Final = 2**63
LARGEST_COUNT: Final = 2**31
GID: Final = "gid://shopify/"
IDENTITY: Final = re.compile(r"gid://shopify/[A-Za-z]+/[^/\s]+")


class Drift(Exception):
    """A value is not what the contract says. The path grows while the reader unwinds."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path
        self.problem = problem

    def under(self, parent: str) -> Drift:
        """The same problem, seen from one level up."""
        return Drift(f"{parent}.{self.path}" if self.path else parent, self.problem)


@contextmanager
def contract(thing: str) -> Any:
    """Turns a drift into the fault that a person can read: what broke, and where."""
    try:
        yield
    except Drift as drift:
        path = drift.path or "$"
        raise Rejected(
            "schema_drift",
            f"Shopify sent {thing} in a form that Concord does not know: {path} {drift.problem}.",
            detail=f"{path} {drift.problem}",
            field=path,
        ) from None


def need(node: Json, key: str) -> Any:
    """The value, which must be there and not null."""
    try:
        value = node[key]
    except KeyError:
        raise Drift(key, "is missing") from None
    except TypeError:
        raise Drift("", "is not an object") from None
    if value is None:
        raise Drift(key, "is null")
    return value


def text(node: Json, key: str) -> str:
    """The text, or "" when there is none."""
    value = node.get(key)
    if value is None:
        return ""
    return value if isinstance(value, str) else _plain(value, key)


def lower(node: Json, key: str) -> str:
    """A kind or state, in lower case."""
    return text(node, key).lower()


def gid(node: Json, key: str = "admin_graphql_api_id", *, of: str = "") -> str:
    """An identity, of the named kind when it matters. Only gids are trusted: numeric ids may have been rounded."""
    value = need(node, key)
    if not isinstance(value, str) or IDENTITY.fullmatch(value) is None:
        raise Drift(key, "is not a Shopify id")
    if of and not value.startswith(f"{GID}{of}/"):
        raise Drift(key, f"is not the id of one {of}")
    return value


def currency(node: Json, key: str) -> str:
    """A currency code, as ISO 4217 writes it."""
    value = need(node, key)
    if not (
        isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()
    ):
        raise Drift(key, "is not a currency code")
    return value


def whole(node: Json, key: str) -> int:
    """A whole number that an id or a counter can have."""
    value = need(node, key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Drift(key, "is not a whole number")
    if not -LARGEST_ID <= value <= LARGEST_ID:
        raise Drift(key, "is too large")
    return value


def count(node: Json, key: str) -> int:
    """How many: a whole number that Shopify's own type for it can hold."""
    value = whole(node, key)
    if not -LARGEST_COUNT <= value <= LARGEST_COUNT:
        raise Drift(key, "is too large")
    return value


def flag(node: Json, key: str, *, default: bool = False) -> bool:
    """A yes or no; `default` when it is absent."""
    value = node.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Drift(key, "is not true or false")
    return value


def moment(node: Json, key: str) -> datetime:
    """A time, in UTC."""
    value = need(node, key)
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Drift(key, "is not a time") from None
    if found.tzinfo is None:
        raise Drift(key, "has no time zone")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise Drift(key, "is outside of the years that there are") from None


def moment_or_none(node: Json, key: str) -> datetime | None:
    """A time in UTC, or None."""
    return moment(node, key) if node.get(key) is not None else None


def rate(node: Json, key: str = "rate") -> Decimal:
    """A tax rate. The parser may have made it a float; its shortest text is what was sent. Null counts as zero."""
    value = node.get(key)
    if value is None:
        return Decimal(0)
    try:
        return decimal(repr(value) if isinstance(value, float) else value)
    except ValueError:
        raise Drift(key, "is not a rate") from None


@lru_cache(maxsize=MONEY_CACHE, typed=True)
def money(amount: str | int | Decimal, currency: str) -> Money:
    """An amount; ValueError or TypeError when it is not one."""
    return Money(decimal(amount), currency)


@lru_cache(maxsize=MONEY_CACHE, typed=True)
def pair(shop: Any, shop_currency: str, presentment: Any, presentment_currency: str) -> Both:
    """An amount in both currencies."""
    return Both(money(shop, shop_currency), money(presentment, presentment_currency))


def each(node: Json, key: str, read: Callable[[Any], T]) -> tuple[T, ...]:
    """Every object of a list, read; an absent list is empty."""
    items = node.get(key)
    if not items:
        if items is None or isinstance(items, list):
            return ()
        raise Drift(key, "is not a list")
    if not isinstance(items, list):
        raise Drift(key, "is not a list")
    found = []
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise Drift(f"{key}[{index}]", "is not an object")
        try:
            found.append(read(item))
        except Drift as drift:
            raise drift.under(f"{key}[{index}]") from None
    return tuple(found)


def texts(node: Json, key: str) -> tuple[str, ...]:
    """A list of texts; an absent one is empty."""
    items = node.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise Drift(key, "is not a list of texts")
    return tuple(items)


def child(node: Json, key: str, read: Callable[[Any], T]) -> T | None:
    """The object under a key, read; None when there is none."""
    value = node.get(key)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Drift(key, "is not an object")
    try:
        return read(value)
    except Drift as drift:
        raise drift.under(key) from None


def pairs(node: Json, key: str, *, name: str) -> tuple[tuple[str, str], ...]:
    """Attributes as (name, value), in their order."""
    return each(node, key, lambda item: (str(need(item, name)), text(item, "value")))


def address(first: str, last: str, full: str, node: Json, keys: tuple[str, str]) -> Address:
    """An address; `keys` are the source's names of province and country code."""
    return Address(
        name=(full or f"{first} {last}").strip(),
        company=text(node, "company"),
        street=text(node, "address1"),
        street2=text(node, "address2"),
        city=text(node, "city"),
        postal_code=text(node, "zip"),
        province_code=text(node, keys[0]),
        country_code=text(node, keys[1]),
        phone=text(node, "phone"),
    )


def tip_lines(amounts: Iterable[tuple[int, str, Decimal]], tip: Decimal) -> frozenset[int]:
    """Which of the candidate lines (index, title, shop amount) are the tip.

    Shopify marks a tip nowhere on the line itself: it is a line without product that is not shipped, and the order
    says how much was tipped. All candidates that add up to the tip, or those called so, or the one of that amount.
    """
    found = list(amounts)
    if not tip or not found:
        return frozenset()
    if sum(amount for _, _, amount in found) == tip:
        return frozenset(index for index, _, _ in found)
    named = [(index, amount) for index, title, amount in found if title.casefold() == "tip"]
    if named and sum(amount for _, amount in named) == tip:
        return frozenset(index for index, _ in named)
    same = [index for index, _, amount in found if amount == tip]
    return frozenset(same[:1])


def _plain(value: Any, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    raise Drift(key, "is not a text")
