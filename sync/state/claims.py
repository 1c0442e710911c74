"""Who goes next: the fairest jobs, each taken with a lease. It owns which places of a shop are kept for whom.

A shop has so many places, and its ERP has fewer. Work that never asks the ERP takes none of the ERP's; patient work
leaves places free for orders and for stock near zero.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy.orm import Session

from kit import clock
from kit.sql import CrossingSql
from sync.state.jobs import Claimed
from sync.state.models import Lane

BATCHES_LIMIT: Final = 2  # stock batches of one shop that run at the same time
KEPT_PLACES: Final = 2  # of a shop's places, for orders and for stock near zero
WIDTH: Final = 64  # the fairest among which a claim looks for some that nobody else takes meanwhile
STOCK_BATCH: Final = "stock:"  # how the record of a stock batch begins
WITHOUT_ERP: Final = (  # flows that talk to Shopify alone
    "backfill",
    "price_pull",
    "privacy",
    "reconcile",
    "refund_pull",
    "shipment_pull",
    "stock_check",
    "stock_pull",
    "subscriptions",
    "welcome",
)

# Shops with the least running work first, then lane, then age. The recursive part walks the index from shop to shop,
# so the cost grows with the shops that have work, not with the jobs. Of each shop the first few of each lane are read
# in the order of an index; a shop whose ERP is full is looked through flow by flow, so that what waits for the ERP
# costs nothing. Steps are materialized and lanes are asked for one by one so that the planner has no choice: a burst
# in a table without statistics, as on the day of an installation, must not cost more than on any other day. (The empty
# text beside a state keeps the planner from an index of everything ready, the offset has it look each record up by its
# whole key; the order of candidates is that of their CTE.)
_FAIREST = CrossingSql(
    """
    with recursive shops (shop_id) as (
        (select min(shop_id) from job where state = 'ready')
        union all
        select (select min(j.shop_id) from job j where j.state = 'ready' and j.shop_id > s.shop_id)
        from shops s where s.shop_id is not null
    ), running as (
        select shop_id, count(*) as busy,
            count(*) filter (where not flow = any(%(without_erp)s)) as at_erp,
            count(*) filter (where starts_with(record, %(batch)s)) as batches,
            count(*) filter (where lane > 20 or starts_with(record, %(batch)s)) as patient
        from job where state = 'running' group by shop_id
    ), places as (
        select shop_id, sum(slots) as slots from connection group by shop_id
    ), open as materialized (
        select s.shop_id, coalesce(r.busy, 0) as busy,
            coalesce(r.at_erp, 0) > coalesce(e.slots, %(per_shop)s) as is_erp_full,
            coalesce(r.patient, 0) >= greatest(%(per_shop)s - %(kept)s, 1) as is_patient_full,
            coalesce(r.patient, 0) >= greatest(%(per_shop)s - %(kept)s, 1)
                or coalesce(r.batches, 0) >= %(batches_limit)s as is_batch_full
        from shops s left join running r on r.shop_id = s.shop_id left join places e on e.shop_id = s.shop_id
        where s.shop_id is not null and coalesce(r.busy, 0) < %(per_shop)s
    ), looks as materialized (
        select o.*, l.lane from open o cross join unnest(cast(%(lanes)s as smallint[])) as l (lane)
        where l.lane <= 20 or not o.is_patient_full
    ), found as materialized (
        select o.shop_id, o.busy, j.* from looks o cross join lateral (
            select j.id, j.lane, j.due_at from job j
            where not o.is_erp_full and j.state = 'ready' and j.shop_id = o.shop_id and j.lane = o.lane
              and j.due_at <= %(now)s and j.flow = any (coalesce(%(flows)s, array[j.flow]))
              and not (o.is_batch_full and starts_with(j.record, %(batch)s))
              and not exists (
                  select 1 from job k where k.state = 'running' and k.shop_id = j.shop_id
                    and k.flow = j.flow and k.record = j.record offset 0)
            order by j.due_at, j.id
            limit %(reach)s
        ) j
        union all
        select o.shop_id, o.busy, j.* from looks o
        cross join unnest(cast(%(without_erp)s as text[])) as f (flow)
        cross join lateral (
            select j.id, j.lane, j.due_at from job j
            where o.is_erp_full and j.state = 'ready' and j.shop_id = o.shop_id and j.flow = f.flow
              and j.lane = o.lane and j.due_at <= %(now)s and f.flow = any (coalesce(%(flows)s, array[f.flow]))
              and not (o.is_batch_full and starts_with(j.record, %(batch)s))
              and not exists (
                  select 1 from job k where k.state = 'running' and k.shop_id = j.shop_id
                    and k.flow = j.flow and k.record = j.record offset 0)
            order by j.due_at, j.id
            limit %(reach)s
        ) j
    ), candidates as materialized (
        select id, lane, due_at, busy + row_number() over (partition by shop_id order by lane, due_at, id) as load
        from found
        order by load, lane, due_at
        limit %(width)s
    ), chosen as (
        select j.id from candidates c cross join lateral (
            select k.id from job k where k.id = c.id and k.state || '' = 'ready' for update of k skip locked
        ) j
        limit %(count)s
    )
    update job set state = 'running', lease = gen_random_uuid(),
        lease_until = coalesce(%(told)s::timestamptz, statement_timestamp()) + make_interval(secs => %(seconds)s)
    from chosen where job.id = chosen.id
    returning job.id, job.shop_id, job.flow, job.record, job.lane, job.hint, job.attempts, job.asked_at, job.lease
    """
)
# The plan is the same for all values, and to make it takes longer than to run it.
_PLAN_ONCE = CrossingSql("set local plan_cache_mode = force_generic_plan")


def claim(
    session: Session,
    *,
    count: int,
    per_shop: int,
    lease_seconds: int,
    flows: Collection[str] | None = None,
) -> list[Claimed]:
    """Takes up to `count` jobs, the fairest first, each with a lease. Commit before working on them.

    `per_shop` limits how many jobs of one shop may run at the same time, so that one slow ERP cannot take all threads;
    so do the places at its ERP, with one more that reads Shopify meanwhile, for jobs that need the ERP. Jobs of other
    `flows` than these are left to a newer version, which runs beside this one while it is being deployed."""
    now = clock.now()
    _PLAN_ONCE.run(session)
    rows = _FAIREST.run(
        session,
        now=now,
        told=now if clock.is_set() else None,
        seconds=lease_seconds,
        count=count,
        reach=max(8, 4 * count),
        width=WIDTH + 8 * count,
        lanes=[lane.value for lane in Lane],
        per_shop=per_shop,
        flows=None if flows is None else list(flows),
        without_erp=list(WITHOUT_ERP),
        batch=STOCK_BATCH,
        batches_limit=BATCHES_LIMIT,
        kept=KEPT_PLACES,
    ).mappings()
    return [Claimed(**row, started_at=now) for row in rows]
