"""Differences: where Shopify shows something else than the ERP, which owns it, and a button to set it back."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from oauth.models import Shop
from oauth.staff import Permission
from sync.flows import connecting, differences
from sync.flows.differences import Difference
from web.screens import Asked, nudged


@dataclass(frozen=True, kw_only=True)
class DifferencesPage:
    """What the page shows."""

    is_connected: bool
    differences: tuple[Difference, ...]
    shows_all: bool
    may_set_back: bool


def show(asked: Asked) -> Response:
    """The differences, the oldest first."""
    with asked.transaction() as session:
        connection = connecting.current(session)
        policies = session.get_one(Shop, asked.visit.shop_id).policies
        found = differences.found(session, connection=connection, policies=policies) if connection else []
    return asked.page(
        "differences",
        DifferencesPage(
            is_connected=connection is not None,
            differences=tuple(found),
            shows_all=len(found) < differences.SHOWN,
            may_set_back=asked.may(Permission.REPLAY),
        ),
    )


def set_back(asked: Asked) -> Response:
    """Sets one record back to what the ERP says."""
    with asked.transaction() as session:
        job_id = differences.set_back(
            session,
            shop_id=asked.visit.shop_id,
            record=asked.form.text("record", limit=255),
            by=asked.actor,
            address=asked.visit.address,
        )
    if job_id is None:
        return asked.done(go="/differences", say="Nothing differs there any more.")
    nudged(asked, [job_id])
    return asked.done(go="/differences", say="It is being set back to what your ERP says.")
