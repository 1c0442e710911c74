"""Sealing: secrets at rest are encrypted, tied to the place they are stored in, and never print.

A sealed value is `key id . base64(nonce + AES-256-GCM ciphertext)`. The place (table, column, row) is authenticated
with it, so a value that is copied to another row does not open. Several keys may open; the first one seals.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.faults import Misconfigured

NONCE_BYTES = 12
MASK = "••••"


class Secret:
    """A value that must not be seen: `reveal()` is the only way out, and every repr and format is masked."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself. Never log it, never put it into a URL."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Secret is not pickled")


def place(table: str, column: str, row: int | str) -> bytes:
    """The name of the spot a sealed value belongs to."""
    return f"{table}.{column}:{row}".encode()


class Sealer:
    """Seals with its first key and opens with any of them."""

    def __init__(self, keys: Sequence[tuple[str, Secret]]) -> None:
        self._ciphers = {name: AESGCM(base64.b64decode(key.reveal())) for name, key in keys}
        self.current = keys[0][0]

    def seal(self, secret: Secret, where: bytes) -> str:
        """The sealed form of a secret for one place."""
        nonce = os.urandom(NONCE_BYTES)
        box = self._ciphers[self.current].encrypt(nonce, secret.reveal().encode(), where)
        return f"{self.current}.{base64.b64encode(nonce + box).decode()}"

    def open(self, sealed: str, where: bytes) -> Secret:
        """The secret. Raises Misconfigured when its key is gone or the value does not belong to this place."""
        key_id, _, encoded = sealed.partition(".")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Misconfigured(
                "key_lost",
                "A stored secret cannot be opened because its encryption key is no longer configured.",
                misses=f"key:{key_id}",
                detail=f"sealing key {key_id!r} is not among the configured ones",
            )
        try:
            raw = base64.b64decode(encoded, validate=True)
            return Secret(cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], where).decode())
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise Misconfigured(
                "seal_broken",
                "A stored secret cannot be opened: it was changed or belongs to another place.",
                misses=f"seal:{where.decode()}",
                detail="the authentication tag does not match",
            ) from error

    def is_current(self, sealed: str) -> bool:
        """Whether the value is sealed with the key that seals now."""
        return sealed.partition(".")[0] == self.current


def fingerprint(value: Any) -> str:
    """A stable hash of plain JSON values (decimals and dates by their text): same meaning, same hash."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
