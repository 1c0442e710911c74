"""A shop's own webhook subscriptions are as they should be, and a time in which nobody listened is known."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from oauth.models import Grant
from sandbox.shopify import installations
from sync.flows import periodic, subscriptions
from sync.flows.subscriptions import Gap
from sync.shopify import topics
from sync.shopify.subscriptions import Changes, Subscription, actual, compare
from sync.state.models import Job
from tests.flows.town import ALPHA, Town

VERSION = "2026-10"
URI = "https://concord.example/webhooks"
MERGE = "customers/merge"
(WANTED,) = topics.of_shop(["read_customer_merge"])


@pytest.fixture
def merging(town: Town) -> Town:
    """A town that granted the scope of one topic of its own."""
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        scopes = [*town.stage.world.app.required_scopes, "read_customer_merge"]
        session.execute(update(Grant).values(scopes=scopes))
    town.stage.world.install(ALPHA, client_id=town.stage.settings.client_id, scopes=scopes)
    run(town)
    return town


def run(town: Town) -> None:
    town.ask("subscriptions", "shop")
    town.rest()


def own(town: Town) -> list[dict[str, str]]:
    client = town.stage.engine.gateways.shopify(town.shop_id, ALPHA)
    return [{"id": each.gid, "topic": each.topic, "uri": each.uri} for each in actual(client)]


def gaps(town: Town) -> list[Gap]:
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        return subscriptions.gaps(session)


def subscription(
    gid: str = "s1", *, uri: str = URI, is_plain: bool = True, topic: str = "", version: str = VERSION
) -> Subscription:
    return Subscription(gid, topic or WANTED.enum, uri, is_plain, version)


def test_what_is_in_place_is_left_alone() -> None:
    changes = compare([WANTED], [subscription()], uri=URI, version=VERSION)
    assert (changes.missing, changes.wrong, changes.surplus) == ((), (), ())


def test_of_several_for_one_topic_the_best_stays() -> None:
    elsewhere, filtered, good = (
        subscription("s1", uri="https://old.example"),
        subscription("s2", is_plain=False),
        subscription("s3"),
    )
    changes = compare([WANTED], [elsewhere, filtered, good], uri=URI, version=VERSION)
    assert changes.surplus == (elsewhere, filtered)
    assert changes.wrong == ()


def test_a_wrong_address_is_missed_time_and_a_filter_is_only_wrong() -> None:
    moved = compare([WANTED], [subscription(uri="https://old.example")], uri=URI, version=VERSION)
    shaped = compare([WANTED], [subscription(is_plain=False)], uri=URI, version=VERSION)
    assert (len(moved.wrong), moved.is_moved) == (1, frozenset({MERGE}))
    assert (len(shaped.wrong), shaped.is_moved) == (1, frozenset())


def test_a_topic_that_is_not_wanted_any_more_is_taken_away() -> None:
    left = subscription(topic="THEMES_PUBLISH")
    assert compare([], [left], uri=URI, version=VERSION).surplus == (left,)


def test_a_topic_of_the_shop_is_made_once(merging: Town) -> None:
    (made,) = own(merging)
    assert (made["topic"], made["uri"]) == ("CUSTOMERS_MERGE", f"{merging.stage.settings.app_url}/webhooks")
    run(merging)
    assert own(merging) == [made]
    assert gaps(merging) == []


def test_a_subscription_that_shopify_dropped_comes_back_and_leaves_its_gap(merging: Town) -> None:
    town = merging
    seen_at = town.clock.now()
    (lost,) = own(town)
    town.stage.store.delete(ALPHA, "subscription", lost["id"])
    town.clock.move(timedelta(minutes=40).total_seconds())
    run(town)
    assert [each["topic"] for each in own(town)] == ["CUSTOMERS_MERGE"]
    (gap,) = gaps(town)
    assert gap.topic == MERGE
    assert gap.since <= seen_at < gap.until
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        subscriptions.close_gap(session, gap, shop_id=town.shop_id)
    assert gaps(town) == []


def test_a_gap_that_grew_meanwhile_stays_open(merging: Town) -> None:
    town = merging
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        subscriptions.note_gaps(session, [MERGE], shop_id=town.shop_id)
        (early,) = subscriptions.gaps(session)
        town.clock.move(60)
        subscriptions.note_gaps(session, [MERGE], shop_id=town.shop_id)
        subscriptions.close_gap(session, early, shop_id=town.shop_id)
        (grown,) = subscriptions.gaps(session)
    assert grown.since == early.since
    assert grown.until > early.until


def test_an_older_version_is_made_anew_and_a_newer_one_is_let_be() -> None:
    old, new = subscription(version="2026-07"), subscription(version="2027-01")
    assert compare([WANTED], [old], uri=URI, version=VERSION).aged == ((WANTED, old),)
    assert compare([WANTED], [new], uri=URI, version=VERSION) == Changes((), (), (), (), frozenset())


def test_a_subscription_of_an_older_version_is_replaced_by_one_of_ours(merging: Town) -> None:
    town = merging
    (made,) = own(town)
    kept = town.stage.store.get(ALPHA, "subscription", made["id"])
    assert kept is not None
    town.stage.store.put(ALPHA, "subscription", made["id"], kept | {"version": "2026-07"})
    run(town)
    client = town.stage.engine.gateways.shopify(town.shop_id, ALPHA)
    (found,) = actual(client)
    assert found.gid != made["id"]
    assert found.version == town.stage.settings.api_version
    assert [gap.topic for gap in gaps(town)] == [MERGE]


def test_a_topic_that_a_new_scope_opens_has_been_missed_since_the_grant(town: Town) -> None:
    client_id = town.stage.settings.client_id
    granted_at = town.clock.now()
    installations.grant(town.stage.store, ALPHA, client_id=client_id, scopes=["read_customer_merge"])
    town.clock.move(30)
    town.rest()
    assert [each["topic"] for each in own(town)] == ["CUSTOMERS_MERGE"]
    (gap,) = gaps(town)
    assert (gap.topic, gap.since) == (MERGE, granted_at)


def test_a_gap_is_filled_with_the_records_that_its_topic_speaks_of(merging: Town) -> None:
    town = merging
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        subscriptions.note_gaps(session, [MERGE, "companies/update"], shop_id=town.shop_id)
        kept = {"companies/update": town.clock.now().isoformat()}
        subscriptions.note_gaps(session, ["companies/update"], shop_id=town.shop_id, granted=kept)
    periodic.fill_gaps(town.stage.engine.gateways)
    assert gaps(town) == []
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        (job,) = session.scalars(select(Job).where(Job.flow == "backfill"))
        assert job.hint["topic"] == MERGE
    customers = {row["id"] for row in town.stage.store.all(ALPHA, "customer")}
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        session.execute(
            update(Job)
            .where(Job.flow == "backfill")
            .values(hint={**job.hint, "since": "2000-01-01T00:00:00+00:00"})
        )
    town.rest()
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        asked = set(session.scalars(select(Job.record).where(Job.flow == "customer_push")))
    assert asked == customers
