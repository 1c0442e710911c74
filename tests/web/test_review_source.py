"""What Shopify's review and its security scan look for in the source. Each test names the check it mirrors."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from kit import config
from kit.db import ShopOwned
from oauth import models, scopes
from oauth.token_calls import TokenEndpoint
from sandbox.shopify.settings import COMPLIANCE_TOPICS
from sync.insight.doctor import supported_until
from tests.house import files

SECRETS = re.compile(
    r"shp(?:at|ss|rt|ua|pa|ca)_[0-9a-f]{32}|-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|ghp_[A-Za-z0-9]{36}"
)
SENSITIVE_SCOPES = {
    "read_all_orders",
    "read_users",
    "write_users",
    "read_customer_payment_methods",
    "write_themes",
}
TEXTS = {".py", ".toml", ".md", ".yaml", ".html", ".js", ".env", ".json", ".txt", ".cfg"}
# Where a secret is taken out of its wrapper: to be sealed, to sign, or to be sent to whom it belongs.
REVEALED_IN = {
    "kit/crypto.py",
    "oauth/code_grant.py",
    "oauth/erp.py",
    "oauth/id_token.py",
    "oauth/signatures.py",
    "oauth/token_calls.py",
    "sync/flows/privacy_file.py",
    "sync/shopify/client.py",
    "sync/state/marks.py",
}
# Where a statement may cross shops: the clock, housekeeping, operators, and the engine's own queues.
CROSSING = {
    "kit/db.py",
    "oauth/install.py",
    "oauth/rotation.py",
    "oauth/tokens.py",
    "sync/flows/callbacks.py",
    "sync/flows/erp_feeds.py",
    "sync/flows/intake.py",
    "sync/flows/periodic.py",
    "sync/flows/retention.py",
    "sync/insight/doctor.py",
    "sync/operate.py",
    "sync/schedule.py",
    "sync/state/claims.py",
    "sync/state/jobs.py",
    "sync/state/personal.py",
    "sync/state/slots.py",
    "sync/state/timed_prices.py",
}
APP = tomllib.loads(files.text(Path("shopify.app.toml")))


def calls(*folders: str) -> Iterator[tuple[Path, ast.Call, str]]:
    for path in files.of(*folders):
        for node in ast.walk(files.tree(path)):
            if isinstance(node, ast.Call):
                yield path, node, files.dotted(node.func)


def attributes(name: str, *folders: str) -> set[str]:
    return {
        path.as_posix()
        for path in files.of(*folders)
        for node in ast.walk(files.tree(path))
        if isinstance(node, ast.Attribute) and node.attr == name
    }


def names(name: str, *folders: str) -> set[str]:
    return {
        path.as_posix()
        for path in files.of(*folders)
        for node in ast.walk(files.tree(path))
        if isinstance(node, ast.Name) and node.id == name
    }


def test_committed_secret() -> None:
    texts = [
        path
        for path in files.committed()
        if path.suffix in {".py", ".toml", ".md", ".yaml", ".html", ".js", ".env", ".json"}
    ]
    assert [str(path) for path in texts if SECRETS.search(files.text(path))] == []


def test_credential_log_leakage() -> None:
    """A secret leaves its wrapper in few places, and none of them logs it."""
    found = attributes("reveal", *files.PRODUCTION)
    connectors = {path for path in found if path.startswith("sync/connectors/")}
    assert found - connectors <= REVEALED_IN
    for path, node, name in calls(*files.PRODUCTION):
        if name.split(".")[0] in ("log", "logging", "print"):
            assert "reveal" not in ast.dump(node), f"{path}:{node.lineno}"


def test_credential_browser_leakage() -> None:
    """No template and no script knows a word for a secret."""
    for suffix in (".html", ".js"):
        for path in files.of("frontend", suffix=suffix):
            for word in (
                "access_token",
                "refresh_token",
                "client_secret",
                "sealed",
                "shpat_",
                "localStorage",
            ):
                assert word not in files.text(path), f"{path}: {word}"


def test_metafield_offline_token() -> None:
    """Metafields are never written with anything of a grant: no operation of ours writes metafields at all."""
    operations = files.of("sync", suffix=".graphql")
    assert operations
    assert [str(path) for path in operations if "metafieldsSet" in files.text(path)] == []


def test_expiring_offline_token() -> None:
    """Every way to a token asks for one that ends."""
    source = files.text(Path("oauth/token_calls.py"))
    for way in (TokenEndpoint.exchange, TokenEndpoint.migrate, TokenEndpoint.redeem):
        lines = ast.get_source_segment(source, _function(source, way.__name__)) or ""
        assert '"expiring": "1"' in lines, way.__name__


def _function(source: str, name: str) -> ast.FunctionDef:
    return next(
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == name
    )


def test_scope_over_request_and_overbroad_data_access() -> None:
    assert not SENSITIVE_SCOPES & set(scopes.REQUIRED)
    needed = {name for flow in scopes.OF_FLOW.values() for name in flow}
    for name in scopes.REQUIRED:
        assert name in needed or name.replace("read_", "write_", 1) in needed, name


def test_eol_api_version() -> None:
    """One version everywhere, and it is one that Shopify releases."""
    settings = next(
        field for field in config.Settings.__dataclass_fields__.values() if field.name == "api_version"
    )
    version = settings.metadata["default"]
    assert APP["webhooks"]["api_version"] == version
    assert supported_until(version) is not None


def test_known_cve_in_dependency() -> None:
    """Every dependency is one exact version with its hashes, so that a scanner can say which."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = files.text(Path(name))
        pinned = re.findall(r"^([a-z0-9._-]+(?:\[[a-z,]+\])?)==", text, re.MULTILINE)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)


def test_weak_shop_validation() -> None:
    """One place knows what a shop domain is."""
    for path in files.of("oauth", "sync", "web"):
        if path.as_posix() != "oauth/names.py":
            for node in ast.walk(files.tree(path)):
                is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
                if is_text and re.fullmatch(r"\.?myshopify\.com", str(node.value)):  # type: ignore[attr-defined]
                    raise AssertionError(f"{path}:{node.lineno} has its own idea of a shop")  # type: ignore[attr-defined]


def test_missing_tenant_isolation() -> None:
    """Every table with a shop is guarded, and crossing shops is said in known places only."""
    unguarded = {
        mapper.local_table.name  # type: ignore[attr-defined]
        for mapper in models.Shop.registry.mappers
        if "shop_id" in mapper.local_table.columns and not issubclass(mapper.class_, ShopOwned)
    }
    assert unguarded == {"audit_entry"}  # also holds operators' entries; `audit.newest` names the shop
    assert names("all_shops", *files.PRODUCTION) <= CROSSING


def test_request_derived_shop_scope() -> None:
    """No page reads the shop, or who asks, out of a request: the doorkeeper's proof is the only source."""
    for path, node, name in calls("web"):
        is_query = name.endswith(
            ("query_params.get", "headers.get", "cookies.get", "form.text", "asked.word")
        )
        if is_query and node.args and isinstance(node.args[0], ast.Constant):
            asks_shop = node.args[0].value in ("shop", "shop_id", "X-Shopify-Shop-Domain", "staff_id")
            assert not asks_shop or path.as_posix() in ("web/auth.py", "web/entry.py"), (
                f"{path}:{node.lineno}"
            )


def test_open_redirect() -> None:
    """Redirects leave from two modules, which build every target from settings."""
    leaving = {path.as_posix() for path, _, name in calls("web") if name == "RedirectResponse"}
    assert leaving == {"web/auth.py", "web/entry.py"}
    leads_away = re.compile(r"(?:location(?:\.href)?\s*=|window\.open\()\s*[^;]*(?:search|hash|query)")
    for path in files.of("frontend", suffix=".js"):
        assert not leads_away.search(files.text(path)), path


def test_ssrf_request_forgery() -> None:
    """Whatever a connector calls goes through the guard; nobody has a network door of their own."""
    for path, node, name in calls("sync"):
        if path.parts[:2] == ("sync", "connectors") and name.endswith("door.call"):
            guarded = [word.value for word in node.keywords if word.arg == "guarded"]
            assert guarded, f"{path}:{node.lineno}"
            assert isinstance(guarded[0], ast.Constant), f"{path}:{node.lineno}"
            assert guarded[0].value is True, f"{path}:{node.lineno}"
    for path in files.of("oauth", "sync", "web"):
        for part in ast.walk(files.tree(path)):
            imported = {alias.name for alias in part.names} if isinstance(part, ast.Import) else set()
            assert not {"requests", "urllib.request", "http.client", "socket", "httpx"} & imported, path


def test_unsafe_innerhtml() -> None:
    for path in files.of("frontend", suffix=".js"):
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
        ):
            assert word not in files.text(path), f"{path}: {word}"
    for path in files.of("frontend", suffix=".html"):
        text = files.text(path)
        assert "|safe" not in text.replace(" ", ""), path
        markup = re.sub(r"{[%{#].*?[%}#]}", "", text, flags=re.DOTALL)
        assert not re.search(r"\son[a-z]+\s*=", markup), path
        assert "javascript:" not in text, path


def test_static_frame_ancestors() -> None:
    for path in files.of("web"):
        assert "https://*" not in files.text(path), path
        assert "*.myshopify.com" not in files.text(path), path


def test_insecure_webhook_url_and_missing_compliance_webhooks() -> None:
    declared = APP["webhooks"]["subscriptions"]
    assert {urlsplit(one["uri"]).scheme for one in declared} == {"https"}
    topics = [topic for one in declared for topic in one.get("compliance_topics", [])]
    assert sorted(topics) == sorted(COMPLIANCE_TOPICS)
    assert urlsplit(APP["application_url"]).scheme == "https"
    assert all(urlsplit(one).scheme == "https" for one in APP["auth"]["redirect_urls"])


def test_the_app_is_embedded_installed_by_shopify_and_speaks_graphql_only() -> None:
    assert APP["embedded"] is True
    assert "use_legacy_install_flow" not in APP["access_scopes"]
    for path in files.of(*files.PRODUCTION):
        for found in re.findall(r"/admin/api/[^\"'\s]*", files.text(path)):
            assert found.endswith("/graphql.json"), f"{path}: {found}"
        assert "ShopifyResource" not in files.text(path), path


def test_app_bridge_is_the_first_script_of_every_document_and_comes_from_shopify() -> None:
    defaults = {
        field.name: field.metadata["default"] for field in config.Settings.__dataclass_fields__.values()
    }
    assert defaults["app_bridge_url"] == "https://cdn.shopify.com/shopifycloud/app-bridge.js"
    documents = [path for path in files.of("frontend", suffix=".html") if "<head>" in files.text(path)]
    assert documents
    for path in documents:
        first = re.search(r"<script[^>]*>", files.text(path))
        assert first is not None, path
        assert first[0] == '<script src="{{ frame.app_bridge_url }}">', path
        assert 'name="shopify-api-key"' in files.text(path), path


def test_the_threat_model_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(tests/[a-z_/]+\.py)`", files.text(Path("docs/security.md"))))
    assert len(named) > 10
    assert [name for name in sorted(named) if Path(name) not in files.committed()] == []
