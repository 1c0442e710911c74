"""How an admin page is made: its template, the frame around it, and who is looking at it.

Every page gets a `Frame`; pages add their own values by name. Unknown names are errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.shopify import installations, staff
from sandbox.shopify.door import Call
from sandbox.shopify.shell import formats
from sandbox.shopify.staff import Staff
from sandbox.shopify.world import name_of

TEMPLATES = Path(__file__).parent / "templates"
STAFF_COOKIE = "sandbox_staff"


@dataclass(frozen=True)
class Frame:
    """What every admin page knows: the shop, the person, the app, and a notice from the page before."""

    shop: str
    name: str
    shops: tuple[tuple[str, str], ...]
    person: Staff
    people: tuple[Staff, ...]
    app_name: str
    client_id: str
    is_installed: bool
    section: str
    notice: str
    failure: str


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates of the admin."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.filters |= {
        "money": formats.money,
        "moment": formats.moment,
        "words": formats.words,
        "tail": formats.tail,
    }
    return made


def frame(call: Call, *, section: str) -> Frame:
    """The frame of a page in the shop named in the path."""
    world, shop = call.world, call.shop
    return Frame(
        shop=shop,
        name=name_of(shop),
        shops=tuple((name_of(one), shop_title(call, one)) for one in world.store.shops()),
        person=person_of(call),
        people=tuple(staff.of_shop(world.store, shop)),
        app_name=world.app.name,
        client_id=world.app.client_id,
        is_installed=installations.current(world.store, shop, client_id=world.app.client_id) is not None,
        section=section,
        notice=call.query.get("notice", ""),
        failure=call.query.get("failure", ""),
    )


def page(call: Call, template: str, *, section: str = "", **values: Any) -> Response:
    """A page inside the admin's frame."""
    shown = environment().get_template(template).render(frame=frame(call, section=section), **values)
    return HTMLResponse(shown)


def bare(template: str, *, status: int = 200, **values: Any) -> Response:
    """A page without the frame: grants and refusals."""
    return HTMLResponse(environment().get_template(template).render(**values), status_code=status)


def back(call: Call, path: str, *, notice: str = "", failure: str = "") -> Response:
    """Sends the browser to another admin page of the same shop, with a word about what happened."""
    words = {key: value for key, value in (("notice", notice), ("failure", failure)) if value}
    query = f"?{urlencode(words)}" if words else ""
    return RedirectResponse(f"/store/{name_of(call.shop)}{quote(path)}{query}", status_code=303)


def person_of(call: Call) -> Staff:
    """Who is looking: the staff member chosen in this browser for this shop, or the owner."""
    return staff.find(call.world.store, call.shop, wanted=call.cookie(staff_cookie(call.shop)))


def staff_cookie(shop: str) -> str:
    """The cookie that remembers the chosen person of a shop."""
    return f"{STAFF_COOKIE}_{name_of(shop)}"


def shop_title(call: Call, shop: str) -> str:
    """The shop's own name, or its domain's first part."""
    documents = call.world.store.views(shop, "shop")
    return str(documents[0].get("name") or name_of(shop)) if documents else name_of(shop)
