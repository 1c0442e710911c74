"""The secrets of the app, oldest first, and every signature made with them.

During a rotation both are good: webhooks stay signed with the oldest unrevoked secret, ID tokens with the newest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import quote

from sandbox.shopify.store import Store


class ClientSecrets:
    """The secrets of one client, kept in the store so that a rotation survives a restart."""

    def __init__(self, store: Store, *, client_id: str, first: str) -> None:
        self._store = store
        self._client_id = client_id
        if first not in self.all():
            self._keep([first])

    def all(self) -> list[str]:
        """Unrevoked secrets, oldest first."""
        document = self._store.get("", "client_secret", self._client_id)
        return list(document["secrets"]) if document else []

    @property
    def oldest(self) -> str:
        """Signs webhooks."""
        return self.all()[0]

    @property
    def newest(self) -> str:
        """Signs ID tokens and the query of the app's address."""
        return self.all()[-1]

    def accepts(self, secret: str) -> bool:
        """True for any unrevoked secret."""
        return any(hmac.compare_digest(secret.encode(), known.encode()) for known in self.all())

    def add(self, secret: str) -> None:
        """Begins a rotation."""
        self._keep([*[known for known in self.all() if known != secret], secret])

    def revoke_oldest(self) -> None:
        """Ends a rotation; the last secret stays."""
        self._keep(self.all()[-1:])

    def _keep(self, secrets: list[str]) -> None:
        self._store.put("", "client_secret", self._client_id, {"secrets": secrets})


def sign_body(secret: str, body: bytes) -> str:
    """The signature of a webhook: base64 HMAC-SHA256 over the exact bytes."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def sign_query(secret: str, parameters: Iterable[tuple[str, str]]) -> str:
    """The signature of a query: sorted, percent-encoded `k=v` joined by `&`, HMAC-SHA256 in lower-case hex."""
    message = "&".join(
        f"{quote(key, safe='')}={quote(value, safe='')}"
        for key, value in sorted(parameters)
        if key not in ("hmac", "signature")
    )
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
