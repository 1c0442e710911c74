"""The flows by name. A new flow is a new module and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from sync.flows import backfill, order_push, subscriptions, welcome
from sync.flows.turn import Flow

FLOWS: Mapping[str, Flow] = {
    "order_push": order_push.run,
    "welcome": welcome.run,
    "reconcile": backfill.reconcile,
    "backfill": backfill.backfill,
    "subscriptions": subscriptions.run,
}
