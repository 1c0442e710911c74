"""Security headers of every answer: who may frame it, which scripts run, nothing cached, nothing guessed.

It wraps the whole application from outside, so that error pages carry them too. Frame ancestors name one shop, which
`web.auth` has proven for this request; without a shop nobody may frame the answer.
"""

from __future__ import annotations

import secrets

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit import log as logs
from kit.config import Settings
from oauth.names import origin

NONCE_BYTES = 16
HTTPS_ONLY = "max-age=31536000"


class SecurityHeaders:
    """Around all pages: `SecurityHeaders(Starlette(...), settings)`. Templates read `request.state.nonce`."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._scripts = _unique([origin(settings.app_bridge_url), origin(settings.polaris_url)])
        self._bare = bare_headers(settings)
        self._links = ", ".join(
            [
                *(f"<{place}>; rel=preconnect" for place in self._scripts),
                f"<{settings.app_bridge_url}>; rel=preload; as=script",
                f"<{settings.polaris_url}>; rel=preload; as=script",
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and completes the headers of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # A copy per request: some servers hand out the same state object again.
        state = scope["state"] = {**scope.get("state", {}), "nonce": secrets.token_urlsafe(NONCE_BYTES)}
        state.pop("framed_by", None)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(message, state["nonce"], state.get("framed_by"))
            await send(message)

        with logs.context():  # whoever proves the shop of this request notes it there
            await self._app(scope, receive, send_with_headers)

    def _complete(self, message: Message, nonce: str, shop: str | None) -> None:
        headers = MutableHeaders(scope=message)
        is_page = headers.get("content-type", "").startswith("text/html")
        if shop is None and not is_page:
            message["headers"].extend(self._bare)
        else:
            headers["Content-Security-Policy"] = self.policy(nonce, shop)
            headers.update(_same(self._settings))
        headers.setdefault("Cache-Control", "no-store")
        if "X-Frame-Options" in headers:
            del headers["X-Frame-Options"]  # it knows no list of origins and would break the frame
        if shop is not None and is_page:
            headers.append("Link", self._links)

    def policy(self, nonce: str, shop: str | None) -> str:
        """The content security policy of one answer."""
        scripts = " ".join(self._scripts)
        ancestors = "'none'"
        if shop is not None:
            ancestors = " ".join(
                _unique([origin(self._settings.shop_base(shop)), origin(self._settings.admin_url)])
            )
        return "; ".join(
            [
                "default-src 'none'",
                f"script-src 'self' 'nonce-{nonce}' {scripts}",
                # Web components place style elements of their own; a style cannot run code.
                f"style-src 'self' 'unsafe-inline' {scripts}",
                f"img-src 'self' data: {scripts}",
                f"font-src 'self' {scripts}",
                f"connect-src 'self' {scripts}",
                "form-action 'self'",
                "base-uri 'none'",
                "object-src 'none'",
                f"frame-ancestors {ancestors}",
            ]
        )


def bare_headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """The headers of an answer that is no page: it has nothing to load and nobody to be framed by."""
    said = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", **_same(settings)}
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in said.items()]


def _same(settings: Settings) -> dict[str, str]:
    """What every answer says."""
    said = {
        "X-Content-Type-Options": "nosniff",
        # The address may hold an ID token: the origin is all that leaves. (`no-referrer` would blank `Origin`.)
        "Referrer-Policy": "strict-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if settings.app_url.startswith("https://"):
        said["Strict-Transport-Security"] = HTTPS_ONLY
    return said


def _unique(places: list[str]) -> list[str]:
    return list(dict.fromkeys(places))
