"""The Admin API door: who calls, in which version, and what shall go wrong; the answer itself comes from `admin`."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from starlette.responses import JSONResponse, Response

from sandbox.shopify import admin, tokens
from sandbox.shopify.door import Call, CutResponse
from sandbox.shopify.faults import Fault, FaultKind
from sandbox.shopify.pace import pause

OLDEST_VERSION = "2025-10"
NEWEST_VERSION = "2026-10"
UNRECOGNIZED = "[API] Invalid API key or access token (unrecognized login or wrong password)"


def graphql(call: Call) -> Response:
    """POST /shops/{shop}/admin/api/{version}/graphql.json"""
    shop, version = call.shop, served_version(call.parameters["version"])
    headers = {"X-Shopify-API-Version": version, "X-Request-Id": str(uuid4())}
    text = call.body.decode(errors="replace")
    faults = {f.kind: f for f in call.world.faults.take("graphql", shop=shop, text=text)}
    if slow := faults.get(FaultKind.SLOW):
        pause(slow.ms)
    if fail := faults.get(FaultKind.FAIL):
        return _failed(fail, headers)
    bearer = tokens.bearer(call.world.store, shop, call.headers.get("x-shopify-access-token", ""))
    if bearer is None:
        return JSONResponse({"errors": UNRECOGNIZED}, status_code=401, headers=headers)
    payload: Any = {"query": text} if _is_bare(call) else call.json()
    if not isinstance(payload, dict):
        return JSONResponse(
            {"errors": "Required parameter missing or invalid"}, status_code=400, headers=headers
        )
    if FaultKind.THROTTLE in faults:
        return JSONResponse(THROTTLED, headers=headers)
    call.world.move_bulk_operations()
    answer = admin.answer(
        call.world.store,
        shop=shop,
        scopes=bearer.scopes,
        client_id=bearer.client_id,
        payload=payload,
        version=version,
    )
    if FaultKind.CUT in faults:
        return CutResponse()
    return JSONResponse(answer.body, status_code=answer.status, headers=headers | dict(answer.headers))


def served_version(asked: str) -> str:
    """The version that answers: the asked one, or the nearest that is still served."""
    if asked == "unstable":
        return asked
    if not re.fullmatch(r"\d{4}-\d{2}", asked):
        return OLDEST_VERSION
    return min(max(asked, OLDEST_VERSION), NEWEST_VERSION)


THROTTLED: dict[str, Any] = {
    "errors": [
        {
            "message": "Throttled",
            "extensions": {
                "code": "THROTTLED",
                "documentation": "https://shopify.dev/api/usage/rate-limits",
            },
        }
    ],
    "extensions": {
        "cost": {
            "requestedQueryCost": 100,
            "actualQueryCost": None,
            "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 0, "restoreRate": 100},
        }
    },
}


def _is_bare(call: Call) -> bool:
    """Whether the body is the document itself."""
    return call.headers.get("content-type", "").split(";")[0].strip() == "application/graphql"


def _failed(fault: Fault, headers: dict[str, str]) -> Response:
    if fault.body:
        return Response(fault.body, status_code=fault.status, headers=headers)
    return JSONResponse(
        {"errors": f"Fault on request ({fault.status})"}, status_code=fault.status, headers=headers
    )
