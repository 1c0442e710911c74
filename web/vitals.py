"""Is the process alive, and can it take work? For whoever runs it; nothing about any shop."""

from __future__ import annotations

from sqlalchemy import literal, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from web.auth import too_many
from web.state import State


async def healthz(_request: Request) -> Response:
    """200 while the process answers at all."""
    return PlainTextResponse("ok")


def readyz(request: Request[State]) -> Response:
    """200 when the database answers and the inbox writes; 503 keeps traffic away meanwhile."""
    if wait := request.state["doorkeeper"].often(request, "readiness"):
        return too_many(wait)
    try:
        with request.state["database"].transaction() as session:
            session.execute(select(literal(1)))
    except (OperationalError, PoolTimeout):
        return PlainTextResponse("the database does not answer", status_code=503)
    if request.state["inbox"].has_failed:
        return PlainTextResponse("the inbox has ended by a mistake; restart this process", status_code=503)
    return PlainTextResponse("ready")
