"""A shop's own webhook subscriptions are as they should be, and a time in which nobody listened is known."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from oauth.models import Grant
from sync.flows import subscriptions
from sync.flows.subscriptions import Gap, Subscription, compare
from sync.shopify import topics
from tests.flows.town import ALPHA, Town

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
    return [{"id": each.gid, "topic": each.topic, "uri": each.uri} for each in subscriptions.actual(client)]


def gaps(town: Town) -> list[Gap]:
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        return subscriptions.gaps(session)


def subscription(gid: str = "s1", *, uri: str = URI, is_plain: bool = True, topic: str = "") -> Subscription:
    return Subscription(gid, topic or WANTED.enum, uri, is_plain)


def test_what_is_in_place_is_left_alone() -> None:
    changes = compare([WANTED], [subscription()], uri=URI)
    assert (changes.missing, changes.wrong, changes.surplus) == ((), (), ())


def test_of_several_for_one_topic_the_best_stays() -> None:
    elsewhere, filtered, good = (
        subscription("s1", uri="https://old.example"),
        subscription("s2", is_plain=False),
        subscription("s3"),
    )
    changes = compare([WANTED], [elsewhere, filtered, good], uri=URI)
    assert changes.surplus == (elsewhere, filtered)
    assert changes.wrong == ()


def test_a_wrong_address_is_missed_time_and_a_filter_is_only_wrong() -> None:
    moved = compare([WANTED], [subscription(uri="https://old.example")], uri=URI)
    shaped = compare([WANTED], [subscription(is_plain=False)], uri=URI)
    assert (len(moved.wrong), moved.is_moved) == (1, frozenset({MERGE}))
    assert (len(shaped.wrong), shaped.is_moved) == (1, frozenset())


def test_a_topic_that_is_not_wanted_any_more_is_taken_away() -> None:
    left = subscription(topic="THEMES_PUBLISH")
    assert compare([], [left], uri=URI).surplus == (left,)


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
