"""What happens by the clock, and how often: each act only asks for jobs or does one short piece of housekeeping."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from sqlalchemy import select, update

from kit import clock
from kit.db import all_shops
from oauth.models import Installation, Shop
from sync.flows import (
    backfill,
    catalogue,
    erp_feeds,
    intake,
    notices,
    price_times,
    retention,
    shops,
    subscriptions,
)
from sync.flows.arrivals import RECORD
from sync.gateways import Gateways
from sync.state import jobs
from sync.state.models import Job, JobState, Lane

log = logging.getLogger(__name__)

TOKENS_PER_ROUND = 50
HELD_AGAIN_AFTER = timedelta(minutes=30)

Rhythm = tuple[str, timedelta, Callable[[Gateways], None]]  # with the name that people are told


def ask_everywhere(flow: str, lane: Lane) -> Callable[[Gateways], None]:
    """An act that asks for a job about the shop as a whole, in each shop."""

    def act(gateways: Gateways) -> None:
        for shop_id in shops.active(gateways):
            with gateways.database.transaction(shop_id=shop_id) as session:
                jobs.ask(session, shop_id=shop_id, flow=flow, record=RECORD, lane=lane)

    return act


def renew_tokens(gateways: Gateways) -> None:
    """Refreshes tokens before their refresh tokens age out."""
    gateways.tokens.renew_aging(limit=TOKENS_PER_ROUND)


def look_at_held_again(gateways: Gateways) -> None:
    """Tries held jobs again now and then: a fix may have happened in the moment in which a job was being held, or
    on the ERP's side where nobody tells us. Not for shops that have left: only their return helps."""
    gone = select(Shop.id).where(Shop.state.in_([Installation.UNINSTALLED, Installation.REDACTED]))
    with gateways.database.transaction() as session:
        session.execute(
            all_shops(
                update(Job)
                .where(
                    Job.state == JobState.HELD,
                    Job.due_at < clock.now() - HELD_AGAIN_AFTER,
                    Job.shop_id.not_in(gone),
                )
                .values(state=JobState.READY, due_at=clock.now())
            )
        )


def go_on_with_keys(gateways: Gateways) -> None:
    """Makes ready what waits for a sealing key that is among the configured ones (again)."""
    known = [f"key:{name}" for name, _ in gateways.settings.sealing_keys]
    with gateways.database.transaction() as session:
        session.execute(
            all_shops(
                update(Job)
                .where(Job.state == JobState.HELD, Job.misses.in_(known))
                .values(state=JobState.READY, due_at=clock.now())
            )
        )


def mend_after_a_jump(gateways: Gateways) -> None:
    """Makes due what a clock that has since jumped back put into the future, and lets leases end in time."""
    with gateways.database.transaction() as session:
        count = jobs.bring_forward(session)
        count += jobs.shorten_leases(session, lease_seconds=gateways.settings.lease_seconds)
    if count:
        log.warning("clock.jumped_back", extra={"count": count})


def take_up_new_topics(gateways: Gateways) -> None:
    """Lets deliveries wait again that a worker of the version before closed because it did not know their topic."""
    count = intake.take_up_again(gateways.database, notices.HANDLERS, catalogue.FLOWS)
    if count:
        log.info("intake.taken_up_again", extra={"count": count})


def prune(gateways: Gateways) -> None:
    """Removes what is past its time."""
    retention.prune(gateways.database, gateways.settings)


def fill_gaps(gateways: Gateways) -> None:
    """Asks for a backfill of exactly the time in which a repaired subscription was not there, of the records that its
    topic speaks of. A topic that is only kept for the record leaves nothing to be done."""
    for shop_id in shops.active(gateways):
        with gateways.database.transaction(shop_id=shop_id) as session:
            for gap in subscriptions.gaps(session):
                if gap.topic in backfill.OF_TOPIC:
                    span = {"since": gap.since.isoformat(), "until": gap.until.isoformat()}
                    jobs.ask(
                        session,
                        shop_id=shop_id,
                        flow="backfill",
                        record=f"gap:{gap.topic}:{span['since']}",
                        lane=Lane.BACKFILL,
                        hint={**span, "topic": gap.topic},
                    )
                subscriptions.close_gap(session, gap, shop_id=shop_id)


RHYTHMS: Sequence[Rhythm] = (
    ("ERP feeds", timedelta(seconds=5), erp_feeds.ask_due),
    ("prices for a time", timedelta(seconds=15), price_times.ask_due),
    ("stock checks", timedelta(hours=1), erp_feeds.ask_checks),
    ("reconciliation", timedelta(minutes=10), ask_everywhere("reconcile", Lane.BACKFILL)),
    ("subscriptions", timedelta(hours=1), ask_everywhere("subscriptions", Lane.BACKFILL)),
    # For a delivery that never came.
    ("products", timedelta(hours=12), ask_everywhere("product_pull", Lane.BACKFILL)),
    ("gaps", timedelta(minutes=1), fill_gaps),
    ("sealing keys", timedelta(minutes=1), go_on_with_keys),
    ("clock jumps", timedelta(minutes=1), mend_after_a_jump),
    ("new topics", timedelta(minutes=5), take_up_new_topics),
    ("tokens", timedelta(minutes=10), renew_tokens),
    ("retention", timedelta(minutes=15), prune),
    ("held jobs", timedelta(minutes=10), look_at_held_again),
)
