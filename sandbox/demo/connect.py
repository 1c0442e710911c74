"""Brings both shops to work as their owners would: install, connect the ERP, publish the mapping that is suggested.

It goes through the pages of the app and nothing else. What an earlier run did already is not done again.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg

from sandbox.bootstrap.steps import step
from sandbox.demo.town import Town
from sandbox.demo.visitor import HtmlForm, Page, Visitor
from sandbox.leashed import CannotStart
from sandbox.shopify.seed_data import SHOPS, ShopSeed


def all_shops(town: Town) -> None:
    """Every seeded shop, ready to trade."""
    for shop in SHOPS:
        visitor = Visitor(town.control, shop.domain)
        try:
            _one(town, shop, visitor)
        finally:
            visitor.close()


def _one(town: Town, shop: ShopSeed, visitor: Visitor) -> None:
    if not town.control.shops()[shop.domain]["installation"]:
        with step(f"{shop.name}: install Concord"):
            visitor.install()
    if not _has(town, shop, "connection", "connection.state = 'active'"):
        with step(f"{shop.name}: connect the ERP"):
            erp = town.erp.shops[shop.domain]
            typed = {"field_url": erp.url, "field_database": erp.database, "field_key": erp.key}
            visitor.submit(_form(visitor.open("app/connection"), "/connection"), typed)
    if not _has(town, shop, "mapping_version", "mapping_version.state = 'published'"):
        with step(f"{shop.name}: publish the suggested mapping"):
            if not _has(town, shop, "mapping_version", "mapping_version.state = 'draft'"):
                visitor.submit(_form(visitor.open("app/mappings"), "/mappings/suggest"), {})
            visitor.submit(_form(visitor.open("app/mappings"), "/mappings/publish"), {})


def _has(town: Town, shop: ShopSeed, table: str, condition: str) -> bool:
    query = (
        f"select 1 from {table} join shop on shop.id = {table}.shop_id where shop.domain = %s and {condition}"  # noqa: S608
    )
    with psycopg.connect(town.database_url) as connection:
        return connection.execute(query, [shop.domain]).fetchone() is not None


def _form(page: Page, action: str) -> HtmlForm:
    """The form of a page that goes to this path of the app."""
    form = next((each for each in page.forms if urlsplit(each.action).path.endswith(action)), None)
    if form is None:
        raise CannotStart(f"the page {page.url.partition('?')[0]} has no form for {action}.")
    return form
