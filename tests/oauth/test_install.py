"""The life of an installation: first visit, return, lost and regained scopes, uninstallation, late notices."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kit import clock
from kit.clock import SetClock
from kit.config import Settings
from kit.db import Database
from kit.faults import Misconfigured, Transient
from oauth import install, scopes
from oauth import staff as people
from oauth.id_token import NotSignedIn, verify
from oauth.install import Arrival, Installer
from oauth.models import AuditEntry, Grant, Installation, Shop
from oauth.tokens import Tokens
from tests.oauth.shopify import ALPHA, BETA, LocalShopify


class Visits:
    """Visits of staff, and what the arrival asked for in its own transaction."""

    def __init__(self, db: Database, tokens: Tokens, shopify: LocalShopify, settings: Settings) -> None:
        self.db, self.shopify, self.settings = db, shopify, settings
        self.asked: list[Arrival] = []
        self.installer = Installer(db, tokens, ask=self._note)

    def _note(self, session: Session, arrival: Arrival) -> None:
        assert session.in_transaction()
        self.asked.append(arrival)

    def visit(self, shop: str = ALPHA, *, staff: str = "ada", is_whole: bool = False) -> Arrival:
        """Somebody opens the app; a whole visit also notes the person, as the web does."""
        id_token = self.shopify.id_token(shop, staff=staff)
        identity = verify(id_token, settings=self.settings)
        arrival = self.installer.arrive(identity, id_token, address="203.0.113.7")
        if is_whole:
            with self.db.transaction(shop_id=arrival.shop_id) as session:
                people.arrive(
                    session,
                    shop_id=arrival.shop_id,
                    number=identity.staff_number,
                    signed_at=identity.signed_at,
                )
        return arrival

    def state(self, shop_id: int) -> str:
        with self.db.transaction() as session:
            return session.scalars(select(Shop.state).where(Shop.id == shop_id)).one()

    def acts(self, shop_id: int) -> list[str]:
        with self.db.transaction() as session:
            query = select(AuditEntry.act).where(AuditEntry.shop_id == shop_id).order_by(AuditEntry.id)
            return list(session.scalars(query))


@pytest.fixture
def visits(db: Database, tokens: Tokens, shopify: LocalShopify, settings: Settings) -> Visits:
    return Visits(db, tokens, shopify, settings)


def test_the_first_visit_installs_and_asks_once(visits: Visits, shopify: LocalShopify) -> None:
    shopify.install()
    arrival = visits.visit()
    assert arrival.is_installed_now
    assert arrival.is_renewed
    assert arrival.missing_scopes == ()
    assert visits.state(arrival.shop_id) == Installation.INSTALLED
    again = visits.visit(staff="bo")
    assert again.shop_id == arrival.shop_id
    assert not again.is_installed_now
    assert visits.asked == [arrival]
    assert shopify.token_calls == 1
    assert visits.acts(arrival.shop_id) == ["installed"]


def test_two_shops_are_two_shops(visits: Visits, shopify: LocalShopify) -> None:
    shopify.install(ALPHA)
    shopify.install(BETA)
    assert visits.visit(ALPHA).shop_id != visits.visit(BETA, staff="cy").shop_id


def test_when_what_the_arrival_asks_for_fails_the_shop_is_not_installed(
    db: Database, tokens: Tokens, shopify: LocalShopify, settings: Settings
) -> None:
    def fails(_session: Session, _arrival: Arrival) -> None:
        raise Transient("busy", "Busy.")

    shopify.install()
    id_token = shopify.id_token()
    with pytest.raises(Transient):
        Installer(db, tokens, ask=fails).arrive(verify(id_token, settings=settings), id_token)
    with db.transaction() as session:
        assert session.scalars(select(Shop.state)).one() == Installation.NEEDS_VISIT
        assert session.scalars(select(func.count()).select_from(AuditEntry)).one() == 0
    after = Visits(db, tokens, shopify, settings)
    assert after.visit().is_installed_now


def test_an_id_token_that_shopify_finds_stale_is_no_sign_in(
    visits: Visits, shopify: LocalShopify, noon: SetClock
) -> None:
    with pytest.raises(NotSignedIn):
        visits.visit()  # the app is installed nowhere: Shopify exchanges nothing


def test_a_return_after_uninstalling_is_a_new_installation(
    visits: Visits, shopify: LocalShopify, db: Database
) -> None:
    shopify.install()
    first = visits.visit()
    shopify.uninstall()
    with db.transaction(shop_id=first.shop_id) as session:
        assert install.uninstalled(session, first.shop_id, at=clock.now())
        assert not install.uninstalled(session, first.shop_id, at=clock.now())
        assert session.scalar(select(Grant)) is None
    assert visits.state(first.shop_id) == Installation.UNINSTALLED
    shopify.install()
    back = visits.visit()
    assert back.shop_id == first.shop_id
    assert back.is_installed_now
    assert visits.state(first.shop_id) == Installation.INSTALLED
    assert visits.acts(first.shop_id) == ["installed", "uninstalled", "installed"]


def test_a_late_notice_of_uninstalling_does_not_end_the_newer_installation(
    visits: Visits, shopify: LocalShopify, db: Database, noon: SetClock
) -> None:
    shopify.install()
    sent_at = clock.now() - timedelta(minutes=1)
    arrival = visits.visit()
    with db.transaction(shop_id=arrival.shop_id) as session:
        assert not install.uninstalled(session, arrival.shop_id, at=sent_at)
        assert session.scalar(select(Grant)) is not None
    assert visits.state(arrival.shop_id) == Installation.INSTALLED


def test_a_late_notice_does_not_end_an_installation_that_came_back_before_it_arrived(
    visits: Visits, shopify: LocalShopify, db: Database, tokens: Tokens, noon: SetClock
) -> None:
    shopify.install()
    shop_id = visits.visit().shop_id
    noon.move(600)
    shopify.uninstall()
    sent_at = clock.now()
    tokens.invalidate(shop_id, "Shopify answered 401")
    noon.move(60)
    shopify.install()
    assert not visits.visit().is_installed_now  # the notice has not told us yet that the shop had left
    noon.move(60)
    with db.transaction(shop_id=shop_id) as session:
        assert not install.uninstalled(session, shop_id, at=sent_at)
        assert session.scalar(select(Grant)) is not None
    assert visits.state(shop_id) == Installation.INSTALLED


def test_a_late_notice_does_not_end_an_installation_whose_visits_needed_no_token(
    visits: Visits, shopify: LocalShopify, db: Database, noon: SetClock
) -> None:
    shopify.install()
    shop_id = visits.visit().shop_id
    noon.move(600)
    shopify.uninstall()
    sent_at = clock.now()
    noon.move(60)
    shopify.install()
    calls = shopify.token_calls
    visits.visit(is_whole=True)
    assert shopify.token_calls == calls  # for all we knew the shop had never left
    noon.move(60)
    with db.transaction(shop_id=shop_id) as session:
        assert not install.uninstalled(session, shop_id, at=sent_at)
    assert visits.state(shop_id) == Installation.NEEDS_VISIT
    back = visits.visit()
    assert back.is_installed_now  # its subscriptions went with the installation before
    assert visits.state(shop_id) == Installation.INSTALLED
    assert visits.acts(shop_id) == ["installed", "staff_first_seen", "came_back", "installed"]


def test_a_notice_that_is_newer_than_every_visit_ends_the_installation(
    visits: Visits, shopify: LocalShopify, db: Database, noon: SetClock
) -> None:
    shopify.install()
    shop_id = visits.visit(is_whole=True).shop_id
    noon.move(30)
    sent_at = clock.now()
    noon.move(30)
    with db.transaction(shop_id=shop_id) as session:
        assert install.uninstalled(session, shop_id, at=sent_at)
    assert visits.state(shop_id) == Installation.UNINSTALLED


def test_a_notice_ends_an_installation_whose_tokens_are_older_than_it(
    visits: Visits, shopify: LocalShopify, db: Database, noon: SetClock
) -> None:
    shopify.install()
    shop_id = visits.visit().shop_id
    noon.move(600)
    with db.transaction(shop_id=shop_id) as session:
        assert install.uninstalled(session, shop_id, at=clock.now())


@pytest.mark.parametrize("is_valid", [True, False])
@pytest.mark.parametrize("harm", ["another_key", "broken"])
def test_tokens_that_cannot_be_opened_any_more_are_replaced_by_the_next_visit(
    harm: str,
    is_valid: bool,
    visits: Visits,
    shopify: LocalShopify,
    db: Database,
    tokens: Tokens,
) -> None:
    shopify.install()
    shop_id = visits.visit().shop_id
    with db.transaction(shop_id=shop_id) as session:
        row = session.scalars(select(Grant)).one()
        key, _, box = row.access_token.partition(".")
        row.access_token = f"gone.{box}" if harm == "another_key" else f"{key}.{box[:-8]}AAAAAAA="
        row.is_valid = is_valid
    with pytest.raises(Misconfigured):
        tokens.access_token(shop_id, ALPHA)
    arrival = visits.visit()
    assert arrival.is_renewed
    assert not arrival.is_installed_now
    assert shopify.accepts(tokens.access_token(shop_id, ALPHA).reveal())
    calls = shopify.token_calls
    visits.visit()
    assert shopify.token_calls == calls


def test_missing_scopes_are_seen_and_looked_for_again_after_a_minute(
    visits: Visits, shopify: LocalShopify, noon: SetClock
) -> None:
    shopify.install(without=["read_returns"])
    arrival = visits.visit()
    assert arrival.missing_scopes == ("read_returns",)
    assert visits.state(arrival.shop_id) == Installation.SCOPES_MISSING
    shopify.install()
    assert visits.visit().missing_scopes == ("read_returns",)
    assert shopify.token_calls == 1
    noon.move(61)
    regained = visits.visit()
    assert regained.scopes_added == ("read_returns",)
    assert not regained.is_installed_now
    assert visits.state(arrival.shop_id) == Installation.INSTALLED


def test_a_notice_about_scopes_pauses_and_resumes_exactly_the_flows_concerned(
    visits: Visits, shopify: LocalShopify, db: Database, noon: SetClock
) -> None:
    shopify.install()
    shop_id = visits.visit().shop_id
    noon.move(10)
    fewer = [name for name in scopes.REQUIRED if name != "write_inventory"]
    with db.transaction(shop_id=shop_id) as session:
        change = install.scopes_updated(session, shop_id, fewer, at=clock.now())
    assert change.removed == ("write_inventory",)
    assert change.paused_flows == ("stock_pull",)
    assert visits.state(shop_id) == Installation.SCOPES_MISSING
    noon.move(10)
    with db.transaction(shop_id=shop_id) as session:
        change = install.scopes_updated(session, shop_id, scopes.REQUIRED, at=clock.now())
    assert change.resumed_flows == ("stock_pull",)
    assert visits.state(shop_id) == Installation.INSTALLED


def test_an_older_notice_about_scopes_changes_nothing(
    visits: Visits, shopify: LocalShopify, db: Database, noon: SetClock
) -> None:
    shopify.install()
    shop_id = visits.visit().shop_id
    with db.transaction(shop_id=shop_id) as session:
        change = install.scopes_updated(session, shop_id, [], at=clock.now() - timedelta(seconds=1))
        assert change == install.ScopeChange()
        assert session.scalars(select(Grant)).one().scopes


def test_a_living_shop_is_not_redacted_and_a_gone_one_is(
    visits: Visits, shopify: LocalShopify, db: Database
) -> None:
    shopify.install()
    shop_id = visits.visit().shop_id
    with db.transaction(shop_id=shop_id) as session:
        install.described(session, shop_id, name="Ada's", currency="EUR", timezone="Europe/Berlin")
        assert not install.redacted(session, shop_id)
        install.uninstalled(session, shop_id, at=None)
        assert install.redacted(session, shop_id)
        shop = install.find(session, ALPHA)
        assert shop is not None
        assert (shop.state, shop.name) == (Installation.REDACTED, "")
