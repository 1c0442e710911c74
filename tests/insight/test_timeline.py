"""One record's story: everything that happened, in order, and where it stands."""

from __future__ import annotations

from kit import clock
from kit.clock import SetClock
from kit.db import Database
from sync.insight import timeline
from sync.insight.records import Tab
from sync.insight.timeline import Timeline, What
from sync.state.settings_models import Connection
from tests.insight.rows import Rows, order

CALL = {
    "method": "POST",
    "host": "erp.example",
    "path": "/sale",
    "status": 200,
    "took_ms": 40,
    "request_id": "r-1",
    "note": "",
}
WRITTEN = {
    "model": "sale.sale",
    "state": "processing",
    "total": ["11.90", "EUR"],
    "related": [
        {
            "model": "account.invoice",
            "erp_id": "9",
            "number": "INV9",
            "state": "posted",
            "total": ["11.90", "EUR"],
        },
        {"model": "stock.shipment.out", "erp_id": "4", "number": "", "state": "waiting", "total": None},
    ],
}


def _story(rows: Rows, record: str) -> Timeline | None:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return timeline.of(session, record)


def test_a_record_that_nobody_knows_has_no_story(alpha: Rows) -> None:
    assert _story(alpha, order(1)) is None


def test_everything_that_happened_stands_on_one_line_of_time(
    alpha: Rows, erp: Connection, noon: SetClock
) -> None:
    record = order(1)
    delivery = alpha.delivery(record=record)
    noon.move(1)
    job = alpha.job(record, "done")
    noon.move(1)
    alpha.intent(record, closed_at=clock.now())
    noon.move(1)
    alpha.link(record, erp.id, "SO7", facts={"kind": "sale", "written": WRITTEN})
    noon.move(1)
    alpha.attempt(job, exchanges=[CALL], sentence="Written: #1001.")
    noon.move(1)
    alpha.act("resynced", subject=record, after={"reason": "asked by phone"})
    alpha.snapshot(record, "#1001", body={"total": "11.90 EUR"})
    story = _story(alpha, record)
    assert story is not None
    assert [entry.what for entry in story.entries] == [
        What.ACT,
        What.ATTEMPT,
        What.DOCUMENT,
        What.WRITE,
        What.JOB,
        What.DELIVERY,
    ]
    act, attempt, *_, received = story.entries
    assert (act.title, act.reference, act.sentence) == ("resynced", "staff:1", "asked by phone")
    assert attempt.took_ms == 120
    assert attempt.calls[0].request_id == "r-1"
    assert received.reference == str(delivery.id)
    assert (story.title, story.state, story.is_open) == ("Order #1001", Tab.SYNCED, False)
    assert story.latest_delivery_id == delivery.id
    assert story.summary["total"] == "11.90 EUR"


def test_documents_that_the_erp_made_stand_below_ours(alpha: Rows, erp: Connection) -> None:
    alpha.link(order(1), erp.id, "SO7", facts={"kind": "sale", "written": WRITTEN})
    alpha.link(order(1), erp.id, "CN1", kind="delta", shopify_gid=f"{order(1)}#R1", facts={"kind": "credit"})
    story = _story(alpha, order(1))
    assert story is not None
    told = [(each.name, each.number, each.state, str(each.total or "")) for each in story.documents]
    assert told == [
        ("Sale", "SO7", "processing", "11.90 EUR"),
        ("Invoice", "INV9", "posted", "11.90 EUR"),
        ("Shipment", "4", "waiting", ""),
        ("Credit", "CN1", "", ""),
    ]
    assert [each.is_made_by_erp for each in story.documents] == [False, True, True, False]


def test_a_held_record_says_what_it_waits_for(alpha: Rows) -> None:
    alpha.job(order(1), "done")
    alpha.stuck(
        1,
        state="held",
        misses="mapping:product:MUG",
        reason="No product.",
        fault_code="unmapped_product",
    )
    story = _story(alpha, order(1))
    assert story is not None
    assert (story.state, story.misses, story.fault_code) == (
        Tab.HELD,
        "mapping:product:MUG",
        "unmapped_product",
    )
    assert story.reason == "No product."


def test_a_delivery_without_its_body_cannot_be_the_one_to_replay(alpha: Rows) -> None:
    kept = alpha.delivery(record=order(1))
    alpha.delivery(record=order(1), body=None, copies=3)
    story = _story(alpha, order(1))
    assert story is not None
    assert story.latest_delivery_id == kept.id
    assert "Shopify sent it 3 times." in {entry.sentence for entry in story.entries}


def test_a_write_without_an_answer_says_that_it_is_asked_for(alpha: Rows) -> None:
    alpha.job(order(1))
    alpha.intent(order(1), "unknown")
    story = _story(alpha, order(1))
    assert story is not None
    assert any("No answer came" in entry.sentence for entry in story.entries)


def test_another_shop_has_no_story_of_the_same_record(
    db: Database, alpha: Rows, erp: Connection, beta: Rows
) -> None:
    alpha.link(order(1), erp.id, "SO7")
    alpha.delivery(record=order(1))
    alpha.act("resynced", subject=order(1))
    assert _story(beta, order(1)) is None
    beta.job(order(1))
    story = _story(beta, order(1))
    assert story is not None
    assert [entry.what for entry in story.entries] == [What.JOB]
    assert story.documents == ()
