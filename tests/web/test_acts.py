"""What people do: with a permission, written down, and safe to do twice."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from kit import clock
from oauth import install, scopes
from oauth.models import AuditEntry, PrivacyRequest, Shop
from oauth.staff import Permission
from sandbox.shopify import installations
from sync.domain.feeds import CreditTold
from sync.domain.money import Money
from sync.domain.ownership import Group, Side
from sync.domain.policies import BackPolicies, Road
from sync.flows import back, refund_pull
from sync.state import owners
from sync.state.models import Delivery, Job
from tests.environments import CLIENT_ID
from tests.insight.rows import Rows, order
from tests.oauth.shopify import ALPHA, BETA
from tests.web.office import Office

ACTS = {
    "/guide/dismiss": Permission.CHANGE_POLICIES,
    "/guide/show": Permission.CHANGE_POLICIES,
    "/records/Order/6000000001/resync": Permission.REPLAY,
    "/records/Order/6000000001/replay": Permission.REPLAY,
    "/issues/1/retry": Permission.REPLAY,
    "/issues/1/ignore": Permission.REPLAY,
    "/jobs/retry": Permission.REPLAY,
    "/deliveries/1/replay": Permission.REPLAY,
    "/connection": Permission.CONNECT_ERP,
    "/connection/test": Permission.CONNECT_ERP,
    "/connection/pause": Permission.CONNECT_ERP,
    "/connection/resume": Permission.CONNECT_ERP,
    "/mappings/suggest": Permission.PUBLISH_MAPPINGS,
    "/mappings/publish": Permission.PUBLISH_MAPPINGS,
    "/mappings/discard": Permission.PUBLISH_MAPPINGS,
    "/mappings/roll-back": Permission.PUBLISH_MAPPINGS,
    "/mappings/taxes": Permission.PUBLISH_MAPPINGS,
    "/mappings/customers": Permission.PUBLISH_MAPPINGS,
    "/mappings/fields/new": Permission.PUBLISH_MAPPINGS,
    "/mappings/fields/1/remove": Permission.PUBLISH_MAPPINGS,
    "/policies": Permission.PUBLISH_MAPPINGS,
    "/records/Order/6000000001%23credit:7/agree": Permission.REFUND,
    "/records/price:I7:/agree-price": Permission.CHANGE_POLICIES,
    "/roads": Permission.CHANGE_POLICIES,
    "/differences/set-back": Permission.REPLAY,
    "/settings/access": Permission.CHANGE_POLICIES,
    "/settings/owners": Permission.CHANGE_POLICIES,
    "/settings/owners/roll-back": Permission.CHANGE_POLICIES,
    "/settings/people/1": Permission.MANAGE_STAFF,
    "/privacy/1/file": Permission.READ_PERSONAL_DATA,
}


@pytest.fixture
def rows(office: Office) -> Rows:
    """Rows of shop Alpha."""
    return Rows(office.database, office.shop_id())


def _state(rows: Rows, job: Job) -> str:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return session.get_one(Job, job.id).state


def _acts(rows: Rows) -> list[str]:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.shop_id == rows.shop_id))
        return [entry.act for entry in found]


@pytest.mark.parametrize("path", ACTS)
def test_nobody_acts_without_a_token(office: Office, path: str) -> None:
    assert office.client.post(f"/app{path}").status_code == 401


@pytest.mark.parametrize(("path", "permission"), ACTS.items())
def test_every_act_needs_its_permission(office: Office, path: str, permission: Permission) -> None:
    office.shop_id()
    office.permit(*[each for each in Permission if each is not permission])
    answer = office.do(path, who="bo")
    assert answer.status_code == 403
    assert "You are not allowed to do this" in answer.text


@pytest.mark.parametrize("path", [path for path in ACTS if any(c.isdigit() for c in path)])
def test_cy_cannot_act_on_alphas_things(office: Office, rows: Rows, path: str) -> None:
    job = rows.stuck(1, cause="closed")
    rows.issue("closed")
    rows.delivery(record=order(1))
    before = len(_acts(rows))
    assert office.do(path, shop=BETA, who="cy", reason="mine").status_code == 404
    assert _state(rows, job) == "dead"
    assert len(_acts(rows)) == before


def test_retry_all_runs_every_record_of_a_cause_again(office: Office, rows: Rows) -> None:
    jobs = [rows.stuck(number, cause="closed") for number in (1, 2)]
    other = rows.stuck(3, cause="other")
    issue = rows.issue("closed")
    answer = office.do(f"/issues/{issue.id}/retry")
    assert answer.json()["say"] == "2 records are tried again."
    assert answer.json()["go"].startswith(f"/app/issues/{issue.id}?")
    assert [_state(rows, job) for job in jobs] == ["ready", "ready"]
    assert _state(rows, other) == "dead"
    assert "retried" in _acts(rows)


def test_one_record_can_be_retried_alone(office: Office, rows: Rows) -> None:
    first, second = rows.stuck(1, cause="closed"), rows.stuck(2, cause="closed")
    issue = rows.issue("closed")
    assert office.do(f"/issues/{issue.id}/retry", job=str(first.id)).json()["say"].startswith("1 record")
    assert (_state(rows, first), _state(rows, second)) == ("ready", "dead")


def test_an_issue_is_ignored_with_a_reason_and_never_without(office: Office, rows: Rows) -> None:
    job = rows.stuck(1, cause="closed")
    issue = rows.issue("closed")
    refused = office.do(f"/issues/{issue.id}/ignore", reason="  ")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert _state(rows, job) == "dead"
    assert office.do(f"/issues/{issue.id}/ignore", reason="Old test orders").status_code == 200
    assert _state(rows, job) == "ignored"
    page = office.look(f"/issues/{issue.id}").text
    assert "Old test orders" in page


def test_all_dead_letters_are_retried_at_once(office: Office, rows: Rows) -> None:
    jobs = [rows.stuck(number) for number in (1, 2, 3)]
    held = rows.stuck(4, state="held", misses="grant")
    assert office.do("/jobs/retry", queue="dead").json()["say"] == "3 jobs are tried again."
    assert {_state(rows, job) for job in jobs} == {"ready"}
    assert _state(rows, held) == "held"


def test_a_resync_asks_for_the_record_once_however_often_it_is_clicked(office: Office, rows: Rows) -> None:
    rows.snapshot(order(1), "#1001")
    for _ in range(3):
        assert office.do("/records/Order/6000000001/resync").status_code == 200
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        (job,) = session.scalars(select(Job).where(Job.record == order(1)))
    assert (job.state, job.asks, job.hint["reread"]) == ("ready", 3, True)


def test_a_replay_runs_the_newest_delivery_of_the_record(office: Office, rows: Rows) -> None:
    rows.snapshot(order(1), "#1001")
    older, newer = rows.delivery(record=order(1)), rows.delivery(record=order(1))
    assert office.do("/records/Order/6000000001/replay").json()["say"] == "Replay started."
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        assert session.get_one(Delivery, newer.id).state == "waiting"
        assert session.get_one(Delivery, older.id).state == "done"


def test_a_delivery_is_replayed_from_its_page(office: Office, rows: Rows) -> None:
    delivery = rows.delivery(state="failed", reason="The body is empty.")
    assert office.do(f"/deliveries/{delivery.id}/replay").status_code == 200
    assert "Replayed by" in office.look(f"/deliveries/{delivery.id}").text
    gone = rows.delivery(body=None)
    assert office.do(f"/deliveries/{gone.id}/replay").status_code == 404


def test_what_a_person_may_do_is_set_by_who_manages_staff(office: Office) -> None:
    office.shop_id()
    office.permit(Permission.CONNECT_ERP)
    assert office.connect().status_code == 200
    assert office.do("/connection/pause", who="bo").status_code == 200
    assert office.do("/jobs/retry", who="bo").status_code == 403


def test_the_last_one_who_manages_staff_stays_so(office: Office) -> None:
    office.shop_id()
    answer = office.do("/settings/people/1", may_replay="yes")
    assert "One person must be able to manage staff" in answer.json()["say"]
    assert office.do("/settings/people/1", may_manage_staff="yes").status_code == 200


def test_owners_are_kept_where_they_differ_from_the_default(office: Office, rows: Rows) -> None:
    answer = office.do("/settings/owners", owner_stock="shopify", owner_refund="shopify", owner_shipment="x")
    assert answer.status_code == 200
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        assert session.get_one(Shop, rows.shop_id).policies["owners"] == {"stock": "shopify"}
    assert "owners_changed" in _acts(rows)


def test_only_stock_can_be_split_and_not_beside_kits(office: Office, rows: Rows) -> None:
    assert office.do("/settings/owners", owner_stock="split", owner_refund="split").status_code == 200
    answer = office.do("/roads", stock_guard_below="3", stock_kits="7 = 2 x 8")
    assert answer.status_code == 422
    assert "one owner of stock" in answer.text
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        shop = session.get_one(Shop, rows.shop_id)
        assert shop.policies["owners"] == {"stock": "split"}
        shop.policies = {"stock": {"kits": {"7": {"8": "2"}}}}
    answer = office.do("/settings/owners", owner_stock="split")
    assert answer.status_code == 422
    assert "Kits need one owner of stock" in answer.text
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        assert "owners" not in session.get_one(Shop, rows.shop_id).policies


def test_owners_have_versions_and_an_older_one_comes_back_as_a_new_one(office: Office, rows: Rows) -> None:
    for side in ("erp", "erp", "shopify"):
        office.do("/settings/owners", owner_refund=side)
    assert office.do("/settings/owners/roll-back", number="1").json()["say"].endswith("as version 3.")
    assert office.do("/settings/owners/roll-back", number="7").status_code == 404
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        assert session.get_one(Shop, rows.shop_id).policies["owners"] == {"refund": "erp"}
        found = owners.versions(session, rows.shop_id)
    assert [(each.number, dict(each.owners)) for each in found] == [
        (3, {Group.REFUND: Side.ERP}),
        (2, {}),
        (1, {Group.REFUND: Side.ERP}),
    ]
    assert "Version 3" in office.look("/settings").text


def test_the_guide_goes_and_comes_back(office: Office) -> None:
    assert "Set up Concord" in office.look().text
    office.do("/guide/dismiss")
    assert "Set up Concord" not in office.look().text
    office.do("/guide/show")
    assert "Set up Concord" in office.look().text
    with office.database.transaction(shop_id=office.shop_id()) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act.startswith("guide."))).all()
    assert [(entry.act, entry.address) for entry in entries] == [
        ("guide.dismissed", "testclient"),
        ("guide.shown", "testclient"),
    ]


def test_what_a_person_allows_in_the_admin_is_learned_at_once_and_releases_what_waited(
    office: Office, rows: Rows
) -> None:
    job = rows.job(order(1), state="held", misses="scope:write_returns")
    assert "1 record waits for a permission: Close returns" in office.look().text
    assert "1 record waits for it." in office.look("/settings").text
    world = office.shopify.world
    installations.grant(world.store, ALPHA, client_id=CLIENT_ID, scopes=["write_returns"])
    assert office.do("/settings/access").status_code == 200
    assert _state(rows, job) == "ready"
    assert "scopes_updated" in _acts(rows)
    assert "for a permission" not in office.look().text
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        asked = session.scalars(select(Job).where(Job.flow == "subscriptions")).one()
    assert "granted:write_returns" in asked.hint


def test_home_and_settings_name_what_rests_and_lead_to_shopifys_own_page(office: Office, rows: Rows) -> None:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        fewer = [name for name in scopes.REQUIRED if name != "write_inventory"]
        install.scopes_updated(session, rows.shop_id, fewer, at=clock.now())
    for path in ("", "/settings"):
        page = office.look(path).text
        assert "Shopify’s permission is not complete" in page
        assert "this rests: Stock to Shopify." in page
        (address,) = set(re.findall(r'href="([^"]*)" target="_top">Grant the permission', page))
        words = parse_qs(urlsplit(html.unescape(address)).query)
        assert words["scope"] == [",".join(scopes.REQUIRED)]


def test_a_data_request_ends_as_a_file_that_is_handed_over_and_written_down(
    office: Office, rows: Rows
) -> None:
    body = json.dumps(
        {"shop_domain": "alpha.myshopify.com", "customer": {"id": 7, "email": "nora@example.com"}}
    )
    rows.delivery("customers/data_request", body=body.encode(), state="waiting")
    office.work()
    page = office.look("/privacy").text
    assert "A customer wants to see their data" in page
    assert "Answered" in page
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        (request,) = session.scalars(select(PrivacyRequest))
    answer = office.do(f"/privacy/{request.id}/file")
    assert answer.json()["shop"] == "alpha.myshopify.com"
    assert "attachment" in answer.headers["content-disposition"]
    assert "privacy_file_opened" in _acts(rows)
    assert office.do(f"/privacy/{request.id}/file", shop=BETA, who="cy").status_code == 404


def test_roads_to_shopify_are_shut_until_a_person_opens_them(office: Office, rows: Rows) -> None:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        before = BackPolicies.of(session.get_one(Shop, rows.shop_id).policies)
    assert not any(before.is_on(road) for road in Road)
    wrong = office.do("/roads", road_stock="on", per_refund="much")
    assert "Write an amount" in wrong.text
    assert office.do("/roads", road_stock="on", road_refunds="on", per_refund="50,00").status_code == 200
    assert "Shopify owns this, so nothing is written" in office.look("/roads").text
    office.do("/settings/owners", owner_refund="erp")
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        after = BackPolicies.of(session.get_one(Shop, rows.shop_id).policies)
    assert after.is_on(Road.STOCK)
    assert after.is_on(Road.REFUNDS)
    assert str(after.refunds.per_refund) == "50.00"
    assert after.refunds.two_persons_above is None
    assert "roads_changed" in _acts(rows)


def test_how_stock_is_told_is_set_as_a_whole_or_not_at_all(office: Office, rows: Rows) -> None:
    def told() -> BackPolicies:
        with rows.database.transaction(shop_id=rows.shop_id) as session:
            return BackPolicies.of(session.get_one(Shop, rows.shop_id).policies)

    fields = {
        "stock_guard_below": "5",
        "stock_allows_negative": "yes",
        "stock_safety": "I7 = 4",
        "stock_location_safety": "1100000004 = 2",
        "stock_kits": "I1 = 2 x I7, 0.5 x I8",
    }
    for name, wrong in (
        ("stock_guard_below", "-1"),
        ("stock_safety", "I7 = many"),
        ("stock_safety", "I7"),
        ("stock_location_safety", "Berlin = 2"),
        ("stock_kits", "I1 = I7"),
        ("stock_kits", "I1 = 0 x I7"),
    ):
        assert office.do("/roads", **{**fields, name: wrong}).status_code == 422, wrong
    assert told().stock == BackPolicies().stock
    assert office.do("/roads", **fields).status_code == 200
    after = told()
    assert (after.stock.guard_below, after.stock.allow_negative, after.repairs_drift) == (5, True, False)
    assert after.stock.safety == {"I7": 4}
    assert after.stock.location_safety == {"gid://shopify/Location/1100000004": 2}
    assert [(each.erp_item, str(each.quantity)) for each in after.kits["I1"]] == [("I7", "2"), ("I8", "0.5")]
    page = office.look("/roads").text
    assert "I1 = 2 x I7, 0.5 x I8" in page
    assert "1100000004 = 2" in page
    office.do("/roads", road_stock="on")  # a form without the section leaves it as it is
    assert told().stock == after.stock


def test_only_who_may_refund_opens_the_road_on_which_money_leaves(office: Office, rows: Rows) -> None:
    office.permit(Permission.CHANGE_POLICIES)
    answer = office.do("/roads", who="bo", road_stock="on", road_refunds="on", per_refund="9999")
    assert answer.status_code == 200
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        policies = BackPolicies.of(session.get_one(Shop, rows.shop_id).policies)
    assert policies.is_on(Road.STOCK)
    assert not policies.is_on(Road.REFUNDS)
    assert policies.refunds.per_refund == 0


def test_a_person_agrees_to_exactly_the_refund_that_is_asked_for(office: Office, rows: Rows) -> None:
    record = f"{order(1)}#credit:7"
    told = CreditTold(number="CN7", origin="6000000001", total=Money(Decimal("41.94"), "EUR"))
    job = rows.job(
        record,
        "held",
        flow=refund_pull.FLOW,
        misses=back.approval(record),
        hint={"values": told.plain()},
        reason="One person has to agree.",
    )
    path = "/records/Order/6000000001%23credit:7"
    page = office.look(path).text
    assert "41.94 EUR are paid out to the customer for CN7." in page
    assert "Open the order" in page
    assert office.do(f"{path}/agree").json()["say"] == "You agreed. It goes on."
    assert _state(rows, job) == "ready"
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        agreed = back.approvals(
            session, shop_id=rows.shop_id, record=record, values=refund_pull.agreed_values(told)
        )
        more = replace(told, total=Money(Decimal("41.95"), "EUR"))
        other = back.approvals(
            session, shop_id=rows.shop_id, record=record, values=refund_pull.agreed_values(more)
        )
    assert len(agreed) == 1
    assert other == set()
    assert office.do(f"{path}/agree").status_code == 404
