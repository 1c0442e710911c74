"""The doctor: what is well is called well, and what is not comes with what to do."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.crypto import Secret
from kit.db import Database, all_shops
from oauth import install, scopes
from oauth.id_token import verify
from oauth.install import Installer
from oauth.models import Grant, PrivacyRequest
from sync.gateways import Gateways
from sync.insight import doctor
from sync.insight.doctor import Finding, Verdict
from sync.insight.doctor_shops import examine_shops
from sync.shopify import subscriptions, topics
from sync.shopify.subscriptions import Changes
from sync.state import jobs, rhythms
from sync.state.models import Delivery, DeliveryState, Lane
from tests.environments import CLIENT_ID
from tests.oauth.shopify import ALPHA, ORIGIN, LocalShopify

OTHER_KEY = Secret(base64.b64encode(b"x" * 32).decode())


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def system(db: Database, settings: Settings) -> dict[str, Finding]:
    return by_check(doctor.examine_system(db, settings))


class Practice:
    """Shop Alpha, installed, with the doctor at hand."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self.shopify = LocalShopify()
        here = replace(settings, shop_url=f"{ORIGIN}/shops/{{shop}}", admin_url=ORIGIN)
        self.gateways = Gateways(db, here, door=self.shopify.door())
        self.shopify.install()
        id_token = self.shopify.id_token()
        installer = Installer(db, self.gateways.tokens)
        self.shop_id = installer.arrive(verify(id_token, settings=here), id_token).shop_id

    def examine(self) -> dict[str, Finding]:
        return by_check(examine_shops(self.gateways))


@pytest.fixture
def practice(db: Database, settings: Settings) -> Practice:
    return Practice(db, settings)


def test_a_sound_installation_is_called_sound(db: Database, settings: Settings) -> None:
    findings = doctor.examine_system(db, settings)
    assert doctor.worst(findings) is Verdict.OK, [f for f in findings if f.verdict is not Verdict.OK]
    assert {f.check for f in findings} >= {
        "settings",
        "api_version",
        "redis",
        "database",
        "clock",
        "keys",
        "workers",
    }


def test_every_finding_that_is_not_well_says_what_to_do(db: Database, settings: Settings) -> None:
    ill = replace(
        settings,
        app_url="http://concord.example",
        api_version="2024-01",
        redis_url="redis://127.0.0.1:1/0",
        previous_client_secret=Secret("shpss_before"),
    )
    found = system(db, ill)
    assert found["settings"].verdict is Verdict.FAIL
    assert found["api_version"].verdict is Verdict.FAIL
    assert found["redis"].verdict is Verdict.WARN
    assert found["client_secret"].verdict is Verdict.WARN
    assert all(finding.fix for finding in found.values() if finding.verdict is not Verdict.OK)


def test_a_regular_act_that_fails_again_and_again_is_named_with_its_trace(
    db: Database, settings: Settings
) -> None:
    with db.transaction() as session:
        rhythms.failed(session, "tokens", KeyError("a bug"))
    assert system(db, settings)["rhythms"].verdict is Verdict.OK, "once is no news"
    with db.transaction() as session:
        rhythms.failed(session, "tokens", KeyError("a bug"))
    found = system(db, settings)["rhythms"]
    assert found.verdict is Verdict.FAIL
    assert '"tokens" has failed 2 times in a row' in found.sentence
    assert "KeyError" in found.sentence
    assert "clock.act_failed" in found.fix


@pytest.mark.parametrize(
    ("at", "verdict"),
    [
        (datetime(2026, 11, 20, tzinfo=UTC), Verdict.OK),
        (datetime(2027, 7, 19, tzinfo=UTC), Verdict.WARN),
        (datetime(2027, 10, 16, 14, 59, tzinfo=UTC), Verdict.WARN),
        (datetime(2027, 10, 16, 15, 1, tzinfo=UTC), Verdict.FAIL),
    ],
)
def test_the_end_of_the_api_version_is_seen_coming(
    db: Database, settings: Settings, at: datetime, verdict: Verdict
) -> None:
    with clock.using(SetClock(at)):
        assert system(db, settings)["api_version"].verdict is verdict


@pytest.mark.parametrize("version", ["unstable", "2026-11", "", "2026-10\n"])
def test_what_is_no_version_is_none(version: str) -> None:
    assert doctor.supported_until(version) is None


def test_without_postgresql_the_rest_is_still_said(settings: Settings) -> None:
    from kit.db import connect

    away = connect("postgresql://concord@127.0.0.1:1/none", pool_size=1, application="tests")
    found = system(away, settings)
    away.close()
    assert found["database"].verdict is Verdict.FAIL
    assert found["redis"].verdict is Verdict.OK


def test_a_clock_that_is_wrong_is_noticed(db: Database, settings: Settings) -> None:
    with clock.using(SetClock(datetime.now(UTC) + timedelta(minutes=2))):
        assert system(db, settings)["clock"].verdict is Verdict.WARN


def test_keys_that_are_lost_old_or_left_over_are_told_apart(
    practice: Practice, db: Database, settings: Settings
) -> None:
    own = settings.sealing_keys[0]
    assert system(db, settings)["keys"].verdict is Verdict.OK
    cases = (
        ((("new", OTHER_KEY),), Verdict.FAIL),
        ((("new", OTHER_KEY), own), Verdict.WARN),
        ((own, ("old", OTHER_KEY)), Verdict.WARN),
    )
    for keys, verdict in cases:
        assert system(db, replace(settings, sealing_keys=keys))["keys"].verdict is verdict


def test_work_that_nobody_takes_is_noticed(practice: Practice, db: Database, settings: Settings) -> None:
    with db.transaction(shop_id=practice.shop_id) as session:
        jobs.ask(
            session,
            shop_id=practice.shop_id,
            flow="order_push",
            record="gid://shopify/Order/1",
            lane=Lane.ORDERS,
        )
    with clock.using(SetClock(datetime.now(UTC) + timedelta(minutes=3))):
        assert system(db, settings)["workers"].verdict is Verdict.FAIL


def test_deliveries_that_could_not_be_used_are_counted(
    practice: Practice, db: Database, settings: Settings
) -> None:
    assert "deliveries" not in system(db, settings)
    with db.transaction(shop_id=practice.shop_id) as session:
        session.add(
            Delivery(
                shop_id=practice.shop_id,
                shop_domain=ALPHA,
                webhook_id="w-failed",
                topic="orders/create",
                received_at=clock.now(),
                headers={},
                body=b"{",
                state=DeliveryState.FAILED,
            )
        )
    finding = system(db, settings)["deliveries"]
    assert (finding.verdict, finding.sentence) == (Verdict.WARN, "1 deliveries could not be used.")
    assert "concord replay" in finding.fix


def test_a_request_past_its_limit_is_noticed(practice: Practice, db: Database, settings: Settings) -> None:
    with db.transaction(shop_id=practice.shop_id) as session:
        late = clock.now() - timedelta(days=31)
        session.add(
            PrivacyRequest(
                shop_id=practice.shop_id, kind="data_request", webhook_id="w", asked_at=late, due_at=late
            )
        )
    assert system(db, settings)["privacy"].verdict is Verdict.FAIL


def test_a_sound_shop_without_erp_is_told_what_is_missing(practice: Practice) -> None:
    found = practice.examine()
    assert found["token"].verdict is Verdict.OK
    assert found["scopes"].verdict is Verdict.OK
    assert found["erp"].verdict is Verdict.WARN
    assert found["webhooks"].verdict in (Verdict.OK, Verdict.FAIL)
    assert all(finding.shop == ALPHA for finding in found.values())


def test_a_lost_permission_needs_a_visit(practice: Practice, db: Database) -> None:
    practice.shopify.forget_tokens()
    with db.transaction(shop_id=practice.shop_id) as session:
        session.execute(update(Grant).values(access_expires_at=clock.now()))
    found = practice.examine()
    assert found["token"].verdict is Verdict.FAIL
    assert "opens Concord" in found["token"].fix


def test_missing_scopes_are_named_with_the_flows_that_rest(practice: Practice, db: Database) -> None:
    fewer = [name for name in scopes.REQUIRED if name != "write_inventory"]
    with db.transaction(shop_id=practice.shop_id) as session:
        install.scopes_updated(session, practice.shop_id, fewer, at=clock.now() + timedelta(seconds=1))
        assert session.scalars(select(Grant.scopes)).one()
    finding = practice.examine()["scopes"]
    assert finding.verdict is Verdict.FAIL
    assert "write_inventory" in finding.sentence
    assert "stock_pull" in finding.sentence


def test_a_shop_that_left_is_not_examined_unless_named(practice: Practice, db: Database) -> None:
    with db.transaction(shop_id=practice.shop_id) as session:
        install.uninstalled(session, practice.shop_id, at=None)
    assert examine_shops(practice.gateways) == []
    assert by_check(examine_shops(practice.gateways, domain=ALPHA))["shop"].verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("statement", "verdict", "words"),
    [
        ("update alembic_version set version_num = '0001'", Verdict.FAIL, "is at 0001; this release needs"),
        ("update alembic_version set version_num = '9999'", Verdict.WARN, "newer than this release"),
        ("delete from alembic_version", Verdict.FAIL, "no schema yet"),
        ("drop table alembic_version", Verdict.FAIL, "no schema yet"),
    ],
)
def test_a_schema_that_is_not_this_releases_is_noticed(
    db: Database, settings: Settings, statement: str, verdict: Verdict, words: str
) -> None:
    assert system(db, settings)["schema"].verdict is Verdict.OK
    with db.transaction() as session:
        session.execute(all_shops(text(statement)))
    found = system(db, settings)
    assert (found["schema"].verdict, found["database"].verdict) == (verdict, Verdict.OK)
    assert words in found["schema"].sentence


def test_subscriptions_that_differ_in_any_way_are_noticed(practice: Practice, db: Database) -> None:
    with db.transaction(shop_id=practice.shop_id) as session:
        session.execute(update(Grant).values(scopes=[*scopes.REQUIRED, "read_customer_merge"]))
    practice.shopify.world.install(ALPHA, client_id=CLIENT_ID, scopes=["read_customer_merge"])
    assert practice.examine()["webhooks"].verdict is Verdict.FAIL
    client = practice.gateways.shopify(practice.shop_id, ALPHA)
    uri = f"{practice.gateways.settings.app_url}/webhooks"
    (topic,) = topics.of_shop(["read_customer_merge"])
    subscriptions.repair(client, Changes((topic,), (), (), (), frozenset()), uri=uri)
    assert practice.examine()["webhooks"].verdict is Verdict.OK
    (made,) = subscriptions.actual(client)
    store = practice.shopify.world.store
    kept = store.get(ALPHA, "subscription", made.gid)
    assert kept is not None
    for change, words in (
        ({"filter": "id:1"}, "customers/merge is filtered"),
        ({"version": "2026-01"}, "has the API version 2026-01"),
        ({"topic": "THEMES_PUBLISH"}, "no subscription for customers/merge"),
    ):
        store.put(ALPHA, "subscription", made.gid, kept | change)
        finding = practice.examine()["webhooks"]
        assert finding.verdict is not Verdict.OK
        assert words in finding.sentence
    store.put(ALPHA, "subscription", made.gid, kept)
    store.put(ALPHA, "subscription", f"{made.gid}9", kept | {"id": f"{made.gid}9"})
    assert "CUSTOMERS_MERGE is not wanted" in practice.examine()["webhooks"].sentence
