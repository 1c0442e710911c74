"""The URL table, on one screen: every address, what answers it, and which permission an act needs."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route

from oauth.staff import Permission
from web import callbacks, entry, statics, vitals, webhooks
from web.pages import (
    activity,
    audit,
    connection,
    customers,
    deliveries,
    delivery,
    differences,
    home,
    issue,
    issues,
    jobs,
    mapping,
    mappings,
    order_field,
    order_fields,
    policies,
    privacy,
    record,
    records,
    roads,
    settings,
)
from web.screens import act, not_there, show

REPLAY = Permission.REPLAY
REFUND = Permission.REFUND
CONNECT = Permission.CONNECT_ERP
MAP = Permission.PUBLISH_MAPPINGS
POLICIES = Permission.CHANGE_POLICIES
PERSONAL = Permission.READ_PERSONAL_DATA
STAFF = Permission.MANAGE_STAFF


def routes() -> list[BaseRoute]:
    """All routes, the first match answers."""
    return [
        *webhooks.routes,
        *callbacks.routes,
        *entry.routes,
        Route("/healthz", vitals.healthz, methods=["GET"]),
        Route("/readyz", vitals.readyz, methods=["GET"]),
        Mount("/static/{digest}", statics.FILES, name="static"),
        show("", home.show),
        act("/guide/dismiss", home.dismiss, needs=POLICIES),
        act("/guide/show", settings.show_guide, needs=POLICIES),
        *_records(),
        show("/issues", issues.show),
        show("/issues/{issue}", issue.show),
        act("/issues/{issue}/retry", issue.retry, needs=REPLAY),
        act("/issues/{issue}/ignore", issue.ignore, needs=REPLAY),
        show("/jobs", jobs.show),
        act("/jobs/retry", jobs.retry, needs=REPLAY),
        show("/deliveries", deliveries.show),
        show("/deliveries/{delivery}", delivery.show),
        act("/deliveries/{delivery}/replay", delivery.replay_one, needs=REPLAY),
        show("/differences", differences.show),
        act("/differences/set-back", differences.set_back, needs=REPLAY),
        show("/connection", connection.show),
        act("/connection", connection.connect, needs=CONNECT),
        act("/connection/test", connection.test, needs=CONNECT),
        act("/connection/pause", connection.pause, needs=CONNECT),
        act("/connection/resume", connection.resume, needs=CONNECT),
        act("/connection/callback", connection.renew_callback, needs=CONNECT),
        *_mappings(),
        show("/roads", roads.show),
        act("/roads", roads.save, needs=POLICIES),
        show("/settings", settings.show),
        act("/settings/access", settings.granted, needs=POLICIES),
        act("/settings/owners", settings.save_owners, needs=POLICIES),
        act("/settings/owners/roll-back", settings.roll_back_owners, needs=POLICIES),
        act("/settings/people/{staff}", settings.permit, needs=STAFF),
        show("/privacy", privacy.show),
        act("/privacy/{request}/file", privacy.download, needs=PERSONAL),
        show("/activity", activity.show),
        show("/audit", audit.show),
        show("/{rest:path}", not_there),
    ]


def _mappings() -> list[BaseRoute]:
    """The mapping: its overview, its sheets, its policies."""
    return [
        show("/mappings", mappings.show),
        act("/mappings/suggest", mappings.suggest, needs=MAP),
        act("/mappings/publish", mappings.publish, needs=MAP),
        act("/mappings/discard", mappings.discard, needs=MAP),
        act("/mappings/roll-back", mappings.roll_back, needs=MAP),
        show("/mappings/customers", customers.show),
        act("/mappings/customers", customers.save, needs=MAP),
        show("/mappings/fields", order_fields.show),
        show("/mappings/fields/{number}", order_field.show),
        act("/mappings/fields/{number}", order_field.save, needs=MAP),
        act("/mappings/fields/{number}/remove", order_field.remove, needs=MAP),
        show("/mappings/{sheet}", mapping.show),
        act("/mappings/{sheet}", mapping.save, needs=MAP),
        show("/policies", policies.show),
        act("/policies", policies.save, needs=MAP),
    ]


def _records() -> list[BaseRoute]:
    """The list of records and the page of each, the longer address first."""
    return [
        show("/records", records.show),
        act("/records/{record:path}/resync", record.resync, needs=REPLAY),
        act("/records/{record:path}/replay", record.replay_last, needs=REPLAY),
        act("/records/{record:path}/agree", record.agree, needs=REFUND),
        act("/records/{record:path}/agree-price", record.agree_to_price, needs=POLICIES),
        show("/records/{record:path}/proof.csv", record.proof_file),
        show("/records/{record:path}", record.show),
    ]
