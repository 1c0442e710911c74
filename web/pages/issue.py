"""One issue: what is wrong, what it costs, what to do, and the records it holds up."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.responses import Response

from oauth.staff import Permission
from sync.flows import replay
from sync.insight import issues
from sync.insight.issues import IssuePage, Summary
from web import fixes
from web.errors import NotThere
from web.screens import Asked, nudged

REASON_LIMIT = 200


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What the page shows."""

    issue: IssuePage
    heading: str
    what_to_do: str
    fix_path: str
    fix_button: str
    problem: str
    may_replay: bool
    is_moving: bool


def show(asked: Asked) -> Response:
    """The page of an issue."""
    return asked.page("issue", _page(asked))


def retry(asked: Asked) -> Response:
    """Tries one record again, or all of them."""
    job_id = asked.form.number("job")
    with asked.transaction() as session:
        found = _found(session, asked.number("issue"))
        ids = replay.retry(
            session,
            shop_id=asked.visit.shop_id,
            job_ids=[job_id] if job_id is not None else (),
            cause=found.cause if job_id is None else None,
            by=asked.actor,
            address=asked.visit.address,
        )
    count = nudged(asked, ids)
    say = "1 record is tried again." if count == 1 else f"{count} records are tried again."
    return asked.done(go=f"/issues/{found.summary.issue_id}", say=say)


def ignore(asked: Asked) -> Response:
    """Lets all records of the issue be, with a reason."""
    reason = asked.form.text("reason", limit=REASON_LIMIT)
    if not reason:
        return asked.refused("issue", _page(asked, problem="Say why these records may be ignored."))
    with asked.transaction() as session:
        found = _found(session, asked.number("issue"))
        replay.ignore(
            session,
            shop_id=asked.visit.shop_id,
            cause=found.cause,
            reason=reason,
            by=asked.actor,
            address=asked.visit.address,
        )
    return asked.done(go="/issues", say="The issue is ignored.")


def _page(asked: Asked, *, problem: str = "") -> Shown:
    with asked.transaction() as session:
        found = _found(session, asked.number("issue"))
    path, button = fixes.of(found.summary.misses)
    return Shown(
        issue=found,
        heading=_heading(found.summary),
        what_to_do=_what_to_do(found.summary, has_fix=bool(path)),
        fix_path=path if found.records else "",
        fix_button=button,
        problem=problem,
        may_replay=asked.may(Permission.REPLAY),
        is_moving=any(each.state in ("ready", "running") for each in found.records),
    )


def _found(session: Session, issue_id: int) -> IssuePage:
    found = issues.one(session, issue_id)
    if found is None:
        raise NotThere(str(issue_id))
    return found


def _heading(one: Summary) -> str:
    if not one.records:
        return "Nothing is affected any more"
    return f"{one.records:,} {'record is' if one.records == 1 else 'records are'} affected"


def _what_to_do(one: Summary, *, has_fix: bool) -> str:
    match one.kind:
        case "transient":
            return "Nothing to do: Concord tries again by itself, less and less often."
        case "unknown":
            return (
                "Nothing to do: Concord asks the other side what became of it before it sends anything again."
            )
        case "misconfigured" if has_fix:
            return "Set what is missing once. All records of this issue then run again by themselves."
        case "misconfigured":
            return "As soon as this is set, all records of this issue run again by themselves."
        case "bug":
            return "This is a mistake of Concord. Tell support; retry after the next update."
        case _:
            return "Correct it in Shopify or in your ERP, then retry. If these records do not matter, ignore them."
