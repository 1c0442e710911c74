"""The web process: one Starlette application inside the security headers, and what it holds while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio import to_thread
from starlette.applications import Starlette

from kit import garbage, log
from kit.config import Settings, settings
from oauth.code_grant import CodeGrant
from oauth.install import Installer
from sync import process
from sync.actors import Engine
from sync.flows import arrivals
from sync.state.inbox import Stored
from web.auth import Doorkeeper
from web.errors import HANDLERS
from web.headers import SecurityHeaders
from web.options import Memory
from web.routes import routes
from web.state import State
from web.waking import Waker
from web.webhooks import Front, Inbox

SPARE_CONNECTIONS = 2  # the inbox writer and the readiness check must not wait behind pages


def engine_of(settings: Settings) -> Engine:
    """The engine that a web process uses to open doors and to wake workers; it runs no jobs."""
    pool_size = settings.web_threads + SPARE_CONNECTIONS
    engine, _broker = process.build(settings, application="concord-web", pool_size=pool_size)
    return engine


def build(settings: Settings, *, engine: Callable[[Settings], Engine] = engine_of) -> Front:
    """The application for these settings. Nothing is opened before its lifespan begins."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        to_thread.current_default_thread_limiter().total_tokens = settings.web_threads
        made = engine(settings)
        gateways = made.gateways
        installer = Installer(gateways.database, gateways.tokens, ask=arrivals.ask)
        waker = Waker(made.nudge_deliveries)
        inbox = Inbox(settings, stored=lambda stored: _ask(waker, stored))
        try:
            yield State(
                settings=settings,
                database=gateways.database,
                engine=made,
                doorkeeper=Doorkeeper(settings, gateways.database, installer),
                code_grant=CodeGrant(gateways.database, installer, settings),
                inbox=inbox,
                options=Memory(),
            )
        finally:
            inbox.close()
            waker.close()
            gateways.door.close()
            gateways.database.close()

    application = Starlette(
        routes=routes(),
        exception_handlers=dict(HANDLERS),
        lifespan=lifespan,
        max_body_size=settings.body_limit_bytes,  # routes that expect less say so themselves
    )
    return Front(SecurityHeaders(application, settings), settings)


def _ask(waker: Waker, stored: Stored) -> None:
    if stored.new_ids:
        waker.ask(stored.new_ids[-1])


def __getattr__(name: str) -> Front:
    # `uvicorn web.app:app`: the environment is read when a server asks for the application, not on import.
    if name != "app":
        raise AttributeError(name)
    chosen = settings()
    log.install(chosen.log_level)
    made = build(chosen)
    garbage.keep_what_is_there()
    return made
