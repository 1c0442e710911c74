"""What the web process holds while it runs; handlers find it in `request.state`."""

from __future__ import annotations

from typing import TypedDict

from kit.config import Settings
from kit.db import Database
from oauth.code_grant import CodeGrant
from sync.actors import Engine
from web.auth import Doorkeeper
from web.options import Memory
from web.webhooks import Inbox


class State(TypedDict):
    """Made once by the application's lifespan."""

    settings: Settings
    database: Database
    engine: Engine
    doorkeeper: Doorkeeper
    code_grant: CodeGrant
    inbox: Inbox
    options: Memory
