"""The scripts that stand in for Shopify's: served under their names, whole, and complete."""

from __future__ import annotations

import re

import pytest

from sandbox.shopify.assets import BUNDLES, STATIC, bundle
from tests.house import polaris
from tests.sandbox.outside.conftest import Sandbox


@pytest.mark.parametrize("name", ["app-bridge.js", "polaris-1.js", "polaris-1.1.js", "polaris.js"])
def test_a_script_is_served_to_any_origin(sandbox: Sandbox, name: str) -> None:
    answer = sandbox.web.get(f"/cdn/shopifycloud/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("path", ["/cdn/shopifycloud/other.js", "/static/..%2Fapp.py", "/static/base.js"])
def test_nothing_else_is_served(sandbox: Sandbox, path: str) -> None:
    assert sandbox.web.get(path).status_code == 404


def test_every_part_is_in_its_bundle() -> None:
    for name, (folder, parts) in BUNDLES.items():
        assert {path.stem for path in (STATIC / folder).glob("*.js")} == set(parts), name


def test_every_polaris_element_is_defined() -> None:
    text = bundle("polaris-1.js")
    defined = set(re.findall(r"(?:define|mirror)\('(s-[a-z-]+)'", text)) | set(
        re.findall(r"\['(s-[a-z-]+)', '", text)
    )
    assert set(polaris.known()["elements"]) <= defined
