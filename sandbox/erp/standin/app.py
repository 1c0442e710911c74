"""The stand-in's HTTP face: POST /{verb} with JSON values. 200 with the answer, 422 refused, 401 without the key."""

from __future__ import annotations

import hmac

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.erp.standin.books import Books, Refused


def build(books: Books, *, key: str) -> Starlette:
    """The app over one set of books."""

    async def call(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
            return JSONResponse({"error": "unknown key"}, status_code=401)
        try:
            return JSONResponse(books.call(request.path_params["verb"], await request.json()))
        except Refused as refusal:
            return JSONResponse({"error": str(refusal)}, status_code=422)
        except LookupError:
            return JSONResponse({"error": "no such verb"}, status_code=404)

    return Starlette(routes=[Route("/{verb}", call, methods=["POST"])])
