"""Policies: how documents are made, and which orders are sent at all. They are part of the mapping's versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from oauth.staff import Permission
from sync.flows import connecting
from sync.state import mappings
from web.errors import NotThere
from web.forms import NotFilledIn
from web.mapping import policies
from web.mapping.policies import Answers
from web.pages.mapping import keep, rules_of
from web.screens import Asked, nudged


@dataclass(frozen=True, kw_only=True)
class PoliciesPage:
    """What the page shows."""

    is_connected: bool
    answers: Answers | None
    errors: Mapping[str, str]
    has_other_changes: bool
    may_publish: bool


def show(asked: Asked) -> Response:
    """The policies."""
    return asked.page("policies", _page(asked, {}))


def save(asked: Asked) -> Response:
    """Keeps the policies in the draft, and publishes them when asked to."""
    try:
        with asked.transaction() as session:
            row = connecting.current(session)
            if row is None:
                raise NotThere("connection")
            rules = policies.apply(rules_of(session, row.id), asked.form)
            say, ids = keep(session, asked, row, rules, note="Changed policies")
    except NotFilledIn as wrong:
        return asked.refused("policies", _page(asked, wrong.sentences))
    nudged(asked, ids)
    return asked.done(go="/policies", say=say)


def _page(asked: Asked, errors: Mapping[str, str]) -> PoliciesPage:
    with asked.transaction() as session:
        row = connecting.current(session)
        rules = rules_of(session, row.id) if row else None
        has_draft = row is not None and mappings.draft(session, row.id) is not None
    return PoliciesPage(
        is_connected=row is not None,
        answers=policies.answers(rules) if rules else None,
        errors=errors,
        has_other_changes=has_draft,
        may_publish=asked.may(Permission.PUBLISH_MAPPINGS),
    )
