"""A remote end that answers from a script: for what the local Shopify cannot be brought to say on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from kit.crypto import Secret
from kit.http import Door
from sync.shopify.budget import Budget, OpenBudget
from sync.shopify.client import Client

ORIGIN = "https://alpha.myshopify.com"
VERSION = "2026-10"
Reply = httpx2.Response | Exception


@dataclass
class Script:
    """Replies in order, and the requests that came."""

    replies: list[Reply]
    requests: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """The next reply; an exception stands for a broken connection."""
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def sent(self, number: int = -1) -> dict[str, Any]:
        """The JSON of a request."""
        body: dict[str, Any] = json.loads(self.requests[number].content)
        return body


def client(
    script: Script, *, budget: Budget | None = None, on_unauthorized: Callable[[], None] = lambda: None
) -> Client:
    """A client of shop Alpha whose Shopify is the script. Waiting is exact: no jitter."""
    return Client(
        Door(transports={ORIGIN: httpx2.MockTransport(script)}),
        url=ORIGIN,
        api_version=VERSION,
        token=lambda: Secret("shpat_alpha"),
        budget=budget or OpenBudget(),
        on_unauthorized=on_unauthorized,
        jitter=lambda: 0.0,
    )


def answered(
    data: Any = None,
    *,
    errors: Any = None,
    cost: tuple[int, int | None] | None = (10, 10),
    available: int = 1900,
    version: str = VERSION,
    status: int = 200,
    **headers: str,
) -> httpx2.Response:
    """An answer of the Admin API as it looks on the wire."""
    body: dict[str, Any] = {}
    if data is not None:
        body["data"] = data
    if errors is not None:
        body["errors"] = errors
    if cost is not None:
        body["extensions"] = {
            "cost": {
                "requestedQueryCost": cost[0],
                "actualQueryCost": cost[1],
                "throttleStatus": {
                    "maximumAvailable": 2000,
                    "currentlyAvailable": available,
                    "restoreRate": 100,
                },
            }
        }
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(
        status, json=body, headers={"X-Shopify-API-Version": version, "X-Request-Id": "req-1", **names}
    )


def error(code: str, message: str = "refused", *path: str | int, **extensions: Any) -> dict[str, Any]:
    """A top-level error."""
    told: dict[str, Any] = {"message": message, "extensions": {"code": code, **extensions}}
    if path:
        told["path"] = list(path)
    return told


def throttled(*, requested: int = 400, available: int = 100) -> httpx2.Response:
    """Refused for lack of points."""
    return answered(errors=[error("THROTTLED", "Throttled")], cost=(requested, None), available=available)
