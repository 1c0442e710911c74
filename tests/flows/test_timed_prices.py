"""A price for a time starts when it is due, ends with the former price, and ends early when the ERP says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kit import clock
from sync.domain.feeds import BadValues, PriceTold
from sync.domain.money import Money
from sync.state.models import JobState
from tests.flows.town import Town

MUG = "ALP-MUG"
HOUR = timedelta(hours=1)


@pytest.fixture
def open_town(town: Town) -> Town:
    """A town whose products are linked and whose road of prices is open."""
    town.set(roads={"prices": "on"})
    town.link_products()
    return town


def shown(town: Town) -> tuple[str, Decimal]:
    variant = town.variant(MUG)
    return variant["price"], Decimal(variant["compareAtPrice"] or 0)


def sale(town: Town, amount: str, *, after: timedelta, lasts: timedelta | None, **told: Any) -> datetime:
    """The ERP tells a price for a time. Returns when it starts."""
    starts_at = clock.now() + after
    ends_at = None if lasts is None else starts_at + lasts
    struck = Money(Decimal("33.33"), "USD")
    values = {"schedule": "SALE", "starts_at": starts_at, "ends_at": ends_at, "compare_at": struck, **told}
    town.price(MUG, amount, **values)
    return starts_at


def move_to(town: Town, at: datetime) -> None:
    town.rest(seconds=(at - clock.now()).total_seconds() + 60)


def test_a_price_waits_for_its_start_and_the_normal_one_comes_back(open_town: Town) -> None:
    town = open_town
    town.price(MUG, "34.00")
    town.rest()
    starts_at = sale(town, "25.00", after=HOUR, lasts=HOUR)
    town.rest()
    assert shown(town) == ("34.00", Decimal(0))
    move_to(town, starts_at)
    assert shown(town) == ("25.00", Decimal("33.33"))
    town.price(MUG, "35.00")  # the normal price changes meanwhile
    town.rest()
    assert shown(town) == ("25.00", Decimal("33.33"))
    move_to(town, starts_at + HOUR)
    assert shown(town) == ("35.00", Decimal(0))
    town.rest(seconds=3_600)
    assert len(town.intents("price_pull")) == 3


def test_without_a_normal_price_that_of_shopify_comes_back(open_town: Town) -> None:
    town = open_town
    starts_at = sale(town, "25.00", after=timedelta(0), lasts=HOUR)
    town.rest()
    assert shown(town) == ("25.00", Decimal("33.33"))
    move_to(town, starts_at + HOUR)
    assert shown(town) == ("33.33", Decimal(0))


@pytest.mark.parametrize("is_begun", [False, True])
def test_the_erp_cancels_it(open_town: Town, is_begun: bool) -> None:
    town = open_town
    starts_at = sale(town, "25.00", after=HOUR, lasts=None)
    town.rest()
    if is_begun:
        move_to(town, starts_at)
        assert shown(town)[0] == "25.00"
    town.price(MUG, "25.00", schedule="SALE", is_cancelled=True)
    town.rest()
    move_to(town, starts_at + HOUR)
    assert shown(town) == ("33.33", Decimal(0))


def test_one_that_falls_too_far_waits_for_a_person_and_is_not_asked_for_again(open_town: Town) -> None:
    town = open_town
    sale(town, "3.00", after=timedelta(0), lasts=HOUR)
    town.rest()
    town.rest()
    (held,) = town.jobs("price_pull", JobState.HELD)
    assert "falls by" in held.reason
    assert len([each for each in town.sentences("price_pull") if "falls by" in each]) == 1


def test_dates_that_make_no_sense_are_refused() -> None:
    now = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
    price = {"product": "I1", "price": "1", "currency": "USD", "schedule": "S"}
    for wrong in (
        {"starts_at": now.isoformat(), "ends_at": now.isoformat()},
        {"starts_at": "2026-11-01T00:00:00"},
        {"ends_at": "soon"},
        {"ends_at": now.isoformat(), "schedule": ""},
    ):
        with pytest.raises(BadValues):
            PriceTold.of({**price, **wrong})


@pytest.mark.slow
def test_a_process_that_dies_at_any_moment_brings_the_former_price_back(open_town: Town) -> None:
    town = open_town
    for moment in range(1, 60):
        starts_at = sale(town, "25.00", after=timedelta(0), lasts=HOUR, schedule=f"S{moment}")
        town.ask("erp_feed", "feed:prices")
        town.stage.engine.run_jobs(limit=1)
        record = f"price:{town.product(MUG)}:"
        died = town.work("price_pull", record, dying_after=moment)
        town.rest()
        what = f"it died {town.stage.fuse.last_moment}, at its {moment}. moment"
        assert shown(town) == ("25.00", Decimal("33.33")), what
        move_to(town, starts_at + HOUR)
        assert shown(town) == ("33.33", Decimal(0)), what
        if not died:
            assert moment > 5
            return
    raise AssertionError("there is no end to the moments")
