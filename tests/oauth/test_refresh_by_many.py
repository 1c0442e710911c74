"""Many processes need a token whose time is over, all at once: Shopify is asked exactly once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
from sqlalchemy import select

from kit import clock
from kit.config import Settings
from kit.crypto import Sealer
from kit.db import Database
from oauth.id_token import verify
from oauth.install import Installer
from oauth.models import Grant
from oauth.tokens import Tokens
from tests.oauth.shopify import ALPHA, ORIGIN, LocalShopify

PROCESSES = 8
ROOT = Path(__file__).parents[2]


@contextmanager
def served(shopify: LocalShopify) -> Iterator[str]:
    """The local Shopify over real HTTP, on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = shopify.handle(
                httpx2.Request("POST", ORIGIN + self.path, content=body, headers=dict(self.headers))
            )
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_many_processes_refreshing_at_once_make_one_call(
    fresh_database: Database, fresh_environment: dict[str, str], fresh_settings: Settings
) -> None:
    shopify = LocalShopify()
    shopify.install()
    sealer = Sealer(fresh_settings.sealing_keys)
    with served(shopify) as origin:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")},
            **fresh_environment,
            "CONCORD_SHOPIFY_SHOP_URL": f"{origin}/shops/{{shop}}",
        }
        settings_here = _settings(fresh_settings, origin)
        tokens = Tokens(fresh_database, shopify.door(origin), sealer, settings_here)
        id_token = shopify.id_token()
        shop_id = (
            Installer(fresh_database, tokens)
            .arrive(verify(id_token, settings=fresh_settings), id_token)
            .shop_id
        )
        first = tokens.access_token(shop_id, ALPHA).reveal()
        with fresh_database.transaction(shop_id=shop_id) as session:
            session.scalars(select(Grant)).one().access_expires_at = clock.now()
        calls = shopify.token_calls
        answers = _ask_all_at_once([str(shop_id), ALPHA], environment)
    assert len(set(answers)) == 1
    assert answers[0] != first
    assert shopify.accepts(answers[0])
    assert shopify.token_calls == calls + 1


def _settings(settings: Settings, origin: str) -> Settings:
    return replace(settings, shop_url=f"{origin}/shops/{{shop}}")


def _ask_all_at_once(arguments: list[str], environment: dict[str, str]) -> list[str]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.oauth.refresher", *arguments],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [process.communicate(timeout=60)[0].strip() for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
