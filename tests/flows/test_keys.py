"""Keys of writes at Shopify: one for all tries of a write, and what Shopify says of a key has its own way on each."""

from __future__ import annotations

import pytest

from sandbox.shopify import idempotency
from sandbox.shopify.commands import stock as shopify_stock
from sync.state import intents
from sync.state.models import Intent, IntentState, JobState
from tests.flows.town import ALPHA, HARBOUR, Town

MUG = "ALP-MUG"
DAY_AND_AN_HOUR = 25 * 3600


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose stock road is open and that has written a first value."""
    town.set(roads={"stock": "on"})
    town.link_products()
    count(town, "75")
    assert available(town) == 75
    return town


def count(town: Town, quantity: str) -> None:
    town.books.set_stock(town.product(MUG), HARBOUR, quantity)
    town.rest()


def available(town: Town) -> int:
    item = town.variant(MUG)["inventoryItemId"]
    level = shopify_stock.level_of(town.stage.store, ALPHA, item, town.locations[0])
    assert level is not None
    quantity: int = level["stock"]["available"]
    return quantity


def writes(town: Town) -> list[Intent]:
    return [each for each in town.intents("stock_pull") if each.purpose == "stock"]


def next_key(town: Town) -> str:
    newest = writes(town)[-1]
    key = intents.key_of(
        shop_id=town.shop_id,
        flow=newest.flow,
        record=newest.record,
        purpose=newest.purpose,
        version=newest.version + 1,
    )
    return str(key)


def known_at_shopify(town: Town, key: str, **values: object) -> None:
    name = f"{town.stage.settings.client_id}:{key}"
    record = {"fingerprint": "", "at": town.clock.now().isoformat(), "state": "done", "payload": None}
    town.stage.store.put(ALPHA, "idempotency", name, {**record, **values})


def outcome(town: Town) -> list[IntentState]:
    """What became of the writes after the first."""
    assert town.jobs("stock_pull", JobState.DEAD, JobState.READY) == []
    return [IntentState(each.state) for each in writes(town)[1:]]


def test_a_key_that_shopify_has_forgotten_is_not_used_again(open_town: Town) -> None:
    town = open_town
    town.stage.shopify.plan.extend(["ok", "busy", *["down"] * 400])
    count(town, "60")
    assert available(town) == 75
    (_, begun) = writes(town)
    assert begun.state == IntentState.UNKNOWN
    town.stage.shopify.plan.clear()
    town.clock.move(DAY_AND_AN_HOUR)
    town.rest()
    assert available(town) == 60
    assert outcome(town) == [IntentState.DROPPED, IntentState.DONE]


def test_a_key_that_shopify_still_knows_is_used_for_every_try(open_town: Town) -> None:
    town = open_town
    town.stage.shopify.plan.extend(["ok", "busy"])
    count(town, "60")
    town.rest()
    assert available(town) == 60
    assert outcome(town) == [IntentState.DONE]


def test_after_a_day_what_was_done_is_seen_and_not_done_again(open_town: Town) -> None:
    town = open_town
    town.stage.shopify.plan.extend(["ok", "cut", *["down"] * 400])
    count(town, "60")
    assert available(town) == 60, "it was done, and the answer was lost"
    town.stage.shopify.plan.clear()
    town.clock.move(DAY_AND_AN_HOUR)
    town.rest()
    assert available(town) == 60
    assert outcome(town) == [IntentState.DONE]


def test_a_key_that_was_used_with_other_contents_is_given_up_after_a_look(open_town: Town) -> None:
    town = open_town
    known_at_shopify(town, next_key(town), fingerprint="of other contents")
    count(town, "60")
    town.rest()
    assert available(town) == 60
    assert outcome(town) == [IntentState.REFUSED, IntentState.DONE]


def test_a_key_whose_first_try_failed_is_given_up_after_a_look(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = open_town
    monkeypatch.setattr(idempotency, "_fingerprint", lambda *_: "the same")
    known_at_shopify(town, next_key(town), fingerprint="the same", state="failed")
    count(town, "60")
    town.rest()
    assert available(town) == 60
    assert outcome(town) == [IntentState.REFUSED, IntentState.DONE]


def test_a_key_whose_first_try_still_runs_is_waited_for(open_town: Town) -> None:
    town = open_town
    client_id = town.stage.settings.client_id
    with idempotency.running(town.stage.store, ALPHA, client_id, next_key(town)):
        count(town, "60")
        assert available(town) == 75
    town.rest(seconds=900)
    assert available(town) == 60
    assert outcome(town) == [IntentState.DONE]
