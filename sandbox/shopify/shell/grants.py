"""Pages on which a person lets the app in: partner link, managed installation, more scopes, and the code grant.

They show what the app asks for and record the answer. They refuse a client they do not know, an address that is not
on the app's list, and a hand-made install address for a shop that never used a partner link.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from sandbox.shopify import installations, oauth, scope_words
from sandbox.shopify import scopes as access
from sandbox.shopify.app_address import admin_url
from sandbox.shopify.door import Call
from sandbox.shopify.shell import render
from sandbox.shopify.world import UnknownShop, name_of


@dataclass(frozen=True)
class Grant:
    """What the grant page asks a person."""

    shop: str
    name: str
    person: str
    app_name: str
    wanted: list[str]
    is_update: bool
    action: str
    cancel: str
    hidden: tuple[tuple[str, str], ...]


def partner_link(call: Call) -> Response:
    """GET /partner/install/{token}: to the grant page of the shop for which the link was made."""
    link = installations.use_link(call.world.store, call.parameters["token"])
    if link is None:
        return _refused(
            "This install link is not known", "Ask for a new link, or make one through the control API."
        )
    target = (
        f"/store/{name_of(link['shop'])}/oauth/install?client_id={link['client_id']}&link={link['token']}"
    )
    return RedirectResponse(target, status_code=302)


def install(call: Call) -> Response:
    """GET /store/{shop}/oauth/install and /shops/{shop}/admin/oauth/install: the grant page."""
    shop, world = call.shop, call.world
    if refusal := _unknown_client(call) or _no_link(call, shop):
        return refusal
    extra = scope_words.parse(call.query.get("optional_scopes", ""))
    known = installations.scopes_of(world.store, shop, client_id=world.app.client_id)
    wanted = _allowed(call, [*world.app.required_scopes, *extra])
    if known and access.with_implied(wanted) <= known and not call.query.get("link"):
        return RedirectResponse(admin_url(world, shop), status_code=302)
    hidden = (("client_id", world.app.client_id), ("scope", ",".join(wanted)))
    return _grant_page(
        call, shop, wanted=wanted, action=f"/store/{name_of(shop)}/oauth/install", hidden=hidden
    )


def install_granted(call: Call) -> Response:
    """POST /store/{shop}/oauth/install: records the installation and opens the app."""
    if refusal := _unknown_client(call):
        return refusal
    wanted = _allowed(call, scope_words.parse(call.form().get("scope", "")))
    call.world.install(call.shop, client_id=call.world.app.client_id, scopes=wanted)
    return RedirectResponse(admin_url(call.world, call.shop), status_code=303)


def authorize(call: Call) -> Response:
    """GET /shops/{shop}/admin/oauth/authorize: the grant page of the code grant."""
    shop = call.shop
    if refusal := _unknown_client(call) or _foreign_address(call):
        return refusal
    wanted = _allowed(
        call, scope_words.parse(call.query.get("scope", "")) or [*call.world.app.required_scopes]
    )
    per_user = "per-user" in [value for key, value in call.query_items if key.startswith("grant_options")]
    hidden = (
        ("client_id", call.world.app.client_id),
        ("scope", ",".join(wanted)),
        ("redirect_uri", call.query["redirect_uri"]),
        ("state", call.query.get("state", "")),
        ("per_user", "1" if per_user else ""),
    )
    return _grant_page(
        call, shop, wanted=wanted, action=f"/shops/{shop}/admin/oauth/authorize", hidden=hidden
    )


def authorize_granted(call: Call) -> Response:
    """POST /shops/{shop}/admin/oauth/authorize: a code, and the browser goes back to the app."""
    shop, form = call.shop, call.form()
    if refusal := _unknown_client(call) or _foreign_address(call):
        return refusal
    code = oauth.issue_code(
        call.world,
        shop,
        scopes=_allowed(call, scope_words.parse(form["scope"])),
        redirect_uri=form["redirect_uri"],
        person_id=render.person_of(call).id,
        per_user=bool(form.get("per_user")),
    )
    target = oauth.callback_url(
        call.world, shop, redirect_uri=form["redirect_uri"], code=code, state=form.get("state", "")
    )
    return RedirectResponse(target, status_code=303)


def _grant_page(
    call: Call, shop: str, *, wanted: list[str], action: str, hidden: tuple[tuple[str, str], ...]
) -> Response:
    installed = installations.current(call.world.store, shop, client_id=call.world.app.client_id) is not None
    grant = Grant(
        shop=shop,
        name=render.shop_title(call, shop),
        person=render.person_of(call).name,
        app_name=call.world.app.name,
        wanted=scope_words.sentences(wanted),
        is_update=installed,
        action=action,
        cancel=f"/store/{name_of(shop)}/apps",
        hidden=hidden,
    )
    return render.bare("grant.html", grant=grant)


def _allowed(call: Call, wanted: list[str]) -> list[str]:
    """Only what the app configuration declares can be granted."""
    declared = access.with_implied(call.world.app.declared_scopes)
    return [scope for scope in dict.fromkeys(wanted) if scope in declared]


def _given(call: Call) -> dict[str, str]:
    return call.form() if call.method == "POST" else dict(call.query)


def _unknown_client(call: Call) -> Response | None:
    if _given(call).get("client_id") == call.world.app.client_id:
        return None
    return _refused("This app is not known", "The address names a client id that no app here has.")


def _foreign_address(call: Call) -> Response | None:
    if _given(call).get("redirect_uri") in call.world.app.redirect_urls:
        return None
    return _refused(
        "The address to return to is not on the app's list",
        "redirect_uri has to be one of auth.redirect_urls in shopify.app.toml, letter by letter.",
    )


def _no_link(call: Call, shop: str) -> Response | None:
    world, token = call.world, call.query.get("link", "")
    if installations.was_ever_installed(world.store, shop, client_id=world.app.client_id):
        return None
    link = world.store.get("", "partner_link", token) if token else None
    if link is not None and link["shop"] == shop:
        return None
    return _refused(
        "This shop needs an install link first",
        "The first installation of an app with custom distribution begins with the partner link of the shop.",
    )


def _refused(title: str, explanation: str) -> Response:
    return render.bare("refused.html", status=400, title=title, explanation=explanation)


def unknown_shop(call: Call, error: UnknownShop) -> Response:
    """The page for a shop that does not exist here."""
    shops = [name_of(shop) for shop in call.world.store.shops()]
    return render.bare(
        "refused.html", status=404, title=f"No shop {error} here", explanation=f"Shops: {', '.join(shops)}."
    )
