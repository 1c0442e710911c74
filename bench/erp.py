"""The ERP of the benchmarks: the stand-in as a process of its own that answers at once, unless told to be away."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from sandbox.erp.standin.app import build
from sandbox.erp.standin.connecting import stocked
from sandbox.shopify.seed_data import catalogue

KEY = "bench-key"
SHOP = "alpha.myshopify.com"

_books = build(stocked("USD", catalogue(SHOP)), key=KEY)
_away = {"until": 0.0}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers as the stand-in does. After `POST /away?seconds=8` it answers nobody for so long."""
    if scope["type"] == "http" and scope["path"] == "/away":
        seconds = float(Request(scope).query_params["seconds"])
        _away["until"] = time.monotonic() + seconds
        await PlainTextResponse("away")(scope, receive, send)
    elif scope["type"] == "http" and time.monotonic() < _away["until"]:
        await PlainTextResponse("away", status_code=503)(scope, receive, send)
    else:
        await _books(scope, receive, send)
