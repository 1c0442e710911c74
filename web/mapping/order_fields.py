"""One rule that fills a field of the ERP from an order: as people read it, and as they type it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sync.domain.fields import TRANSFORMS
from sync.domain.rules import FieldRule, Rules
from web.forms import Form, NotFilledIn
from web.mapping import sources

STEPS: Final = (
    ("trim", "Without spaces around it", ""),
    ("upper", "In capital letters", ""),
    ("lower", "In small letters", ""),
    ("digits", "Only its digits", ""),
    ("date", "Only the day of a time", ""),
    ("first", "Only the first characters: how many", "number"),
    ("last", "Only the last characters: how many", "number"),
    ("prefix", "With this text before it", "text"),
    ("suffix", "With this text after it", "text"),
    ("remove", "Without this text", "text"),
)
TAKES: Final = {name: takes for name, _, takes in STEPS}
ROWS: Final = 3  # steps that a form offers; more when more are stored
MOST_STEPS: Final = 10
LONGEST_TARGET: Final = 64
LONGEST_ARGUMENT: Final = 100
MOST_VALUES: Final = 500


@dataclass(frozen=True, kw_only=True)
class Step:
    """One transform as a form shows it."""

    name: str
    chosen: str
    argument: str


def steps(rule: FieldRule | None) -> tuple[Step, ...]:
    """The transforms of a rule, with room for more."""
    stored = rule.transforms if rule else ()
    count = min(max(ROWS, len(stored) + 1), MOST_STEPS)
    pairs = [each.partition(":") for each in stored] + [("", "", "")] * (count - len(stored))
    return tuple(Step(name=str(n), chosen=name, argument=text) for n, (name, _, text) in enumerate(pairs, 1))


def values_text(values: Mapping[str, str]) -> str:
    """A value map as lines of text."""
    return "\n".join(f"{key} = {value}" for key, value in values.items())


def said(rule: FieldRule) -> tuple[str, ...]:
    """What a rule does to a value, in words, one each."""
    words = {name: text for name, text, _ in STEPS}
    parts = []
    for each in rule.transforms:
        name, _, argument = each.partition(":")
        text = words.get(name, name)
        parts.append(f"{text.partition(':')[0]}: {argument}" if argument else text)
    if rule.values:
        some = ", ".join(f"{key} → {value}" for key, value in list(rule.values.items())[:3])
        parts.append(f"{some}{' …' if len(rule.values) > 3 else ''}")
    if rule.default:
        parts.append(f"Empty: {rule.default}")
    if rule.is_required:
        parts.append("Must be filled, else the order is held")
    return tuple(parts)


def typed(rules: Rules, form: Form, *, index: int | None, targets: Sequence[tuple[str, str]]) -> Rules:
    """The rules with the rule of the form in its place, or at the end. Raises NotFilledIn with all that is wrong."""
    problems: dict[str, str] = {}
    parts: dict[str, object] = {}
    for name, read in (
        ("source", lambda: sources.typed(form, choice="source", name="source_name")),
        ("target", lambda: _target(rules, form, index, targets)),
        ("transforms", lambda: _transforms(form)),
        ("values", lambda: _values(form)),
    ):
        try:
            parts[name] = read()
        except NotFilledIn as wrong:
            problems |= wrong.sentences
    if problems:
        raise NotFilledIn(**problems)
    rule = FieldRule(
        **parts,  # type: ignore[arg-type]
        default=form.text("default", limit=255),
        is_required=form.is_on("is_required"),
    )
    kept = list(rules.fields)
    if index is None:
        kept.append(rule)
    else:
        kept[index] = rule
    return replace(rules, fields=tuple(kept))


def _target(rules: Rules, form: Form, index: int | None, targets: Sequence[tuple[str, str]]) -> str:
    target = form.text("target", limit=LONGEST_TARGET)
    if not target:
        raise NotFilledIn(target="Choose the field of your ERP that is filled.")
    mine = rules.fields[index].target if index is not None else ""
    if targets and target != mine and target not in dict(targets):
        raise NotFilledIn(target="Your ERP has no such field that Concord may fill.")
    others = [each.target for number, each in enumerate(rules.fields) if number != index]
    if target in others:
        raise NotFilledIn(
            target="Another rule fills this field already. Change that one, or choose another field."
        )
    return target


def _transforms(form: Form) -> tuple[str, ...]:
    found = []
    for number in range(1, MOST_STEPS + 1):
        name = form.text(f"step_{number}")
        if name not in TRANSFORMS:
            continue
        argument = form.text(field := f"argument_{number}", limit=LONGEST_ARGUMENT)
        match TAKES.get(name):
            case "number" if not (argument.isascii() and argument.isdigit() and int(argument) > 0):
                raise NotFilledIn(**{field: "Write how many characters, for example 10."})
            case "text" if not argument:
                raise NotFilledIn(**{field: "Write the text."})
            case "number" | "text":
                found.append(f"{name}:{argument}")
            case _:
                found.append(name)
    return tuple(found)


def _values(form: Form) -> dict[str, str]:
    found: dict[str, str] = {}
    lines = form.text("values", limit=100_000).splitlines()
    if len(lines) > MOST_VALUES:
        raise NotFilledIn(values=f"At most {MOST_VALUES} lines.")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        key, sign, value = (part.strip() for part in line.partition("="))
        if not sign or not key or not value:
            raise NotFilledIn(
                values=f"Line {number} is not of the form: value in Shopify = value in the ERP."
            )
        if key in found:
            raise NotFilledIn(values=f"Line {number} says again what “{key}” becomes.")
        found[key] = value
    return found
