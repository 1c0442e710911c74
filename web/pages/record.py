"""One record: where it stands, what it is in the ERP, its cents, and everything that happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from starlette.responses import Response

from oauth.names import app_in_admin, store_name
from oauth.staff import Permission
from sync.flows import agreements, back, replay
from sync.flows.agreements import AskedFor
from sync.insight import names, proofs, timeline
from sync.insight.proofs import Proof
from sync.insight.records import Tab
from sync.insight.timeline import Timeline
from web import fixes
from web.errors import NotThere
from web.render import ROOT
from web.screens import Asked, nudged


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the record stands, in words, with the one thing to do."""

    heading: str
    sentence: str
    path: str = ""
    button: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordPage:
    """What the page shows."""

    story: Timeline
    standing: Standing
    proof: Proof | None
    agreement: AskedFor | None  # what a person has to agree to before it is done
    may_agree: bool
    may_replay: bool
    may_read: bool
    address: str  # of this page inside the admin, for a colleague


def show(asked: Asked) -> Response:
    """The page of a record."""
    record = names.record_at(asked.path("record"))
    with asked.transaction() as session:
        story = timeline.of(session, record)
        agreed = agreements.asked_for(session, record)
    if story is None:
        raise NotThere(record)
    place = f"{ROOT}/records/{story.name.path}"
    may_read = asked.may(Permission.READ_PERSONAL_DATA)
    return asked.page(
        "record",
        RecordPage(
            story=story,
            standing=_standing(story),
            proof=proofs.read(story.proof),
            agreement=agreed,
            may_agree=agreed is not None and asked.may(agreed.permission),
            may_replay=asked.may(Permission.REPLAY),
            may_read=may_read,
            address=app_in_admin(
                store_name(asked.visit.shop_domain), settings=asked.state["settings"], path=place
            ),
        ),
        is_personal=may_read and bool(story.summary.get("customer")),
    )


def proof_file(asked: Asked) -> Response:
    """The cent table as a file."""
    record = names.record_at(asked.path("record"))
    with asked.transaction() as session:
        story = timeline.of(session, record)
    proof = proofs.read(story.proof) if story else None
    if story is None or proof is None:
        raise NotThere(record)
    name = f"cents-{story.name.number}.csv"
    return Response(
        proofs.as_csv(proof),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def resync(asked: Asked) -> Response:
    """Reads the record anew from Shopify and plans again."""
    record = names.record_at(asked.path("record"))
    with asked.transaction() as session:
        if timeline.of(session, record) is None:
            raise NotThere(record)
        job_id = replay.resync(
            session,
            shop_id=asked.visit.shop_id,
            record=record,
            by=asked.actor,
            address=asked.visit.address,
        )
    nudged(asked, [job_id])
    return asked.done(go=f"/records/{names.of(record).path}", say="Resync started.")


def replay_last(asked: Asked) -> Response:
    """Runs the newest stored delivery of the record again."""
    record = names.record_at(asked.path("record"))
    with asked.transaction() as session:
        story = timeline.of(session, record)
        if story is None or story.latest_delivery_id is None:
            raise NotThere(record)
        replay.replay(
            session,
            shop_id=asked.visit.shop_id,
            delivery_ids=[story.latest_delivery_id],
            by=asked.actor,
            address=asked.visit.address,
        )
    asked.state["engine"].nudge_deliveries(story.latest_delivery_id)
    return asked.done(go=f"/records/{story.name.path}", say="Replay started.")


def agree(asked: Asked) -> Response:
    """A person agrees to exactly the refund that is asked for."""
    return _agree(asked, what=agreements.REFUND)


def agree_to_price(asked: Asked) -> Response:
    """A person agrees to exactly the price that is asked for."""
    return _agree(asked, what=agreements.PRICE)


def _agree(asked: Asked, *, what: str) -> Response:
    record = names.record_at(asked.path("record"))
    with asked.transaction() as session:
        agreed = agreements.asked_for(session, record)
        if agreed is None or agreed.what != what:
            raise NotThere(record)
        ids = back.approve(
            session,
            shop_id=asked.visit.shop_id,
            record=record,
            values=agreed.values,
            actor=asked.actor,
            address=asked.visit.address,
        )
    nudged(asked, ids)
    return asked.done(go=f"/records/{names.of(record).path}", say="You agreed. It goes on.")


def _standing(story: Timeline) -> Standing:
    match story.state:
        case Tab.SYNCED:
            number = story.documents[0].number if story.documents else ""
            sentence = f"It is {number} in your ERP." if number else "There is nothing left to do."
            return Standing(heading="In sync", sentence=sentence)
        case Tab.WAITING if not story.is_open:
            return Standing(heading="Waits for Shopify", sentence=story.reason or "Nothing is owed yet.")
        case Tab.WAITING if story.attempts:
            return Standing(
                heading="Trying again by itself",
                sentence=story.reason or "The last try did not work. Nothing is lost.",
            )
        case Tab.WAITING:
            return Standing(heading="On its way", sentence="Concord is about to send it to your ERP.")
        case Tab.HELD:
            path, button = fixes.of(story.misses)
            return Standing(
                heading="Held until something is set",
                sentence=f"{story.reason} It goes on by itself once that is done.",
                path=path,
                button=button,
            )
        case Tab.FAILED:
            return Standing(
                heading="Could not be synced",
                sentence=story.reason or "Concord gave up after several tries.",
                path="/issues",
                button="See the issue",
            )
        case Tab.SKIPPED | Tab.ALL:
            return Standing(
                heading="Left out", sentence=story.reason or "Concord was told to leave this record out."
            )
        case _:
            assert_never(story.state)
