"""The ways in that need no visitor: the root, the bounce page, and the authorization-code grant.

None of them believes a parameter: a redirect leads to the operator's admin, to Shopify or to our own origin, or
nowhere. There is no form that asks for a shop.
"""

from __future__ import annotations

import html
import logging

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from kit.config import Settings
from kit.faults import Misconfigured, OutcomeUnknown, Transient
from oauth import names
from oauth.code_grant import CALLBACK_PATH, COOKIE, STATE_SECONDS, CodeGrant, NotFromShopify
from web.auth import BOUNCE_PATH, OPEN_FROM_ADMIN, Doorkeeper, address_of, too_many
from web.limits import NO_BODY_BYTES

log = logging.getLogger(__name__)

AUTH_PATH = "/auth"
START_AGAIN = "This link is no longer good. Open Concord from the Shopify admin to start again."
LATER = "Shopify could not be reached just now. Please open Concord again in a minute."


def root(request: Request) -> Response:
    """Sends to the app's home with everything that was given."""
    query = request.url.query
    return RedirectResponse(f"/app?{query}" if query else "/app", status_code=302)


def bounce(request: Request) -> Response:
    """The page on which App Bridge fetches a fresh ID token and goes on to `shopify-reload`."""
    if wait := _doorkeeper(request).flood(request):
        return too_many(wait)
    settings = _settings(request)
    shop = names.shop_domain(request.query_params.get("shop", ""))
    target = names.own_address(request.query_params.get("shopify-reload", ""), settings=settings)
    if shop is None or target is None:
        return PlainTextResponse(OPEN_FROM_ADMIN, status_code=400)
    request.scope.setdefault("state", {})["framed_by"] = shop
    return HTMLResponse(
        "<!doctype html><html><head>"
        f'<meta name="shopify-api-key" content="{html.escape(settings.client_id)}">'
        f'<script src="{html.escape(settings.app_bridge_url)}"></script>'
        "<title>Concord</title></head><body></body></html>"
    )


def begin(request: Request) -> Response:
    """Begins the authorization-code grant for a browser that Shopify sent."""
    if wait := _doorkeeper(request).flood(request):
        return too_many(wait)
    try:
        departure = _code_grant(request).depart(request.query_params.multi_items())
    except NotFromShopify as error:
        log.info("grant not begun: %s", error)
        return PlainTextResponse(OPEN_FROM_ADMIN, status_code=400)
    response = RedirectResponse(departure.url, status_code=302)
    response.set_cookie(
        COOKIE,
        departure.cookie,
        max_age=STATE_SECONDS,
        path=AUTH_PATH,
        httponly=True,
        samesite="lax",
        secure=_settings(request).app_url.startswith("https://"),
    )
    return response


def come_back(request: Request) -> Response:
    """Ends the grant and opens the app inside the admin."""
    if wait := _doorkeeper(request).flood(request):
        return too_many(wait)
    try:
        arrival = _code_grant(request).come_back(
            request.query_params.multi_items(),
            cookie=request.cookies.get(COOKIE, ""),
            address=address_of(request),
        )
    except NotFromShopify as error:
        log.info("grant not completed: %s", error)
        response: Response = PlainTextResponse(START_AGAIN, status_code=400)
    except (Transient, OutcomeUnknown) as fault:
        log.warning("grant not completed: %s", fault.code)
        response = PlainTextResponse(LATER, status_code=503)
    except Misconfigured as fault:
        log.error("grant not completed: %s", fault.code)
        response = PlainTextResponse(fault.sentence, status_code=503)
    else:
        store = names.store_name(arrival.shop_domain)
        response = RedirectResponse(names.app_in_admin(store, settings=_settings(request)), status_code=302)
    response.delete_cookie(COOKIE, path=AUTH_PATH)
    return response


def _doorkeeper(request: Request) -> Doorkeeper:
    doorkeeper: Doorkeeper = request.state["doorkeeper"]
    return doorkeeper


def _settings(request: Request) -> Settings:
    settings: Settings = request.state["settings"]
    return settings


def _code_grant(request: Request) -> CodeGrant:
    grant: CodeGrant = request.state["code_grant"]
    return grant


routes = [
    Route("/", root, methods=["GET"], max_body_size=NO_BODY_BYTES),
    Route(BOUNCE_PATH, bounce, methods=["GET"], max_body_size=NO_BODY_BYTES),
    Route(AUTH_PATH, begin, methods=["GET"], max_body_size=NO_BODY_BYTES),
    Route(CALLBACK_PATH, come_back, methods=["GET"], max_body_size=NO_BODY_BYTES),
]
