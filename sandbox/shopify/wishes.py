"""The JSON that the control API is sent, checked before anything is done: known keys, right kinds, sensible numbers.

It owns the checks and the sentence that names what is wrong and where. A shape is a table of keys; any of them may be
null. What a shop itself would refuse is not its business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.shopify.store import Document

Check = Callable[[Any, str], None]
Shape = Mapping[str, Check]
LARGEST_COUNT = 2**31 - 1
LARGEST_ID = 2**53 - 1  # as JavaScript counts
LARGEST_AMOUNT = Decimal(10) ** 12


class NotUnderstood(ValueError):
    """A wish has a key, a kind of value or a number that cannot be meant."""


def read(wish: Any, shape: Shape, *, needed: tuple[str, ...] = (), where: str = "") -> Document:
    """The wish, when it has only keys of the shape with values that can be meant. Raises NotUnderstood."""
    if not isinstance(wish, dict):
        raise NotUnderstood(f"{where or 'the body'} must be an object, not {_shown(wish)}")
    if unknown := [key for key in wish if key not in shape]:
        raise NotUnderstood(
            f"{_inside(where, unknown[0])} is not known; known are {', '.join(sorted(shape)) or 'no keys'}"
        )
    for key in needed:
        if wish.get(key) is None:
            raise NotUnderstood(f"{_inside(where, key)} is needed")
    for key, value in wish.items():
        if value is not None:
            shape[key](value, _inside(where, key))
    return wish


def limit(query: Mapping[str, str], default: int) -> int:
    """How many rows a query asks for. Raises NotUnderstood."""
    asked = query.get("limit", str(default))
    if not (asked.isascii() and asked.isdigit() and 0 < int(asked[:10]) <= LARGEST_COUNT):
        raise NotUnderstood(f"limit must be a whole number from 1, not {_shown(asked)}")
    return int(asked)


def text(value: Any, where: str) -> None:
    """Some text."""
    if not isinstance(value, str):
        raise NotUnderstood(f"{where} must be text, not {_shown(value)}")


def flag(value: Any, where: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise NotUnderstood(f"{where} must be true or false, not {_shown(value)}")


def whole(least: int, most: int = LARGEST_COUNT) -> Check:
    """A whole number from `least` to `most`."""

    def check(value: Any, where: str) -> None:
        good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        if not good:
            upto = "" if most == LARGEST_COUNT else f" to {most}"
            raise NotUnderstood(f"{where} must be a whole number from {least}{upto}, not {_shown(value)}")

    return check


def amount(value: Any, where: str) -> None:
    """Money or a share, as text or as a number, not below nothing."""
    try:
        good = isinstance(value, str | int | float) and not isinstance(value, bool)
        good = good and 0 <= Decimal(str(value)) <= LARGEST_AMOUNT
    except InvalidOperation:  # no number, or one that does not compare
        good = False
    if not good:
        raise NotUnderstood(f"{where} must be an amount from 0, not {_shown(value)}")


def above_nothing(value: Any, where: str) -> None:
    """An amount above 0."""
    amount(value, where)
    if Decimal(str(value)) == 0:
        raise NotUnderstood(f"{where} must be above 0")


def moment(value: Any, where: str) -> None:
    """A moment in ISO 8601."""
    text(value, where)
    try:
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError as error:
        raise NotUnderstood(
            f"{where} must be a moment like 2026-11-20T10:00:00Z, not {_shown(value)}"
        ) from error


def one_of(*words: str) -> Check:
    """One of some words."""

    def check(value: Any, where: str) -> None:
        if value not in words:
            raise NotUnderstood(f"{where} must be one of {', '.join(words)}, not {_shown(value)}")

    return check


def either(*checks: Check) -> Check:
    """What any of the checks takes; the last one words the refusal."""

    def check(value: Any, where: str) -> None:
        for one in checks[:-1]:
            try:
                return one(value, where)
            except NotUnderstood:
                continue
        return checks[-1](value, where)

    return check


def rows(check: Check, *, least: int = 0) -> Check:
    """A list of what the check takes."""

    def check_all(value: Any, where: str) -> None:
        if not isinstance(value, list) or len(value) < least:
            wanted = "a list that is not empty" if least else "a list"
            raise NotUnderstood(f"{where} must be {wanted}, not {_shown(value)}")
        for index, one in enumerate(value):
            check(one, f"{where}[{index}]")

    return check_all


def record(shape: Shape, *, needed: tuple[str, ...] = ()) -> Check:
    """An object with these keys."""

    def check(value: Any, where: str) -> None:
        read(value, shape, needed=needed, where=where)

    return check


def named(check: Check) -> Check:
    """An object with any keys, each value as the check takes it."""

    def check_all(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise NotUnderstood(f"{where} must be an object, not {_shown(value)}")
        for key, one in value.items():
            check(one, _inside(where, key))

    return check_all


def plain(value: Any, where: str) -> None:
    """Text, a number, true or false."""
    if not isinstance(value, str | int | float | bool):
        raise NotUnderstood(f"{where} must be text or a number, not {_shown(value)}")


def _inside(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _shown(value: Any) -> str:
    written = repr(value)
    return written if len(written) <= 60 else f"{written[:57]}..."
