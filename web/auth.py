"""From a request to its visitor: a person of a shop, proven by an ID token and by nothing else.

A document without a good token is sent through the bounce page, where App Bridge fetches a fresh one; a document
outside the admin is sent into it; a fetch is told to try again. A `shop` parameter alone never opens anything.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from kit import clock
from kit import log as logs
from kit.config import Settings
from kit.db import Database
from oauth import id_token, names, staff
from oauth.id_token import Identity, NotSignedIn
from oauth.install import Arrival, Installer
from web.limits import Buckets

log = logging.getLogger(__name__)

RETRY_HEADER = "X-Shopify-Retry-Invalid-Session-Request"
BOUNCE_PATH = "/bounce"
BOUNCED = "bounced"
LOOP_SECONDS = 8
# What Shopify adds to an address. None of it is ours to pass on.
SIGNED_PARAMETERS = (
    "id_token",
    "hmac",
    "session",
    "timestamp",
    "signature",
    "appLoadId",
    "protocol",
    BOUNCED,
)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
OPEN_FROM_ADMIN = "Concord lives inside the Shopify admin. Open it there, under Apps."
CLOCKS_DIFFER = (
    "Shopify's sign-in was not accepted twice in a row. If this stays so, the clock of the server is wrong"
    " or the app's client id and secret do not match the app at Shopify."
)


class Turned(Exception):
    """The visitor is answered with something else than what was asked for."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"answered with {response.status_code}")
        self.response = response


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who is here, in which shop. The only source of the shop for everything behind it."""

    shop_id: int
    shop_domain: str
    person: staff.Person
    host: str
    locale: str
    address: str

    @property
    def actor(self) -> str:
        """How the audit log names the visitor."""
        return f"staff:{self.person.id}"

    @property
    def link_query(self) -> str:
        """What every link inside the frame carries, so that a plain click finds back to its shop."""
        return urlencode({"shop": self.shop_domain, "host": self.host, "embedded": "1"})


class Doorkeeper:
    """Lets people of shops in. One per process."""

    def __init__(self, settings: Settings, database: Database, installer: Installer) -> None:
        self._settings = settings
        self._database = database
        self._installer = installer
        self._failures = Buckets(size=300, per_second=10.0)  # a whole office may sit behind one address
        self._callers = Buckets(size=60, per_second=2.0)
        self._addresses = Buckets(size=600, per_second=20.0)

    def visit(self, request: Request) -> Visit:
        """The visitor of a request. Raises Turned with the answer to give instead; Transient when Shopify is needed
        and cannot be asked."""
        token = _bearer(request)
        is_document = not token and _is_document(request)
        if is_document:
            token = request.query_params.get("id_token", "")
        try:
            identity = id_token.verify(token, settings=self._settings)
            logs.note(shop=identity.shop_domain)
            arrival = self._installer.arrive(identity, token, address=address_of(request))
        except NotSignedIn as error:
            log.info("not signed in: %s", error.why)
            raise Turned(self._turned(request, is_document=is_document, was_given=bool(token))) from error
        request.scope.setdefault("state", {})["framed_by"] = identity.shop_domain
        return self._welcome(request, identity, arrival)

    def flood(self, request: Request) -> float:
        """Seconds to wait for someone who asks a public address too often; 0.0 for everybody else. Counted per address
        *and* shop, so that whoever floods with a shop's name does not lock that shop's own staff out, and per address
        alone, so that inventing shops does not help."""
        if wait := self._addresses.take(address_of(request)):
            return wait
        shop = names.shop_domain(request.query_params.get("shop", "")) or "-"
        return self._callers.take(f"{address_of(request)} {shop}")

    def often(self, request: Request[Any], what: str) -> float:
        """Seconds to wait for an address that does one unproven thing again and again; 0.0 for everybody else."""
        return self._failures.take(f"{what} {address_of(request)}")

    def _welcome(self, request: Request, identity: Identity, arrival: Arrival) -> Visit:
        address = address_of(request)
        with self._database.transaction(shop_id=arrival.shop_id) as session:
            person = staff.arrive(
                session,
                shop_id=arrival.shop_id,
                number=identity.staff_number,
                signed_at=identity.signed_at,
                address=address,
            )
        given = request.query_params.get("host", "")
        is_ours = names.store_of_host(given, shop=identity.shop_domain, settings=self._settings)
        return Visit(
            shop_id=arrival.shop_id,
            shop_domain=identity.shop_domain,
            person=person,
            host=given if is_ours else names.host_of(identity.shop_domain, settings=self._settings),
            locale=locale_of(request),
            address=address,
        )

    def _turned(self, request: Request, *, is_document: bool, was_given: bool) -> Response:
        if was_given and (wait := self._failures.take(address_of(request))):
            return too_many(wait)
        if not is_document:
            return PlainTextResponse("Sign in again.", status_code=401, headers={RETRY_HEADER: "1"})
        shop = names.shop_domain(request.query_params.get("shop", ""))
        if request.query_params.get("embedded") == "1" and shop is not None:
            return self._bounce(request)
        store = names.store_of_host(request.query_params.get("host", ""), shop=shop, settings=self._settings)
        if store is None and shop is not None:
            store = names.store_name(shop)
        if store is None:
            return PlainTextResponse(OPEN_FROM_ADMIN, status_code=400)
        return RedirectResponse(names.app_in_admin(store, settings=self._settings), status_code=302)

    def _bounce(self, request: Request) -> Response:
        now = int(clock.now().timestamp())
        before = request.query_params.get(BOUNCED, "")
        if before.isascii() and before.isdigit() and 0 <= now - int(before[:12]) < LOOP_SECONDS:
            return PlainTextResponse(CLOCKS_DIFFER, status_code=401)
        kept = [(k, v) for k, v in request.query_params.multi_items() if k not in SIGNED_PARAMETERS]
        kept = [(k, v) for k, v in kept if k != "shopify-reload"]
        back = f"{self._settings.app_url}{request.url.path}?{urlencode([*kept, (BOUNCED, str(now))])}"
        return RedirectResponse(
            f"{BOUNCE_PATH}?{urlencode([*kept, ('shopify-reload', back)])}", status_code=302
        )


async def turned(_request: Request, error: Exception) -> Response:
    """The exception handler for Turned: register it with the application."""
    if not isinstance(error, Turned):
        raise error
    return error.response


def too_many(wait_seconds: float) -> Response:
    """The answer to someone who asks too often."""
    seconds = max(1, round(wait_seconds))
    return PlainTextResponse("Too many requests.", status_code=429, headers={"Retry-After": str(seconds)})


def address_of(request: Request[Any]) -> str:
    """The network address of whoever asks, as the server (behind its trusted proxies) sees it."""
    return request.client.host if request.client else ""


def locale_of(request: Request) -> str:
    """The language of the admin, as a well-formed tag; English if there is none."""
    given = request.query_params.get("locale", "")
    if not given:
        given = request.headers.get("accept-language", "").split(",")[0].partition(";")[0].strip()
    return given if _LOCALE.fullmatch(given) else "en"


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_document(request: Request) -> bool:
    """Whether a browser asks for a page to show, rather than a script for data."""
    if request.method not in ("GET", "HEAD"):
        return False
    destination = request.headers.get("sec-fetch-dest", "")
    return destination in ("", "document", "iframe", "frame")
