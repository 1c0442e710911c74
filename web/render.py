"""Turns an answer into HTML: one Jinja environment, the frame around every screen, and how figures are spelt.

A template gets `page` (the frozen answer of its screen) and `frame`, and nothing else; unknown names are errors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from kit import clock, faults

FRONTEND = Path(__file__).parents[1] / "frontend"
STATIC = FRONTEND / "static"
ROOT = "/app"


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What surrounds every screen: scripts, who looks, and the words that lead App Bridge home."""

    client_id: str
    app_bridge_url: str
    polaris_url: str
    path: str = ROOT
    shop_domain: str = ""
    host: str = ""
    timezone: str = "UTC"
    actor: str = ""
    may_read: bool = False  # personal data
    reads: list[str] = field(default_factory=list)  # sentences with words of others that were shown

    def to(self, path: str = "", **words: Any) -> str:
        """The address of a screen, with what a plain link needs to come back into the admin."""
        query = {name: value for name, value in words.items() if value not in ("", None)}
        if self.shop_domain:
            query |= {"shop": self.shop_domain, "host": self.host, "embedded": "1"}
        return f"{ROOT}{quote(path)}" + (f"?{urlencode(query)}" if query else "")

    def post(self, path: str) -> str:
        """The address of an act; acts carry a bearer token, never words in the address."""
        return f"{ROOT}{quote(path)}"

    def asset(self, name: str) -> str:
        """The address of a static file, which never changes its content."""
        return f"/static/{digest()}/{name}"

    @property
    def zone(self) -> ZoneInfo:
        """The shop's own time zone."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    @property
    def release(self) -> str:
        """Names the static files that the page was made for; another name means a new release."""
        return digest()


@cache
def digest() -> str:
    """A name for the present content of all static files."""
    whole = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            whole.update(path.relative_to(STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:16]


@cache
def environment() -> Environment:
    """The one template environment of this process."""
    made = Environment(
        loader=FileSystemLoader(FRONTEND / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_for_who_looks,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "ago": ago,
        "moment": moment,
        "person": person,
        "count": count,
        "took": took,
        "size": size,
        "words": words,
    }
    return made


def html(template: str, values: Mapping[str, Any]) -> str:
    """A template, filled in."""
    return environment().get_template(template).render(**values)


@pass_context
def _for_who_looks(context: Context, value: Any) -> Any:
    """Every value of every page passes here: words of others, which may name a person, are for those who may read
    personal data. A part without a frame of its own passes again as a whole."""
    if not isinstance(value, str) or not faults.is_quoting(value):
        return value
    frame: Frame | None = context.get("frame")
    if frame is None:
        return value
    if frame.may_read:
        frame.reads.append(value)
        return value
    text = faults.veiled(str(value))
    return Markup(text) if isinstance(value, Markup) else text  # noqa: S704 - it was markup before, and lost words


@pass_context
def ago(context: Context, at: datetime | None) -> str | Markup:
    """How long ago (or how soon) something is, with the exact time of the shop on hover."""
    if at is None:
        return "never"
    seconds = (clock.now() - at).total_seconds()
    span = _span(abs(seconds))
    text = "just now" if span is None else f"{span} ago" if seconds > 0 else f"in {span}"
    return _time(context, at, text)


@pass_context
def moment(context: Context, at: datetime | None) -> str | Markup:
    """A time of day of the shop: 20 Nov 2026, 14:03."""
    if at is None:
        return "–"
    return _time(context, at, _spelt(context, at))


def _time(context: Context, at: datetime, text: str) -> Markup:
    iso = at.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(iso, _spelt(context, at), text)


def _spelt(context: Context, at: datetime) -> str:
    local = at.astimezone(context["frame"].zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def _span(seconds: float) -> str | None:
    if seconds < 45:
        return None
    for size_seconds, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size_seconds * 0.95:
            number = max(1, round(seconds / size_seconds))
            return f"{number} {name}{'' if number == 1 else 's'}"
    return "1 minute"


@pass_context
def person(context: Context, actor: str) -> str:
    """Who that is: people are known by number, so the person who looks is called You."""
    kind, _, number = actor.partition(":")
    match kind:
        case _ if actor == context["frame"].actor:
            return "You"
        case "staff":
            return f"Colleague {number}"
        case "support":
            return "Concord support"
        case "clock":
            return "Concord"
        case _:
            return kind.replace("_", " ").capitalize()


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 order`, `2 orders`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def took(milliseconds: int | None) -> str:
    """A duration for people."""
    if milliseconds is None:
        return "–"
    return f"{milliseconds} ms" if milliseconds < 1_000 else f"{milliseconds / 1_000:.1f} s"


def size(octets: int | None) -> str:
    """A size for people."""
    if octets is None:
        return "–"
    return f"{octets} bytes" if octets < 1_024 else f"{octets / 1_024:.1f} KB"


def words(name: str) -> str:
    """A name of ours as words: `guide_is_dismissed` becomes `Guide is dismissed`."""
    return name.replace("_", " ").replace(".", ": ").capitalize()
