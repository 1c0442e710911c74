"""Buyers of orders: an ambiguous one is held until a person says who it is, and that choice sticks."""

from __future__ import annotations

from typing import Any

from sync.domain import rules_json
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
