"""Plays one seed: acts in a random order, then everything is healed, both worlds come to rest, and are compared.

It owns the story that is printed when they do not agree.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sandbox.simulator import checks
from sandbox.simulator.acts import Acts
from sandbox.simulator.fuse import Killed
from sandbox.simulator.stage import SHOPS, Stage
from sync.flows.periodic import HELD_AGAIN_AFTER

ACTS_PER_PLAY = 60
ROUNDS_TO_REST = 120
LAST_LOOKS = 2
REST_STEP = timedelta(seconds=45)


@dataclass
class Story:
    """What happened, step by step, and what was wrong in the end."""

    seed: int
    steps: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def tell(self) -> str:
        """The story for a person."""
        lines = [f"seed {self.seed}", *(f"  {n:3}. {step}" for n, step in enumerate(self.steps, 1))]
        return "\n".join(
            [*lines, "in the end:", *(f"  - {each}" for each in self.complaints or ["all is well"])]
        )


def play(stage: Stage, seed: int) -> Story:
    """Plays a seed on a fresh stage. The story has complaints when a promise was broken."""
    story = Story(seed)
    for each in stage.erps.values():
        each.books.is_careless = (
            seed % 2 == 0
        )  # every second seed, nobody but us keeps documents from doubling
    acts = Acts(stage, seed)
    chooser = random.Random(seed ^ 0x5EED)
    repertoire = _repertoire(acts)
    for _ in range(ACTS_PER_PLAY):
        act = chooser.choices([act for act, _ in repertoire], [weight for _, weight in repertoire])[0]
        _perform(stage, story, act)
    come_to_rest(stage, story)
    story.complaints = checks.complaints(stage)
    return story


def _repertoire(acts: Acts) -> list[tuple[Callable[[], str], int]]:
    return [
        (acts.merchant, 30),
        (acts.travel, 20),
        (acts.intake, 15),
        (acts.work, 25),
        (acts.tick, 8),
        (acts.time_passes, 15),
        (acts.mishap_of_deliveries, 5),
        (acts.mishap_of_erp, 5),
        (acts.mishap_of_shopify, 4),
        (acts.kill, 10),
        (acts.web_goes_down, 2),
        (acts.token_lost, 1),
        (acts.staff_visits, 2),
    ]


def _perform(stage: Stage, story: Story, act: Callable[[], str]) -> None:
    try:
        story.steps.append(act())
    except Killed as killed:
        story.steps.append(f"the process dies {killed}; another one starts")
        stage.start()


def come_to_rest(stage: Stage, story: Story) -> None:
    """Heals everything and lets time pass until nothing is owed."""
    stage.start()
    stage.is_web_down = False
    stage.shopify.plan.clear()
    for each in stage.erps.values():
        each.way.plan.clear()
    stage.world.faults.clear()
    for domain in SHOPS:
        stage.visit(domain)
    story.steps.append("everything is healed")
    looks = 0
    for _ in range(ROUNDS_TO_REST):
        stage.world.sender.deliver_due()
        stage.engine.process_deliveries()
        stage.clockwork.tick()
        stage.engine.run_jobs(limit=500)
        due = stage.world.sender.next_due_at()
        if due is not None:
            stage.clock.at = max(stage.clock.at, due)
        elif checks.owed(stage):
            stage.clock.move(REST_STEP.total_seconds())
        elif looks < LAST_LOOKS:  # what is held is looked at once more, and what never came is found
            looks += 1
            stage.clock.move(HELD_AGAIN_AFTER.total_seconds() + 60)
        else:
            return
    story.steps.append("the worlds do not come to rest")
