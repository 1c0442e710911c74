"""What Shopify answered, in our words: data, cost, user errors, or the fault that the answer means.

It reads; it sends nothing and waits for nothing. Whether a refused call can have happened over there is decided here
and nowhere else: an error that comes before execution is a plain refusal, one that does not say so is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx2

from kit.faults import Fault, Misconfigured, OutcomeUnknown, Rejected, Transient, quoted
from sync.shopify.documents import Document

# Found before anything runs, and caused by the document alone: ours to repair, never the merchant's.
_STATIC = frozenset({"PARSE_ERROR", "MAX_COST_EXCEEDED", "MAX_INPUT_SIZE_EXCEEDED", "BAD_REQUEST"})
# Found before anything runs, and caused by a value.
_VALUES = frozenset({"INVALID_VARIABLE", "INVALID_FIELD_ARGUMENTS", "RESOURCE_NOT_FOUND", "NOT_FOUND"})
_SHOP_GONE = {
    402: "The shop is frozen because a bill at Shopify is open.",
    403: "Shopify does not let apps into this shop.",
    404: "Shopify does not know this shop any more.",
    423: "The shop is locked at Shopify.",
}


class BrokenDocument(RuntimeError):
    """Shopify refuses the document itself. Always a bug of ours: the test run validates every document."""


class Unauthorized(Misconfigured):
    """The token is not accepted (401). Nothing happened."""


@dataclass(frozen=True)
class Throttle:
    """Shopify's own figures of the cost bucket."""

    maximum: float
    available: float
    restore_per_second: float


@dataclass(frozen=True)
class Cost:
    """What a call asked for and really took; `actual` is none when it was throttled."""

    requested: float
    actual: float | None
    throttle: Throttle | None


@dataclass(frozen=True)
class Denied:
    """A part of the answer that is null because the shop did not grant a scope (or protected data)."""

    path: tuple[str | int, ...]
    scope: str
    message: str


@dataclass(frozen=True)
class Answer:
    """A whole answer. `denied` is empty unless the caller can live with gaps."""

    data: Mapping[str, Any]
    cost: Cost | None
    denied: tuple[Denied, ...]
    is_throttled: bool
    api_version: str
    request_id: str


@dataclass(frozen=True)
class UserError:
    """One refusal of a mutation: where, what, and a code where Shopify gives one."""

    field: tuple[str, ...]
    message: str
    code: str

    def row(self, after: str) -> int | None:
        """The position in the list that follows a name: `row("quantities")` of (input, quantities, 3, ...)."""
        names = [*self.field, ""]
        position = names[names.index(after) + 1] if after in names else ""
        return int(position) if position.isdigit() else None


@dataclass(frozen=True)
class UserErrors:
    """All refusals of one mutation. Empty: it was done."""

    errors: tuple[UserError, ...]

    def __bool__(self) -> bool:
        return bool(self.errors)

    def coded(self, *codes: str) -> tuple[UserError, ...]:
        """Those with one of the codes."""
        return tuple(error for error in self.errors if error.code in codes)

    def sentence(self) -> str:
        """All of them for a person."""
        return " ".join(dict.fromkeys(error.message for error in self.errors))

    def detail(self) -> str:
        """All of them for support."""
        return "; ".join(f"{'.'.join(error.field)}: {error.code or error.message}" for error in self.errors)


def user_errors(payload: Mapping[str, Any], *, name: str = "userErrors") -> UserErrors:
    """The refusals in a mutation's payload."""
    return UserErrors(
        tuple(
            UserError(
                tuple(str(part) for part in error.get("field") or ()),
                error.get("message") or "",
                error.get("code") or "",
            )
            for error in payload.get(name) or ()
        )
    )


def read(response: httpx2.Response, document: Document) -> Answer:
    """The answer in a response. Raises the fault that it means otherwise."""
    fault = _of_status(response, document)
    if fault is not None:
        raise fault
    try:
        body = json.loads(response.content, parse_float=Decimal)
    except ValueError as error:
        raise _no_verdict(document, "unreadable", "the answer is not JSON") from error
    if not isinstance(body, dict) or not (isinstance(body.get("data"), dict) or body.get("errors")):
        raise _no_verdict(document, "unreadable", "the answer holds neither data nor errors")
    request_id = response.headers.get("x-request-id", "")
    errors = body.get("errors") or ()
    data = body.get("data") or {}
    cost = _cost(body.get("extensions") or {})
    is_throttled = any(_code(error) == "THROTTLED" for error in errors)
    return Answer(
        data=data,
        cost=cost,
        denied=() if is_throttled else _gaps(errors, data, document),
        is_throttled=is_throttled,
        api_version=response.headers.get("x-shopify-api-version", ""),
        request_id=request_id,
    )


def _of_status(response: httpx2.Response, document: Document) -> Fault | None:
    status = response.status_code
    detail = f"HTTP {status} to {document.name}, request {response.headers.get('x-request-id', '')}"
    if status == 401:
        return Unauthorized(
            "token_refused", "Shopify does not accept the shop's token.", misses="grant", detail=detail
        )
    if status in _SHOP_GONE:
        return Misconfigured(f"shop_{status}", _SHOP_GONE[status], misses="shop", detail=detail)
    if 300 <= status < 400:
        return Misconfigured(
            "shop_moved", "The shop answers under another address.", misses="shop", detail=detail
        )
    if status == 429 or status >= 500:
        if document.is_write:
            return OutcomeUnknown("no_verdict", "Shopify did not say whether it did it.", detail=detail)
        return Transient(
            "shopify_busy",
            "Shopify cannot answer at the moment.",
            detail=detail,
            after_seconds=_seconds(response.headers.get("retry-after", "")),
        )
    if status != 200:
        raise BrokenDocument(detail)
    return None


def _no_verdict(document: Document, code: str, detail: str) -> Fault:
    detail = f"{document.name}: {detail}"
    if document.is_write:
        return OutcomeUnknown(code, "Shopify did not say whether it did it.", detail=detail)
    return Transient(code, "Shopify's answer could not be read.", detail=detail)


def _gaps(errors: Sequence[Any], data: Mapping[str, Any], document: Document) -> tuple[Denied, ...]:
    """The denied parts of an answer that is usable otherwise. Raises for every other error."""
    denied: list[Denied] = []
    for error in errors:
        path = tuple(error.get("path") or ()) if isinstance(error, Mapping) else ()
        # A root that is there was executed: an error below it can only be a part that may not be read.
        is_below = len(path) > 1 and data.get(str(path[0])) is not None
        if _code(error) == "ACCESS_DENIED" and (is_below or (not document.is_write and any(data.values()))):
            denied.append(Denied(path, _scope(error), str(error.get("message", ""))))
        elif not (document.is_write and is_below):
            raise _of_error(error, document)
    return tuple(denied)


def _of_error(error: Any, document: Document) -> Exception:
    code = _code(error)
    message = str(error.get("message", "")) if isinstance(error, Mapping) else str(error)
    detail = f"{document.name}: {code or 'no code'}: {message}"
    if code == "ACCESS_DENIED":
        return denied(_scope(error), detail=detail)
    if code in _VALUES:
        return Rejected(code.lower(), f"Shopify refuses a value: {quoted(message)}", detail=detail)
    if code in _STATIC or (code and code[0].islower()) or not code:
        return BrokenDocument(detail)
    return _no_verdict(document, f"shopify_{code.lower()}"[:64], detail)


def denied(scope: str, *, detail: str) -> Misconfigured:
    """The fault of a scope that the shop did not grant."""
    named = scope or "the needed scope"
    return Misconfigured(
        "access_denied",
        f"Concord may not do this in the shop: {named} is not granted.",
        misses=f"scope:{scope or 'unknown'}",
        detail=detail,
    )


def _scope(error: Mapping[str, Any]) -> str:
    """The first scope that the error names (`required access` is a sentence with names in back-quotes)."""
    required = str((error.get("extensions") or {}).get("requiredAccess") or "")
    parts = required.split("`")
    return parts[1] if len(parts) > 2 else ""


def _code(error: Any) -> str:
    if not isinstance(error, Mapping):
        return ""
    return str((error.get("extensions") or {}).get("code") or "")


def _cost(extensions: Mapping[str, Any]) -> Cost | None:
    cost = extensions.get("cost")
    if not isinstance(cost, Mapping) or cost.get("requestedQueryCost") is None:
        return None
    status = cost.get("throttleStatus")
    actual = cost.get("actualQueryCost")
    return Cost(
        requested=float(cost["requestedQueryCost"]),
        actual=None if actual is None else float(actual),
        throttle=Throttle(
            maximum=float(status["maximumAvailable"]),
            available=float(status["currentlyAvailable"]),
            restore_per_second=float(status["restoreRate"]),
        )
        if isinstance(status, Mapping)
        else None,
    )


def _seconds(header: str) -> float | None:
    try:
        return max(0.0, float(header))
    except ValueError:
        return None
