"""The delivery log of the admin: every webhook with its attempts, its body as sent, and one button to send it again."""

from __future__ import annotations

import json

from starlette.responses import Response

from sandbox.shopify.door import Call
from sandbox.shopify.shell import render

ROWS = 100
TONES = {"delivered": "good", "due": "info", "failed": "bad", "lost": "warn", "cancelled": ""}
STATES = ("due", "delivered", "failed", "lost", "cancelled")


def deliveries(call: Call) -> Response:
    """GET /store/{shop}/deliveries"""
    state, topic = call.query.get("state", ""), call.query.get("topic", "")
    views = call.world.store.views(call.shop, "delivery")
    rows = [one for one in reversed(views) if state in ("", one["state"]) and topic in ("", one["topic"])]
    return render.page(
        call,
        "deliveries.html",
        section="deliveries",
        rows=rows[:ROWS],
        total=len(rows),
        state=state,
        topic=topic,
        states=STATES,
        topics=sorted({one["topic"] for one in views}),
        tones=TONES,
    )


def delivery(call: Call) -> Response:
    """GET /store/{shop}/deliveries/{id}"""
    store, number = call.world.store, call.parameters["id"]
    found, body = store.get(call.shop, "delivery", number), store.get(call.shop, "delivery_body", number)
    if found is None or body is None:
        return render.back(call, "/deliveries", failure="This delivery is not in the log any more.")
    pretty = json.dumps(json.loads(body["text"]), indent=2, ensure_ascii=False)
    return render.page(call, "delivery.html", section="deliveries", delivery=found, body=pretty, tones=TONES)


def redeliver(call: Call) -> Response:
    """POST /store/{shop}/deliveries/{id}/redeliver"""
    number = int(call.parameters["id"])
    call.world.sender.redeliver(call.shop, number)
    return render.back(call, f"/deliveries/{number}", notice="Sent again with the same webhook id.")
