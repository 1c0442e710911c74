"""The ERP of the benchmarks: the stand-in as a process of its own that answers at once, unless told to be away."""

from __future__ import annotations

import json
import time

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from sandbox.erp.standin.app import build
from sandbox.erp.standin.connecting import stocked
from sandbox.shopify.seed_data import catalogue

KEY = "bench-key"
SHOP = "alpha.myshopify.com"

_kept = stocked("USD", catalogue(SHOP))
_books = build(_kept, key=KEY)
_away = {"until": 0.0}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers as the stand-in does. After `POST /away?seconds=8` it answers nobody for so long. `POST /goods` lets
    it know more products, as rows of id and code; `POST /count` takes what people count, as rows of product, warehouse
    and pieces."""
    if scope["type"] == "http" and scope["path"] == "/away":
        seconds = float(Request(scope).query_params["seconds"])
        _away["until"] = time.monotonic() + seconds
        await PlainTextResponse("away")(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] == "/goods":
        for erp_id, code in json.loads(await Request(scope, receive).body()):
            _kept.products[erp_id] = {"erp_id": erp_id, "code": code, "name": code, "barcodes": []}
        await PlainTextResponse("known")(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] == "/count":
        for product, warehouse, pieces in json.loads(await Request(scope, receive).body()):
            _kept.count(product, warehouse, str(pieces))
        await PlainTextResponse("counted")(scope, receive, send)
    elif scope["type"] == "http" and time.monotonic() < _away["until"]:
        await PlainTextResponse("away", status_code=503)(scope, receive, send)
    else:
        await _books(scope, receive, send)
