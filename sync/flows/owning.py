"""Who owns what, changed by a person: checked against what the shop and its ERP can do, and begun cleanly.

Split ownership of stock starts from what Shopify has: what was kept of earlier changes is void, and the ERP tells all
its levels again.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from oauth.models import Shop
from sync.connectors.base import Feed
from sync.connectors.registry import Kind
from sync.domain.ownership import Group, Side
from sync.domain.policies import BackPolicies
from sync.flows import connecting, erp_feeds
from sync.state import jobs, owners, stock


def why_not(
    session: Session, shop_id: int, wanted: Mapping[Group, Side], *, kinds: Mapping[str, Kind]
) -> str:
    """A sentence, when stock cannot be split in this shop; empty when it can."""
    if wanted.get(Group.STOCK) is not Side.SPLIT:
        return ""
    if BackPolicies.of({**session.get_one(Shop, shop_id).policies, owners.OWNERS: {}}).kits:
        return "Kits need one owner of stock: a sale of a kit would not change its parts. Take the kits away first."
    connection = connecting.current(session)
    if connection is not None and not kinds[connection.kind].tells_sold:
        return "Your ERP does not say which of its stock Shopify sold, so stock needs one owner."
    return ""


def change(
    session: Session, shop_id: int, wanted: Mapping[Group, Side], *, actor: str, address: str = ""
) -> tuple[int, list[int]]:
    """Puts owners in force. Returns the number of their version and the jobs that go on now."""
    before = _of_stock(session, shop_id)
    number = owners.change(session, shop_id, wanted, actor=actor, address=address)
    return number, _begun(session, shop_id, before)


def roll_back(
    session: Session, shop_id: int, number: int, *, actor: str, address: str = ""
) -> tuple[int | None, list[int]]:
    """Puts an older version in force again, like `change`. No number when it is not known (any more)."""
    before = _of_stock(session, shop_id)
    newest = owners.roll_back(session, shop_id, number, actor=actor, address=address)
    return newest, _begun(session, shop_id, before)


def _begun(session: Session, shop_id: int, before: str | None) -> list[int]:
    after = _of_stock(session, shop_id)
    connection = connecting.current(session)
    if connection is not None and after != before and Side.SPLIT in (before, after):
        stock.begin_split(session, connection.id)
        erp_feeds.begin_anew(session, Feed.STOCK)
    return jobs.release(session, misses=["policies"])


def _of_stock(session: Session, shop_id: int) -> str | None:
    shop = session.get_one(Shop, shop_id, populate_existing=True)
    side: str | None = shop.policies.get(owners.OWNERS, {}).get(Group.STOCK.value)
    return side
