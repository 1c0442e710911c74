"""What the operator's verbs do: find rows by filters, say what would happen, ask for it, and wake the workers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar, assert_never

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from kit import clock, faults
from kit.config import WrongSetting
from oauth import audit, rotation
from oauth.models import Shop
from sync.actors import Engine
from sync.flows import replay as replays
from sync.flows.arrivals import RECORD
from sync.insight import names
from sync.insight.doctor import Verdict, examine_system, worst
from sync.insight.doctor_shops import examine_shops
from sync.state import jobs
from sync.state.models import Attempt, Delivery, Job, JobState, Lane

OPERATOR = audit.OPERATOR
MARKS = {Verdict.OK: "ok    ", Verdict.WARN: "warn  ", Verdict.FAIL: "FAIL  "}

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


def replay(engine: Engine, options: argparse.Namespace) -> int:
    """Runs stored deliveries again."""
    shop_id = _shop(engine, options.shop)
    with engine.gateways.database.transaction(shop_id=shop_id) as session:
        query = select(Delivery.id, Delivery.topic, Delivery.record, Delivery.state).order_by(Delivery.id)
        query = _between(query, Delivery.received_at, options)
        if options.topic:
            query = query.where(Delivery.topic == options.topic)
        if options.record:
            query = query.where(Delivery.record == options.record)
        if options.state:
            query = query.where(Delivery.state == options.state)
        rows = _found(session, query, options.limit)
        for row in rows:
            _say(f"delivery {row.id}  {row.topic}  {row.record or '-'}  {row.state}")
        if options.dry_run:
            return _would(len(rows), "deliveries would run again")
        done = replays.replay(session, shop_id=shop_id, delivery_ids=[row.id for row in rows], by=OPERATOR)
    engine.nudge_deliveries(0)
    return _did(done, "deliveries run again")


def resync(engine: Engine, options: argparse.Namespace) -> int:
    """Reads records anew from Shopify and plans again."""
    shop_id = _shop(engine, options.shop)
    with engine.gateways.database.transaction(shop_id=shop_id) as session:
        records = [options.record] if options.record else [each.record for each in _records(session, options)]
        for record in records:
            _say(record)
        if options.dry_run:
            return _would(len(records), "records would be read anew")
        for record in records:
            replays.resync(session, shop_id=shop_id, record=record, by=OPERATOR)
    engine.nudge_jobs(0, len(records))
    return _did(len(records), "records are read anew")


def retry(engine: Engine, options: argparse.Namespace) -> int:
    """Tries failed or held jobs again."""
    shop_id = _shop(engine, options.shop)
    with engine.gateways.database.transaction(shop_id=shop_id) as session:
        query = _between(
            select(Job.id, Job.flow, Job.record, Job.state, Job.reason)
            .where(Job.state.in_([JobState.HELD, JobState.DEAD]))
            .order_by(Job.id),
            Job.asked_at,
            options,
        )
        if options.record:
            query = query.where(Job.record == options.record)
        if options.code:
            query = query.where(Job.fault_code == options.code)
        if options.flow:
            query = query.where(Job.flow == options.flow)
        rows = _found(session, query, options.limit)
        for row in rows:
            _say(f"job {row.id}  {row.flow}  {row.record}  {row.state}  {faults.veiled(row.reason)}")
        if options.dry_run:
            return _would(len(rows), "jobs would be tried again")
        ids = replays.retry(session, shop_id=shop_id, job_ids=[row.id for row in rows], by=OPERATOR)
    engine.nudge_jobs(0, len(ids))
    return _did(len(ids), "jobs are tried again")


def errors(engine: Engine, options: argparse.Namespace) -> int:
    """Prints a shop's error log, newest first: for support, without personal data."""
    shop_id = _shop(engine, options.shop)
    with engine.gateways.database.transaction(shop_id=shop_id) as session:
        rows = session.execute(
            select(Attempt)
            .where(Attempt.fault_code.is_not(None))
            .order_by(Attempt.id.desc())
            .limit(options.limit)
        ).scalars()
        for row in rows:
            values = {
                "at": row.ended_at.isoformat(timespec="seconds"),
                "job": row.job_id,
                "flow": row.flow,
                "record": row.record,
                "kind": row.outcome,
                "code": row.fault_code,
                "sentence": faults.veiled(row.sentence),
                "detail": row.detail,
            }
            if options.json:
                _say(json.dumps(values, ensure_ascii=False))
            else:
                _say("{at}  job {job}  {flow}  {record}  {kind}/{code}  {sentence}".format(**values))
                if row.detail:
                    _say(f"    {row.detail.splitlines()[-1]}")
    return 0


def backfill(engine: Engine, options: argparse.Namespace) -> int:
    """Brings in the orders of a time span."""
    until = options.until or clock.now()
    hint = {"since": options.since.isoformat(), "until": until.isoformat()}
    return _ask(engine, options.shop, "backfill", f"orders:{options.since.isoformat()}", Lane.BACKFILL, hint)


def reconcile(engine: Engine, options: argparse.Namespace) -> int:
    """Compares with Shopify now."""
    return _ask(engine, options.shop, "reconcile", RECORD, Lane.ORDERS, {})


def doctor(engine: Engine, options: argparse.Namespace) -> int:
    """Prints a pre-flight list. Status 0: all well, 1: something will need care, 2: something is broken."""
    gateways = engine.gateways
    findings = examine_system(gateways.database, gateways.settings)
    is_up = {finding.check for finding in findings if finding.verdict is Verdict.FAIL}.isdisjoint(
        {"database", "schema"}
    )
    if is_up:
        findings += examine_shops(gateways, domain=options.shop)
    for finding in findings:
        if options.json:
            _say(json.dumps(asdict(finding), ensure_ascii=False))
            continue
        where = f" [{finding.shop}]" if finding.shop else ""
        _say(f"{MARKS[finding.verdict]} {finding.check}{where}: {finding.sentence}")
        if finding.fix:
            _say(f"       -> {finding.fix}")
    match worst(findings):
        case Verdict.OK:
            return 0
        case Verdict.WARN:
            return 1
        case Verdict.FAIL:
            return 2
        case other:
            assert_never(other)


def rotate_keys(engine: Engine, _options: argparse.Namespace) -> int:
    """Seals everything anew with the first key, while web and workers run. May be stopped and started again."""
    gateways = engine.gateways

    def tell(progress: rotation.Progress) -> None:
        _say(
            f"{progress.column}: {progress.done} sealed anew, {progress.left} left, {progress.lost} cannot be opened"
        )

    ends = rotation.rotate(gateways.database, gateways.sealer, tell=tell)
    lost = sum(end.lost for end in ends)
    if lost:
        _say(
            f"{lost} secrets cannot be opened with the configured keys. Put the lost key back and run this again."
        )
        return 1
    _say("Every secret is sealed with the first key. The others may be removed from CONCORD_SEALING_KEYS.")
    return 0


def _ask(engine: Engine, domain: str, flow: str, record: str, lane: Lane, hint: dict[str, Any]) -> int:
    shop_id = _shop(engine, domain)
    with engine.gateways.database.transaction(shop_id=shop_id) as session:
        job_id = jobs.ask(session, shop_id=shop_id, flow=flow, record=record, lane=lane, hint=hint)
        audit.write(
            session,
            shop_id=shop_id,
            actor=OPERATOR,
            act=f"{flow}_asked",
            subject=f"job:{job_id}",
            after=hint or None,
        )
    engine.nudge_jobs(job_id, 1)
    _say(f"Asked for job {job_id} ({flow}).")
    return 0


def _records(session: Session, options: argparse.Namespace) -> Sequence[Any]:
    """The records of Shopify that any flow worked on; work about the shop as a whole is no record."""
    query = select(Job.record).where(Job.record.startswith(names.PREFIX)).distinct().order_by(Job.record)
    query = _between(query, Job.asked_at, options)
    if options.code:
        query = query.where(Job.fault_code == options.code)
    if options.flow:
        query = query.where(Job.flow == options.flow)
    return _found(session, query, options.limit)


def _found(session: Session, query: Select[*tuple[Any, ...]], limit: int) -> Sequence[Any]:
    """The first rows, and a word about how many more there are."""
    rows = session.execute(query.limit(limit)).all()
    if len(rows) == limit:
        ids = query.order_by(None).subquery()
        left = (session.scalar(select(func.count()).select_from(ids)) or 0) - len(rows)
        if left:
            _say(f"{left} more match and are left for another run (--limit {limit}).")
    return rows


def _between(query: Query, column: Any, options: argparse.Namespace) -> Query:
    if options.since:
        query = query.where(column >= options.since)
    if options.until:
        query = query.where(column <= options.until)
    return query


def _shop(engine: Engine, domain: str) -> int:
    with engine.gateways.database.transaction() as session:
        shop_id = session.execute(select(Shop.id).where(Shop.domain == domain)).scalar()
    if shop_id is None:
        raise WrongSetting(f"{domain} has never installed Concord; give its .myshopify.com domain.")
    return int(shop_id)


def _would(count: int, what: str) -> int:
    _say(f"{count} {what}. Nothing was changed.")
    return 0


def _did(count: int, what: str) -> int:
    _say(f"{count} {what}.")
    return 0


def _say(line: str) -> None:
    print(line)  # noqa: T201 - the operator's terminal
