"""The quiet pages of the admin: the list of shops, home, apps, and the choice of who is looking."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from sandbox.shopify import installations, scope_words
from sandbox.shopify.door import Call
from sandbox.shopify.shell import render
from sandbox.shopify.world import name_of


def shops(call: Call) -> Response:
    """GET /: all shops."""
    rows = [
        {"shop": shop, "name": name_of(shop), "title": render.shop_title(call, shop)}
        for shop in call.world.store.shops()
    ]
    return render.bare("shops.html", shops=rows)


def home(call: Call) -> Response:
    """GET /store/{shop}: the shop at a glance."""
    store, shop = call.world.store, call.shop
    orders, deliveries = store.views(shop, "order"), store.views(shop, "delivery")
    return render.page(
        call,
        "home.html",
        section="home",
        title=render.shop_title(call, shop),
        orders=len(orders),
        products=len(store.views(shop, "product")),
        customers=len(store.views(shop, "customer")),
        waiting=sum(1 for one in deliveries if one["state"] == "due"),
        failed=sum(1 for one in deliveries if one["state"] == "failed"),
        installation=installations.current(store, shop, client_id=call.world.app.client_id),
    )


def apps(call: Call) -> Response:
    """GET /store/{shop}/apps: the app, its state, and what can be done with it."""
    world, shop = call.world, call.shop
    installation = installations.current(world.store, shop, client_id=world.app.client_id)
    return render.page(
        call,
        "apps.html",
        section="apps",
        app=world.app,
        installation=installation,
        granted=scope_words.sentences(installation["scopes"]) if installation else [],
        was_installed=installations.was_ever_installed(world.store, shop, client_id=world.app.client_id),
    )


def install(call: Call) -> Response:
    """POST /store/{shop}/apps/install: takes the way a partner link takes."""
    world = call.world
    link = installations.make_link(world.store, call.shop, client_id=world.app.client_id)
    return RedirectResponse(f"/partner/install/{link['token']}", status_code=303)


def uninstall(call: Call) -> Response:
    """POST /store/{shop}/apps/uninstall"""
    world = call.world
    installations.uninstall(world.store, call.shop, client_id=world.app.client_id)
    return render.back(call, "/apps", notice=f"{world.app.name} was uninstalled. Its tokens stopped working.")


def choose_staff(call: Call) -> Response:
    """POST /store/{shop}/staff: from now on this browser is somebody else in this shop."""
    form = call.form()
    path = form.get("path") or f"/store/{name_of(call.shop)}"
    local = path if path.startswith("/store/") else "/"
    response = RedirectResponse(local, status_code=303)
    response.set_cookie(render.staff_cookie(call.shop), form.get("staff", ""), samesite="lax", path="/")
    return response
