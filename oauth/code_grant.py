"""The authorization-code grant, for installations that begin outside the admin's own flow.

The way there and the way back must come from Shopify (signed queries) and be one browser's (a signed cookie of one
minute). A state works once. Everything is checked before Shopify is asked for tokens.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.timed import TimestampSigner

from kit import clock
from kit import log as logs
from kit.config import Settings
from kit.db import Database, insert
from oauth import scopes
from oauth.install import Arrival, Installer
from oauth.models import UsedState
from oauth.names import shop_domain
from oauth.signatures import BadSignature, client_secrets, verify_query
from oauth.token_calls import GrantLost

STATE_SECONDS = 60
STATE_BYTES = 32
COOKIE = "concord_state"
CALLBACK_PATH = "/auth/callback"


class NotFromShopify(Exception):
    """The request does not prove that Shopify sent this browser. Answer 400 and start nothing."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """Where to send the browser, and the cookie that it must bring back."""

    url: str
    cookie: str


class _ClockSigner(TimestampSigner):
    """Signs with our clock, the only source of time."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


class CodeGrant:
    """Sends browsers to Shopify's grant page and takes them back."""

    def __init__(self, database: Database, installer: Installer, settings: Settings) -> None:
        self._database = database
        self._installer = installer
        self._settings = settings

    def depart(self, pairs: Sequence[tuple[str, str]]) -> Departure:
        """The way to the grant page for a query that Shopify signed. Raises NotFromShopify."""
        domain = self._proven_shop(pairs)[0]
        state = secrets.token_urlsafe(STATE_BYTES)
        query = {
            "client_id": self._settings.client_id,
            "scope": ",".join(scopes.REQUIRED),
            "redirect_uri": self._settings.app_url + CALLBACK_PATH,
            "state": state,
        }
        return Departure(
            url=f"{self._settings.shop_base(domain)}/admin/oauth/authorize?{urlencode(query)}",
            cookie=self._serializer().dumps({"state": state, "shop": domain}),
        )

    def come_back(self, pairs: Sequence[tuple[str, str]], *, cookie: str, address: str = "") -> Arrival:
        """The arrival of the shop. Raises NotFromShopify unless state, signature, shop and time all fit."""
        carried = self._carried(cookie)
        given = dict(pairs).get("state", "")
        if not given or not hmac.compare_digest(given.encode(), carried.get("state", "").encode()):
            raise NotFromShopify("the state is not the one this browser carries")
        domain, query = self._proven_shop(pairs)
        if domain != carried.get("shop"):
            raise NotFromShopify("the answer is of another shop than the question")
        code = query.get("code", "")
        if not code or len(code) > 512:
            raise NotFromShopify("there is no code")
        self._spend(given)
        try:
            return self._installer.arrive_by_code(domain, code, address=address)
        except GrantLost as lost:
            raise NotFromShopify(f"Shopify refuses the code: {lost.why}") from lost

    def _proven_shop(self, pairs: Sequence[tuple[str, str]]) -> tuple[str, dict[str, str]]:
        try:
            query = verify_query(pairs, secrets=client_secrets(self._settings))
        except BadSignature as error:
            raise NotFromShopify(str(error)) from error
        domain = shop_domain(query.get("shop", ""))
        if domain is None:
            raise NotFromShopify("the shop is no shop domain")
        logs.note(shop=domain)
        return domain, query

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self._settings.client_secret.reveal(),
            salt="concord.code_grant.state",
            signer=_ClockSigner,
            signer_kwargs={"digest_method": hashlib.sha256},
        )

    def _carried(self, cookie: str) -> dict[str, str]:
        try:
            carried = self._serializer().loads(cookie, max_age=STATE_SECONDS)
        except BadData as error:
            raise NotFromShopify("the browser carries no state of the last minute") from error
        return carried if isinstance(carried, dict) else {}

    def _spend(self, state: str) -> None:
        with self._database.transaction() as session:
            first = session.scalar(
                insert(UsedState)
                .values(nonce=state, used_at=clock.now())
                .on_conflict_do_nothing()
                .returning(UsedState.nonce)
            )
        if first is None:
            raise NotFromShopify("the state was used before")
