"""Scopes: writing implies reading, and our lists are those of the app configuration."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from oauth import scopes

CONFIG = tomllib.loads((Path(__file__).parents[2] / "shopify.app.toml").read_text())["access_scopes"]


def test_we_ask_for_exactly_what_the_app_configuration_declares() -> None:
    assert scopes.parse(CONFIG["scopes"]) == tuple(sorted(scopes.REQUIRED))
    assert CONFIG["optional_scopes"] == list(scopes.OPTIONAL)


def test_every_scope_that_a_flow_needs_is_declared() -> None:
    declared = {*scopes.REQUIRED, *scopes.OPTIONAL}
    for flow, wanted in scopes.OF_FLOW.items():
        assert declared.issuperset(wanted), flow


def test_no_scope_is_asked_of_every_shop_that_no_flow_needs() -> None:
    needed = [name for wanted in scopes.OF_FLOW.values() for name in wanted]
    for name in scopes.REQUIRED:
        implied = name.replace("read_", "write_", 1)
        assert name in needed or implied in needed, name


def test_writing_implies_reading_and_not_the_other_way() -> None:
    assert scopes.missing(["write_orders"], ["read_orders", "write_orders"]) == ()
    assert scopes.missing(["read_orders"], ["read_orders", "write_orders"]) == ("write_orders",)


def test_shopify_leaves_implied_scopes_out_of_its_answer_and_nothing_is_missing() -> None:
    granted = [
        name
        for name in scopes.REQUIRED
        if name.replace("read_", "write_", 1) not in scopes.REQUIRED or "write" in name
    ]
    assert scopes.covers(granted, scopes.REQUIRED)


def test_a_scope_whose_form_the_library_refuses_is_compared_as_it_is() -> None:
    assert scopes.covers(["customer_read_orders"], ["customer_read_orders"])
    assert scopes.missing(["customer_write_orders"], ["customer_read_orders"]) == ("customer_read_orders",)


def test_an_answer_is_read_with_blanks_doubles_and_nonsense() -> None:
    assert scopes.parse(" read_orders,,read_orders ,<script>, write_orders") == (
        "read_orders",
        "write_orders",
    )


def test_a_lost_scope_pauses_only_the_flows_that_need_it() -> None:
    granted = [name for name in scopes.REQUIRED if name != "write_inventory"]
    paused = scopes.paused_flows(granted)
    assert paused["stock_pull"] == ("write_inventory",)
    assert "order_push" not in paused


@given(
    st.sets(st.sampled_from([*scopes.REQUIRED, *scopes.OPTIONAL])), st.sets(st.sampled_from(scopes.REQUIRED))
)
def test_granting_more_never_takes_anything_away(granted: set[str], more: set[str]) -> None:
    before = set(scopes.missing(granted, scopes.REQUIRED))
    after = set(scopes.missing(granted | more, scopes.REQUIRED))
    assert after <= before - more
