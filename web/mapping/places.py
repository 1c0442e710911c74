"""What the shop's locations are called. Shopify is asked when the sheet is opened; it is never a reason to fail."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from kit.faults import Fault
from sync.flows import suggesting
from web.screens import Asked

log = logging.getLogger(__name__)


def names(asked: Asked) -> Mapping[str, str]:
    """Active locations by gid; none while Shopify cannot be asked."""
    try:
        found = suggesting.locations(
            asked.state["engine"].gateways, asked.visit.shop_id, asked.visit.shop_domain
        )
    except Fault as fault:
        log.warning("locations.not_read", extra={"code": fault.code})
        return {}
    return dict(found)
