"""The cent table of an order as people read it: Shopify's total against the sum of the ERP documents, per component."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The table."""

    sentence: str


def read(stored: dict[str, Any] | None) -> Proof | None:
    """The proof that a snapshot keeps; None while nothing was proven."""
    return Proof(sentence=str(stored.get("sentence", ""))) if stored else None
