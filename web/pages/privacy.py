"""Privacy requests: what customers asked for through Shopify, that it was answered, and the file to hand over."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from oauth.staff import Permission
from sync.flows import privacy_file
from sync.flows.privacy_file import Request
from web.errors import NotThere
from web.screens import Asked

WORDS = {
    "data_request": "A customer wants to see their data",
    "customer_redact": "A customer wants to be forgotten",
    "shop_redact": "Everything of this shop is to be deleted",
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One request with its words."""

    request: Request
    heading: str
    removed: int


@dataclass(frozen=True, kw_only=True)
class PrivacyPage:
    """What the page shows."""

    requests: tuple[Shown, ...]
    may_read: bool


def show(asked: Asked) -> Response:
    """The requests."""
    with asked.transaction() as session:
        found = privacy_file.requests(session)
    return asked.page(
        "privacy",
        PrivacyPage(
            requests=tuple(
                Shown(request=each, heading=WORDS[each.kind], removed=sum(each.counts.values()))
                for each in found
            ),
            may_read=asked.may(Permission.READ_PERSONAL_DATA),
        ),
    )


def download(asked: Asked) -> Response:
    """The file of a request. Whoever opens it is written down."""
    number = asked.number("request")
    with asked.transaction() as session:
        text = privacy_file.opened(
            session,
            asked.state["engine"].gateways.sealer,
            request_id=number,
            actor=asked.actor,
            address=asked.visit.address,
        )
    if text is None:
        raise NotThere(str(number))
    name = f"data-request-{number}.json"
    return Response(
        text,
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
