"""Customers to the ERP: the linked party gets what Shopify owns; merged customers share the kept one's party."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from kit import clock
from oauth import audit
from oauth.models import AuditEntry
from oauth.signatures import SignedDelivery
from sandbox.shopify.commands import customers
from sandbox.simulator.fuse import Killed
from sync.state import inbox
from sync.state.models import Delivery, DeliveryState, JobState
from tests.flows.town import ALPHA, LEASE_SECONDS, Town

MOMENTS_AT_MOST = 60
NORA = {
    "email": "nora@example.com",
    "first_name": "Nora",
    "last_name": "Fields",
    "phone": "+12125550100",
    "addresses": [{"address1": "1 Elm Street", "city": "Denver", "zip": "80202", "country_code": "US"}],
}


def customer(town: Town, **fields: Any) -> str:
    """Somebody who has bought nothing yet."""
    return customers.create(town.stage.store, ALPHA, {**NORA, **fields})


def bought(town: Town, gid: str) -> dict[str, Any]:
    """The customer orders something, and so has a party."""
    town.order(("ALP-MUG", 1), customer_id=gid, email=None)
    return party(town, gid)


def party(town: Town, gid: str) -> dict[str, Any]:
    """The party that the customer is linked to, as the ERP has it."""
    (link,) = [each for each in town.links("customer") if each.shopify_gid == gid]
    return next(each for each in town.books.parties.values() if each["erp_id"] == link.erp_id)


def change(town: Town, gid: str, **changes: Any) -> None:
    """The customer is changed in the admin, and everything comes to rest."""
    customers.update(town.stage.store, ALPHA, gid, changes)
    town.rest()


def merge(town: Town, kept: str, gone: str, *, status: str = "completed", number: int = 1) -> None:
    """Shopify tells that it made two customers one."""
    body: dict[str, Any] = {
        "admin_graphql_api_customer_kept_id": kept,
        "admin_graphql_api_customer_deleted_id": gone,
        "admin_graphql_api_job_id": None,
        "status": status,
        "errors": [],
    }
    delivered(town, "customers/merge", body, webhook_id=f"merge-{number}")
    town.rest()


def delivered(town: Town, topic: str, body: dict[str, Any], *, webhook_id: str) -> None:
    signed = SignedDelivery(
        shop_domain=ALPHA,
        topic=topic,
        webhook_id=webhook_id,
        event_id="",
        api_version="2026-10",
        triggered_at=clock.now(),
        headers={},
        body=json.dumps(body).encode(),
    )
    inbox.store(town.stage.inbox, [signed])


def acts(town: Town) -> list[AuditEntry]:
    with town.stage.plain.transaction() as session:
        query = select(AuditEntry).where(AuditEntry.act == "customers_merged").order_by(AuditEntry.id)
        return list(session.scalars(query))


def writes(town: Town) -> int:
    return len(town.intents("customer_push"))


def test_the_linked_party_gets_the_new_name_email_phone_and_address(town: Town) -> None:
    nora = customer(town)
    bought(town, nora)
    change(town, nora, last_name="Woods", email="woods@example.com", phone="+12125550199")
    found = party(town, nora)
    assert (found["name"], found["email"], found["phone"]) == (
        "Nora Woods",
        "woods@example.com",
        "+12125550199",
    )
    change(town, nora, address={"address1": "9 Oak Street"})
    assert party(town, nora)["addresses"] == ["9 Oak Street, 80202 Denver"]
    assert len(town.books.parties) == 1


def test_a_field_group_that_the_erp_owns_is_not_written(town: Town) -> None:
    nora = customer(town)
    bought(town, nora)
    town.set(owners={"customer_identity": "erp"})
    change(town, nora, email="new@example.com", address={"address1": "9 Oak Street"})
    assert (party(town, nora)["email"], party(town, nora)["name"]) == ("nora@example.com", "Nora Fields")
    assert party(town, nora)["addresses"] == ["9 Oak Street, 80202 Denver"]
    town.set(owners={"customer_identity": "erp", "customer_address": "erp"})
    before = writes(town)
    change(town, nora, email="newer@example.com", address={"address1": "3 Ash Street"})
    assert writes(town) == before
    assert town.sentences("customer_push")[-1] == "The ERP owns every field of a customer."


def test_what_shopify_emptied_stays_in_the_erp(town: Town) -> None:
    nora = customer(town)
    bought(town, nora)
    change(town, nora, phone=None, first_name=None, last_name=None, email="only@example.com")
    found = party(town, nora)
    assert (found["phone"], found["name"], found["email"]) == (
        "+12125550100",
        "Nora Fields",
        "only@example.com",
    )


def test_the_same_values_are_written_once_and_older_ones_that_come_back_are_written_again(town: Town) -> None:
    nora = customer(town)
    bought(town, nora)
    change(town, nora, email="one@example.com")
    before = writes(town)
    change(town, nora, note="rings twice", tags=["vip"])
    assert writes(town) == before
    change(town, nora, email="two@example.com")
    change(town, nora, email="one@example.com")
    assert party(town, nora)["email"] == "one@example.com"


def test_a_customer_without_a_party_is_left_alone_unless_the_policy_says_to_create_one(town: Town) -> None:
    nora = customer(town)
    change(town, nora, note="hello")
    assert town.books.parties == {}
    assert [job.state for job in town.jobs("customer_push")] == [JobState.IGNORED]
    town.set(customers={"creates": True})
    town.clock.move(5)
    change(town, nora, note="hello again")
    assert party(town, nora)["email"] == "nora@example.com"
    town.order(("ALP-MUG", 1), customer_id=nora, email=None)
    assert len(town.books.parties) == 1


def test_a_created_party_is_the_one_with_the_same_email_if_the_erp_has_one(town: Town) -> None:
    known = town.books.call("write_party", {"code": "OLD-7", "name": "Nora F.", "email": "nora@example.com"})
    town.set(customers={"creates": True})
    town.clock.move(5)
    nora = customer(town)
    change(town, nora, note="hello")
    assert party(town, nora)["erp_id"] == known["erp_id"]
    assert list(town.books.parties) == ["OLD-7"]


def test_two_parties_that_could_be_the_customer_are_a_question_to_a_person(town: Town) -> None:
    for code in ("OLD-7", "OLD-8"):
        town.books.call("write_party", {"code": code, "name": "Nora", "email": "nora@example.com"})
    town.set(customers={"creates": True})
    town.clock.move(5)
    nora = customer(town)
    change(town, nora, note="hello")
    (held,) = town.jobs("customer_push", JobState.HELD)
    assert held.misses == f"mapping:customer:{nora}"


def test_a_party_that_a_person_chose_gets_the_values_and_keeps_its_name(town: Town) -> None:
    nora = customer(town)
    first = bought(town, nora)
    chosen = town.books.call("write_party", {"code": "HAND-1", "name": "Fields & Sons"})
    town.publish(customers={nora: chosen["erp_id"]})
    town.clock.move(5)
    change(town, nora, email="sons@example.com")
    assert town.books.parties["HAND-1"]["email"] == "sons@example.com"
    assert town.books.parties["HAND-1"]["name"] == "Fields & Sons"
    assert town.books.parties[first["code"]]["email"] == "nora@example.com"
    assert party(town, nora)["erp_id"] == first["erp_id"], "the choice lives in the mapping, not in the link"


def test_an_old_body_does_not_bring_old_values_back(town: Town) -> None:
    nora = customer(town)
    bought(town, nora)
    stale = dict(customers_body(town, nora), email="stale@example.com")
    town.clock.move(60)
    change(town, nora, email="fresh@example.com")
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        for row in session.scalars(select(Delivery).where(Delivery.record == nora)):
            row.body = None  # pruned; only what was written remembers how new the customer was
    delivered(town, "customers/update", stale, webhook_id="stale")
    town.rest()
    assert party(town, nora)["email"] == "fresh@example.com"


def customers_body(town: Town, gid: str) -> dict[str, Any]:
    """The newest body about a customer, as it was delivered."""
    change(town, gid, note="to have a body")
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        query = select(Delivery.body).where(Delivery.record == gid).order_by(Delivery.id.desc()).limit(1)
        body: dict[str, Any] = json.loads(session.scalars(query).one() or b"{}")
    return body


@pytest.mark.slow
def test_a_process_that_dies_at_any_moment_while_it_brings_a_customer_loses_nothing(town: Town) -> None:
    nora = customer(town)
    bought(town, nora)
    for moment in range(1, MOMENTS_AT_MOST):
        customers.update(town.stage.store, ALPHA, nora, {"email": f"new{moment}@example.com"})
        town.stage.world.sender.deliver_due()
        town.stage.engine.process_deliveries()
        died = runs_until_done_or_dead(town, moment)
        assert party(town, nora)["email"] == f"new{moment}@example.com"
        assert len(town.books.parties) == 1
        if not died:
            assert moment > 5, "a customer has more moments than that"
            return
    pytest.fail("the customer never got through")


def runs_until_done_or_dead(town: Town, moment: int) -> bool:
    """The jobs run in a process that dies at this moment, and another goes on. Says whether it died."""
    town.stage.fuse.arm(moment)
    try:
        town.stage.engine.run_jobs()
    except Killed:
        town.stage.start()
        town.clock.move(LEASE_SECONDS)
        town.rest()
        return True
    town.stage.fuse.renew()
    return False


def test_links_of_a_merged_customer_lead_to_the_party_of_the_kept_one(town: Town) -> None:
    kept, gone = customer(town), customer(town, email="nora2@example.com", phone=None)
    ours, theirs = bought(town, kept), bought(town, gone)
    assert ours["erp_id"] != theirs["erp_id"]
    merge(town, kept, gone)
    assert party(town, gone)["erp_id"] == party(town, kept)["erp_id"] == ours["erp_id"]
    assert len(town.books.parties) == 2, "nothing is deleted in the ERP"
    (entry,) = acts(town)
    assert (entry.actor, entry.subject) == (audit.SHOPIFY, kept)
    assert entry.before == {"customer": gone, "party": theirs["erp_id"]}
    assert entry.after == {"customer": kept, "party": ours["erp_id"]}


def test_the_same_merge_told_twice_is_written_down_once(town: Town) -> None:
    kept, gone = customer(town), customer(town, email="nora2@example.com", phone=None)
    bought(town, kept), bought(town, gone)
    merge(town, kept, gone)
    merge(town, kept, gone, number=2)
    assert len(acts(town)) == 1


def test_the_kept_customer_takes_over_the_party_that_only_the_gone_one_had(town: Town) -> None:
    kept, gone = customer(town), customer(town, email="nora2@example.com", phone=None)
    theirs = bought(town, gone)
    merge(town, kept, gone)
    assert party(town, kept)["erp_id"] == party(town, gone)["erp_id"] == theirs["erp_id"]
    assert party(town, kept)["email"] == "nora@example.com", "and its values follow"


def test_a_person_s_choice_for_the_kept_customer_stays_through_a_merge(town: Town) -> None:
    kept, gone = customer(town), customer(town, email="nora2@example.com", phone=None)
    bought(town, gone)
    chosen = town.books.call("write_party", {"code": "HAND-1", "name": "Fields & Sons"})
    town.publish(customers={kept: chosen["erp_id"]})
    town.clock.move(5)
    merge(town, kept, gone)
    assert party(town, gone)["erp_id"] == chosen["erp_id"]


def test_a_chain_of_merges_ends_at_the_last_customer_s_party(town: Town) -> None:
    first, second, third = (customer(town, email=f"n{n}@example.com", phone=None) for n in (1, 2, 3))
    for each in (first, second, third):
        bought(town, each)
    merge(town, second, first, number=1)
    merge(town, third, second, number=2)
    assert party(town, first)["erp_id"] == party(town, second)["erp_id"] == party(town, third)["erp_id"]


def test_two_merges_into_one_customer_that_become_one_job_are_both_done(town: Town) -> None:
    kept, one, two = (customer(town, email=f"n{n}@example.com", phone=None) for n in (1, 2, 3))
    for each in (kept, one, two):
        bought(town, each)
    for number, gone in enumerate((one, two)):
        body = {
            "admin_graphql_api_customer_kept_id": kept,
            "admin_graphql_api_customer_deleted_id": gone,
            "status": "completed",
        }
        delivered(town, "customers/merge", body, webhook_id=f"m{number}")
    town.rest()
    assert party(town, one)["erp_id"] == party(town, two)["erp_id"] == party(town, kept)["erp_id"]
    assert len(acts(town)) == 2


@pytest.mark.parametrize("status", ["failed", "in_progress", "requested", ""])
def test_a_merge_that_did_not_happen_changes_no_link(town: Town, status: str) -> None:
    kept, gone = customer(town), customer(town, email="nora2@example.com", phone=None)
    bought(town, kept)
    theirs = bought(town, gone)
    merge(town, kept, gone, status=status)
    assert party(town, gone)["erp_id"] == theirs["erp_id"]
    assert acts(town) == []


def test_a_late_change_of_the_gone_customer_does_not_reach_the_shared_party(town: Town) -> None:
    kept, gone = customer(town), customer(town, email="nora2@example.com", phone=None)
    bought(town, kept), bought(town, gone)
    merge(town, kept, gone)
    change(town, gone, email="late@example.com")
    assert party(town, kept)["email"] == "nora@example.com"
    assert town.sentences("customer_push")[-1] == f"Shopify merged this customer into {kept}."


def test_a_merge_body_without_the_kept_customer_is_shown_as_failed(town: Town) -> None:
    delivered(town, "customers/merge", {"status": "completed"}, webhook_id="broken")
    town.stage.engine.process_deliveries()
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        row = session.scalars(select(Delivery).where(Delivery.webhook_id == "broken")).one()
    assert (row.state, row.reason) == (
        DeliveryState.FAILED,
        "The body does not say which record it is about.",
    )
