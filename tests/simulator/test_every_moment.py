"""One order, and a process that dies at each moment at which it can: before and after every commit and every call.
Not sampled: every position is tried, and so is the loss of each single answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit import clock
from sandbox.simulator import checks
from sandbox.simulator.fuse import Killed
from sandbox.simulator.play import Story, come_to_rest
from sandbox.simulator.stage import Stage
from tests.simulator.maker import ALPHA, StageMaker, one_order

MOMENTS_AT_MOST = 120


@pytest.fixture
def stages(fresh_database_url: str) -> Iterator[StageMaker]:
    maker = StageMaker(fresh_database_url)
    yield maker
    maker.close()


def work_until_done_or_dead(stage: Stage) -> bool:
    """Intake and work; False when the process died on the way."""
    try:
        stage.engine.process_deliveries()
        stage.engine.run_jobs()
    except Killed:
        return False
    return True


@pytest.mark.slow
def test_dying_at_any_moment_loses_nothing_and_does_nothing_twice(stages: StageMaker) -> None:
    for moments in range(1, MOMENTS_AT_MOST):
        stage = stages.make()
        with clock.using(stage.clock):
            stage.open()
            come_to_rest(stage, Story(0))  # the first jobs of the shop are done
            one_order(stage)
            stage.world.sender.deliver_due()
            stage.fuse.arm(moments)
            survived = work_until_done_or_dead(stage)
            story = Story(moments, [f"the process died {stage.fuse.last_moment}, at its {moments}. moment"])
            come_to_rest(stage, story)
            story.complaints = checks.complaints(stage)
            assert not story.complaints, story.tell()
        if survived:
            assert moments > 20, "an order has more moments than that"
            return
    pytest.fail("the order never got through")


@pytest.mark.slow
def test_losing_any_single_answer_of_the_erp_does_nothing_twice(stages: StageMaker) -> None:
    for call in range(MOMENTS_AT_MOST):
        stage = stages.make()
        with clock.using(stage.clock):
            stage.open()
            come_to_rest(stage, Story(0))
            one_order(stage)
            stage.world.sender.deliver_due()
            plan = stage.erps[ALPHA].way.plan
            plan.extend([*["ok"] * call, "cut"])
            work_until_done_or_dead(stage)
            was_lost = "cut" not in plan
            story = Story(call, [f"the answer to call {call + 1} of the ERP was lost"])
            come_to_rest(stage, story)
            story.complaints = checks.complaints(stage)
            assert not story.complaints, story.tell()
        if not was_lost:
            assert call > 4, "an order takes more calls than that"
            return
    pytest.fail("there is no end to the calls")
