"""Tokens against the local Shopify: refreshed in time, by one caller, and never lost without a word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from kit.clock import SetClock
from kit.config import Settings
from kit.crypto import Sealer, Secret, place
from kit.db import Database
from kit.faults import Misconfigured, Transient
from oauth import lease
from oauth.id_token import verify
from oauth.install import Installer
from oauth.models import AuditEntry, Grant, Installation, Shop
from oauth.tokens import Tokens
from sandbox.shopify import tokens as shopify_tokens
from tests.environments import CLIENT_ID
from tests.oauth.shopify import ALPHA, BETA, LocalShopify

HOUR = 3_600


@pytest.fixture
def shop_id(shopify: LocalShopify, installer: Installer, settings: Settings) -> int:
    """Shop Alpha, installed, with a fresh grant."""
    shopify.install()
    id_token = shopify.id_token()
    return installer.arrive(verify(id_token, settings=settings), id_token).shop_id


def grant_of(db: Database, shop_id: int) -> Grant:
    with db.transaction(shop_id=shop_id) as session:
        return session.scalars(select(Grant)).one()


def state_of(db: Database, shop_id: int) -> str:
    with db.transaction() as session:
        return session.scalars(select(Shop.state).where(Shop.id == shop_id)).one()


def test_a_fresh_token_is_handed_out_without_asking(
    tokens: Tokens, shop_id: int, shopify: LocalShopify
) -> None:
    calls = shopify.token_calls
    token = tokens.access_token(shop_id, ALPHA)
    assert tokens.access_token(shop_id, ALPHA) == token
    assert shopify.accepts(token.reveal())
    assert shopify.token_calls == calls


def test_tokens_are_stored_sealed_and_bound_to_their_place(
    db: Database, tokens: Tokens, shop_id: int, sealer: Sealer
) -> None:
    token, row = tokens.access_token(shop_id, ALPHA), grant_of(db, shop_id)
    assert token.reveal() not in row.access_token
    assert sealer.open(row.access_token, place("grant", "access_token", shop_id)) == token
    with pytest.raises(Misconfigured):
        sealer.open(row.access_token, place("grant", "access_token", shop_id + 1))


def test_a_token_is_refreshed_five_minutes_before_it_ends(
    tokens: Tokens, shop_id: int, shopify: LocalShopify, noon: SetClock
) -> None:
    first, calls = tokens.access_token(shop_id, ALPHA), shopify.token_calls
    noon.move(HOUR - 301)
    assert tokens.access_token(shop_id, ALPHA) == first
    noon.move(2)
    second = tokens.access_token(shop_id, ALPHA)
    assert second != first
    assert shopify.accepts(second.reveal())
    assert shopify.token_calls == calls + 1


def test_a_lost_refresh_answer_costs_nothing(
    tokens: Tokens, shop_id: int, shopify: LocalShopify, noon: SetClock
) -> None:
    noon.move(2 * HOUR)
    shopify.world.faults.add({"kind": "cut", "target": "token", "match": "refresh_token"})
    with pytest.raises(Transient):
        tokens.access_token(shop_id, ALPHA)
    assert shopify.accepts(tokens.access_token(shop_id, ALPHA).reveal())


def test_shopifys_bad_minute_does_not_stop_a_token_that_is_still_good(
    tokens: Tokens, shop_id: int, shopify: LocalShopify, noon: SetClock
) -> None:
    first = tokens.access_token(shop_id, ALPHA)
    noon.move(HOUR - 120)
    shopify.world.faults.add({"kind": "fail", "target": "token", "status": 520, "body": "<html>no</html>"})
    assert tokens.access_token(shop_id, ALPHA) == first
    assert tokens.access_token(shop_id, ALPHA) != first


@pytest.mark.parametrize("status", [429, 500, 503, 520, 302])
def test_any_other_answer_is_tried_again_and_takes_nothing_away(
    status: int, db: Database, tokens: Tokens, shop_id: int, shopify: LocalShopify, noon: SetClock
) -> None:
    noon.move(2 * HOUR)
    shopify.world.faults.add({"kind": "fail", "target": "token", "status": status, "body": "busy"})
    with pytest.raises(Transient):
        tokens.access_token(shop_id, ALPHA)
    assert grant_of(db, shop_id).is_valid
    assert shopify.accepts(tokens.access_token(shop_id, ALPHA).reveal())


def test_a_spent_refresh_token_means_that_staff_must_visit(
    db: Database, tokens: Tokens, shop_id: int, shopify: LocalShopify, noon: SetClock
) -> None:
    noon.move(2 * HOUR)
    shopify.forget_tokens()
    with pytest.raises(Misconfigured) as caught:
        tokens.access_token(shop_id, ALPHA)
    assert (caught.value.code, caught.value.misses) == ("needs_visit", "grant")
    assert state_of(db, shop_id) == Installation.NEEDS_VISIT
    with db.transaction() as session:
        acts = list(session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))
    assert acts.count("grant_lost") == 1
    calls = shopify.token_calls
    with pytest.raises(Misconfigured):
        tokens.access_token(shop_id, ALPHA)
    assert shopify.token_calls == calls


def test_the_next_visit_brings_new_tokens(
    db: Database,
    tokens: Tokens,
    installer: Installer,
    shop_id: int,
    shopify: LocalShopify,
    settings: Settings,
) -> None:
    tokens.invalidate(shop_id, "refused")
    assert state_of(db, shop_id) == Installation.NEEDS_VISIT
    id_token = shopify.id_token()
    arrival = installer.arrive(verify(id_token, settings=settings), id_token)
    assert arrival.is_renewed
    assert not arrival.is_installed_now
    assert state_of(db, shop_id) == Installation.INSTALLED
    assert shopify.accepts(tokens.access_token(shop_id, ALPHA).reveal())


def test_a_refused_access_token_is_refreshed_at_the_next_call(
    tokens: Tokens, shop_id: int, shopify: LocalShopify
) -> None:
    first = tokens.access_token(shop_id, ALPHA)
    tokens.refused(shop_id, first)
    second = tokens.access_token(shop_id, ALPHA)
    assert second != first
    tokens.refused(shop_id, first)
    assert tokens.access_token(shop_id, ALPHA) == second


def test_a_token_of_the_old_kind_is_migrated_once(
    db: Database, tokens: Tokens, shop_id: int, shopify: LocalShopify, sealer: Sealer
) -> None:
    old = shopify_tokens.offline(shopify.world.store, ALPHA, client_id=CLIENT_ID, expiring=False)[
        "access_token"
    ]
    with db.transaction(shop_id=shop_id) as session:
        row = session.scalars(select(Grant)).one()
        row.access_token = sealer.seal(Secret(old), place("grant", "access_token", shop_id))
        row.access_expires_at = row.refresh_token = row.refresh_expires_at = None
    calls = shopify.token_calls
    new = tokens.access_token(shop_id, ALPHA)
    assert new.reveal() != old
    assert not shopify.accepts(old)
    assert grant_of(db, shop_id).refresh_token is not None
    assert tokens.access_token(shop_id, ALPHA) == new
    assert shopify.token_calls == calls + 1


def test_a_taken_lease_is_waited_for_and_a_dead_holders_lease_runs_out(
    db: Database, tokens: Tokens, shop_id: int, noon: SetClock
) -> None:
    noon.move(2 * HOUR)
    assert lease.take(db, shop_id) is not None
    assert lease.take(db, shop_id) is None
    before = noon.now()
    tokens.access_token(shop_id, ALPHA)
    waited = noon.now() - before
    assert lease.LEASE <= waited <= lease.LEASE + timedelta(seconds=2)


def test_a_dead_holders_lease_is_taken_although_the_clock_jumped_back(
    db: Database, shop_id: int, noon: SetClock
) -> None:
    assert lease.take(db, shop_id) is not None
    noon.move(-300)
    assert lease.take(db, shop_id) is None
    noon.move(-HOUR)
    assert lease.take(db, shop_id) is not None


def test_while_another_process_refreshes_a_usable_token_is_used_at_once(
    db: Database, tokens: Tokens, shop_id: int, noon: SetClock
) -> None:
    first = tokens.access_token(shop_id, ALPHA)
    noon.move(HOUR - 120)
    assert lease.take(db, shop_id) is not None
    before = noon.now()
    assert tokens.access_token(shop_id, ALPHA) == first
    assert noon.now() == before


def test_who_lost_the_lease_stores_nothing(
    db: Database, tokens: Tokens, shop_id: int, noon: SetClock
) -> None:
    stored = grant_of(db, shop_id).access_token

    def slow(held: object) -> None:
        noon.move(lease.LEASE.total_seconds() + 1)
        assert lease.take(db, shop_id) is not None
        tokens.invalidate(shop_id, "someone else decided")

    assert tokens.obtain(shop_id, slow) is False
    assert grant_of(db, shop_id).access_token == stored


def test_quiet_shops_are_kept_alive_and_busy_ones_left_alone(
    tokens: Tokens, shop_id: int, shopify: LocalShopify, noon: SetClock
) -> None:
    assert tokens.renew_aging(limit=10) == 0
    noon.move(77 * 86_400)
    assert tokens.renew_aging(limit=10) == 1
    assert tokens.renew_aging(limit=10) == 0
    noon.move(60 * 86_400)
    assert shopify.accepts(tokens.access_token(shop_id, ALPHA).reveal())


def test_our_own_wrong_secret_does_not_cost_a_shop_its_grant(
    db: Database, tokens: Tokens, shop_id: int, shopify: LocalShopify, noon: SetClock
) -> None:
    shopify.world.secrets.add("shpss_another")
    shopify.world.secrets.revoke_oldest()
    noon.move(2 * HOUR)
    with pytest.raises(Misconfigured) as caught:
        tokens.access_token(shop_id, ALPHA)
    assert caught.value.misses == "settings:client_secret"
    assert grant_of(db, shop_id).is_valid
    assert state_of(db, shop_id) == Installation.INSTALLED


def test_shops_that_cannot_be_renewed_keep_no_other_waiting(
    db: Database,
    tokens: Tokens,
    installer: Installer,
    shop_id: int,
    shopify: LocalShopify,
    settings: Settings,
    noon: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shopify.install(BETA)
    id_token = shopify.id_token(BETA, staff="cy")
    beta = installer.arrive(verify(id_token, settings=settings), id_token).shop_id
    with db.transaction(shop_id=beta) as session:
        row = session.scalars(select(Grant)).one()
        assert row.refresh_expires_at is not None
        row.refresh_expires_at += timedelta(hours=1)
    noon.move(77 * 86_400)
    shopify.world.faults.add(
        {"kind": "fail", "target": "token", "status": 423, "body": "", "shop": ALPHA, "times": 2}
    )
    assert tokens.renew_aging(limit=1) == 0
    assert [record.message for record in caplog.records if record.name == "oauth.tokens"] == [
        "token.renewal_failed"
    ]
    assert tokens.renew_aging(limit=1) == 1
    assert tokens.renew_aging(limit=1) == 0
    noon.move(6 * HOUR + 1)
    assert tokens.renew_aging(limit=1) == 0
    noon.move(6 * HOUR + 1)
    assert tokens.renew_aging(limit=1) == 1
    assert grant_of(db, shop_id).renewal_due_at is None


def test_a_refresh_token_that_has_ended_is_not_tried_and_one_that_never_ends_is_swapped(
    db: Database, tokens: Tokens, shop_id: int, shopify: LocalShopify, sealer: Sealer, noon: SetClock
) -> None:
    with db.transaction(shop_id=shop_id) as session:
        session.scalars(select(Grant)).one().refresh_expires_at = noon.now() - timedelta(seconds=1)
    calls = shopify.token_calls
    assert tokens.renew_aging(limit=10) == 0
    assert shopify.token_calls == calls
    old = shopify_tokens.offline(shopify.world.store, ALPHA, client_id=CLIENT_ID, expiring=False)
    with db.transaction(shop_id=shop_id) as session:
        row = session.scalars(select(Grant)).one()
        row.access_token = sealer.seal(Secret(old["access_token"]), place("grant", "access_token", shop_id))
        row.access_expires_at = row.refresh_token = row.refresh_expires_at = None
    assert tokens.renew_aging(limit=10) == 1
    assert grant_of(db, shop_id).refresh_token is not None
