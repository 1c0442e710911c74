"""A process of Concord that needs an access token right now: prints its end, for tests with many of them."""

from __future__ import annotations

import sys

from kit import config, db
from kit.crypto import Sealer
from kit.http import Door
from oauth.tokens import Tokens


def main(shop_id: str, domain: str) -> None:
    """Waits for a line, then asks for the token."""
    settings = config.settings()
    database = db.connect(settings.database_url, pool_size=2, application="refresher")
    tokens = Tokens(database, Door(), Sealer(settings.sealing_keys), settings)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(tokens.access_token(int(shop_id), domain).reveal() + "\n")
    database.close()


main(*sys.argv[1:])
