"""What every mutation has in common: run it, read its payload, and say what a refusal means for the next step.

The mutations themselves live beside this file by subject (`stock`, `fulfilments`, `refunds`, `goods`). Each has a
function that settles its outcome by asking, because a key is forgotten after a day and some mutations take none.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Never

from kit.faults import OutcomeUnknown, Rejected, Transient
from sync.shopify.answers import UserErrors, user_errors
from sync.shopify.client import Client

log = logging.getLogger(__name__)

STALE_CODES = ("CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE")
BUSY_CODES = ("SERVICE_UNAVAILABLE", "INTERNAL_ERROR")
BUSY_TEXTS = ("too many attempts", "try again later")
CONCURRENT_SECONDS = 2.0


class Refused(Rejected):
    """Shopify said no and did nothing. `errors` tells which part of the input it means."""

    def __init__(self, errors: UserErrors, *, operation: str, code: str = "shopify_refused") -> None:
        super().__init__(
            code,
            f"Shopify refuses this: {errors.sentence()}",
            detail=f"{operation}: {errors.detail()}",
            field=".".join(errors.errors[0].field) if errors.errors else "",
        )
        self.errors = errors


class Stale(Refused):
    """The value to change from is not there any more. Read again, plan again, and use a new key."""


class NeedsNewKey(Refused):
    """This key is used up: its first try failed for good, or had other contents. Read the state, then send under a new
    version of the intent."""


def done(
    client: Client,
    name: str,
    variables: Mapping[str, Any],
    *,
    lane: int,
    key: str | None = None,
) -> dict[str, Any]:
    """The payload of a mutation that was done. Raises what its user errors mean otherwise."""
    payload, errors = tried(client, name, variables, lane=lane, key=key)
    if errors:
        refuse(name, errors)
    return payload


def tried(
    client: Client,
    name: str,
    variables: Mapping[str, Any],
    *,
    lane: int,
    key: str | None = None,
) -> tuple[dict[str, Any], UserErrors]:
    """The payload and the user errors, for mutations that can be done in part. Raises what concerns the key."""
    (payload,) = client.run(name, variables, lane=lane, key=key).values()
    if payload is None:
        raise OutcomeUnknown(
            "no_verdict", "Shopify did not say whether it did it.", detail=f"{name}: its payload is null"
        )
    errors = user_errors(payload)
    if errors:
        _check_key(name, errors)
        _check_busy(name, errors)
    return payload, errors


def refuse(name: str, errors: UserErrors) -> Never:
    """Raises the refusal that the errors stand for."""
    if errors.coded(*STALE_CODES):
        raise Stale(errors, operation=name, code="stale")
    raise Refused(errors, operation=name)


def _check_key(name: str, errors: UserErrors) -> None:
    """Mutations without codes (refundCreate, inventoryActivate) say the same in words."""
    for error in errors.errors:
        words = error.message.lower()
        told = error.code if error.code.startswith("IDEMPOTENCY_") else ""
        if not told and "idempoten" not in words:
            continue
        if told == "IDEMPOTENCY_CONCURRENT_REQUEST" or (not told and "progress" in words):
            raise Transient(
                "in_progress",
                "Shopify is still working on the same request.",
                detail=f"{name}: {error.message}",
                after_seconds=CONCURRENT_SECONDS,
            )
        if told == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED" or (not told and "failed" in words):
            raise NeedsNewKey(errors, operation=name, code="previous_attempt_failed")
        if told == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH" or (
            not told and ("parameter" in words or "different" in words)
        ):
            # A bug of ours, or of whoever used the key before us. What that did is not what we want: look first.
            log.error("shopify.key_mismatch", extra={"operation": name})
            raise NeedsNewKey(errors, operation=name, code="key_mismatch")
        raise OutcomeUnknown(
            "no_verdict", "Shopify did not say whether it did it.", detail=f"{name}: {error.message}"
        )


def _check_busy(name: str, errors: UserErrors) -> None:
    if errors.coded(*BUSY_CODES) or any(
        text in error.message.lower() for error in errors.errors for text in BUSY_TEXTS
    ):
        raise Transient(
            "shopify_busy",
            "Shopify cannot do this at the moment.",
            detail=f"{name}: {errors.detail()}",
            after_seconds=CONCURRENT_SECONDS,
        )
