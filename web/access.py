"""What the shop has granted, for people: which work rests, and the one button that grants what is missing.

Required scopes are granted on Shopify's own page, in the whole window. Optional ones are asked for in a dialog of the
admin; their button is a link to that same page for whoever has no App Bridge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit.config import Settings
from oauth import names, scopes
from oauth.models import Grant
from sync.insight import names as words
from sync.state.models import Job, JobState

SCOPE = "scope:"
EXTRAS = {
    "history": ("Orders older than 60 days", "To bring in history from before that time."),
    "returns": ("Close returns", "To mark a return as processed once your ERP has credited it."),
    "merges": ("Merged customers", "To follow when two customers become one in Shopify."),
    "companies": ("Companies", "To keep the news of companies and their locations with what Shopify sent."),
    "terms": ("Payment terms", "To give your ERP the due date of orders on account."),
    "third_parties": (
        "Fulfilment services",
        "To see and fulfil orders that a third party ships for you.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Extra:
    """Something that the shop may allow on top."""

    label: str
    sentence: str
    scopes: tuple[str, ...]
    is_allowed: bool
    waiting: int  # jobs that are held for it
    page: str


@dataclass(frozen=True, kw_only=True)
class Access:
    """What is granted, what is not, and what that means."""

    missing: tuple[str, ...]
    rests: tuple[str, ...]
    waiting: int  # all jobs that are held for a scope
    page: str
    extras: tuple[Extra, ...]

    @property
    def wanted(self) -> tuple[Extra, ...]:
        """The extras that work waits for."""
        return tuple(each for each in self.extras if each.waiting and not each.is_allowed)


def of(session: Session, *, domain: str, settings: Settings) -> Access:
    """The access of the session's shop."""
    granted = session.scalar(select(Grant.scopes)) or []
    held = _held(session)
    return Access(
        missing=scopes.missing(granted, scopes.REQUIRED),
        rests=tuple(words.flow(flow) for flow in scopes.paused_flows(granted)),
        waiting=sum(held.values()),
        page=names.install_page(domain, settings=settings, scopes=scopes.REQUIRED),
        extras=tuple(_extra(name, granted, held, domain=domain, settings=settings) for name in EXTRAS),
    )


def _held(session: Session) -> Mapping[str, int]:
    query = (
        select(Job.misses, func.count())
        .where(Job.state == JobState.HELD, Job.misses.startswith(SCOPE))
        .group_by(Job.misses)
    )
    return {misses.removeprefix(SCOPE): count for misses, count in session.execute(query) if misses}


def _extra(
    name: str, granted: list[str], held: Mapping[str, int], *, domain: str, settings: Settings
) -> Extra:
    label, sentence = EXTRAS[name]
    wanted = scopes.EXTRAS[name]
    return Extra(
        label=label,
        sentence=sentence,
        scopes=wanted,
        is_allowed=scopes.covers(granted, wanted),
        waiting=sum(held.get(scope, 0) for scope in wanted),
        page=names.install_page(domain, settings=settings, scopes=scopes.REQUIRED, optional=wanted),
    )
