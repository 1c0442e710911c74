"""How documents are made at all: currency, discounts, guests, residuals, drafts, and which orders are ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.domain.documents import DocumentKind
from sync.domain.rules import (
    CancelledPolicy,
    ClosedPeriod,
    DiscountStyle,
    Filters,
    GuestPolicy,
    Residual,
    ResidualPolicy,
    Rules,
    Side,
)
from web.forms import Form, NotFilledIn

T = TypeVar("T", bound=StrEnum)
SHORTEST_TITLE, LONGEST_TITLE = 10, 10_000
LARGEST_RESIDUAL = Decimal(100)

SIDES = ((Side.SHOP, "The shop’s currency"), (Side.PRESENTMENT, "The currency the buyer saw"))
DISCOUNTS = (
    (DiscountStyle.NET, "Prices after discount; the line says how much that was"),
    (DiscountStyle.LINES, "A line of its own for each discount"),
)
GUESTS = (
    (GuestPolicy.BY_EMAIL, "One customer per email address"),
    (GuestPolicy.PER_ORDER, "A new customer for each order"),
    (GuestPolicy.SHARED, "One customer for all guests"),
    (GuestPolicy.HOLD, "Hold the order until a person decides"),
)
RESIDUALS = (
    (ResidualPolicy.HOLD, "Hold the order"),
    (ResidualPolicy.POST, "Book it as a line of its own, up to the limit"),
)
CLOSED_PERIODS = (
    (ClosedPeriod.NEXT_OPEN, "Post it on the next open day; the document names its own day"),
    (ClosedPeriod.HOLD, "Hold it until the period is open again"),
)
CANCELLED = (
    (CancelledPolicy.SKIP, "Leave out orders that were cancelled before anyone paid"),
    (CancelledPolicy.EXPORT, "Send them with their credit"),
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One policy with its choices."""

    name: str
    label: str
    details: str
    chosen: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """All policies as the form shows them."""

    questions: tuple[Question, ...]
    shared_customer: str
    residual_limit: str
    title_limit: str
    drafts: tuple[tuple[str, str, bool], ...]  # name of the box, label, is ticked
    since: str
    only_tags: str
    skip_tags: str
    skip_sources: str
    only_sources: str
    timezone: str
    country: str
    returns_restock: bool
    only_paid: bool
    with_test_orders: bool
    ships_elsewhere: bool


DRAFTS = (
    (DocumentKind.SALE, "Post sales"),
    (DocumentKind.CHARGE, "Post additional charges"),
    (DocumentKind.CREDIT, "Post credits"),
)


def answers(rules: Rules) -> Answers:
    """The policies of rules."""
    filters = rules.filters
    return Answers(
        questions=(
            _question("side", "Currency of documents", "", rules.side, SIDES),
            _question("discount_style", "Discounts", "", rules.discount_style, DISCOUNTS),
            _question("guests", "Customers without an account", "", rules.guests, GUESTS),
            _question(
                "residual",
                "Money that nothing explains",
                "It is always named.",
                rules.residual.policy,
                RESIDUALS,
            ),
            _question(
                "closed_period",
                "When the day of a document is in a closed period",
                "A refund of last month’s order, for example.",
                rules.closed_period,
                CLOSED_PERIODS,
            ),
            _question("cancelled", "Cancelled orders", "", filters.cancelled, CANCELLED),
        ),
        shared_customer=rules.shared_customer,
        residual_limit=str(rules.residual.limit),
        title_limit=str(rules.title_limit),
        drafts=tuple((f"post_{kind.value}", label, rules.is_posted(kind)) for kind, label in DRAFTS),
        since=filters.since.date().isoformat() if filters.since else "",
        only_tags=", ".join(filters.only_tags),
        skip_tags=", ".join(filters.skip_tags),
        skip_sources=", ".join(filters.skip_sources),
        only_sources=", ".join(filters.only_sources),
        timezone=rules.timezone,
        country=rules.country,
        returns_restock=rules.returns_restock,
        only_paid=filters.only_paid,
        with_test_orders=filters.with_test_orders,
        ships_elsewhere=rules.ships_elsewhere,
    )


def apply(rules: Rules, form: Form) -> Rules:
    """The rules with the policies of the form. Raises NotFilledIn."""
    guests = _chosen(GuestPolicy, form, "guests", rules.guests)
    shared = form.text("shared_customer", limit=128)
    if guests is GuestPolicy.SHARED and not shared:
        raise NotFilledIn(shared_customer="Say which customer of your ERP stands for all guests.")
    return replace(
        rules,
        side=_chosen(Side, form, "side", rules.side),
        discount_style=_chosen(DiscountStyle, form, "discount_style", rules.discount_style),
        guests=guests,
        shared_customer=shared,
        residual=Residual(
            policy=_chosen(ResidualPolicy, form, "residual", rules.residual.policy), limit=_limit(form)
        ),
        title_limit=_length(form, rules.title_limit),
        closed_period=_chosen(ClosedPeriod, form, "closed_period", rules.closed_period),
        posting={kind: form.is_on(f"post_{kind.value}") for kind, _ in DRAFTS},
        ships_elsewhere=form.is_on("ships_elsewhere"),
        returns_restock=form.is_on("returns_restock"),
        timezone=_timezone(form, rules.timezone),
        country=_country(form),
        filters=_filters(rules.filters, form),
    )


def _length(form: Form, before: int) -> int:
    typed = form.text("title_limit")
    if not typed:
        return before
    if not (typed.isascii() and typed.isdigit() and SHORTEST_TITLE <= int(typed[:6]) <= LONGEST_TITLE):
        raise NotFilledIn(title_limit=f"Write a whole number from {SHORTEST_TITLE} to {LONGEST_TITLE:,}.")
    return int(typed)


def _filters(before: Filters, form: Form) -> Filters:
    return replace(
        before,
        since=_day(form),
        only_tags=_words(form, "only_tags"),
        skip_tags=_words(form, "skip_tags"),
        skip_sources=_words(form, "skip_sources"),
        only_sources=_words(form, "only_sources"),
        only_paid=form.is_on("only_paid"),
        with_test_orders=form.is_on("with_test_orders"),
        cancelled=_chosen(CancelledPolicy, form, "cancelled", before.cancelled),
    )


def _question(
    name: str, label: str, details: str, chosen: StrEnum, choices: Sequence[tuple[StrEnum, str]]
) -> Question:
    return Question(
        name=name,
        label=label,
        details=details,
        chosen=chosen.value,
        choices=tuple((value.value, words) for value, words in choices),
    )


def _chosen(kind: type[T], form: Form, name: str, before: T) -> T:
    value = form.text(name)
    return kind(value) if value in {each.value for each in kind} else before


def _limit(form: Form) -> Decimal:
    typed = form.text("residual_limit").replace(",", ".")
    try:
        limit = Decimal(typed or "0")
    except InvalidOperation:
        raise NotFilledIn(residual_limit="Write the limit as an amount, for example 0.05.") from None
    if not 0 <= limit <= LARGEST_RESIDUAL:
        raise NotFilledIn(residual_limit=f"The limit is between 0 and {LARGEST_RESIDUAL}.")
    return limit


def _day(form: Form) -> datetime | None:
    typed = form.text("since")
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=UTC)
    except ValueError:
        raise NotFilledIn(since="Write the day as 2026-11-20.") from None


def _timezone(form: Form, before: str) -> str:
    typed = form.text("timezone", limit=64) or before
    try:
        ZoneInfo(typed)
    except (ZoneInfoNotFoundError, ValueError):
        raise NotFilledIn(timezone="Write the time zone as Europe/Berlin.") from None
    return typed


def _country(form: Form) -> str:
    typed = form.text("country").upper()
    if typed and not (len(typed) == 2 and typed.isascii() and typed.isalpha()):
        raise NotFilledIn(country="Write the country in two letters, for example DE.")
    return typed


def _words(form: Form, name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in form.text(name).split(",") if part.strip())
