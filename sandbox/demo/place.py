"""Where the demo lives: its folder, its ports, its keys, and the settings that Concord's processes get from them.

It refuses ports that are not numbers, a second demo on the same folder, and settings that belong to another Concord.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kit import config
from sandbox.leashed import CannotStart

ROOT = Path(__file__).resolve().parents[2]
PORTS = {"DEMO_SHOPIFY_PORT": 9100, "DEMO_WEB_PORT": 9200, "DEMO_ERP_PORT": 9300}
DATABASE = "concord_demo"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One demo. Two with different folders and ports may run side by side."""

    folder: Path
    cache: Path
    shopify_port: int
    web_port: int
    erp_port: int
    client_id: str
    client_secret: str
    sealing_keys: str

    @property
    def shopify_url(self) -> str:
        """The local Shopify: admin, shops and control."""
        return f"http://127.0.0.1:{self.shopify_port}"

    @property
    def web_url(self) -> str:
        """Concord's web process."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self.folder / "logs"

    def settings(self, *, database_url: str, redis_url: str) -> dict[str, str]:
        """What an operator would set for Concord, with the local Shopify in the place of the real one."""
        return {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CONCORD_APP_URL": self.web_url,
            "CONCORD_SHOPIFY_CLIENT_ID": self.client_id,
            "CONCORD_SHOPIFY_CLIENT_SECRET": self.client_secret,
            "CONCORD_SEALING_KEYS": self.sealing_keys,
            "CONCORD_SHOPIFY_SHOP_URL": f"{self.shopify_url}/shops/{{shop}}",
            "CONCORD_SHOPIFY_ADMIN_URL": self.shopify_url,
            "CONCORD_APP_BRIDGE_URL": f"{self.shopify_url}/cdn/shopifycloud/app-bridge.js",
            "CONCORD_POLARIS_URL": f"{self.shopify_url}/cdn/shopifycloud/polaris-1.js",
            "CONCORD_ERP_PRIVATE_HOSTS": "127.0.0.1",
            "CONCORD_SANDBOX": "yes",
        }

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """The environment of a process of the demo: ours without what belongs to another Concord, and `more`."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith((config.OWN_PREFIX, "SANDBOX_"))
            and name not in ("DATABASE_URL", "REDIS_URL")
        }
        return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **more}


def find(environment: Mapping[str, str]) -> Place:
    """The place that the environment names: DEMO_FOLDER and the three ports, all optional."""
    folder = Path(environment.get("DEMO_FOLDER") or ROOT / ".demo").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    keys = _keys(folder / "keys.json")
    app = tomllib.loads((ROOT / "shopify.app.toml").read_text(encoding="utf-8"))
    return Place(
        folder=folder,
        cache=ROOT / ".cache",
        shopify_port=_port(environment, "DEMO_SHOPIFY_PORT"),
        web_port=_port(environment, "DEMO_WEB_PORT"),
        erp_port=_port(environment, "DEMO_ERP_PORT"),
        client_id=app["client_id"],
        **keys,
    )


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """Holds the folder for this demo. The lock goes with the process, whatever ends it."""
    with (place.folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"a demo already runs in {place.folder}; stop it, or set DEMO_FOLDER and other ports."
            ) from error
        yield


def _port(environment: Mapping[str, str], name: str) -> int:
    given = environment.get(name) or str(PORTS[name])
    if not given.isdecimal() or not 0 < int(given) < 65_536:
        raise CannotStart(f"{name} must be a port number, and is {given!r}.")
    return int(given)


def _keys(file: Path) -> dict[str, str]:
    """Secrets of this folder, made once: a kept database can be opened only with the keys that sealed it."""
    if not file.exists():
        file.touch(mode=0o600)
        sealing = base64.b64encode(secrets.token_bytes(32)).decode()
        made = {"client_secret": secrets.token_hex(20), "sealing_keys": f"demo:{sealing}"}
        file.write_text(json.dumps(made))
    kept: dict[str, str] = json.loads(file.read_text())
    return kept
