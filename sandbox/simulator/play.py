"""Plays one seed: acts in a random order, then everything is healed, both worlds come to rest, and are compared.

It owns the story that is printed when they do not agree.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import case, func, select

from kit import clock
from kit.db import all_shops
from oauth.models import Installation
from sandbox.simulator import checks
from sandbox.simulator.acts import Acts
from sandbox.simulator.erp_acts import ErpActs
from sandbox.simulator.fuse import Killed
from sandbox.simulator.mishaps import Mishaps
from sandbox.simulator.stage import SHOPS, Stage
from sync.flows import replay
from sync.flows.periodic import HELD_AGAIN_AFTER
from sync.state.models import Job, JobState

ACTS_PER_PLAY = 60
RARE_PER_PLAY = 3
ROUNDS_TO_REST = 200
REST_STEP = timedelta(minutes=2)  # longer than a lease and than the first waits of a back-off
LONGEST_STEP = timedelta(minutes=30)
HUMAN = "ada"


@dataclass
class Story:
    """What happened, step by step, and what was wrong in the end."""

    seed: int
    steps: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)  # what went wrong and which flows wrote, by name

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
    if seed // 2 % 2:
        stage.open_roads()
    acts = Acts(stage, seed)
    mishaps = Mishaps(stage, acts.random)
    chooser = random.Random(seed ^ 0x5EED)
    repertoire = _repertoire(acts, mishaps, ErpActs(stage, acts.random) if stage.has_roads_back else None)
    weights = [weight for _, weight in repertoire]
    plan = [act for act, _ in chooser.choices(repertoire, weights, k=ACTS_PER_PLAY)]
    rare = mishaps.rare()
    for turn in range(RARE_PER_PLAY):
        plan.insert(chooser.randint(5, ACTS_PER_PLAY), rare[(seed * RARE_PER_PLAY + turn) % len(rare)])
    for act in plan:
        _perform(stage, story, act)
    come_to_rest(stage, story)
    story.complaints = checks.complaints(stage)
    story.seen = checks.seen(stage)
    return story


def _repertoire(acts: Acts, mishaps: Mishaps, erp: ErpActs | None) -> list[tuple[Callable[[], str], int]]:
    return [
        (acts.merchant, 30),
        (acts.travel, 20),
        (acts.intake, 15),
        (acts.work, 25),
        (acts.tick, 8),
        (acts.time_passes, 15),
        (mishaps.deliveries, 5),
        (mishaps.erp, 5),
        (mishaps.erp_refuses, 2),
        (mishaps.shopify, 4),
        (mishaps.kill, 10),
        (mishaps.web_goes_down, 2),
        (mishaps.web_dies_after_its_commit, 2),
        (mishaps.clock_jumps, 1),
        (mishaps.token_lost, 1),
        (mishaps.uninstalled, 1),
        (mishaps.staff_visits, 3),
        *([(erp.act, 20)] if erp else []),
    ]


def _perform(stage: Stage, story: Story, act: Callable[[], str]) -> None:
    try:
        story.steps.append(act())
    except Killed as killed:
        story.steps.append(f"the process dies {killed}; another one starts")
        stage.start()


def come_to_rest(stage: Stage, story: Story) -> None:
    """Heals everything and lets time pass until nothing is owed."""
    _heal(stage)
    story.steps.append("everything is healed")
    written = -1
    for _ in range(ROUNDS_TO_REST):
        stage.world.sender.deliver_due()
        stage.engine.process_deliveries()
        stage.clockwork.tick()
        stage.engine.run_jobs(limit=500)
        due = stage.world.sender.next_due_at()
        if due is not None and due <= clock.now() + LONGEST_STEP:
            stage.clock.at = max(stage.clock.at, due)
        elif checks.owed(stage):
            stage.clock.move(_step(stage).total_seconds())
        elif written < (now_written := checks.written(stage)):
            # What is held is looked at once more, and what never came is found: until a look finds nothing to write.
            written = now_written
            _people_look(stage)
            stage.clock.move(HELD_AGAIN_AFTER.total_seconds() + 60)
        else:
            return
    story.steps.append("the worlds do not come to rest")


def _heal(stage: Stage) -> None:
    stage.start()
    if stage.jumped_seconds:
        stage.jump(-stage.jumped_seconds)
    stage.is_web_down, stage.answers_to_lose = False, 0
    stage.shopify.plan.clear()
    for each in stage.erps.values():
        each.way.plan.clear()
        each.is_closed, each.books.refuse = False, lambda _verb, _values: None
    stage.world.faults.clear()
    for domain in SHOPS:
        stage.visit(domain)


def _step(stage: Stage) -> timedelta:
    """To the next moment at which a job becomes due or a lease runs out."""
    now = clock.now()
    due_at = case((Job.state == JobState.RUNNING, Job.lease_until), else_=Job.due_at)
    query = select(func.min(due_at)).where(Job.state.in_([JobState.READY, JobState.RUNNING]), due_at > now)
    with stage.plain.transaction() as session:
        next_at = session.scalar(all_shops(query.where(Job.flow.not_in(checks.AGAIN_AND_AGAIN))))
    return REST_STEP if next_at is None else min(max(next_at - now, REST_STEP), LONGEST_STEP)


def _people_look(stage: Stage) -> None:
    """Staff opens the app again, and presses "retry" at what an ERP had refused, now that it takes everything.

    A notice of removal that arrives after the return ends the grant once more: only a visit brings it back."""
    for domain in SHOPS:
        if stage.shop(domain).state != Installation.INSTALLED:
            stage.visit(domain)
    with stage.plain.transaction() as session:
        refused = select(Job.shop_id, Job.cause).where(
            Job.state == JobState.DEAD, Job.fault_code == "erp_refused"
        )
        found = session.execute(all_shops(refused.distinct())).all()
    for shop_id, cause in found:
        with stage.plain.transaction(shop_id=shop_id) as session:
            replay.retry(session, shop_id=shop_id, cause=cause, by=HUMAN)
