"""A process that dies at every moment at which it can, and every single answer that can be lost. Not sampled: each
walk goes on until one run got through unharmed, and says how many were harmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sandbox.simulator.fuse import Killed
from sync.state.models import IntentState, JobState
from tests.flows.town import ALPHA, LEASE_SECONDS, Town

AT_MOST = 200
JOBS = 500
AFTERWARDS_SECONDS = 200
FLOWS = ("refund_pull", "shipment_pull", "stock_pull", "order_push")
UNFINISHED = (JobState.READY, JobState.HELD, JobState.DEAD)


class Begun(Protocol):
    """Something that happened in the ERP and is to cross once."""

    def check(self, what: str) -> None:
        """Asserts that it crossed once; the text says what was done to the process."""


def at_every_moment(town: Town, begin: Callable[[int], Begun]) -> int:
    """Lets it happen again and again, each time with a death one moment later. Returns how often it died."""
    for moment in range(1, AT_MOST):
        begun = begin(moment)
        town.clock.move(AFTERWARDS_SECONDS)
        town.stage.clockwork.tick()  # the feeds are asked; what dies is the process that works
        town.stage.fuse.arm(moment)
        died = not _works(town)
        if died:
            what = f"it died {town.stage.fuse.last_moment}, at its {moment}. moment"
            town.stage.start()
            town.clock.move(LEASE_SECONDS)
        else:
            what = "nothing happened to it"
            town.stage.fuse.renew()
        town.rest()
        begun.check(what)
        if not died:
            return moment - 1
    raise AssertionError("there is no end to the moments")


def _works(town: Town) -> bool:
    """Reads the feeds, does what they ask for, and what Shopify tells of it. False when the process died."""
    try:
        while town.stage.engine.run_jobs(limit=JOBS) or town.stage.world.sender.deliver_due():
            town.stage.engine.process_deliveries()
    except Killed:
        return False
    return True


def losing_every_answer(town: Town, way: str, begin: Callable[[int], Begun]) -> int:
    """Lets it happen again and again, each time with the answer to one later call lost. `way` is shopify or erp.
    Returns how many answers were lost."""
    plan = {"shopify": town.stage.shopify, "erp": town.stage.erps[ALPHA].way}[way].plan
    for call in range(AT_MOST):
        begun = begin(1000 + call)
        plan[:] = [*["ok"] * call, "cut"]
        town.rest()
        was_lost = "cut" not in plan
        plan.clear()
        if not was_lost:
            begun.check("nothing happened to it")
            return call
        town.rest(seconds=AFTERWARDS_SECONDS)
        begun.check(f"the answer to call {call + 1} of {way} was lost")
    raise AssertionError("there is no end to the calls")


def nothing_open(town: Town, what: str) -> None:
    """Asserts that no write was begun and left, and that no job gave up or waits."""
    left = [each for flow in FLOWS for each in town.intents(flow)]
    assert {each.state for each in left} <= {IntentState.DONE, IntentState.DROPPED}, what
    assert [each.reason for flow in FLOWS for each in town.jobs(flow, *UNFINISHED)] == [], what
