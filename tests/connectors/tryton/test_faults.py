"""What goes wrong around Tryton, and what it means: a setting, a refusal, a moment, or something to ask about."""

from __future__ import annotations

from dataclasses import replace

import httpx2
import pytest

from kit.faults import Misconfigured, OutcomeUnknown, Rejected, Transient, veiled
from kit.http import Door
from sync.connectors.tryton import open_connector
from sync.connectors.tryton.client import Client
from tests.connectors.tryton.papers import Paper
from tests.fixtures.tryton import Erp


class Saying(httpx2.BaseTransport):
    """Answers everything with one answer."""

    def __init__(self, status: int, text: str = "", **headers: str) -> None:
        self._answer = (status, text, headers)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        status, text, headers = self._answer
        return httpx2.Response(status, text=text, headers=headers, request=request)


def client(status: int, text: str = "", **headers: str) -> Client:
    """A client whose every call gets this answer."""
    erp = Erp("http://erp.test", "books", "alpha.myshopify.com", {"key": "k"}, Door())
    door = Door(transports={erp.url: Saying(status, text, **headers)})
    return Client(erp.opening(door=door))


@pytest.mark.parametrize("status", [423, 429, 503])
def test_a_busy_tryton_is_asked_again_later(status: int) -> None:
    with pytest.raises(Transient) as fault:
        client(status).press("sale.sale", 1, "confirm")
    assert fault.value.after_seconds


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failure_in_the_middle_of_a_write_is_asked_about(status: int) -> None:
    with pytest.raises(OutcomeUnknown):
        client(status).create("sale.sale", {})


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_failure_of_a_read_is_only_a_moment(status: int) -> None:
    with pytest.raises(Transient):
        client(status).search("sale.sale", [], ["id"])


def test_an_address_that_leads_elsewhere_or_is_no_tryton_is_a_setting() -> None:
    for found in (
        client(302, Location="https://www.erp.test/"),
        client(200, "<html>Welcome</html>"),
        client(404),
    ):
        with pytest.raises(Misconfigured) as fault:
            found.search("sale.sale", [], ["id"])
        assert fault.value.misses == "connection:address"


def test_a_refusal_shows_trytons_words_and_keeps_them_out_of_the_support_detail() -> None:
    said = '{"status": 400, "message": "The value \\"Ada\\" of <b>Name</b> is not valid.", "description": ""}'
    with pytest.raises(Rejected) as fault:
        client(400, said).create("party.party", {})
    assert fault.value.code == "value_invalid"
    assert '“\u2060The value "Ada" of Name is not valid.\u2060”' in fault.value.sentence
    assert veiled(fault.value.sentence) == "Tryton says: “…”"
    assert "Ada" not in fault.value.detail


@pytest.mark.slow
def test_a_wrong_key_is_a_credential_to_enter(tryton_alpha: Erp) -> None:
    with pytest.raises(Misconfigured) as fault:
        open_connector(tryton_alpha.opening(key="wrong")).probe()
    assert fault.value.misses == "credential:key"


@pytest.mark.slow
def test_a_wrong_database_is_an_address_to_enter(tryton_alpha: Erp) -> None:
    with pytest.raises(Misconfigured) as fault:
        open_connector(replace(tryton_alpha, database="nowhere").opening()).probe()
    assert fault.value.misses == "connection:address"


@pytest.mark.slow
def test_a_shop_without_a_web_shop_is_a_setting(tryton_alpha: Erp) -> None:
    with pytest.raises(Misconfigured) as fault:
        open_connector(tryton_alpha.opening(shop="gamma.myshopify.com")).probe()
    assert fault.value.misses == "connection:web_shop"
    probe = open_connector(
        tryton_alpha.opening(shop="gamma.myshopify.com", web_shop=tryton_alpha.shop)
    ).probe()
    assert probe.company == "Alpha Outdoor"


@pytest.mark.slow
def test_a_closed_port_is_only_a_moment(tryton_alpha: Erp) -> None:
    with pytest.raises(Transient):
        open_connector(replace(tryton_alpha, url="http://127.0.0.1:9").opening()).probe()


@pytest.mark.slow
def test_a_user_without_rights_holds_the_order(tryton_alpha: Erp) -> None:
    with tryton_alpha.admin() as rpc:
        user = rpc.one(
            "res.user",
            name="Intern",
            login="intern",
            companies=[["add", [tryton_alpha.ids["company"]]]],
            company=tryton_alpha.ids["company"],
        )
        application = rpc.one("res.user.application", user=user, application="rest")
        (row,) = rpc.read("res.user.application", [application], "key")
    paper = Paper(tryton_alpha)
    document = paper.sale([paper.goods("ALP-MUG", 1, "33.33")])
    with pytest.raises(Misconfigured) as fault:
        open_connector(tryton_alpha.opening(key=row["key"])).write(document, key="")
    assert fault.value.misses == "erp:permission"


@pytest.mark.slow
def test_a_product_that_tryton_lost_is_a_mapping_to_change(tryton_alpha: Erp) -> None:
    paper = Paper(tryton_alpha)
    line = replace(paper.goods("ALP-MUG", 1, "33.33"), erp_item="999999")
    with pytest.raises(Misconfigured) as fault:
        tryton_alpha.connector().write(paper.sale([line]), key="")
    assert fault.value.misses == "mapping:product"
