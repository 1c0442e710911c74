"""The local Shopify as one Starlette application over one store.

It owns nothing but the putting together; `routes` says which address is answered by what.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import httpx2
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.shopify.door import DirectTransport, endpoint
from sandbox.shopify.routes import TABLE
from sandbox.shopify.settings import Settings
from sandbox.shopify.store import Store
from sandbox.shopify.world import World

THREADS = 64


def build(
    settings: Settings, store: Store, *, client: httpx2.Client | None = None, threads: bool = False
) -> Starlette:
    """The application. `threads=True` lets it send webhooks by itself while it runs; otherwise `deliver_due` does.

    The world behind it is `application.state.world`.
    """
    world = World(settings, store, client=client)

    @asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        if threads:
            world.sender.start()
        yield
        if threads:
            world.sender.stop()

    routes = [Route(path, endpoint(world, handler), methods=[method]) for method, path, handler in TABLE]
    application = Starlette(routes=routes, lifespan=life)
    application.state.world = world
    return application


def transport(world: World) -> DirectTransport:
    """An httpx2 transport over the same addresses that needs no server, no event loop and no second thread."""
    return DirectTransport(world, TABLE)
