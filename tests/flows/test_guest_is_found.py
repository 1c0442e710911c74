"""A guest, known by an e-mail address only, is found for a request after the bodies of deliveries are gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from oauth.models import PrivacyRequest
from oauth.models import Shop as ShopRow
from sandbox.shopify.commands import orders
from sync.state import marks
from sync.state.models import Attempt, Delivery
from sync.state.personal import REMOVED
from sync.state.settings_models import Snapshot
from tests.flows.town import ALPHA, Town

EMAIL = "Only.Once@Example.com"


def placed(town: Town, email: str) -> str:
    """An order of a guest, exported; the bodies of its deliveries are gone since."""
    spec: dict[str, Any] = {
        "lines": [{"sku": "ALP-MUG", "quantity": 1}],
        "email": email,
        "financial_state": "paid",
    }
    gid = orders.create(town.stage.store, ALPHA, spec)
    town.rest()
    return str(gid)


def forget_bodies(town: Town) -> None:
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        session.execute(update(Delivery).values(body=None))
        session.execute(update(Snapshot).values(customer_gid=None))
        session.execute(update(Attempt).values(sentence="It names the guest."))


def found(town: Town, model: Any) -> list[Any]:
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        return list(session.scalars(select(model).order_by(model.id)))


def test_a_guest_without_bodies_is_found_by_the_address_and_forgotten(town: Town) -> None:
    mine, other = placed(town, EMAIL), placed(town, "somebody.else@example.com")
    forget_bodies(town)
    assert all(EMAIL.casefold() not in str(row.buyer_mark) for row in found(town, Snapshot))
    town.stage.world.ask_for_data(ALPHA, {"email": EMAIL.upper()}, orders=[])
    town.rest()
    assert found(town, PrivacyRequest)[-1].counts["summaries"] == 1
    town.stage.world.redact_customer(ALPHA, {"email": EMAIL}, orders=[], at_once=True)
    town.rest()
    kept = {row.record: row for row in found(town, Snapshot)}
    assert (kept[mine].buyer_mark, kept[other].buyer_mark is None) == (None, False)
    said = {row.record: row.sentence for row in found(town, Attempt) if row.flow == "order_push"}
    assert (said[mine], said[other]) == (REMOVED, "It names the guest.")


def test_marks_mean_nothing_without_the_shops_key(town: Town) -> None:
    placed(town, EMAIL)
    sealer = town.stage.engine.gateways.sealer
    (row,) = found(town, Snapshot)
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        asked: dict[str, Any] = {"shop_id": town.shop_id, "words": [EMAIL, "+49 151"]}
        assert marks.known(session, sealer, **asked) == (row.buyer_mark,)
        session.get_one(ShopRow, town.shop_id).sealed_mark_key = "lost.AAAA"
        session.flush()
        assert marks.known(session, sealer, **asked) == ()
        assert marks.of(session, sealer, shop_id=town.shop_id, email=EMAIL) is None
        session.get_one(ShopRow, town.shop_id).sealed_mark_key = None
        session.flush()
        assert marks.known(session, sealer, **asked) == ()
        assert marks.of(session, sealer, shop_id=town.shop_id, email=EMAIL) not in (None, row.buyer_mark)
