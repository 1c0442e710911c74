"""Many prices at once: one bulk operation sets them, one line a product, where one by one would take a shop's points.

A price's own job stays ready, kept back, until Shopify's result says that its price is there. What was planned is
noted with the intent of each price; the operation's id is kept with the shop, so a killed process goes on with the same
one. A price that needs a word with a person, or that the operation did not set, is left to its own job, which says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kit import clock
from kit.faults import Misconfigured, Rejected, Transient
from sync.connectors.base import Written
from sync.domain.money import Money
from sync.domain.policies import BackPolicies, Road
from sync.flows import bulk_read, price_gather, price_times, road
from sync.flows.price_gather import LANE, NOTE, PAGE
from sync.flows.price_times import FLOW, TOGETHER
from sync.flows.road import Done, Outcome, Skipped, Work
from sync.shopify import bulk, documents, goods
from sync.shopify.bulk import Operation, Status
from sync.shopify.client import Client
from sync.shopify.goods import Shown, VariantChange
from sync.state import batches, cursors, intents, links, timed_prices
from sync.state.models import Intent, IntentState, Job, JobState, Link

MUTATION = "product_variants_bulk_update"
PLACE = "bulk:prices"
POLL_SECONDS = 15.0
OTHERS_SECONDS = 60.0


class UnderWay(Transient):
    """Shopify is setting prices. The job waits without holding a worker. It is no attempt."""

    counts = False

    def __init__(self, *, after_seconds: float = POLL_SECONDS) -> None:
        super().__init__(
            "prices_under_way", "Shopify is setting many prices at once.", after_seconds=after_seconds
        )


def wait_for_others(session: Session, work: Work) -> None:
    """Raises UnderWay while an operation sets an earlier price of this job's record: the newer one must come last."""
    if "asked_at" not in cursors.read(session, PLACE).position:
        return
    if not intents.noted(session, NOTE, flow=FLOW, record=work.job.record):
        return
    state = (Job.state == JobState.READY) | (Job.state == JobState.RUNNING)
    query = select(Job.id).where(Job.flow == FLOW, Job.record == TOGETHER, state)
    if session.scalar(query.limit(1)) is not None:
        raise UnderWay(after_seconds=OTHERS_SECONDS)


def run(work: Work, policies: BackPolicies) -> Outcome:
    """Plans the prices that wait, sets them by one operation, and settles the job of each that is there."""
    place = _place(work)
    if "asked_at" not in place:
        if not policies.is_on(Road.PRICES):
            return Skipped("Prices are not carried over in this shop.")
        same = price_gather.gather(work, policies)
        place = _freeze(work, place)
        if "asked_at" not in place:
            if same:
                work.later(lambda session: price_times.ask_together(session, shop_id=work.shop.id))
            return Done(f"{same} prices are as they should be." if same else "")
    client = work.gateways.shopify(work.shop.id, work.shop.domain)
    if "gid" not in place:
        _start(work, client, place)
        raise UnderWay
    operation = bulk.look(client, place["gid"], lane=LANE)
    if operation is not None and operation.status is Status.RUNNING:
        raise UnderWay
    return _settle(work, place["gid"], _shown(work, operation))


def _freeze(work: Work, place: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fixes what the operation sets: every planned price about which nothing newer is known. From this commit on the
    jobs of these prices wait. Nothing to set leaves the place as it is."""
    with work.transaction() as session:
        planned = intents.noted(session, NOTE, flow=FLOW)
        free = batches.unchanged(session, price_gather.jobs_of(planned))
        for each in planned:
            if each.outcome[NOTE]["job"] not in free:
                intents.close(session, each.key, state=IntentState.DROPPED)
        if not free:
            return place
        place = {"former": place.get("former"), "asked_at": clock.now().isoformat()}
        batches.keep_back(session, sorted(free))
        cursors.move(session, PLACE, shop_id=work.shop.id, position=place, due_at=clock.now())
    return place


def _start(work: Work, client: Client, place: Mapping[str, Any]) -> None:
    """Starts the operation, or finds the one whose answer was lost. A refusal leaves every price to its own job."""
    text = documents.document(MUTATION).text
    since = datetime.fromisoformat(place["asked_at"]) - bulk_read.CLOCKS_DIFFER
    for each in bulk.recent(client, lane=LANE):
        is_mine = each.query == text and each.created_at >= since and each.gid != place["former"]
        if is_mine and each.status is not Status.FAILED:
            _found(work, place, each.gid)
            return
    try:
        mark = "".join(character for character in place["asked_at"] if character.isdigit())
        path = bulk.upload(client, MUTATION, _rows(work), name=f"prices-{mark}.jsonl", lane=LANE)
        gid = bulk.start_mutation(client, MUTATION, path, identifier=f"concord-prices-{mark}", lane=LANE)
    except (Rejected, Misconfigured):
        _settle(work, place["former"], {})
        raise
    _found(work, place, gid)


def _found(work: Work, place: Mapping[str, Any], gid: str) -> None:
    with work.transaction() as session:
        position = {**place, "gid": gid}
        cursors.move(session, PLACE, shop_id=work.shop.id, position=position, due_at=clock.now())


def _rows(work: Work) -> Iterator[Mapping[str, Any]]:
    """One line a product, with all of its variants that change."""
    with work.reading() as session:
        notes = [each.outcome[NOTE] for each in intents.noted(session, NOTE, flow=FLOW)]
    of_product = itemgetter("product")
    for product, group in groupby(sorted(notes, key=of_product), key=of_product):
        changes = [
            VariantChange(
                gid=note["variant"], price=Decimal(note["price"]), compare_at=price_gather.struck(note)
            )
            for note in group
        ]
        yield goods.variables_of_update(product, changes)


def _shown(work: Work, operation: Operation | None) -> dict[str, Shown]:
    """The prices that the operation's result shows; of one that failed, as far as it came."""
    url = operation and (operation.url or operation.partial_url)
    if not url:
        return {}
    try:
        lines = [line for _, line in bulk.result(work.gateways.door, url)]
    except Rejected:  # it is gone: each price's own job reads what is there
        return {}
    return {
        gid: shown
        for _, payload, _ in bulk.outcomes(lines)
        for gid, shown in goods.shown_prices(payload).items()
    }


def _settle(work: Work, gid: str | None, shown: Mapping[str, Shown]) -> Done:
    """Closes what is there, with its job; everything else goes on by its own job, which hears why."""
    with work.reading() as session:
        planned = intents.noted(session, NOTE, flow=FLOW)
    done = 0
    by_record = [list(group) for _, group in groupby(planned, key=lambda each: each.record)]
    for start in range(0, len(by_record), PAGE):
        part = by_record[start : start + PAGE]
        with work.transaction() as session:
            free = batches.unchanged(
                session, price_gather.jobs_of([each for group in part for each in group])
            )
            done += sum(_settle_one(session, work, group, shown, free) for group in part)
    with work.transaction() as session:
        position = {"former": gid}
        cursors.move(session, PLACE, shop_id=work.shop.id, position=position, due_at=clock.now())
        price_times.ask_together(session, shop_id=work.shop.id)
    left = len(by_record) - done
    return Done(f"{done} prices set together." + (f" {left} go one by one." if left else ""))


def _settle_one(
    session: Session, work: Work, group: Sequence[Intent], shown: Mapping[str, Shown], free: set[int]
) -> bool:
    """One price, of all variants of its product. Says whether it is done."""
    there = [each for each in group if _is_there(each.outcome[NOTE], shown)]
    for each in group:
        note = each.outcome[NOTE]
        if each not in there:
            intents.close(session, each.key, state=IntentState.DROPPED)
            continue
        written = Written(
            model="price",
            erp_id=note["variant"],
            number="",
            state="set",
            total=Money(Decimal(note["price"]), note["currency"]),
        )
        outcome = road.written_values(written)
        intents.close(session, each.key, state=IntentState.DONE, outcome=outcome)
        link = session.get(Link, note["link"])
        if link is not None:
            links.note(session, link, note["facts"])
    (job,) = price_gather.jobs_of(group[:1])
    if len(there) < len(group) or job.id not in free:
        batches.let_go(session, [job.id])
        return False
    timed_prices.end_by_id(session, group[0].outcome[NOTE]["over"])
    price_gather.close(session, job.record)
    batches.finish(session, [job], of=work.job, sentence=f"{len(group)} prices set, together with others.")
    return True


def _is_there(note: Mapping[str, Any], shown: Mapping[str, Shown]) -> bool:
    found = shown.get(note["variant"])
    if found is None or found.price != Decimal(note["price"]):
        return False
    struck = price_gather.struck(note)
    return struck is None or (found.compare_at or Decimal(0)) == struck


def _place(work: Work) -> Mapping[str, Any]:
    with work.reading() as session:
        return cursors.read(session, PLACE).position
