"""Shopify's search syntax: `field:value` terms with comparisons, AND, OR, NOT, quotes and parentheses.

It owns the reading of a query and its warnings; what a field means is given by the caller as a table of fields.
Broken syntax never fails: it matches as well as it can.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.shopify.documents import moment, stamp
from sandbox.shopify.store import Document

Values = Callable[[Document], Sequence[Any]]
Matcher = Callable[[Document], bool]
TOKEN = re.compile(
    r'\s*(?:(\()|(\))|(-?[\w.]+):((?:>=|<=|>|<)?)(?:"([^"]*)"|\'([^\']*)\'|([^\s()]*))|"([^"]*)"|([^\s()]+))'
)


@dataclass(frozen=True)
class Field:
    """One search field: how a row gives its values, and how they compare."""

    values: Values
    kind: str = "text"  # text, time, id, number or enum
    accepted: tuple[str, ...] = ()  # of an enum: what may be asked for


@dataclass
class Search:
    """A query made ready: whether a row matches, and what to warn about."""

    matches: Matcher
    warnings: list[dict[str, str]] = field(default_factory=list)


def prepare(query: str | None, fields: Mapping[str, Field], *, default: Sequence[str] = ()) -> Search:
    """Reads a query; `default` names the fields that bare words look into."""
    if not query or not query.strip():
        return Search(lambda row: True)
    reader = _Reader(query, fields, default)
    matcher = reader.alternatives()
    return Search(matcher, reader.warnings)


class _Reader:
    def __init__(self, query: str, fields: Mapping[str, Field], default: Sequence[str]) -> None:
        self.tokens = list(TOKEN.finditer(query))
        self.at = 0
        self.fields = fields
        self.default = default
        self.warnings: list[dict[str, str]] = []

    def word(self) -> str:
        return (self.tokens[self.at].group(9) or "") if self.at < len(self.tokens) else ""

    def alternatives(self) -> Matcher:
        """One or more conjunctions joined by OR."""
        options = [self.conjunction()]
        while self.word() == "OR":
            self.at += 1
            options.append(self.conjunction())
        return lambda row: any(option(row) for option in options)

    def conjunction(self) -> Matcher:
        """Terms joined by AND or by a blank."""
        parts: list[Matcher] = []
        while self.at < len(self.tokens) and self.word() != "OR":
            if self.tokens[self.at].group(2):
                break
            if self.word() == "AND":
                self.at += 1
                continue
            parts.append(self.term())
        return lambda row: all(part(row) for part in parts)

    def term(self) -> Matcher:
        """One condition, perhaps negated."""
        token = self.tokens[self.at]
        self.at += 1
        negated = token.group(9) in ("NOT", "-")
        if negated:
            if self.at >= len(self.tokens):
                return lambda row: True
            inner = self.term()
        elif token.group(1):
            inner = self.alternatives()
            if self.at < len(self.tokens) and self.tokens[self.at].group(2):
                self.at += 1
        elif token.group(3):
            value = next(part for part in (*token.group(5, 6, 7), "") if part is not None)
            negated = token.group(3).startswith("-")
            inner = self.condition(token.group(3).lstrip("-"), token.group(4), value)
        else:
            word = token.group(8) if token.group(8) is not None else token.group(9)
            negated = word.startswith("-") and len(word) > 1
            inner = self.anywhere(word.lstrip("-") if negated else word)
        return (lambda row: not inner(row)) if negated else inner

    def anywhere(self, word: str) -> Matcher:
        """A bare word, looked for in the default fields."""
        if not self.default:
            message = "Input must use named search fields in this query."
            self.warnings.append({"field": "default", "message": message, "code": "missing_named_field"})
            return lambda row: True
        options = [_text_matcher(self.fields[name], word, anywhere=True) for name in self.default]
        return lambda row: any(option(row) for option in options)

    def condition(self, name: str, operator: str, value: str) -> Matcher:
        """A named condition; an unknown name matches everything and warns."""
        known = self.fields.get(name)
        if known is None:
            message = "Invalid search field for this query."
            self.warnings.append({"field": name, "message": message, "code": "invalid_field"})
            return lambda row: True
        if known.kind == "enum" and known.accepted and value.lower() not in known.accepted:
            message = f"Input `{value}` is not an accepted value."
            self.warnings.append({"field": name, "message": message, "code": "invalid_value"})
            return lambda row: False
        if value == "*" and not operator:
            return lambda row: any(one not in (None, "") for one in known.values(row))
        try:
            return _matcher(known, operator, value)
        except (ValueError, InvalidOperation):
            message = f"Input `{value}` is not an accepted value."
            self.warnings.append({"field": name, "message": message, "code": "invalid_value"})
            return lambda row: False


def _matcher(known: Field, operator: str, value: str) -> Matcher:
    match known.kind:
        case "time":
            wanted = _time(value)
            width = len(wanted) if operator == "" else None
            return _comparison(known, operator, wanted, lambda one: str(one)[:width])
        case "id":
            return _comparison(known, operator, int(value.rsplit("/", 1)[-1]), int)
        case "number":
            return _comparison(known, operator, Decimal(value), lambda one: Decimal(str(one)))
        case _:
            return _text_matcher(known, value)


def _time(value: str) -> str:
    if len(value) == 10:
        datetime.fromisoformat(value)
        return value
    return stamp(moment(value))


def _comparison(known: Field, operator: str, wanted: Any, read: Callable[[Any], Any]) -> Matcher:
    compare: Callable[[Any], bool] = {
        "": lambda one: one == wanted,
        ">": lambda one: one > wanted,
        ">=": lambda one: one >= wanted,
        "<": lambda one: one < wanted,
        "<=": lambda one: one <= wanted,
    }[operator]
    return lambda row: any(compare(read(one)) for one in known.values(row) if one is not None)


def _text_matcher(known: Field, value: str, *, anywhere: bool = False) -> Matcher:
    wanted = value.lower()
    if wanted.endswith("*"):
        prefix = wanted[:-1]
        return lambda row: any(
            _starts(str(one).lower(), prefix) for one in known.values(row) if one is not None
        )
    if anywhere:
        return lambda row: any(wanted in str(one).lower() for one in known.values(row) if one is not None)
    return lambda row: any(str(one).lower() == wanted for one in known.values(row) if one is not None)


def _starts(text: str, prefix: str) -> bool:
    return text.startswith(prefix) or any(word.startswith(prefix) for word in text.split())
