"""Fields: the rules that fill fields of the ERP from orders, and what each gives for the newest order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import Response

from kit.faults import Fault
from oauth.staff import Permission
from sync.domain import fields
from sync.domain.records import Order
from sync.domain.rules import FieldRule, Rules
from sync.flows import connecting, order_push
from sync.insight import missing
from sync.shopify import bodies
from sync.state import mappings
from sync.state.models import Delivery
from sync.state.settings_models import Connection
from web.errors import NotThere
from web.mapping import order_fields, sources
from web.pages.mapping import rules_of
from web.screens import Asked

HEADING = "Order fields"
INTRO = "Fields of your ERP that are filled from an order’s notes, attributes, tags and metafields."
MISSES = ("field", "source", "transform")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One rule."""

    number: int
    target: str
    source: str
    steps: tuple[str, ...]
    example: str | None  # for the newest order; None when that cannot be told
    records: int  # that are held for it


@dataclass(frozen=True, kw_only=True)
class FieldsPage:
    """What the page shows."""

    intro: str
    lines: tuple[Line, ...]
    example_of: str  # name of the order that the examples are of
    waiting: tuple[str, ...]  # what records are held for that no rule of the list answers
    has_draft: bool
    may_publish: bool


def show(asked: Asked) -> Response:
    """The rules."""
    row = connection(asked)
    labels = dict(targets(asked, row))
    with asked.transaction() as session:
        rules = rules_of(session, row.id)
        has_draft = mappings.draft(session, row.id) is not None
        held = [each for each in missing.listed(session) if each.kind in MISSES]
        order = _newest(session)
    waits = {each.value: each.records for each in held if each.kind == "field"}
    lines = tuple(
        Line(
            number=number,
            target=labels.get(rule.target, rule.target),
            source=sources.said(rule.source),
            steps=order_fields.said(rule),
            example=_example(order, rule, rules),
            records=waits.get(rule.target, 0),
        )
        for number, rule in enumerate(rules.fields, 1)
    )
    known = {rule.target for rule in rules.fields}
    return asked.page(
        "order_fields",
        FieldsPage(
            intro=INTRO,
            lines=lines,
            example_of=order.name if order else "",
            waiting=tuple(each.sentence for each in held if each.value not in known),
            has_draft=has_draft,
            may_publish=asked.may(Permission.PUBLISH_MAPPINGS),
        ),
    )


def connection(asked: Asked) -> Connection:
    """The connection whose rules are shown. Raises NotThere when there is none yet."""
    with asked.transaction() as session:
        row = connecting.current(session)
    if row is None:
        raise NotThere("connection")
    return row


def targets(asked: Asked, row: Connection) -> Sequence[tuple[str, str]]:
    """Fields of the ERP that may be filled, with their words; empty when the kind of ERP does not tell."""
    kind = asked.state["engine"].gateways.kinds.get(row.kind)
    return kind.order_fields if kind else ()


def _newest(session: Session) -> Order | None:
    record = session.scalar(
        select(Delivery.record)
        .where(Delivery.topic.in_(order_push.WHOLE_TOPICS), Delivery.body.is_not(None))
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    body = order_push.newest_body(session, record) if record else None
    if body is None:
        return None
    try:
        return bodies.order(bodies.parse(body))
    except Fault:
        return None


def _example(order: Order | None, rule: FieldRule, rules: Rules) -> str | None:
    if order is None or (rule.source.startswith("metafield:") and "metafields" in order.unknown):
        return None
    try:
        return fields.value_of(order, rule, rules)
    except Fault as fault:
        return fault.sentence
