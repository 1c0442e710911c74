"""One rule of the order fields: add it, change it, remove it. Changes go into the draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from oauth.staff import Permission
from sync.domain.rules import FieldRule, Rules
from sync.state import mappings
from web.errors import NotThere
from web.forms import NotFilledIn
from web.mapping import order_fields, sources
from web.mapping.order_fields import STEPS, Step
from web.pages.mapping import keep, rules_of
from web.pages.order_fields import connection, targets
from web.screens import Asked, nudged

NEW = "new"


@dataclass(frozen=True, kw_only=True)
class FieldPage:
    """What the page shows."""

    number: str
    heading: str
    target: str
    targets: Sequence[tuple[str, str]]
    source: str
    source_name: str
    named: Sequence[tuple[str, str]]  # sources that take a name
    parts: Sequence[tuple[str, str]]  # those that take none
    steps: tuple[Step, ...]
    transforms: Sequence[tuple[str, str, str]]
    values: str
    default: str
    is_required: bool
    errors: Mapping[str, str]
    typed: Mapping[str, str]
    has_other_changes: bool
    may_publish: bool


def show(asked: Asked) -> Response:
    """The rule, or an empty one."""
    return asked.page("order_field", _page(asked))


def save(asked: Asked) -> Response:
    """Keeps the rule in the draft, and publishes it when asked to."""
    row = connection(asked)
    try:
        with asked.transaction() as session:
            before = rules_of(session, row.id)
            index = _index(asked, before)
            rules = order_fields.typed(before, asked.form, index=index, targets=targets(asked, row))
            say, ids = keep(session, asked, row, rules, note="Changed order fields")
    except NotFilledIn as wrong:
        return asked.refused(
            "order_field", _page(asked, errors=wrong.sentences, typed=dict(asked.form.pairs))
        )
    nudged(asked, ids)
    return asked.done(go="/mappings/fields", say=say)


def remove(asked: Asked) -> Response:
    """Takes the rule out of the draft; what is in force fills the field until that is published."""
    row = connection(asked)
    with asked.transaction() as session:
        before = rules_of(session, row.id)
        index = _index(asked, before)
        if index is None:
            raise NotThere(NEW)
        left = tuple(rule for number, rule in enumerate(before.fields) if number != index)
        keep(session, asked, row, replace(before, fields=left), note="Removed an order field")
    return asked.done(go="/mappings/fields", say="Removed in the draft. Publish it to let it count.")


def _index(asked: Asked, rules: Rules) -> int | None:
    """Where the rule stands; None for a new one. Raises NotThere."""
    if asked.path("number") == NEW:
        return None
    index = asked.number("number") - 1
    if not 0 <= index < len(rules.fields):
        raise NotThere(str(index + 1))
    return index


def _page(
    asked: Asked, *, errors: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None
) -> FieldPage:
    row = connection(asked)
    with asked.transaction() as session:
        rules = rules_of(session, row.id)
        has_draft = mappings.draft(session, row.id) is not None
    index = _index(asked, rules)
    rule = rules.fields[index] if index is not None else None
    source, name = sources.apart(rule.source) if rule else ("", "")
    return FieldPage(
        number=asked.path("number"),
        heading="New order field" if rule is None else "Order field",
        target=rule.target if rule else "",
        targets=targets(asked, row),
        source=source,
        source_name=name,
        named=(*sources.NAMED, sources.TAG),
        parts=sources.PARTS,
        steps=order_fields.steps(rule),
        transforms=STEPS,
        values=order_fields.values_text(rule.values) if rule else "",
        default=rule.default if rule else "",
        is_required="is_required" in typed if typed is not None else _required(rule),
        errors=errors or {},
        typed=typed or {},
        has_other_changes=has_draft,
        may_publish=asked.may(Permission.PUBLISH_MAPPINGS),
    )


def _required(rule: FieldRule | None) -> bool:
    return rule is not None and rule.is_required
