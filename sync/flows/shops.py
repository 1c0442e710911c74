"""The shops that we work for: whoever does something in each of them by the clock asks here."""

from __future__ import annotations

from sqlalchemy import select

from oauth.models import Installation, Shop
from sync.gateways import Gateways


def active(gateways: Gateways) -> list[int]:
    """Ids of the shops that are installed."""
    with gateways.database.transaction() as session:
        living = [Installation.INSTALLED, Installation.SCOPES_MISSING]
        return list(
            session.execute(select(Shop.id).where(Shop.state.in_(living)).order_by(Shop.id)).scalars()
        )
