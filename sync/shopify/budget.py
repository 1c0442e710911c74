"""What the client asks of a shop's cost bucket before and after each call. The rows behind it live elsewhere.

Figures of the bucket are Shopify's own, learnt from answers; nothing is known of a plan here. `OpenBudget` is for
tools that talk to a shop alone and let Shopify's own throttling be the limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sync.shopify.answers import Cost


@dataclass(frozen=True)
class Claim:
    """Points set aside for one call, or how long to wait before asking again."""

    points: float
    wait_seconds: float = 0.0


class Budget(Protocol):
    """The cost bucket of one shop."""

    def claim(self, operation: str, *, lane: int) -> Claim:
        """Sets points aside for a call. A lower lane leaves a share for the ones before it."""
        ...

    def settle(self, operation: str, *, claim: Claim, cost: Cost | None) -> None:
        """Gives back what was not used and learns Shopify's figures; `cost=None`: no answer told them."""
        ...


class OpenBudget:
    """A bucket that never asks anybody to wait."""

    def claim(self, operation: str, *, lane: int) -> Claim:
        """Always at once."""
        return Claim(0.0)

    def settle(self, operation: str, *, claim: Claim, cost: Cost | None) -> None:
        """Learns nothing."""
