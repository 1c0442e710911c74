"""A small app that lives in the admin's frame: enough pages to try App Bridge and Polaris against."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "guest-app"
NAV = """<s-app-nav><s-link href="/app" rel="home">Home</s-link><s-link href="/app/records">Records</s-link>
<s-link href="/app/settings">Settings</s-link></s-app-nav>"""
PAGES = {
    "/app": '<s-paragraph>Welcome</s-paragraph><a href="/app/settings?step=2">To the settings</a>'
    '<a id="outside" href="shopify://admin/orders" target="_top">Orders in the admin</a>',
    "/app/records": "<s-paragraph>Records</s-paragraph>",
    "/app/settings": """
      <form data-save-bar data-discard-confirmation id="settings"><s-section heading="Settings">
        <s-text-field label="Host" name="host" value="erp.example" required></s-text-field>
        <s-number-field label="Days" name="days" value="14"></s-number-field>
        <s-select label="Tax" name="tax"><s-option value="a">Full</s-option>
          <s-option value="b" selected>Half</s-option></s-select>
        <s-checkbox label="Customers" name="customers" checked></s-checkbox>
        <s-switch label="Flow" name="flow" value="yes"></s-switch>
        <s-choice-list label="Winner" name="winner"><s-choice value="erp" selected>ERP</s-choice>
          <s-choice value="shop">Shop</s-choice></s-choice-list>
        <s-button type="submit" variant="primary">Send</s-button>
      </s-section></form>
      <s-button commandfor="dialog" command="--show">Ask</s-button>
      <s-modal id="dialog" heading="Sure?"><s-paragraph>Really.</s-paragraph>
        <s-button slot="primary-action" commandfor="dialog" command="--hide">Yes</s-button></s-modal>
      <s-button commandfor="menu" accessibilitylabel="More" icon="menu-horizontal"></s-button>
      <s-menu id="menu"><s-button id="replay">Replay</s-button><s-button>Drop</s-button></s-menu>""",
}


class Guest:
    """The app. `seen` notes the Authorization header of each call of `/api`."""

    def __init__(self, shopify: str) -> None:
        self._shopify = shopify
        self.seen: list[str] = []
        routes = [
            Route("/bounce", self._bounce),
            Route("/api", self._api, methods=["GET", "POST"]),
            Route("/{path:path}", self._page),
        ]
        self.application = Starlette(routes=routes)

    def _head(self) -> str:
        cdn = f"{self._shopify}/cdn/shopifycloud"
        return (
            f'<!doctype html><html lang="en"><head><meta name="shopify-api-key" content="{CLIENT_ID}">'
            f'<script src="{cdn}/app-bridge.js"></script><script src="{cdn}/polaris-1.js"></script></head><body>'
        )

    async def _bounce(self, request: Request) -> Response:
        return HTMLResponse(self._head())

    async def _page(self, request: Request) -> Response:
        if "id_token" not in request.query_params:
            query = urlencode({"shopify-reload": str(request.url)})
            return RedirectResponse(f"/bounce?{query}", 302)
        body = PAGES.get(request.url.path, "<s-paragraph>Nothing here</s-paragraph>")
        return HTMLResponse(f'{self._head()}{NAV}<s-page heading="Guest">{body}</s-page>')

    async def _api(self, request: Request) -> Response:
        self.seen.append(request.headers.get("authorization", ""))
        if "leave" in request.query_params:
            headers = {"X-Shopify-API-Request-Failure-Reauthorize-Url": f"{self._shopify}/store/alpha/apps"}
            return JSONResponse({}, 401, headers=headers)
        if len(self.seen) == 1:
            return JSONResponse({}, 401, headers={"X-Shopify-Retry-Invalid-Session-Request": "1"})
        return JSONResponse({"calls": len(self.seen)})
