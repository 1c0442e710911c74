"""The demo's hand on the local Shopify: its control API as functions. It knows addresses, not trade."""

from __future__ import annotations

from typing import Any

import httpx2

from sandbox.leashed import CannotStart

Document = dict[str, Any]
SECONDS = 30.0
RECORDS = 10_000


class Control:
    """Speaks to `/control` of one local Shopify."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._http = httpx2.Client(base_url=f"{origin}/control", timeout=SECONDS, trust_env=False)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def shops(self) -> dict[str, Document]:
        """Shops with their installation and what waits to be delivered."""
        return dict(self._asked("GET", "/shops"))

    def link(self, shop: str) -> str:
        """The address of a partner link that installs the app in the shop."""
        return str(self._asked("POST", f"/shops/{shop}/link")["url"])

    def app_url(self, shop: str, path: str) -> str:
        """The signed address that the admin would open in the iframe."""
        return str(self._asked("POST", f"/shops/{shop}/app-url", {"path": path})["url"])

    def id_token(self, shop: str) -> str:
        """A fresh ID token of the shop's owner."""
        return str(self._asked("POST", f"/shops/{shop}/id-token", {})["id_token"])

    def records(self, shop: str, kind: str) -> list[Document]:
        """Everything of one kind that the shop has."""
        return list(self._asked("GET", f"/shops/{shop}/records/{kind}?limit={RECORDS}"))

    def place_order(self, shop: str, spec: Document) -> None:
        """A buyer places an order."""
        self._asked("POST", f"/shops/{shop}/orders", spec)

    def fault(self, kind: str, *, shop: str, match: str) -> None:
        """Lets something go wrong once."""
        self._asked("POST", "/faults", {"kind": kind, "shop": shop, "match": match, "times": 1})

    def deliveries_due(self) -> int:
        """How many webhooks wait to be sent, in all shops."""
        return sum(int(each["deliveries_due"]) for each in self.shops().values())

    def _asked(self, method: str, path: str, body: Document | None = None) -> Any:
        answer = self._http.request(method, path, json=body)
        if answer.status_code >= 400:
            raise CannotStart(
                f"the local Shopify refused {method} {path} with {answer.status_code}: {answer.text[:500]}"
            )
        return answer.json()
