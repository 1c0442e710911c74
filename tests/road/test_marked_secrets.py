"""A whole town runs with marked secrets and goes through trouble; all that was written is searched for them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
from sqlalchemy import select
from starlette.routing import Route

from kit import config
from kit.crypto import Sealer
from kit.db import Base, all_shops, connect
from oauth.models import Credential, Grant
from sandbox.demo.place import ROOT
from sandbox.leashed import wait_until
from sandbox.shopify.seed_data import ALPHA, BETA
from tests.road import marks
from tests.road.conftest import Whole
from tests.road.marks import MARK, Search
from web.routes import routes

PATIENCE_SECONDS = 240.0
SECONDS = 120
WRONG_KEY = f"{MARK}0123456789abcdef0123456789abcdef"
BUYER = "marked.secrets@example.com"
ORDER: dict[str, Any] = {
    "email": BUYER,
    "lines": [{"sku": "ALP-MUG", "quantity": 1}],
    "financial_state": "paid",
}
FORGED = {"X-Shopify-Topic": "orders/paid", "X-Shopify-Hmac-Sha256": "forged", "X-Shopify-Shop-Domain": ALPHA}
SHEETS = ("products", "taxes", "services", "locations", "shipping", "payments", "terms")


class Town:
    """The town, and a person who opens everything in it."""

    def __init__(self, whole: Whole) -> None:
        self.whole, self.town, self.place = whole, whole.town, whole.place
        self.control = self.town.control
        self.http = httpx2.Client(timeout=60.0, follow_redirects=True, trust_env=False)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What Concord's database answers."""
        with psycopg.connect(self.town.database_url) as connection:
            return list(connection.execute(query, values))

    def look(self, path: str, shop: str = ALPHA) -> tuple[int, str]:
        """A screen as the frame would load it: its status and its text."""
        answer = self.http.get(self.control.app_url(shop, f"app{path}"))
        return answer.status_code, answer.text

    def act(self, path: str, shop: str = ALPHA, **data: str) -> tuple[int, str]:
        """Something that a person does."""
        headers = {"Authorization": f"Bearer {self.control.id_token(shop)}"}
        answer = self.http.post(f"{self.place.web_url}/app{path}", data=data, headers=headers)
        return answer.status_code, answer.text

    def tell(self, path: str, body: dict[str, Any]) -> None:
        """Something happens at Shopify."""
        answer = self.http.post(f"{self.place.shopify_url}/control{path}", json=body)
        assert answer.status_code < 300, answer.text

    def says(self, *verb: str, level: str = "DEBUG") -> str:
        """What an operator's verb prints and logs, told in every detail."""
        run = subprocess.run(
            [sys.executable, "-m", "sync", *verb],
            cwd=ROOT,
            env={**self.town.environment, "CONCORD_LOG_LEVEL": level},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "Traceback" not in run.stderr, run.stderr
        return run.stdout + run.stderr

    def secrets(self) -> dict[str, str]:
        """All secrets of the town by name, each by its random part; those that Shopify gave out from its own books."""
        here = self.place
        found = {
            "the client secret": here.client_secret.removeprefix("shpss_"),
            "the sealing key": here.sealing_keys.partition(":")[2],
            "the database's password": urlsplit(self.town.database_url).password or "",
            "Redis' password": urlsplit(self.town.environment["REDIS_URL"]).password or "",
            "an ERP key that was refused": WRONG_KEY,
        }
        for shop, erp in self.town.erp.shops.items():
            found[f"the ERP's key of {shop}"] = erp.key
            for kind in ("token", "refresh_token"):
                ours = [
                    each for each in self.control.records(shop, kind) if each["client_id"] == here.client_id
                ]
                assert ours, f"{shop} was given no {kind}"
                for number, each in enumerate(ours):
                    found[f"{kind} {number} of {shop}"] = each["token"].partition("_")[2]
        assert all(len(secret) >= 20 for secret in found.values())
        return found


@pytest.fixture
def home(whole: Whole) -> Iterator[Town]:
    town = Town(whole)
    yield town
    town.http.close()


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
def test_no_secret_of_the_town_is_ever_written_down(home: Town) -> None:
    told = _trouble(home)
    pages = list(_screens(home))
    search = Search(home.secrets())
    for place, text in [*told, *pages]:
        search.through(place, text)
    for place, text in [*marks.columns(home.town.database_url), *_logs(home), *_reprs(home)]:
        search.through(place, text)
    for key, content in marks.redis_content(home.town.environment["REDIS_URL"]):
        search.through("Redis", key + content)
    assert search.found == []
    _has_looked_everywhere(home, search, dict(pages))


def _trouble(home: Town) -> list[tuple[str, str]]:
    """What goes wrong and is told in detail: tokens expire, a key is refused, a body is broken, a verb logs it all."""
    home.control.place_order(ALPHA, ORDER)
    order = next(each for each in home.control.records(ALPHA, "order") if each["email"] == BUYER)
    arrived = "select 1 from link where kind = 'order' and shopify_gid = %s"
    assert wait_until(lambda: bool(home.rows(arrived, order["id"])), PATIENCE_SECONDS)
    home.tell(
        f"/shops/{ALPHA}/privacy/data-request",
        {"customer": {"email": BUYER}, "orders": [int(order["id"].rpartition("/")[2])]},
    )
    ready = "select 1 from privacy_request where sealed_file is not null"
    assert wait_until(lambda: bool(home.rows(ready)), PATIENCE_SECONDS)
    erp = home.town.erp.shops[ALPHA]
    typed = {"field_url": erp.url, "field_database": erp.database, "field_key": WRONG_KEY, "kind": "tryton"}
    status, refused = home.act("/connection", **typed)
    assert status >= 400
    assert erp.database in refused
    _let_tokens_age(home)
    told = [
        ("a refused ERP key", refused),
        ("a forged delivery", home.http.post(f"{home.place.web_url}/webhooks", headers=FORGED).text),
        ("a wrong ID token", home.http.get(f"{home.place.web_url}/app", params={"id_token": "eyJ"}).text),
        *((f"concord {verb[0]}", home.says(*verb)) for verb in _verbs()),
    ]
    refreshed = 'select count(*) from "grant" where is_valid and access_expires_at > now()'
    assert home.rows(refreshed) == [(2,)]
    assert any('"level": "debug"' in text for _, text in told)
    return told


def _let_tokens_age(home: Town) -> None:
    """Nobody's access token is good any more, so the next who asks has to bring a new pair home."""
    for shop in (ALPHA, BETA):
        home.tell(f"/shops/{shop}/tokens/expire", {})
    with psycopg.connect(home.town.database_url) as connection:
        connection.execute('update "grant" set access_expires_at = now()')


def _verbs() -> list[tuple[str, ...]]:
    return [("doctor",), ("errors", "--shop", ALPHA), ("keys", "rotate"), ("reconcile", "--shop", ALPHA)]


def _screens(home: Town) -> Iterator[tuple[str, str]]:
    """Every address that shows something, and the files."""
    (order,) = home.rows("select record, shop_id from link where kind = 'order' order by id desc limit 1")
    known = {
        "record": [str(order[0]).removeprefix("gid://shopify/")],
        "issue": [str(number) for (number,) in home.rows("select id from issue")] or ["0"],
        "delivery": [
            str(number) for (number,) in home.rows("select id from delivery where shop_id = %s", order[1])
        ][-5:],
        "sheet": list(SHEETS),
        "number": ["new"],
        "rest": ["nowhere"],
    }
    for route in routes():
        if (
            not isinstance(route, Route)
            or not route.path.startswith("/app")
            or "POST" in (route.methods or ())
        ):
            continue
        path = re.sub(r"{(\w+)(?::\w+)?}", r"{\1}", route.path.removeprefix("/app"))
        name = re.search(r"{(\w+)}", path)
        for value in known[name[1]] if name else [""]:
            status, text = home.look(path.replace(name[0], value) if name else path)
            assert status in (200, 404), f"{path} {status}"
            yield f"{path} {value} {status}", text
    (request,) = home.rows(
        "select id from privacy_request where sealed_file is not null order by id desc limit 1"
    )
    status, text = home.act(f"/privacy/{request[0]}/file")
    assert status == 200
    yield "the file for a customer", text


def _logs(home: Town) -> Iterator[tuple[str, str]]:
    """What every process wrote, the engines' too. The local Shopify begins with a greeting that tells its secret."""
    for log in home.place.folder.rglob("*.log"):
        text = log.read_text(errors="replace")
        yield log.name, text.partition("\n")[2] if log.name == "local-Shopify.log" else text


def _reprs(home: Town) -> Iterator[tuple[str, str]]:
    """Settings and every kind of row as a debugger or a message would show them."""
    settings = config.read(
        {name: value for name, value in home.town.environment.items() if _is_setting(name)}
    )
    yield "repr(Settings)", f"{settings!r} {settings}"
    database = connect(settings.database_url, pool_size=1, application="test")
    yield "repr(Database)", f"{database!r} {database.engine!r} {database.engine.url}"
    with database.transaction() as session:
        for mapper in Base.registry.mappers:
            rows = session.scalars(all_shops(select(mapper.class_)).limit(20)).all()
            yield f"repr({mapper.class_.__name__})", "".join(f"{row!r} {row}" for row in rows)
        grant = session.scalars(all_shops(select(Grant)).limit(1)).one()
        sealer = Sealer(settings.sealing_keys)
        opened = sealer.open(grant.access_token, _place_of(grant))
        yield "repr(Secret)", f"{opened!r} {opened} {sealer!r}"
        # What is sealed was really there to be found.
        assert opened.reveal().startswith("shpat_")
        assert session.scalars(all_shops(select(Credential.sealed))).all()
    database.close()


def _place_of(grant: Grant) -> bytes:
    return f"grant.access_token:{grant.shop_id}".encode()


def _is_setting(name: str) -> bool:
    return name in ("DATABASE_URL", "REDIS_URL") or name.startswith(config.OWN_PREFIX)


def _has_looked_everywhere(home: Town, search: Search, pages: dict[str, str]) -> None:
    """The search itself would have found something: it finds what is there, in each kind of place."""
    known = {"the shop": ALPHA, "the buyer": BUYER, "cents": "Every cent explained", "a line": "not_signed"}
    plain = Search(known)
    for place, text in [*marks.columns(home.town.database_url), *_logs(home)]:
        plain.through(place, text)
    for place, text in pages.items():
        plain.through(place, unescape(text))
    found = " ".join(plain.found)
    for wanted in ("the shop in shop.domain", "the buyer in delivery.body", "a line in web.log"):
        assert wanted in found
    assert "the buyer in the file for a customer" in found
    assert "cents in /records/" in found
    wanted_logs = {"web.log", "worker.log", "clock.log", "migrations.log", "postgresql.log", "redis.log"}
    assert wanted_logs <= set(search.places)
    assert {"grant.access_token", "credential.sealed", "attempt.exchanges", "audit_entry.after"} <= set(
        search.places
    )
