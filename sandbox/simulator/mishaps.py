"""What goes wrong in a play: at Shopify, at an ERP, in our own processes, with the clock, with the permission.

A mishap only sets up the trouble; what of it really came to pass is counted where it does.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from kit.faults import Fault
from oauth.id_token import NotSignedIn
from sandbox.shopify import tokens
from sandbox.simulator.fuse import CUT_WRITE
from sandbox.simulator.stage import SHOPS, Stage

MOMENTS_TO_LIVE = 14
JUMPS_SECONDS = (30, 600, 5_400)


class Mishaps:
    """The troubles of one play."""

    def __init__(self, stage: Stage, rng: random.Random) -> None:
        self.stage = stage
        self.random = rng

    def deliveries(self) -> str:
        """Shopify loses, repeats, delays or reorders a delivery."""
        kind = self.random.choice(["drop", "duplicate", "reorder", "delay"])
        wish: dict[str, Any] = {"kind": kind, "times": self.random.randint(1, 3)}
        if kind in ("delay", "reorder"):
            wish["seconds"] = self.random.choice([5, 60, 600])
        self.stage.world.faults.add(wish)
        return f"Shopify will {kind} the next {wish['times']} deliveries"

    def erp(self) -> str:
        """An ERP refuses connections, is busy, is slow, or answers into the void after it has committed."""
        domain = self.random.choice(SHOPS)
        fate = self.random.choice(["down", "busy", "slow", "cut", CUT_WRITE, CUT_WRITE])
        times = self.random.randint(1, 4)
        plan = self.stage.erps[domain].way.plan
        plan.extend([*["ok"] * self.random.randint(0, 3), *[fate] * times])
        return f"the ERP of {domain} will be {fate} {times} times"

    def erp_refuses(self) -> str:
        """An ERP takes no documents, as in a closed period; or it takes them again."""
        domain = self.random.choice(SHOPS)
        erp = self.stage.erps[domain]
        erp.is_closed = not erp.is_closed
        seen = self.stage.fuse.seen

        def refuse(verb: str, _values: Mapping[str, Any]) -> str | None:
            if verb != "write_document":
                return None
            seen["the ERP refuses"] += 1
            return "The period is closed."

        erp.books.refuse = refuse if erp.is_closed else lambda _verb, _values: None
        return f"the ERP of {domain} takes {'no' if erp.is_closed else 'again'} documents"

    def shopify(self) -> str:
        """The Admin API is busy, slow, throttled, or its answer is lost."""
        fate = self.random.choice(["down", "busy", "slow", "cut", "throttle"])
        if fate == "throttle":
            self.stage.world.faults.add({"kind": fate, "times": self.random.randint(1, 3)})
        else:
            self.stage.shopify.plan.extend(["ok"] * self.random.randint(0, 2) + [fate])
        return f"the Admin API will be hit by {fate}"

    def kill(self) -> str:
        """The next process dies a few moments from now."""
        moments = self.random.randint(1, MOMENTS_TO_LIVE)
        self.stage.fuse.arm(moments)
        return f"a process will die at its {moments}. moment"

    def web_goes_down(self) -> str:
        """The web process is away for a while, or comes back."""
        self.stage.is_web_down = not self.stage.is_web_down
        return "the web process goes down" if self.stage.is_web_down else "the web process is back"

    def web_dies_after_its_commit(self) -> str:
        """The next deliveries are stored, and nobody says so to Shopify."""
        self.stage.answers_to_lose += self.random.randint(1, 2)
        return "the web process will die between its commit and its answer"

    def clock_jumps(self) -> str:
        """The machine's clock is set forwards or back, while the world's time goes on."""
        seconds = self.random.choice(JUMPS_SECONDS) * self.random.choice([-1, 1])
        self.stage.jump(seconds)
        return f"the clock jumps by {seconds} seconds"

    def token_lost(self) -> str:
        """We lose a grant, or Shopify forgets all its tokens; staff visits some time later."""
        domain = self.random.choice(SHOPS)
        if self.random.random() < 0.3:
            self.stage.engine.gateways.tokens.invalidate(self.stage.shop_id(domain), "simulated")
            return f"the grant of {domain} is lost"
        forgotten = tokens.forget(self.stage.store, domain, client_id=self.stage.settings.client_id)
        self.stage.fuse.seen["Shopify forgot tokens"] += bool(forgotten)
        return f"Shopify forgets {forgotten} tokens of {domain}"

    def uninstalled(self) -> str:
        """A merchant removes Concord; the next visit of staff brings it back."""
        domain = self.random.choice(SHOPS)
        self.stage.uninstall(domain)
        return f"{domain} removes Concord"

    def staff_visits(self) -> str:
        """Staff of a shop opens the app."""
        domain = self.random.choice(SHOPS)
        was_there = self.stage.is_installed(domain)
        try:
            self.stage.visit(domain)
        except NotSignedIn as wrong:  # our clock is off, so Shopify's word is not believed
            return f"staff of {domain} opens the app and is turned away: {wrong}"
        except Fault as fault:
            return f"staff of {domain} opens the app and is told: {fault.sentence}"
        self.stage.fuse.seen["installed again"] += not was_there
        return f"staff of {domain} opens the app"

    def rare(self) -> list[Callable[[], str]]:
        """Those of which each play gets some for sure, in turn."""
        return [
            self.web_dies_after_its_commit,
            self.clock_jumps,
            self.token_lost,
            self.uninstalled,
            self.erp_refuses,
            self.shopify,
            self.erp,
            self.deliveries,
        ]
