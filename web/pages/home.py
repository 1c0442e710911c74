"""Home: is it well, and what to do next. The words for every state of the sync live here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from starlette.responses import Response

from oauth import audit
from oauth.models import Shop
from sync.insight import health, names
from sync.insight.health import Health, Mood
from web import access
from web.access import Access
from web.screens import Asked


@dataclass(frozen=True, kw_only=True)
class Status:
    """The one line that says how it is."""

    heading: str
    icon: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class Banner:
    """Something that stops the sync, with the one thing to do about it."""

    tone: str
    heading: str
    sentence: str
    path: str = ""
    button: str = ""
    address: str = ""  # outside of us, in the whole window; instead of the path


REGULAR_WORK_FAILS = Banner(
    tone="warning",
    heading="A part of Concord’s regular work fails",
    sentence="The mistake is Concord’s own, and its operators can see it. Nothing is lost: what Shopify tells still "
    "goes through, but what Concord looks up by itself may come late.",
    path="/activity",
    button="See what was done",
)


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Something worth doing, the most useful first."""

    heading: str
    sentence: str
    path: str
    button: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the set-up guide."""

    heading: str
    sentence: str
    is_done: bool
    path: str = ""
    button: str = ""


@dataclass(frozen=True, kw_only=True)
class Home:
    """What the home page shows."""

    health: Health
    access: Access
    status: Status
    banner: Banner | None
    advice: tuple[Advice, ...]
    steps: tuple[
        Step, ...
    ]  # of the guide; the first three alone are the checks of a shop without a synced order
    has_guide: bool
    proof_path: str


def show(asked: Asked) -> Response:
    """The home page."""
    with asked.transaction() as session:
        answer = health.of(session)
        granted = access.of(session, domain=asked.visit.shop_domain, settings=asked.state["settings"])
    has_guide = not answer.guide.is_dismissed and answer.guide.done < answer.guide.steps
    return asked.page(
        "home",
        Home(
            health=answer,
            access=granted,
            status=_status(answer.mood),
            banner=_banner(answer, granted),
            advice=_advice(answer, held=answer.held - granted.waiting, has_guide=has_guide),
            steps=_steps(answer) if has_guide else _steps(answer)[:3] if not answer.guide.has_synced else (),
            has_guide=has_guide,
            proof_path=names.of(answer.last_proof.record).path if answer.last_proof else "",
        ),
    )


def dismiss(asked: Asked) -> Response:
    """Hides the set-up guide for the whole shop."""
    with asked.transaction() as session:
        shop = session.get_one(Shop, asked.visit.shop_id)
        shop.policies = {**shop.policies, "guide_is_dismissed": True}
        audit.write(
            session, shop_id=shop.id, actor=asked.actor, act="guide.dismissed", address=asked.visit.address
        )
    return asked.done(go="/", say="The guide is hidden.")


def _status(mood: Mood) -> Status:
    match mood:
        case Mood.NEEDS_VISIT:
            return Status(heading="Concord needs Shopify’s permission", icon="alert-circle", tone="critical")
        case Mood.SCOPES_MISSING:
            return Status(heading="Shopify’s permission is too small", icon="alert-triangle", tone="warning")
        case Mood.NOT_CONNECTED:
            return Status(heading="Ready to be connected", icon="info", tone="info")
        case Mood.PAUSED:
            return Status(heading="Paused", icon="pause-circle", tone="neutral")
        case Mood.BROKEN:
            return Status(heading="Your ERP refuses the connection", icon="alert-circle", tone="critical")
        case Mood.UNREACHABLE:
            return Status(heading="Your ERP is not answering", icon="alert-triangle", tone="warning")
        case Mood.STUCK:
            return Status(heading="Running, but some records need you", icon="alert-triangle", tone="warning")
        case Mood.BEHIND:
            return Status(heading="Running late", icon="clock", tone="warning")
        case Mood.WORKING:
            return Status(heading="Syncing now", icon="refresh", tone="info")
        case Mood.WELL:
            return Status(heading="Everything is in sync", icon="check-circle-filled", tone="success")
        case Mood.QUIET:
            return Status(heading="Waiting for the first order", icon="clock", tone="info")
        case _:
            assert_never(mood)


def _banner(answer: Health, granted: Access) -> Banner | None:
    connection = answer.connection
    match answer.mood:
        case Mood.NEEDS_VISIT:
            return Banner(
                tone="critical",
                heading="Shopify’s permission has to be renewed",
                sentence="Orders are kept safe and go on as soon as the permission is back.",
                button="Renew it now",
            )
        case Mood.SCOPES_MISSING:
            return Banner(
                tone="warning",
                heading="Shopify’s permission is not complete",
                sentence=rests(granted),
                address=granted.page,
                button="Grant the permission",
            )
        case Mood.BROKEN if connection:
            return Banner(
                tone="critical",
                heading=f"{connection.name} refuses the connection",
                sentence=f"{connection.reason} Orders are kept safe and go on by themselves once this is fixed.",
                path="/connection",
                button="Fix the connection",
            )
        case Mood.UNREACHABLE if connection:
            return Banner(
                tone="warning",
                heading=f"{connection.name} is not answering",
                sentence="Nothing is lost. Concord keeps trying and goes on by itself as soon as it answers.",
                path="/activity",
                button="See what waits",
            )
        case Mood.PAUSED if connection:
            return Banner(
                tone="info",
                heading="The connection is paused",
                sentence="Orders are collected and will be sent when you resume it.",
                path="/connection",
                button="Resume",
            )
        case _:
            return REGULAR_WORK_FAILS if answer.rhythms_fail_since else None


def rests(granted: Access) -> str:
    """Which work rests until the missing permission is granted."""
    if not granted.rests:
        return f"Missing: {', '.join(granted.missing)}."
    return f"Until it is granted, this rests: {', '.join(granted.rests)}. Nothing is lost, and it goes on by itself."


def _advice(answer: Health, *, held: int, has_guide: bool) -> tuple[Advice, ...]:
    found = []
    if held:
        found.append(
            Advice(
                heading=f"{held} {'record waits' if held == 1 else 'records wait'} for a setting",
                sentence="Set it once and all of them run again by themselves.",
                path="/mappings",
                button="Map what is missing",
            )
        )
    if answer.dead:
        found.append(
            Advice(
                heading=f"{answer.dead} {'record' if answer.dead == 1 else 'records'} could not be synced",
                sentence="See why, then retry or ignore them together.",
                path="/issues",
                button="See the issues",
            )
        )
    if answer.connection is None and not has_guide:
        found.append(
            Advice(
                heading="Connect your ERP",
                sentence="Concord collects your orders meanwhile; none is lost.",
                path="/connection",
                button="Connect your ERP",
            )
        )
    return tuple(found)


def _steps(answer: Health) -> tuple[Step, ...]:
    guide = answer.guide
    return (
        Step(
            heading="Connect your ERP",
            sentence="Tell Concord where your ERP is. The connection is tested before it is saved.",
            is_done=guide.is_connected,
            path="/connection",
            button="Connect",
        ),
        Step(
            heading="Map taxes, products and shipping",
            sentence="Choose what they are called in your ERP, then publish.",
            is_done=guide.is_mapped,
            path="/mappings",
            button="Map" if guide.is_connected else "",
        ),
        Step(
            heading="Shopify tells Concord about orders",
            sentence="This happens by itself with your first order or change.",
            is_done=guide.has_delivery,
        ),
        Step(
            heading="Your first order arrives in the ERP",
            sentence="Create a test order in Shopify and watch it arrive under Records.",
            is_done=guide.has_synced,
            path="/records",
            button="Watch" if guide.has_delivery else "",
        ),
    )
