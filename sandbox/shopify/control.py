"""The control API: what a test, a demo or a simulation does to the local Shopify from outside, as JSON.

It owns the platform's side; what happens in a shop's trade is in `control_trade`. It refuses unknown words with
HTTP 422 and says which ones it would have understood. Every path below starts with `/control`.

| method and path | body | answer |
|---|---|---|
| GET /health | | `{"ok": true, "shops": [...], "now": ...}` |
| GET /shops | | shops with staff, installation and waiting deliveries |
| POST /shops/{shop}/link | | a partner link that installs the app |
| POST /shops/{shop}/install | `scopes`? (list; default: the required ones) | the installation |
| POST /shops/{shop}/uninstall | | `{"uninstalled": bool}` |
| POST /shops/{shop}/scopes | `grant`?, `revoke`? (lists) | the installation |
| POST /shops/{shop}/id-token | `staff`? (id or first name), `life_s`? | `{"id_token", "host", "staff"}` |
| POST /shops/{shop}/app-url | `path`?, `staff`? | `{"url"}`: the signed address the admin would open in the iframe |
| POST /shops/{shop}/tokens/expire | `refresh_too`? | `{"touched": n}` |
| POST /shops/{shop}/tokens/revoke | | `{"dropped": n}` |
| GET /shops/{shop}/bucket | | the app's throttleStatus, and `throttled`: how many of its calls were refused |
| POST /shops/{shop}/privacy/data-request | `customer` {id, email, phone}, `orders`? | `{}` |
| POST /shops/{shop}/privacy/redact-customer | `customer`, `orders`?, `at_once`? | `{}` |
| POST /shops/{shop}/privacy/redact-shop | `after_s`? | `{}` |
| GET /shops/{shop}/deliveries | query: `topic`, `state`, `limit` | the log, newest first |
| GET /shops/{shop}/deliveries/{id} | | one delivery with its body as sent |
| POST /shops/{shop}/deliveries/{id}/redeliver | | `{"due": bool}` |
| POST /webhooks/deliver | | `{"attempts": n}`: sends what is due, in this request |
| GET, POST, DELETE /faults | one fault or a list of them, see below | waiting faults |
| GET, POST /clock | `factor` | `{"factor", "now"}`: how much webhook waits are compressed |
| POST /secrets | `add` or `revoke_oldest` | `{"secrets": n}` |

A fault is `{"kind", "target"?, "times"?, "shop"?, "match"?}` and what its kind needs: `slow` (`ms`), `fail` (`status`,
`body`), `cut` (executed, but the answer is lost) and `throttle` with target `graphql` (default) or `token` (all but
throttle); `drop`, `duplicate`, `reorder` and `delay` (`seconds`) for webhooks. `match` must be part of the request
body (graphql), the grant type (token) or the topic (webhook). `times` counts down from 1; `null` lasts until DELETE.
"""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import JSONResponse, Response

from sandbox.shopify import app_address, cost, id_tokens, installations, staff, times, tokens, wishes
from sandbox.shopify import wish_shapes as shapes
from sandbox.shopify.door import Call
from sandbox.shopify.faults import FaultKind
from sandbox.shopify.store import Document

DELIVERIES_SHOWN = 200


SCOPES = wishes.rows(wishes.text)
PERSON = wishes.either(wishes.text, wishes.whole(1, wishes.LARGEST_ID))
FAULT: wishes.Shape = {
    "kind": wishes.one_of(*FaultKind),
    "target": wishes.one_of("graphql", "token", "webhook"),
    "times": wishes.whole(1),
    **dict.fromkeys(("shop", "match", "body"), wishes.text),
    "ms": wishes.whole(0),
    "seconds": wishes.amount,
    "status": wishes.whole(200, 599),
}


def health(call: Call) -> Response:
    """GET /control/health"""
    store = call.world.store
    return JSONResponse({"ok": True, "shops": store.shops(), "now": times.precise(store.now())})


def shops(call: Call) -> Response:
    """GET /control/shops"""
    world, found = call.world, {}
    for shop in world.store.shops():
        deliveries = world.store.views(shop, "delivery")
        found[shop] = {
            "staff": [
                {"id": one.id, "name": one.name, "owner": one.account_owner}
                for one in staff.of_shop(world.store, shop)
            ],
            "installation": installations.current(world.store, shop, client_id=world.app.client_id),
            "deliveries_due": sum(1 for one in deliveries if one["state"] == "due"),
        }
    return JSONResponse(found)


def link(call: Call) -> Response:
    """POST /control/shops/{shop}/link"""
    world = call.world
    made = installations.make_link(world.store, call.shop, client_id=world.app.client_id)
    return JSONResponse({"url": f"{world.settings.origin}/partner/install/{made['token']}", **made})


def install(call: Call) -> Response:
    """POST /control/shops/{shop}/install"""
    world, wish = call.world, wishes.read(call.json(), {"scopes": SCOPES})
    scopes = wish.get("scopes") or world.app.required_scopes
    return JSONResponse(world.install(call.shop, client_id=world.app.client_id, scopes=scopes))


def uninstall(call: Call) -> Response:
    """POST /control/shops/{shop}/uninstall"""
    world = call.world
    done = installations.uninstall(world.store, call.shop, client_id=world.app.client_id)
    return JSONResponse({"uninstalled": done})


def change_scopes(call: Call) -> Response:
    """POST /control/shops/{shop}/scopes"""
    world, wish = call.world, wishes.read(call.json(), {"grant": SCOPES, "revoke": SCOPES})
    client_id = world.app.client_id
    if installations.current(world.store, call.shop, client_id=client_id) is None:
        return JSONResponse({"errors": "the app is not installed in this shop"}, status_code=422)
    if wish.get("grant"):
        installations.grant(world.store, call.shop, client_id=client_id, scopes=wish["grant"])
    if wish.get("revoke"):
        installations.revoke(world.store, call.shop, client_id=client_id, scopes=wish["revoke"])
    return JSONResponse(installations.current(world.store, call.shop, client_id=client_id))


def id_token(call: Call) -> Response:
    """POST /control/shops/{shop}/id-token"""
    shop, wish = call.shop, wishes.read(call.json(), {"staff": PERSON, "life_s": wishes.whole(-86_400)})
    person = _person(call, wish)
    token = call.world.id_token(shop, wanted=person.id, life_s=wish.get("life_s") or id_tokens.LIFE_S)
    return JSONResponse({"id_token": token, "host": call.world.host(shop), "staff": person.id})


def app_url(call: Call) -> Response:
    """POST /control/shops/{shop}/app-url"""
    wish = wishes.read(call.json(), {"staff": PERSON, "path": wishes.text})
    person = _person(call, wish)
    url = app_address.iframe_url(call.world, call.shop, path=wish.get("path") or "", person=person)
    return JSONResponse({"url": url})


def expire_tokens(call: Call) -> Response:
    """POST /control/shops/{shop}/tokens/expire"""
    world, wish = call.world, wishes.read(call.json(), {"refresh_too": wishes.flag})
    touched = tokens.expire(
        world.store,
        call.shop,
        client_id=world.app.client_id,
        refresh_too=bool(wish.get("refresh_too")),
    )
    return JSONResponse({"touched": touched})


def revoke_tokens(call: Call) -> Response:
    """POST /control/shops/{shop}/tokens/revoke"""
    world = call.world
    dropped = tokens.forget(world.store, call.shop, client_id=world.app.client_id)
    return JSONResponse({"dropped": dropped})


def bucket(call: Call) -> Response:
    """GET /control/shops/{shop}/bucket"""
    buckets, client_id = cost.Buckets.of(call.world.store), call.world.app.client_id
    throttled = buckets.refusals[call.shop, client_id]
    return JSONResponse({**buckets.status(call.shop, client_id), "throttled": throttled})


def data_request(call: Call) -> Response:
    """POST /control/shops/{shop}/privacy/data-request"""
    wish = _privacy_wish(call)
    call.world.ask_for_data(call.shop, wish.get("customer") or {}, orders=wish.get("orders") or [])
    return JSONResponse({})


def redact_customer(call: Call) -> Response:
    """POST /control/shops/{shop}/privacy/redact-customer"""
    wish = _privacy_wish(call)
    call.world.redact_customer(
        call.shop,
        wish.get("customer") or {},
        orders=wish.get("orders") or [],
        at_once=bool(wish.get("at_once", False)),
    )
    return JSONResponse({})


def redact_shop(call: Call) -> Response:
    """POST /control/shops/{shop}/privacy/redact-shop"""
    wish = wishes.read(call.json(), {"after_s": wishes.whole(0)})
    after = timedelta(seconds=wish.get("after_s") or 0)
    call.world.redact_shop(call.shop, after=after)
    return JSONResponse({})


def deliveries(call: Call) -> Response:
    """GET /control/shops/{shop}/deliveries"""
    limit = wishes.limit(call.query, DELIVERIES_SHOWN)
    wanted_topic, wanted_state = call.query.get("topic", ""), call.query.get("state", "")
    found = [
        delivery
        for delivery in reversed(call.world.store.views(call.shop, "delivery"))
        if wanted_topic in ("", delivery["topic"]) and wanted_state in ("", delivery["state"])
    ]
    return JSONResponse(found[:limit])


def delivery(call: Call) -> Response:
    """GET /control/shops/{shop}/deliveries/{id}"""
    store, number = call.world.store, call.parameters["id"]
    found, body = store.get(call.shop, "delivery", number), store.get(call.shop, "delivery_body", number)
    if found is None or body is None:
        return JSONResponse({"errors": "Not Found"}, status_code=404)
    return JSONResponse(found | {"body": body["text"]})


def redeliver(call: Call) -> Response:
    """POST /control/shops/{shop}/deliveries/{id}/redeliver"""
    return JSONResponse({"due": call.world.sender.redeliver(call.shop, int(call.parameters["id"]))})


def deliver(call: Call) -> Response:
    """POST /control/webhooks/deliver"""
    return JSONResponse({"attempts": call.world.sender.deliver_due()})


def faults(call: Call) -> Response:
    """GET, POST, DELETE /control/faults"""
    known = call.world.faults
    if call.method == "DELETE":
        known.clear()
    if call.method == "POST":
        wish = call.json()
        for one in [
            wishes.read(one, FAULT, needed=("kind",)) for one in (wish if isinstance(wish, list) else [wish])
        ]:
            known.add(one)
    return JSONResponse(known.waiting())


def clock(call: Call) -> Response:
    """GET, POST /control/clock"""
    if call.method == "POST":
        wish = wishes.read(call.json(), {"factor": wishes.above_nothing}, needed=("factor",))
        call.world.sender.clock_factor = float(wish["factor"])
    now = times.precise(call.world.store.now())
    return JSONResponse({"factor": call.world.sender.clock_factor, "now": now})


def rotate_secrets(call: Call) -> Response:
    """POST /control/secrets"""
    wish = wishes.read(call.json(), {"add": wishes.text, "revoke_oldest": wishes.flag})
    known = call.world.secrets
    if wish.get("add"):
        known.add(wish["add"])
    if wish.get("revoke_oldest"):
        known.revoke_oldest()
    return JSONResponse({"secrets": len(known.all())})


def _person(call: Call, wish: Document) -> staff.Staff:
    wanted, people = wish.get("staff"), staff.of_shop(call.world.store, call.shop)
    found = staff.find(call.world.store, call.shop, wanted=wanted)
    if wanted is not None and str(wanted).lower() not in (str(found.id), found.first_name.lower()):
        named = ", ".join(f"{one.first_name} ({one.id})" for one in people)
        raise wishes.NotUnderstood(f"staff must be one of {named}, not {wanted!r}")
    return found


def _privacy_wish(call: Call) -> Document:
    return wishes.read(call.json(), shapes.PRIVACY)
