"""The operator's verbs: each does what its filters say, says what it left, and changes nothing in a dry run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from kit import clock
from kit.config import Settings
from kit.db import Database
from kit.faults import Rejected
from sync.__main__ import _parser
from sync.actors import Engine
from sync.flows import turn
from sync.flows.road import Outcome, Work
from sync.state import claims, jobs
from sync.state.models import Delivery, Job, JobState, Lane
from tests.state.conftest import make_shop
from tests.state.test_schedule import engine_of

ALPHA = "alpha.myshopify.com"
ORDER = "gid://shopify/Order/"
PRODUCT = "gid://shopify/Product/9"


@dataclass(frozen=True)
class Desk:
    """An operator in front of an installation with two dead jobs, and three deliveries of which one failed."""

    engine: Engine
    shop_id: int

    def run(self, *arguments: str) -> int:
        options = _parser().parse_args([*arguments, "--shop", ALPHA])
        status: int = options.run(self.engine, options)
        return status

    def all(self, query: Any) -> list[Any]:
        with self.engine.gateways.database.transaction(shop_id=self.shop_id) as session:
            return list(session.execute(query).scalars())

    def states(self) -> list[str]:
        return self.all(select(Delivery.state).order_by(Delivery.id))

    def ready(self) -> list[str]:
        return self.all(select(Job.record).where(Job.state == JobState.READY).order_by(Job.record))


@pytest.fixture
def desk(db: Database, settings: Settings) -> Desk:
    engine, _ = engine_of(db, settings)
    desk = Desk(engine, make_shop(db, ALPHA))
    fail(desk, "order_push", f"{ORDER}1", "closed")
    fail(desk, "product_pull", PRODUCT, "variant_refused")
    with db.transaction(shop_id=desk.shop_id) as session:
        for number, (topic, state) in enumerate(
            [("orders/create", "done"), ("orders/updated", "done"), ("orders/create", "failed")]
        ):
            session.add(
                Delivery(
                    shop_id=desk.shop_id,
                    shop_domain=ALPHA,
                    webhook_id=f"w{number}",
                    topic=topic,
                    received_at=clock.now(),
                    headers={},
                    body=b"{}",
                    state=state,
                    record=f"{ORDER}{number}",
                )
            )
    return desk


def fail(desk: Desk, flow: str, record: str, code: str) -> None:
    def refuse(_work: Work) -> Outcome:
        raise Rejected(code, "It is refused.", detail="in detail")

    database = desk.engine.gateways.database
    with database.transaction(shop_id=desk.shop_id) as session:
        jobs.ask(session, shop_id=desk.shop_id, flow=flow, record=record, lane=Lane.ORDERS)
    with database.transaction() as session:
        (claimed,) = claims.claim(session, count=1, per_shop=8, lease_seconds=60)
    turn.take(desk.engine.gateways, claimed, refuse)


@pytest.mark.parametrize(
    ("filters", "again"),
    [
        ([], [0, 1, 2]),
        (["--topic", "orders/create"], [0, 2]),
        (["--state", "failed"], [2]),
        (["--record", f"{ORDER}1"], [1]),
        (["--until", "2020-01-01T00:00:00Z"], []),
    ],
)
def test_replay_runs_exactly_the_deliveries_again_that_its_filters_name(
    desk: Desk, filters: list[str], again: list[int]
) -> None:
    before = desk.states()
    assert desk.run("replay", *filters, "--dry-run") == 0
    assert desk.states() == before
    assert desk.run("replay", *filters) == 0
    assert [number for number, state in enumerate(desk.states()) if state == "waiting"] == again


@pytest.mark.parametrize("verb", ["retry", "resync"])
@pytest.mark.parametrize(
    ("filters", "again"),
    [
        ([], [f"{ORDER}1", PRODUCT]),
        (["--code", "closed"], [f"{ORDER}1"]),
        (["--flow", "product_pull"], [PRODUCT]),
        (["--record", PRODUCT], [PRODUCT]),
        (["--until", "2020-01-01T00:00:00Z"], []),
    ],
)
def test_retry_and_resync_ask_for_exactly_what_their_filters_name(
    desk: Desk, verb: str, filters: list[str], again: list[str]
) -> None:
    assert desk.run(verb, *filters, "--dry-run") == 0
    assert desk.ready() == []
    assert desk.run(verb, *filters) == 0
    assert desk.ready() == again


@pytest.mark.parametrize(
    "wrong", [["replay", "--code", "x"], ["retry", "--topic", "x"], ["resync", "--topic", "x"]]
)
def test_a_filter_that_a_verb_does_not_have_is_refused_and_not_ignored(desk: Desk, wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        desk.run(*wrong)


@pytest.mark.parametrize("verb", ["replay", "retry", "resync"])
def test_what_the_limit_leaves_is_said(desk: Desk, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    desk.run(verb, "--limit", "1", "--dry-run")
    left = 2 if verb == "replay" else 1
    assert f"{left} more match and are left for another run" in capsys.readouterr().out
    desk.run(verb, "--dry-run")
    assert "more match" not in capsys.readouterr().out


def test_errors_prints_a_shop_s_error_log_for_people_and_programs(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert desk.run("errors") == 0
    assert "rejected/closed  It is refused.\n    in detail" in capsys.readouterr().out
    assert desk.run("errors", "--json", "--limit", "1") == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["flow"], told["record"], told["code"]) == ("product_pull", PRODUCT, "variant_refused")
