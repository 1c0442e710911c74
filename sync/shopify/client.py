"""The one way to the Admin API: a named document, variables, a lane, and for a write that takes one the intent's key.

It waits for points and out of throttling, sends, and returns data or raises the fault that the answer means. It
never sends a mutation again that may have happened, makes no key, and refuses a write that is not safe to repeat.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import httpx2

from kit import clock, http
from kit.crypto import Secret
from kit.faults import Transient
from kit.http import Door
from sync.shopify import answers, documents, idempotency
from sync.shopify.answers import Answer, Unauthorized
from sync.shopify.budget import Budget, Claim
from sync.shopify.documents import Document

PATIENCE_SECONDS = 45.0  # a worker's thread waits so long for points; then the job itself waits
LEAST_WAIT_SECONDS = 1.0
READ_SECONDS = 40.0

log = logging.getLogger(__name__)
_random = secrets.SystemRandom()
# Answers shaped by another API version than asked for, by (asked, answered). Anything here is an alarm.
version_mismatches: Counter[tuple[str, str]] = Counter()


class OutOfBudget(Transient):
    """The shop's points are used up for longer than a thread should wait. It is no attempt: nothing was done."""

    counts = False

    def __init__(self, *, after_seconds: float) -> None:
        super().__init__(
            "shopify_budget",
            "The shop's call budget at Shopify is used up for the moment.",
            after_seconds=after_seconds,
        )


class Client:
    """The Admin API of one shop."""

    def __init__(
        self,
        door: Door,
        *,
        url: str,
        api_version: str,
        token: Callable[[], Secret],
        budget: Budget,
        on_unauthorized: Callable[[], None],
        patience_seconds: float = PATIENCE_SECONDS,
        jitter: Callable[[], float] = _random.random,
    ) -> None:
        self.door = door
        self.api_version = api_version
        self._url = f"{url.rstrip('/')}/admin/api/{api_version}/graphql.json"
        self._token = token
        self._budget = budget
        self._on_unauthorized = on_unauthorized
        self._patience_seconds = patience_seconds
        self._jitter = jitter

    def run(
        self,
        operation: str,
        variables: Mapping[str, Any] | None = None,
        *,
        lane: int,
        key: str | None = None,
    ) -> dict[str, Any]:
        """The data of a whole answer. A part that the shop does not let us see is a Misconfigured, except below
        a mutation that was done: what happened is not undone by what may not be read."""
        answer = self.ask(operation, variables, lane=lane, key=key)
        document = documents.document(operation)
        if answer.denied and not document.is_write:
            first = answer.denied[0]
            raise answers.denied(first.scope, detail=f"{operation}: {first.message}")
        return dict(answer.data)

    def ask(
        self,
        operation: str,
        variables: Mapping[str, Any] | None = None,
        *,
        lane: int,
        key: str | None = None,
    ) -> Answer:
        """Like `run`, for a caller that can live with gaps: they are null in the data and listed in `denied`."""
        document = documents.document(operation)
        sent = dict(variables or {})
        idempotency.check(document, sent, key=key, api_version=self.api_version)
        if key is not None:
            sent["key"] = key
        deadline = clock.monotonic() + self._patience_seconds
        throttled = 0
        is_renewed = False
        while True:
            claim = self._claimed(operation, lane=lane, deadline=deadline)
            try:
                answer = self._sent_once(document, sent, claim)
            except Unauthorized:
                # Nothing happened there. The next token is a renewed one, or asking for it says that a visit is needed.
                if is_renewed:
                    raise
                is_renewed = True
                continue
            if not answer.is_throttled:
                return answer
            throttled += 1
            self._wait(_until_affordable(answer, throttled), deadline)

    def _claimed(self, operation: str, *, lane: int, deadline: float) -> Claim:
        while (claim := self._budget.claim(operation, lane=lane)).wait_seconds > 0:
            self._wait(claim.wait_seconds, deadline)
        return claim

    def _wait(self, seconds: float, deadline: float) -> None:
        seconds *= 1 + self._jitter() / 4
        if clock.monotonic() + seconds > deadline:
            raise OutOfBudget(after_seconds=seconds)
        clock.sleep(seconds)

    def _sent_once(self, document: Document, variables: Mapping[str, Any], claim: Claim) -> Answer:
        cost = None
        try:
            response = self._posted(document, variables)
            answer = answers.read(response, document)
            cost = answer.cost
        except Unauthorized:
            self._on_unauthorized()
            raise
        finally:
            self._budget.settle(document.name, claim=claim, cost=cost)
        self._note(document, answer)
        return answer

    def _posted(self, document: Document, variables: Mapping[str, Any]) -> httpx2.Response:
        try:
            return self.door.call(
                "POST",
                self._url,
                headers={"X-Shopify-Access-Token": self._token().reveal(), "Accept": "application/json"},
                json={"query": document.text, "variables": variables, "operationName": document.operation},
                repeatable=not document.is_write,
                read_seconds=READ_SECONDS,
            )
        finally:
            http.annotate(document.name)

    def _note(self, document: Document, answer: Answer) -> None:
        cost = answer.cost
        if cost is not None:
            actual = "throttled" if cost.actual is None else f"{cost.actual:g}"
            http.annotate(f"cost {cost.requested:g}/{actual}")
        if answer.api_version and answer.api_version != self.api_version:
            version_mismatches[(self.api_version, answer.api_version)] += 1
            log.error(
                "Shopify answered in another API version than asked for",
                extra={"asked": self.api_version, "answered": answer.api_version, "operation": document.name},
            )


def _until_affordable(answer: Answer, throttled: int) -> float:
    """Seconds until the bucket holds what the call needs; a little longer each time it was refused."""
    cost = answer.cost
    seconds = LEAST_WAIT_SECONDS * throttled
    if cost and cost.throttle and cost.throttle.restore_per_second > 0:
        missing = cost.requested - cost.throttle.available
        seconds = max(seconds, missing / cost.throttle.restore_per_second)
    return seconds
