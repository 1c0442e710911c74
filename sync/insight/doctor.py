"""Is this installation sound? Checks as data: what was looked at, how it is, and what to do about it.

It looks at settings, keys, PostgreSQL, Redis, the API version and work that waits; `doctor_shops` looks at each shop.
It changes nothing, except that asking for a token may refresh it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import redis
from alembic.script import ScriptDirectory
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

import migrations
from kit import clock
from kit.config import Settings
from kit.db import Database, all_shops
from kit.faults import Misconfigured
from oauth import rotation
from oauth.models import Grant, PrivacyRequest
from oauth.token_calls import mark
from oauth.tokens import renewable
from sync.state import rhythms
from sync.state.models import Delivery, DeliveryState, Job, JobState

OLDEST_POSTGRESQL = 15
CLOCK_DIFFERENCE = timedelta(seconds=20)
WAITS_TOO_LONG = timedelta(minutes=2)
VERSION_WARNING = timedelta(days=90)
REDIS_SECONDS = 3.0
MIGRATIONS = str(Path(migrations.__file__).parent)
UPGRADE = "Run `alembic upgrade head`."


class Verdict(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    check: str
    verdict: Verdict
    sentence: str
    fix: str = ""
    shop: str = ""


def ok(check: str, sentence: str, *, shop: str = "") -> Finding:
    """It is as it should be."""
    return Finding(check=check, verdict=Verdict.OK, sentence=sentence, shop=shop)


def warn(check: str, sentence: str, fix: str, *, shop: str = "") -> Finding:
    """It works, but not for ever or not fully."""
    return Finding(check=check, verdict=Verdict.WARN, sentence=sentence, fix=fix, shop=shop)


def fail(check: str, sentence: str, fix: str, *, shop: str = "") -> Finding:
    """It does not work."""
    return Finding(check=check, verdict=Verdict.FAIL, sentence=sentence, fix=fix, shop=shop)


def worst(findings: list[Finding]) -> Verdict:
    """The gravest verdict of all."""
    verdicts = {finding.verdict for finding in findings}
    return next((one for one in (Verdict.FAIL, Verdict.WARN) if one in verdicts), Verdict.OK)


def examine_system(database: Database, settings: Settings) -> list[Finding]:
    """Looks at everything that is not one shop's. Without PostgreSQL the rest cannot be known."""
    findings = [*_settings(settings), _api_version(settings.api_version), _redis(settings.redis_url)]
    try:
        findings += [*_postgresql(database), schema := _schema(database), _machine_clock(database)]
        if schema.verdict is Verdict.FAIL:
            return findings  # nothing else can be looked up
        for look in (_keys, _client_secret, _waiting, _rhythms, _failed, _privacy):
            findings += look(database, settings)
    except DBAPIError as error:
        findings.append(
            fail(
                "database",
                f"PostgreSQL does not answer ({type(error.orig).__name__}).",
                "Check DATABASE_URL and that the server runs.",
            )
        )
    return findings


def supported_until(version: str) -> datetime | None:
    """When Shopify stops answering in this API version; None for a version that is none."""
    if not re.fullmatch(r"20[0-9]{2}-(01|04|07|10)", version):
        return None
    year, month = version.split("-")
    # A version lives a year and about two weeks: 2026-10 until 16 October 2027, 15:00 UTC.
    return datetime(int(year) + 1, int(month), 16, 15, tzinfo=UTC)


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.app_url.startswith("https://") and not settings.is_sandbox:
        yield fail(
            "settings", f"{settings.app_url} is not https.", "Shopify only opens https: set CONCORD_APP_URL."
        )
    elif settings.is_sandbox:
        yield warn(
            "settings",
            "CONCORD_SANDBOX is on: this installation talks to a local Shopify.",
            "In production leave CONCORD_SANDBOX away.",
        )
    else:
        yield ok("settings", "All settings are complete.")


def _api_version(version: str) -> Finding:
    until = supported_until(version)
    if until is None:
        return fail("api_version", f"{version} is no stable API version.", "Set CONCORD_SHOPIFY_API_VERSION.")
    left = until - clock.now()
    day = f"{until.day} {until:%B %Y}"
    fix = "Update Concord to a release for a newer API version."
    if left <= timedelta(0):
        return fail("api_version", f"Shopify no longer answers in {version} (since {day}).", fix)
    if left < VERSION_WARNING:
        return warn("api_version", f"Shopify answers in {version} only until {day}.", fix)
    return ok("api_version", f"Shopify answers in {version} until {day}.")


def _redis(url: str) -> Finding:
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS
        ) as client:
            client.ping()
    except redis.RedisError as error:
        return warn(
            "redis",
            f"Redis does not answer ({type(error).__name__}). Nothing is lost; work starts some seconds later.",
            "Check REDIS_URL and that the server runs.",
        )
    return ok("redis", "Redis answers.")


def _postgresql(database: Database) -> Iterator[Finding]:
    with database.transaction() as session:
        number = int(session.execute(all_shops(text("show server_version_num"))).scalar_one())
    major = number // 10_000
    if major < OLDEST_POSTGRESQL:
        yield fail("database", f"PostgreSQL {major} is too old.", f"Use {OLDEST_POSTGRESQL} or newer.")
    else:
        yield ok("database", f"PostgreSQL {major} answers.")


def _schema(database: Database) -> Finding:
    """How the schema stands to the migrations of this release."""
    scripts = ScriptDirectory(MIGRATIONS)
    head = scripts.get_current_head()
    with database.transaction() as session:
        is_there = session.execute(all_shops(text("select to_regclass('alembic_version')"))).scalar()
        query = text("select version_num from alembic_version")
        revision = session.execute(all_shops(query)).scalar() if is_there else None
    if revision == head:
        return ok("schema", f"The schema is at {revision}, as this release needs it.")
    if revision is None:
        return fail("schema", "The database has no schema yet.", UPGRADE)
    if any(script.revision == revision for script in scripts.walk_revisions()):
        return fail("schema", f"The schema is at {revision}; this release needs {head}.", UPGRADE)
    return warn(
        "schema",
        f"The schema is at {revision}, which is newer than this release ({head}).",
        "Run the newer release everywhere; this one only has to last until then.",
    )


def _machine_clock(database: Database) -> Finding:
    with database.transaction() as session:
        theirs = session.execute(select(func.clock_timestamp())).scalar_one()
    difference = abs(theirs - clock.now())
    if difference > CLOCK_DIFFERENCE:
        seconds = round(difference.total_seconds())
        return warn(
            "clock",
            f"The clocks of this machine and of PostgreSQL differ by {seconds} seconds.",
            "Run a time service on both; leases and sign-ins depend on it.",
        )
    return ok("clock", "The clocks agree.")


def _keys(database: Database, settings: Settings) -> Iterator[Finding]:
    try:
        rotation.require_keys(database, settings)
    except Misconfigured as fault:
        yield fail("keys", fault.sentence, "Put the missing key back into CONCORD_SEALING_KEYS.")
        return
    current = settings.sealing_keys[0][0]
    older = sum(count for name, count in rotation.keys_in_use(database).items() if name != current)
    if older:
        yield warn(
            "keys", f"{older} secrets are still sealed with an older key.", "Run `concord keys rotate`."
        )
    elif len(settings.sealing_keys) > 1:
        yield warn("keys", "Older sealing keys are configured and no longer needed.", "Remove them.")
    else:
        yield ok("keys", "Every secret is sealed with the current key.")


def _client_secret(database: Database, settings: Settings) -> Iterator[Finding]:
    if not settings.previous_client_secret:
        return
    query = select(func.count()).where(
        Grant.is_valid, Grant.minted_with != mark(settings.client_secret), renewable()
    )
    with database.transaction() as session:
        older = session.execute(all_shops(query)).scalar_one()
    yield warn(
        "client_secret",
        f"The client secret is being rotated; the tokens of {older} shops still hang on the previous one.",
        "The clock process renews them. At 0, revoke the old secret at Shopify and remove"
        " CONCORD_SHOPIFY_PREVIOUS_CLIENT_SECRET.",
    )


def _waiting(database: Database, _settings: Settings) -> Iterator[Finding]:
    with database.transaction() as session:
        delivery = session.execute(
            all_shops(select(func.min(Delivery.received_at)).where(Delivery.state == DeliveryState.WAITING))
        ).scalar()
        job = session.execute(
            all_shops(select(func.min(Job.due_at)).where(Job.state == JobState.READY))
        ).scalar()
    oldest = min((at for at in (delivery, job) if at is not None), default=None)
    if oldest is not None and clock.now() - oldest > WAITS_TOO_LONG:
        minutes = round((clock.now() - oldest).total_seconds() / 60)
        yield fail(
            "workers",
            f"Work has been due for {minutes} minutes and nobody takes it.",
            "Start `dramatiq sync.worker` and `concord schedule`, or start more of them.",
        )
    else:
        yield ok("workers", "Nothing waits that should be done.")


def _rhythms(database: Database, _settings: Settings) -> Iterator[Finding]:
    with database.transaction() as session:
        failing = rhythms.failing(session)
    for each in failing:
        minutes = round((clock.now() - each.since_at).total_seconds() / 60)
        yield fail(
            "rhythms",
            f'The clock\'s regular act "{each.name}" has failed {each.failures} times in a row,'
            f" for {minutes} minutes ({each.error_kind}).",
            "The log of `concord schedule` has the trace under `clock.act_failed`. The other acts go on.",
        )
    if not failing:
        yield ok("rhythms", "The clock's regular acts do what they should.")


def _failed(database: Database, _settings: Settings) -> Iterator[Finding]:
    query = select(func.count()).select_from(Delivery).where(Delivery.state == DeliveryState.FAILED)
    with database.transaction() as session:
        failed = session.execute(all_shops(query)).scalar_one()
    if failed:
        yield warn(
            "deliveries",
            f"{failed} deliveries could not be used.",
            "Each shop's Issues page says why. After an update: `concord replay --shop DOMAIN --state failed`.",
        )


def _privacy(database: Database, _settings: Settings) -> Iterator[Finding]:
    query = select(func.count()).where(PrivacyRequest.done_at.is_(None), PrivacyRequest.due_at < clock.now())
    with database.transaction() as session:
        overdue = session.execute(all_shops(query)).scalar_one()
    if overdue:
        yield fail(
            "privacy",
            f"{overdue} requests about personal data are past their legal limit.",
            "See `concord errors` of the shops concerned, and retry the jobs of the flow `privacy`.",
        )
