"""How a screen is asked and answered: who asks in which shop, what was filled in, and the forms of an answer.

A handler runs on a thread, opens its own transactions and returns a response; it never sees a token or a header.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from oauth import audit, staff
from oauth.models import Shop
from oauth.staff import Permission
from web import render
from web.auth import Visit
from web.errors import NotThere
from web.forms import Form, plain
from web.limits import FORM_LIMIT_BYTES, NO_BODY_BYTES
from web.render import ROOT, Frame
from web.state import State

LONGEST_WORD = 200
LAST_PAGE = 10_000
UNPROCESSABLE = 422


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question of one person."""

    request: Request[Any]
    visit: Visit
    form: Form = field(default_factory=Form)

    @property
    def state(self) -> State:
        """What the process holds."""
        state: State = self.request.state
        return state

    @property
    def actor(self) -> str:
        """Who asks, for the audit log."""
        return self.visit.actor

    def transaction(self) -> AbstractContextManager[Session]:
        """One transaction in the shop of whoever asks. No call may be made inside."""
        return self.state["database"].transaction(shop_id=self.visit.shop_id)

    def may(self, permission: Permission) -> bool:
        """Whether the person may; a button that would be refused is not offered."""
        return permission.value in self.visit.person.permissions

    def path(self, name: str) -> str:
        """A text in the path. Raises NotThere: nothing that we keep holds a NUL."""
        value = str(self.request.path_params[name])
        if "\x00" in value:
            raise NotThere
        return value

    def number(self, name: str) -> int:
        """A number in the path. Raises NotThere: an id that is no number is no id."""
        value = self.path(name)
        if not value.isascii() or not value.isdigit() or len(value) > 18:
            raise NotThere
        return int(value)

    def word(self, name: str, *, one_of: tuple[str, ...] = ()) -> str:
        """A word of the query; the first of the allowed ones when it is none of them."""
        value = plain(self.request.query_params.get(name, ""), limit=LONGEST_WORD)
        return one_of[0] if one_of and value not in one_of else value

    @property
    def page_number(self) -> int:
        """Which page of a list is wanted."""
        value = self.word("page")
        return min(max(1, int(value)), LAST_PAGE) if value.isascii() and value.isdigit() else 1

    def page(self, name: str, answer: Any, *, status: int = 200, is_personal: bool = False) -> Response:
        """The screen of this name with its answer. Whoever is shown personal data is written down."""
        frame = self.frame()
        text = render.html(f"pages/{name}.html", {"frame": frame, "page": answer})
        if is_personal or frame.reads:
            self._note_read()
        return HTMLResponse(text, status_code=status)

    def _note_read(self) -> None:
        with self.transaction() as session:
            audit.read(
                session,
                shop_id=self.visit.shop_id,
                actor=self.actor,
                subject=self.request.url.path.removeprefix(ROOT),
                address=self.visit.address,
            )

    def refused(self, name: str, answer: Any) -> Response:
        """The screen again, with a sentence beside each field that could not be taken."""
        return self.page(name, answer, status=UNPROCESSABLE)

    def done(self, *, go: str, say: str, **words: Any) -> Response:
        """An act succeeded: where to go now and one short sentence."""
        return JSONResponse({"go": self.frame().to(go, **words), "say": say})

    def frame(self) -> Frame:
        """What surrounds the screen."""
        settings = self.state["settings"]
        with self.transaction() as session:
            timezone = session.scalar(select(Shop.timezone).where(Shop.id == self.visit.shop_id))
        return Frame(
            client_id=settings.client_id,
            app_bridge_url=settings.app_bridge_url,
            polaris_url=settings.polaris_url,
            path=self.request.url.path,
            shop_domain=self.visit.shop_domain,
            host=self.visit.host,
            timezone=timezone or "UTC",
            actor=self.actor,
            may_read=self.may(Permission.READ_PERSONAL_DATA),
        )


Show = Callable[[Asked], Response]


def show(path: str, handler: Show) -> Route:
    """A screen, for anyone of the shop."""

    def endpoint(request: Request[Any]) -> Response:
        visit = request.state["doorkeeper"].visit(request)
        return handler(Asked(request=request, visit=visit))

    return Route(ROOT + path, endpoint, methods=["GET"], max_body_size=NO_BODY_BYTES)


def act(path: str, handler: Show, *, needs: Permission) -> Route:
    """Something that a person does, with a bearer token and a permission."""

    async def endpoint(request: Request[Any]) -> Response:
        visit = await run_in_threadpool(request.state["doorkeeper"].visit, request)
        staff.require(visit.person, needs)
        form = Form.of(await request.form(max_files=0))
        return await run_in_threadpool(handler, Asked(request=request, visit=visit, form=form))

    return Route(ROOT + path, endpoint, methods=["POST"], max_body_size=FORM_LIMIT_BYTES)


def not_there(asked: Asked) -> Response:
    """Every address below the app that is no screen."""
    raise NotThere(asked.request.url.path)


def nudged(asked: Asked, job_ids: list[int]) -> int:
    """Wakes workers for jobs that were just asked for, and says how many there are. After the commit."""
    if job_ids:
        asked.state["engine"].nudge_jobs(job_ids[0], len(job_ids))
    return len(job_ids)
