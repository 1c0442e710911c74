"""The door of the local Shopify: one request as a value, one plain function as its handler.

Handlers never see the event loop, so the same table of routes answers over HTTP (`endpoint`) and inside a process
without any server (`DirectTransport`), which is how a simulation in one thread calls it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from sandbox.shopify.wishes import NotUnderstood
from sandbox.shopify.world import UnknownShop, World


class Unreadable(ValueError):
    """The body of a request is not what its form says."""


@dataclass(frozen=True)
class Call:
    """One request, completely read."""

    world: World
    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    query_items: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    @property
    def shop(self) -> str:
        """The domain of the shop named in the path. Raises UnknownShop."""
        return self.world.shop(self.parameters["shop"])

    def cookie(self, name: str) -> str:
        """The value of a cookie, '' without one."""
        found = SimpleCookie(self.headers.get("cookie", "")).get(name)
        return found.value if found else ""

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object. Raises Unreadable."""
        if not self.body.strip():
            return {}
        try:
            return json.loads(self.body, parse_constant=_no_number)
        except UnicodeDecodeError as error:
            raise Unreadable("The body is not UTF-8") from error
        except ValueError as error:  # no JSON at all, or a number of thousands of digits
            raise Unreadable(f"The body is no JSON: {error}") from error
        except RecursionError as error:
            raise Unreadable("The body is nested too deeply") from error

    def object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Unreadable."""
        found = self.json()
        if not isinstance(found, dict):
            raise Unreadable("The body must be a JSON object")
        return found

    def form(self) -> dict[str, str]:
        """The fields of a form, or of a JSON object sent instead of one. Raises Unreadable."""
        if "json" in self.headers.get("content-type", ""):
            return {key: str(value) for key, value in self.object().items()}
        return dict(self.form_items())

    def form_items(self) -> list[tuple[str, str]]:
        """The fields of a URL-encoded form in the order in which they were sent. Raises Unreadable."""
        try:
            return parse_qsl(self.body.decode(), keep_blank_values=True, errors="strict")
        except ValueError as error:  # no UTF-8, or too many fields
            raise Unreadable("The form is not UTF-8 or has too many fields") from error


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number")


class CutResponse(Response):
    """Executed, but the answer never arrives: the connection closes in the middle of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


Handler = Callable[[Call], Response]


def endpoint(world: World, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A handler as Starlette calls it: the body is read on the loop, everything else happens on a thread."""

    async def answer(request: Request) -> Response:
        body = await request.body()
        call = Call(
            world=world,
            method=request.method,
            path=request.url.path,
            parameters=request.path_params,
            query=dict(request.query_params),
            query_items=tuple(request.query_params.multi_items()),
            headers=request.headers,
            body=body,
        )
        return await run_in_threadpool(answered, handler, call)

    return answer


def answered(handler: Handler, call: Call) -> Response:
    """The handler's answer, or a clear refusal: an unknown shop, an unreadable body, a wish nobody understands."""
    try:
        return handler(call)
    except UnknownShop as error:
        return JSONResponse({"errors": f"Not Found: no shop {error}"}, status_code=404)
    except Unreadable as error:
        return JSONResponse({"errors": str(error)}, status_code=400)
    except NotUnderstood as error:
        return JSONResponse({"errors": str(error)}, status_code=422)


class DirectTransport(httpx2.BaseTransport):
    """An httpx2 transport that calls the handlers in the caller's own thread, without a server."""

    def __init__(self, world: World, table: list[tuple[str, str, Handler]]) -> None:
        self._world = world
        self._routes = [(Route(path, endpoint=_unused, methods=[m]), handler) for m, path, handler in table]

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Finds the handler by method and path and gives its answer."""
        url = urlsplit(str(request.url))
        scope = {"type": "http", "method": request.method, "path": request.url.path}
        for route, handler in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                call = self._call(request, query=url.query, parameters=found["path_params"])
                response = answered(handler, call)
                if isinstance(response, CutResponse):
                    raise httpx2.ReadError("the connection was cut", request=request)
                return httpx2.Response(
                    response.status_code,
                    headers=response.raw_headers,
                    content=bytes(response.body),
                    request=request,
                )
        return httpx2.Response(404, json={"errors": "Not Found"}, request=request)

    def _call(self, request: httpx2.Request, *, query: str, parameters: dict[str, str]) -> Call:
        items = tuple(parse_qsl(query, keep_blank_values=True))
        return Call(
            world=self._world,
            method=request.method,
            path=request.url.path,
            parameters=parameters,
            query=dict(items),
            query_items=items,
            headers=request.headers,
            body=request.read(),
        )


def _unused(_request: Request) -> Response:
    return Response(status_code=500)
