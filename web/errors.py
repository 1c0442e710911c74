"""When a screen cannot be shown: what happened, why, and one button. Never a stack trace, never silence."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kit import outages
from kit.faults import Fault, Misconfigured, Transient
from oauth.staff import NotAllowed
from web import auth, render
from web.render import Frame

log = logging.getLogger(__name__)


class NotThere(Exception):
    """The shop has no such thing (any more). Answer 404."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What an error page shows."""

    heading: str
    sentence: str
    path: str = ""
    button: str = "Back to Home"
    reference: str = ""


GONE = Problem(
    heading="This page is not here",
    sentence="The link may be old, or the thing it led to was removed after the time you set.",
)
BUSY = Problem(
    heading="Concord is busy",
    sentence="Nothing is lost: what Shopify sends is stored first. Please try again in a minute.",
    button="Try again",
)


def page(request: Request, problem: Problem, *, status: int) -> Response:
    """The error page. It needs no visitor, so it links plainly."""
    settings = request.state["settings"]
    frame = Frame(
        client_id=settings.client_id,
        app_bridge_url=settings.app_bridge_url,
        polaris_url=settings.polaris_url,
        path=request.url.path,
        shop_domain=request.scope.get("state", {}).get("framed_by") or "",
        host=request.query_params.get("host", ""),
    )
    return HTMLResponse(render.html("error.html", {"frame": frame, "page": problem}), status_code=status)


async def not_there(request: Request, _error: Exception) -> Response:
    """404."""
    return page(request, GONE, status=404)


async def not_allowed(request: Request, error: Exception) -> Response:
    """403 with the sentence that says who can help."""
    sentence = error.sentence if isinstance(error, NotAllowed) else ""
    return page(request, Problem(heading="You are not allowed to do this", sentence=sentence), status=403)


async def fault(request: Request, error: Exception) -> Response:
    """A fault that reached a person: its own sentence, and whether trying again helps."""
    if not isinstance(error, Fault):
        raise error
    log.warning("page.fault", extra={"code": error.code, "path": request.url.path})
    match error:
        case Transient():
            heading, status = "That did not work just now", 503
        case Misconfigured():
            heading, status = "A setting is missing", 409
        case _:
            heading, status = "That was not possible", 409
    problem = Problem(heading=heading, sentence=error.sentence, reference=error.code)
    return page(request, problem, status=status)


async def busy(request: Request, error: Exception) -> Response:
    """The database is away or has no free connection."""
    told = {"error_kind": type(error).__name__, "why": outages.told(error), "path": request.url.path}
    log.error("page.database_away", extra=told)
    return page(request, BUSY, status=503)


async def refused(request: Request, error: Exception) -> Response:
    """PostgreSQL calls it an error of its own: its disk, or a mistake of ours."""
    return await (busy if outages.told(error) else bug)(request, error)


async def http(request: Request, error: Exception) -> Response:
    """Unknown addresses, wrong methods, bodies that are too large."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return page(request, GONE, status=404)
    problem = Problem(heading="That was not possible", sentence="The request was not one that Concord takes.")
    return page(request, problem, status=status)


async def bug(request: Request, error: Exception) -> Response:
    """Anything else is a bug of ours: loud in the log, calm on the screen."""
    reference = uuid.uuid4().hex[:8]
    log.error("page.bug", extra={"reference": reference, "path": request.url.path}, exc_info=error)
    problem = Problem(
        heading="Concord made a mistake",
        sentence="This is not your fault, and nothing that Shopify sent is lost. Please tell support this code.",
        reference=reference,
    )
    return page(request, problem, status=500)


Handler = Callable[[Request, Exception], Awaitable[Response]]
HANDLERS: Mapping[Any, Handler] = {
    auth.Turned: auth.turned,
    NotThere: not_there,
    NotAllowed: not_allowed,
    Fault: fault,
    OperationalError: busy,
    InternalError: refused,
    PoolTimeout: busy,
    HTTPException: http,
    Exception: bug,
}
