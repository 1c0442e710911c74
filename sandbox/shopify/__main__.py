"""`python -m sandbox.shopify`: the local Shopify as a process of its own.

Every option is a flag or an environment variable `SANDBOX_…`. When it is ready it prints one line of JSON with its
addresses, a token per shop and the secret that signs webhooks. It refuses a busy port with one sentence.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from sandbox.shopify import installations, tokens
from sandbox.shopify.app import build
from sandbox.shopify.seed import seed
from sandbox.shopify.settings import (
    DEFAULT_CONFIG,
    DEFAULT_SECRET,
    SANDBOX_CLIENT,
    ConfigurationRefused,
    Settings,
    load_app,
)
from sandbox.shopify.store import Store
from sandbox.shopify.world import World, name_of

BUSY, MISCONFIGURED = 3, 2
LAST_PORT = 65_535
FLAGS: tuple[tuple[str, str, str], ...] = (
    ("host", "127.0.0.1", "address to listen on"),
    ("port", "9100", "port to listen on"),
    ("state", "", "file that keeps everything; without it a restart begins anew"),
    ("origin", "", "address under which browsers and the app reach this process"),
    ("app-url", "", "where the app runs; overrides application_url of the configuration"),
    ("client-id", "", "client id of the app; overrides the configuration"),
    ("client-secret", DEFAULT_SECRET, "client secret of the app"),
    ("config", str(DEFAULT_CONFIG), "the app configuration"),
    ("clock-factor", "1", "compresses the waits of the webhook sender; 3600 turns an hour into a second"),
)


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """The options: a flag wins over the environment, the environment over the default."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.shopify", description="A Shopify on this machine."
    )
    for flag, default, words in FLAGS:
        name = f"SANDBOX_{flag.replace('-', '_').upper()}"
        parser.add_argument(f"--{flag}", default=os.environ.get(name, default), help=f"{words} ({name})")
    return parser.parse_args(arguments)


def settings_of(chosen: argparse.Namespace, *, port: int) -> Settings:
    """The settings behind the options, for the port that was really taken."""
    app = load_app(Path(chosen.config), app_url=chosen.app_url or None, client_id=chosen.client_id or None)
    return Settings(
        app=app,
        client_secret=chosen.client_secret,
        origin=(chosen.origin or f"http://{chosen.host}:{port}").rstrip("/"),
        host=chosen.host,
        port=port,
        state_path=Path(chosen.state) if chosen.state else None,
        clock_factor=float(chosen.clock_factor),
    )


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket; raises OSError when the port is taken."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(1024)
    except OSError:
        made.close()
        raise
    return made


def greeting(world: World) -> dict[str, object]:
    """What a tool on this machine has to know to begin."""
    origin, version = world.settings.origin, world.app.webhook_api_version
    shops = {}
    for shop in world.store.shops():
        world.install_tool(shop)
        token = tokens.fixed(
            world.store, shop, client_id=SANDBOX_CLIENT, token=f"shpat_sandbox_{name_of(shop)}"
        )
        shops[shop] = {
            "graphql": f"{origin}/shops/{shop}/admin/api/{version}/graphql.json",
            "token": token,
            "client_id": SANDBOX_CLIENT,
            "admin": f"{origin}/store/{name_of(shop)}",
            "install": f"{origin}/partner/install/{_link(world, shop)}",
        }
    return {
        "admin": f"{origin}/",
        "control": f"{origin}/control",
        "client_id": world.app.client_id,
        "client_secret": world.secrets.oldest,  # signs every webhook, of whichever client
        "shops": shops,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until it is told to stop; returns the exit status."""
    chosen = options(sys.argv[1:] if arguments is None else arguments)
    if fault := _number_fault(chosen):
        print(fault, file=sys.stderr)
        return MISCONFIGURED
    try:
        bound = listening_socket(chosen.host, int(chosen.port))
    except OSError as error:
        print(f"Port {chosen.port} on {chosen.host} cannot be used: {error.strerror}.", file=sys.stderr)
        return BUSY
    try:
        settings = settings_of(chosen, port=bound.getsockname()[1])
    except (ConfigurationRefused, OSError, KeyError, ValueError) as error:
        bound.close()
        print(f"The app configuration cannot be used: {error}.", file=sys.stderr)
        return MISCONFIGURED
    store = Store(settings.state_path)
    if not store.shops():
        seed(store)
    application: Starlette = build(settings, store, threads=True)
    print(json.dumps(greeting(application.state.world)), flush=True)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped cleanly by then
        uvicorn.Server(serving(application)).run(sockets=[bound])
    store.close()
    return 0


def serving(application: Starlette) -> uvicorn.Config:
    """How the application is served: silent, but a crash of its own goes to stderr with its trace."""
    return uvicorn.Config(application, log_level="error", access_log=False, timeout_graceful_shutdown=3)


def _number_fault(chosen: argparse.Namespace) -> str:
    """What is wrong with a number among the options, in one sentence; '' when nothing is."""
    port, factor = str(chosen.port), str(chosen.clock_factor)
    if not (port.isascii() and port.isdigit() and int(port[:6]) <= LAST_PORT):
        return f"SANDBOX_PORT (or --port) must be a whole number from 0 to {LAST_PORT}, not {port[:40]!r}."
    try:
        good = 0 < float(factor) < float("inf")
    except ValueError:
        good = False
    if not good:
        return f"SANDBOX_CLOCK_FACTOR (or --clock-factor) must be a number above 0, not {factor[:40]!r}."
    return ""


def _link(world: World, shop: str) -> str:
    """One partner link per shop, the same after a restart."""
    for link in world.store.all("", "partner_link"):
        if link["shop"] == shop and link["client_id"] == world.app.client_id:
            return str(link["token"])
    return str(installations.make_link(world.store, shop, client_id=world.app.client_id)["token"])


if __name__ == "__main__":
    raise SystemExit(main())
