"""Lists beside the records: owed work, deliveries, who did what, what is missing."""

from __future__ import annotations

import json

from kit import clock
from kit.db import Database
from sync.insight import acts, backlog, deliveries, missing
from sync.insight.backlog import Queue
from tests.insight.rows import MINUTE, Rows, order


def test_owed_work_is_listed_by_what_it_waits_for_the_oldest_first(alpha: Rows) -> None:
    alpha.job(order(1), asked_at=clock.now() - MINUTE)
    alpha.job("shop", flow="subscriptions", asked_at=clock.now() - 2 * MINUTE)
    alpha.stuck(2, state="held", misses="mapping:tax:19%:DE")
    alpha.stuck(3)
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        waiting = backlog.page(session, queue=Queue.WAITING)
        held = backlog.page(session, queue=Queue.HELD)
        dead = backlog.page(session, queue=Queue.DEAD)
    assert [job.title for job in waiting.jobs] == ["This shop", "Order 6000000001"]
    assert waiting.jobs[0].flow == "Subscriptions at Shopify"
    assert [job.misses for job in held.jobs] == ["mapping:tax:19%:DE"]
    assert len(dead.jobs) == 1
    assert (dead.waiting, dead.held, dead.dead) == (2, 1, 1)


def test_a_body_is_shown_with_its_numbers_as_they_were_sent(alpha: Rows) -> None:
    row = alpha.delivery(body=b'{"total": 1.10, "big": 12345678901234567890.50, "text": "1.10"}')
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        found = deliveries.one(session, row.id)
    assert found is not None
    assert '"total": 1.10' in found.body
    assert '"big": 12345678901234567890.50' in found.body
    assert '"text": "1.10"' in found.body
    json.loads(found.body)


def test_a_body_that_is_no_json_is_shown_as_it_is(alpha: Rows) -> None:
    row = alpha.delivery(body=b"\xff not json", state="failed", reason="The body is not JSON.")
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        found = deliveries.one(session, row.id)
    assert found is not None
    assert found.body.endswith("not json")


def test_a_body_that_is_gone_says_so_and_a_long_one_is_cut(alpha: Rows) -> None:
    gone = alpha.delivery(body=None)
    long = alpha.delivery(body=b'{"a": "' + b"x" * 300_000 + b'"}')
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        first, second = deliveries.one(session, gone.id), deliveries.one(session, long.id)
    assert first is not None
    assert first.size_bytes is None
    assert second is not None
    assert second.is_cut
    assert len(second.body) == deliveries.BODY_SHOWN_BYTES


def test_headers_are_shown_without_signatures(alpha: Rows) -> None:
    row = alpha.delivery(headers={"X-Shopify-Hmac-Sha256": "abc", "X-Shopify-Topic": "orders/create"})
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        found = deliveries.one(session, row.id)
    assert found is not None
    assert found.headers == (("X-Shopify-Topic", "orders/create"),)


def test_deliveries_are_filtered_by_state_and_topic(alpha: Rows) -> None:
    alpha.snapshot(order(1), "#1001")
    alpha.delivery("orders/create", record=order(1))
    alpha.delivery("refunds/create", state="failed", reason="The body is empty.")
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        everything = deliveries.page(session)
        failed = deliveries.page(session, state="failed")
        orders = deliveries.page(session, topic="orders/create")
    assert len(everything.rows) == 2
    assert everything.topics == ("orders/create", "refunds/create")
    assert [row.reason for row in failed.rows] == ["The body is empty."]
    assert [row.title for row in orders.rows] == ["Order #1001"]
    assert everything.failed == 1


def test_the_audit_log_says_who_changed_what(alpha: Rows) -> None:
    alpha.act("owners_changed", before={"stock": "erp"}, after={"stock": "shopify"}, address="203.0.113.9")
    alpha.act("resynced", subject=order(1), actor="staff:2")
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        page = acts.page(session)
        of_two = acts.page(session, actor="staff:2")
    assert [act.act for act in page.acts] == ["resynced", "owners_changed"]
    assert page.acts[1].changes == (("stock", "erp", "shopify"),)
    assert page.acts[0].record is not None
    assert page.acts[0].record.path == "Order/6000000001"
    assert page.actors == ("staff:1", "staff:2")
    assert len(of_two.acts) == 1


def test_what_is_missing_is_counted_by_record_the_most_wanted_first(alpha: Rows) -> None:
    for number in (1, 2):
        alpha.stuck(number, state="held", misses="mapping:product:MUG", reason="No product MUG.")
    alpha.stuck(3, state="held", misses="mapping:tax:19%:DE:included")
    alpha.stuck(4, state="held", misses="grant")
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        found = missing.listed(session)
    assert [(one.kind, one.value, one.records) for one in found] == [
        ("product", "MUG", 2),
        ("tax", "19%:DE:included", 1),
    ]


def test_coverage_is_the_share_of_recent_orders_that_wait_for_no_mapping(alpha: Rows) -> None:
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        assert missing.coverage(session).percent is None
    for number in (1, 2, 3):
        alpha.snapshot(order(number), f"#100{number}")
    alpha.stuck(3, state="held", misses="mapping:product:MUG")
    with alpha.database.transaction(shop_id=alpha.shop_id) as session:
        found = missing.coverage(session)
    assert (found.orders, found.covered, found.percent) == (3, 2, 66)


def test_another_shop_sees_none_of_these(db: Database, alpha: Rows, beta: Rows) -> None:
    row = alpha.delivery(record=order(1))
    alpha.stuck(1, state="held", misses="mapping:product:MUG")
    alpha.act("resynced", subject=order(1))
    alpha.snapshot(order(1), "#1001")
    with beta.database.transaction(shop_id=beta.shop_id) as session:
        assert deliveries.one(session, row.id) is None
        assert deliveries.page(session).rows == ()
        assert backlog.page(session, queue=Queue.HELD).jobs == ()
        assert acts.page(session).acts == ()
        assert missing.listed(session) == ()
        assert missing.coverage(session).orders == 0
