"""How much anyone may send and how often: body sizes by kind of page, and token buckets for public addresses.

Buckets live in the process: they stop floods, they are no accounting. Deliveries are not counted here, because
Shopify sends a whole flash sale from few addresses; only the requests that prove nothing are.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from kit import clock

FORM_LIMIT_BYTES = 262_144
NO_BODY_BYTES = 8_192
MOST_KEYS = 10_000


@dataclass
class _Bucket:
    tokens: float
    at: float


class Buckets:
    """Token buckets by key: `size` at once, then `per_second`. The keys seen longest ago are forgotten first."""

    def __init__(self, *, size: float, per_second: float, most_keys: int = MOST_KEYS) -> None:
        self._size = size
        self._per_second = per_second
        self._most_keys = most_keys
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> float:
        """0.0 and one token is gone; otherwise the seconds until there is one again."""
        now = clock.monotonic()
        with self._lock:
            bucket = self._buckets.pop(key, None) or _Bucket(self._size, now)
            self._buckets[key] = bucket
            if len(self._buckets) > self._most_keys:
                self._buckets.popitem(last=False)
            gained = max(0.0, now - bucket.at) * self._per_second
            bucket.tokens, bucket.at = min(self._size, bucket.tokens + gained), now
            if bucket.tokens >= 1.0:
                bucket.tokens -= 1.0
                return 0.0
            return (1.0 - bucket.tokens) / self._per_second
