"""Faults on request: what the local Shopify shall do wrong next, how often, and to whom.

It owns the list of faults that are waiting and hands each out as often as asked for. It carries out none of them:
the API door and the webhook sender do.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong on request."""

    SLOW = "slow"
    FAIL = "fail"
    CUT = "cut"
    THROTTLE = "throttle"
    DROP = "drop"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    DELAY = "delay"


OF_WEBHOOKS = frozenset({FaultKind.DROP, FaultKind.DUPLICATE, FaultKind.REORDER, FaultKind.DELAY})


@dataclass
class Fault:
    """One wish. `times=None` lasts until it is cleared; `match` must be part of the request text or topic."""

    kind: FaultKind
    target: str = "graphql"
    times: int | None = 1
    shop: str = ""
    match: str = ""
    ms: int = 0
    seconds: float = 0.0
    status: int = 503
    body: str = ""
    id: int = 0

    def concerns(self, target: str, shop: str, text: str) -> bool:
        """True when this fault is meant for such a request or delivery."""
        return self.target == target and self.shop in ("", shop) and self.match in text


class Faults:
    """The waiting faults, handed out in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._last_id = 0
        self.used: Counter[str] = Counter()  # by kind, since the beginning

    def add(self, wish: dict[str, Any]) -> Fault:
        """Notes a wish. Raises ValueError or TypeError when it cannot be understood."""
        kind = FaultKind(wish["kind"])
        fault = Fault(**{**wish, "kind": kind})
        if kind in OF_WEBHOOKS:
            fault.target = "webhook"
        with self._lock:
            self._last_id += 1
            fault.id = self._last_id
            self._waiting.append(fault)
        return fault

    def take(self, target: str, *, shop: str, text: str) -> list[Fault]:
        """What shall happen to this request or delivery: at most one fault of each kind, each used once."""
        taken: dict[FaultKind, Fault] = {}
        with self._lock:
            for fault in list(self._waiting):
                if fault.kind in taken or not fault.concerns(target, shop, text):
                    continue
                taken[fault.kind] = fault
                self.used[fault.kind.value] += 1
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
        return list(taken.values())

    def clear(self) -> None:
        """Forgets all wishes."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """The wishes that are still open."""
        with self._lock:
            return [asdict(fault) for fault in self._waiting]
