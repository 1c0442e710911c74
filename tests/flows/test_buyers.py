"""Buyers of orders: an ambiguous one is held until a person says who it is, and that choice sticks."""

from __future__ import annotations

from typing import Any

from sync.domain import rules_json
from sync.domain.rules import SHOPIFY_ID, MatchBy
from sync.flows import publishing
from sync.state import mappings
from sync.state.models import JobState
from tests.flows.town import Town

SHARED = "bo@example.com"


def twins(town: Town, **values: Any) -> list[str]:
    """Two parties that people made in the ERP with the same values; their ids."""
    return [
        town.books.call("write_party", {"code": f"K-{n}", "name": f"Bo {n}", **values})["erp_id"]
        for n in (1, 2)
    ]


def choose(town: Town, buyer: str, erp_id: str) -> int:
    """A person pairs a buyer and publishes; says how many jobs that released."""
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        rules = dict(mappings.in_force(session, town.connection.id).rules)
        rules["customers"] = {**rules.get("customers", {}), buyer: erp_id}
        kept = rules_json.write_rules(rules_json.read_rules(rules))
        shop, erp = town.shop_id, town.connection.id
        mappings.save_draft(session, shop_id=shop, connection_id=erp, rules=kept, author="ada")
        return len(publishing.publish(session, shop_id=shop, connection_id=erp, by="ada").job_ids)


def test_an_ambiguous_guest_is_held_until_a_person_chooses_and_the_choice_sticks(town: Town) -> None:
    _, second = twins(town, email=SHARED)
    town.order(("ALP-MUG", 1), guest=True)
    (held,) = town.jobs("order_push", JobState.HELD)
    assert held.misses is not None
    assert held.misses.startswith("mapping:customer:SG-")
    assert not town.books.documents

    assert choose(town, held.misses.removeprefix("mapping:customer:"), second) == 1
    town.rest()
    town.order(("ALP-MUG", 2), guest=True)
    assert {each.state for each in town.jobs("order_push")} == {JobState.DONE}
    assert [each["party"] for each in town.books.documents.values()] == [second, second]
    assert len(town.books.parties) == 2


def test_with_the_email_first_a_known_buyer_is_still_looked_up_by_it(town: Town) -> None:
    town.order(("ALP-MUG", 1), guest=True)
    (ours,) = town.books.parties.values()
    hers = town.books.call("write_party", {"code": "K-1", "name": "Bo"})["erp_id"]
    town.books.parties[ours["code"]]["email"] = "old@example.com"
    town.books.call("write_party", {"code": "K-1", "erp_id": hers, "email": SHARED})
    town.order(("ALP-MUG", 1), guest=True)
    town.publish(match_order=(MatchBy.EMAIL, MatchBy.LINK))
    town.order(("ALP-MUG", 1), guest=True)
    bought_by = [each["party"] for each in town.books.documents.values()]
    assert bought_by == [ours["erp_id"], ours["erp_id"], hers]


def test_a_buyer_is_recognised_by_the_number_that_the_erp_kept(town: Town) -> None:
    town.publish(external_id=SHOPIFY_ID)
    town.order(("ALP-MUG", 1))
    (made,) = town.books.parties.values()
    (link,) = town.links("customer")
    assert made["external_id"] == link.shopify_gid.rpartition("/")[2]
    with town.stage.plain.transaction(shop_id=town.shop_id) as session:
        session.delete(session.get_one(type(link), link.id))
    del town.books.parties[made["code"]]
    theirs = town.books.call("write_party", {"code": "K-9", "name": "Bo", "external_id": made["external_id"]})
    town.order(("ALP-MUG", 1))
    assert [each["party"] for each in town.books.documents.values()] == [made["erp_id"], theirs["erp_id"]]
