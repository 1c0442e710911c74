"""The app inside the admin: the page with the iframe, and what App Bridge may ask the admin for.

It owns the way from an admin path to the app's path. It refuses an app that is not known or not installed.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from starlette.responses import JSONResponse, Response

from sandbox.shopify import installations, scope_words
from sandbox.shopify import scopes as access
from sandbox.shopify.app_address import RESERVED, admin_url, iframe_url
from sandbox.shopify.door import Call
from sandbox.shopify.shell import render


def app(call: Call) -> Response:
    """GET /store/{shop}/apps/{client_id}/{path}: the app, opened at the same path of its origin."""
    world, shop = call.world, call.shop
    if call.parameters["client_id"] != world.app.client_id:
        return render.back(call, "/apps", failure="No app with this client id is known here.")
    if installations.current(world.store, shop, client_id=world.app.client_id) is None:
        return render.back(call, "/apps", failure=f"{world.app.name} is not installed in this shop.")
    own = urlencode([(key, value) for key, value in call.query_items if key not in RESERVED])
    src = iframe_url(
        world, shop, path=call.parameters.get("path", ""), person=render.person_of(call), query=own
    )
    return render.page(
        call,
        "frame.html",
        section="app",
        src=src,
        origin=world.app.origin,
        base=urlsplit(admin_url(world, shop)).path,
        home=urlsplit(world.app.application_url).path or "/",
    )


def id_token(call: Call) -> Response:
    """GET /store/{shop}/bridge/id-token: a fresh token of the person who is looking."""
    if installations.current(call.world.store, call.shop, client_id=call.world.app.client_id) is None:
        return JSONResponse({"errors": "The app is not installed"}, status_code=404)
    return JSONResponse({"id_token": call.world.id_token(call.shop, wanted=render.person_of(call).id)})


def user(call: Call) -> Response:
    """GET /store/{shop}/bridge/user: who is looking, as far as App Bridge tells."""
    person = render.person_of(call)
    return JSONResponse({"id": str(person.id), "accountOwner": person.account_owner, "locale": person.locale})


def scopes(call: Call) -> Response:
    """GET and POST /store/{shop}/bridge/scopes: what is granted; grants or revokes optional scopes."""
    world, client_id = call.world, call.world.app.client_id
    wish = call.json() if call.method == "POST" else {}
    optional = access.with_implied(world.app.optional_scopes)
    if granted := [scope for scope in wish.get("grant", []) if scope in optional]:
        installations.grant(world.store, call.shop, client_id=client_id, scopes=granted)
    if revoked := [scope for scope in wish.get("revoke", []) if scope in optional]:
        installations.revoke(world.store, call.shop, client_id=client_id, scopes=revoked)
    held = installations.scopes_of(world.store, call.shop, client_id=client_id)
    return JSONResponse(
        {
            "granted": sorted(held),
            "required": list(world.app.required_scopes),
            "optional": list(world.app.optional_scopes),
        }
    )


def scopes_wanted(call: Call) -> Response:
    """POST /store/{shop}/bridge/scopes/wanted: what would be new, in words for the person who is asked."""
    wanted = [str(scope) for scope in call.json().get("scopes", [])]
    held = installations.scopes_of(call.world.store, call.shop, client_id=call.world.app.client_id)
    missing = sorted(set(wanted) - held)
    return JSONResponse({"missing": missing, "sentences": scope_words.sentences(missing)})


def products(call: Call) -> Response:
    """GET /store/{shop}/bridge/products: what the product chooser offers."""
    store, shop = call.world.store, call.shop
    variants = store.views(shop, "product_variant")
    found = [
        {
            "id": one["id"],
            "title": one["title"],
            "handle": one["handle"],
            "variants": [
                {"id": v["id"], "title": v["title"], "sku": v["sku"], "price": v["price"]}
                for v in variants
                if v["productId"] == one["id"]
            ],
        }
        for one in store.views(shop, "product")
    ]
    return JSONResponse({"products": found})


def elsewhere(call: Call) -> Response:
    """GET /store/{shop}/…: a page of the real admin that the local one does not have."""
    return render.page(call, "elsewhere.html", path=call.path)
