"""The connection and the mapping as people set them: tried first, published in one go, and what waited runs again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from oauth import staff
from oauth.models import AuditEntry, Credential
from sync.domain.rules_json import read_rules
from sync.state.models import Job, Link
from sync.state.settings_models import Connection, MappingVersion
from tests.insight.rows import Rows
from tests.web.office import ERP, Office


@pytest.fixture
def rows(office: Office) -> Rows:
    """Rows of shop Alpha."""
    return Rows(office.database, office.shop_id())


def _only(rows: Rows, model: type[Connection]) -> Connection | None:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return session.scalars(select(model)).first()


def _state(rows: Rows, job: Job) -> str:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return session.get_one(Job, job.id).state


def _published(rows: Rows) -> MappingVersion | None:
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        return session.scalars(select(MappingVersion).where(MappingVersion.state == "published")).first()


def test_a_connection_is_kept_only_when_the_erp_answers(office: Office, rows: Rows) -> None:
    empty = office.do("/connection", kind="standin", field_url="", field_key="")
    assert empty.status_code == 422
    assert empty.text.count("Please fill this in.") == 1
    assert empty.text.count("Please type it in.") == 1
    office.books.refuse = lambda verb, _: "The key is unknown." if verb == "probe" else None
    refused = office.connect()
    assert refused.status_code == 422
    assert "The key is unknown." in refused.text
    assert ERP in refused.text
    assert "standin-key-1234" not in refused.text
    assert _only(rows, Connection) is None
    office.books.refuse = lambda *_: None
    assert office.connect().json()["say"] == "Connected to ERP stand-in, Stand-in, USD."
    kept = _only(rows, Connection)
    assert kept is not None
    assert (kept.kind, kept.state, kept.address) == ("standin", "active", {"url": ERP})


def test_an_unknown_kind_of_erp_is_not_there(office: Office) -> None:
    assert office.do("/connection", kind="magic").status_code == 404


def test_the_secret_is_sealed_never_shown_and_stays_when_left_empty(office: Office, rows: Rows) -> None:
    office.connect()
    page = office.look("/connection").text
    assert "standin-key-1234" not in page
    assert "••••1234" in page
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        before = session.scalars(select(Credential)).one().sealed
    assert "standin-key" not in before
    assert office.do("/connection", kind="standin", field_url=ERP, field_key="").status_code == 200
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        assert session.scalars(select(Credential)).one().sealed == before
    office.do("/connection", kind="standin", field_url=ERP, field_key="a-new-key-5678")
    assert "••••5678" in office.look("/connection").text
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.shop_id == rows.shop_id)).all()
    assert not any("a-new-key" in str(entry.after) for entry in told)


def test_the_stored_secret_never_goes_to_another_address(office: Office, rows: Rows) -> None:
    office.connect()
    office.permit(staff.Permission.CONNECT_ERP)
    heard: list[str] = []

    def hear(verb: str, _values: object) -> None:
        heard.append(verb)

    office.books.refuse = hear
    for url in (f"{ERP}/", "https://evil.example", f"{ERP}.evil.example"):
        refused = office.do("/connection", who="bo", kind="standin", field_url=url, field_key="")
        assert refused.status_code == 422
        assert "Please type it in." in refused.text
    assert heard == []
    kept = _only(rows, Connection)
    assert kept is not None
    assert kept.address == {"url": ERP}


def test_an_address_that_let_nobody_in_is_in_the_audit_log_without_the_secret(
    office: Office, rows: Rows
) -> None:
    office.books.refuse = lambda *_: "Nobody comes in."
    office.connect()
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        query = select(AuditEntry).where(AuditEntry.act == "connection_refused")
        (entry,) = session.scalars(query)
    assert entry.after == {"url": ERP, "fault": "erp_refused"}
    assert entry.address


def test_a_secret_whose_key_is_lost_is_replaced_by_typing_it_in_again(office: Office, rows: Rows) -> None:
    office.connect()
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        credential = session.scalars(select(Credential)).one()
        credential.sealed = f"gone.{credential.sealed.partition('.')[2]}"
    empty = office.do("/connection", kind="standin", field_url=ERP, field_key="")
    assert empty.status_code < 500
    assert "key" in empty.text
    assert office.connect().status_code == 200
    assert office.do("/connection/test").status_code == 200


def test_whatever_waited_for_the_connection_runs_when_it_is_made(office: Office, rows: Rows) -> None:
    job = rows.stuck(1, state="held", misses="connection")
    other = rows.stuck(2, state="held", misses="mapping:tax:19%:DE")
    office.connect()
    assert _state(rows, job) == "ready"
    assert _state(rows, other) == "held"


def test_pause_stops_and_resume_releases(office: Office, rows: Rows) -> None:
    office.connect()
    connection = _only(rows, Connection)
    assert connection is not None
    assert office.do("/connection/pause").status_code == 200
    assert "Paused by a person" in office.look("/connection").text
    job = rows.stuck(1, state="held", misses=f"connection:{connection.id}")
    assert office.do("/connection/resume").status_code == 200
    assert _state(rows, job) == "ready"


def test_a_test_says_who_answered_or_why_nobody_did(office: Office, rows: Rows) -> None:
    assert office.do("/connection/test").status_code == 404
    office.connect()
    assert office.do("/connection/test").json()["say"].startswith("It works: ERP stand-in")
    office.books.refuse = lambda *_: "Closed for stocktaking."
    answer = office.do("/connection/test")
    assert answer.status_code == 422
    assert "Closed for stocktaking." in answer.text


def test_a_suggestion_is_a_draft_until_a_person_publishes_it(office: Office, rows: Rows) -> None:
    office.connect()
    assert office.do("/mappings/publish").status_code == 404
    say = office.do("/mappings/suggest").json()["say"]
    assert "matches found" in say
    assert _published(rows) is None
    page = office.look("/mappings").text
    assert "What it changes" in page
    held = rows.stuck(1, state="held", misses="mapping")
    assert "version 1" in office.do("/mappings/publish").json()["say"]
    version = _published(rows)
    assert version is not None
    rules = read_rules(version.rules)
    assert [str(rule.rate) for rule in rules.taxes] == ["0.04", "0.04875"]
    assert rules.products.codes == {}
    assert _state(rows, held) in ("held", "ready")


def test_mapping_what_is_missing_releases_exactly_the_records_that_wait_for_it(
    office: Office, rows: Rows
) -> None:
    office.connect()
    product = rows.stuck(1, state="held", misses="mapping:product:OLD-MUG", reason="No product OLD-MUG.")
    another = rows.stuck(2, state="held", misses="mapping:product:OLD-CUP", reason="No product OLD-CUP.")
    page = office.look("/mappings/products").text
    assert "OLD-MUG" in page
    answer = office.do(
        "/mappings/products",
        key_0="OLD-MUG",
        line_0="I1",
        key_1="OLD-CUP",
        line_1="",
        policy="hold",
        rest="",
        publish="yes",
    )
    assert answer.json()["say"] == "Published as version 1. 1 record runs again."
    assert _state(rows, product) == "ready"
    assert _state(rows, another) == "held"


def test_a_sheet_is_saved_as_a_draft_when_it_is_not_to_be_published(office: Office, rows: Rows) -> None:
    office.connect()
    answer = office.do("/mappings/locations", rest="W1")
    assert "draft" in answer.json()["say"]
    assert _published(rows) is None
    assert "Draft" in office.look("/mappings").text
    office.do("/mappings/discard")
    assert "No mapping yet" in office.look("/mappings").text


def test_a_choice_that_the_erp_does_not_have_is_said_beside_its_field(office: Office, rows: Rows) -> None:
    office.connect()
    answer = office.do("/mappings/taxes", key_new="19", line_new="No such tax", country_new="de")
    assert answer.status_code == 422
    assert "Your ERP has nothing that is called" in answer.text
    assert 'value="19"' in answer.text
    wrong = office.do("/mappings/taxes", key_new="many", line_new="T1")
    assert "Write the rate as a number" in wrong.text


def test_a_tax_is_mapped_from_what_is_missing(office: Office, rows: Rows) -> None:
    office.connect()
    job = rows.stuck(1, state="held", misses="mapping:tax:19%:DE:included", reason="No tax.")
    page = office.look("/mappings/taxes").text
    assert "19%, DE, included in prices" in page
    office.do("/mappings/taxes", key_m0="miss:19%:DE:included", line_m0="T1", publish="yes")
    version = _published(rows)
    assert version is not None
    (rule,) = read_rules(version.rules).taxes
    assert (str(rule.rate), rule.country, rule.is_included, rule.erp_tax) == ("0.19", "DE", None, "T1")
    assert _state(rows, job) == "ready"


def test_a_roll_back_is_a_new_version_with_the_old_rules(office: Office, rows: Rows) -> None:
    office.connect()
    office.do("/mappings/locations", rest="W1", publish="yes")
    office.do("/mappings/locations", rest="", publish="yes")
    assert office.do("/mappings/roll-back", number="9").status_code == 404
    assert "version 3" in office.do("/mappings/roll-back", number="1").json()["say"]
    version = _published(rows)
    assert version is not None
    assert read_rules(version.rules).default_warehouse == "W1"
    assert "Roll back to version 1" in office.look("/mappings").text


def test_policies_are_checked_and_published(office: Office, rows: Rows) -> None:
    office.connect()
    wrong = office.do("/policies", residual="post", residual_limit="a lot")
    assert wrong.status_code == 422
    assert "Write the limit as an amount" in wrong.text
    shared = office.do("/policies", guests="shared", residual_limit="0.05")
    assert "stands for all guests" in shared.text
    answer = office.do(
        "/policies",
        residual="post",
        residual_limit="0,10",
        post_sale="yes",
        skip_tags="wholesale, test",
        since="2026-11-01",
        publish="yes",
    )
    assert answer.status_code == 200
    version = _published(rows)
    assert version is not None
    rules = read_rules(version.rules)
    assert str(rules.residual.limit) == "0.10"
    assert rules.filters.skip_tags == ("wholesale", "test")
    assert rules.filters.since is not None
    assert list(rules.posting.values()) == [True, False, False]
    page = office.look("/policies").text
    assert 'value="2026-11-01"' in page


def test_without_the_erp_a_sheet_still_shows_what_is_stored(office: Office, rows: Rows) -> None:
    office.connect()
    office.do("/mappings/shipping", key_new="Ground", line_new="", rest="")
    office.books.refuse = lambda verb, _: "Down." if verb == "options" else None
    page = office.look("/mappings/payments").text
    assert "Your ERP’s list could not be read" in page
    assert "Down." in page


@pytest.mark.parametrize(("sheet", "chosen"), [("products", "I1"), ("shipping", "C1")])
def test_saving_a_sheet_keeps_the_pairs_that_it_does_not_show(
    office: Office, rows: Rows, sheet: str, chosen: str
) -> None:
    office.books.options["carrier"] = [{"erp_id": "C1", "name": "Parcel"}]
    office.connect()
    for key in ("first", "second"):
        office.do(f"/mappings/{sheet}", key_new=key, line_new=chosen, policy="hold", publish="yes")
    office.do(f"/mappings/{sheet}", key_0="first", line_0="", policy="hold", publish="yes")
    version = _published(rows)
    assert version is not None
    rules = read_rules(version.rules)
    kept = rules.products.links if sheet == "products" else rules.shipping_methods
    assert kept == {"second": chosen}


def test_products_are_linked_once_a_mapping_is_in_force(office: Office, rows: Rows) -> None:
    office.connect()
    office.do("/mappings/suggest")
    office.do("/mappings/publish")
    office.work()
    with rows.database.transaction(shop_id=rows.shop_id) as session:
        linked = set(session.scalars(select(Link.erp_number).where(Link.kind == "product")))
    assert {"ALP-MUG", "ALP-TORCH"} <= linked
