"""The floor: Starlette and the HMAC check, and nothing stored. What the door is measured against."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = os.environ.get("BENCH_SECRET", "").encode()


async def receive(request: Request) -> Response:
    """Verifies the bytes and answers."""
    body = await request.body()
    digest = base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest()).decode()
    good = hmac.compare_digest(digest, request.headers.get("x-shopify-hmac-sha256", ""))
    return Response(status_code=200 if good else 401)


app = Starlette(routes=[Route("/webhooks", receive, methods=["POST"])])
