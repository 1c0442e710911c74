"""Scripts and styles that the admin and the app load: App Bridge and Polaris stand-ins and the admin's own look.

The two stand-ins are put together from parts in the order of `PARTS`; each part may use what an earlier one defined.
It serves the named files only.
"""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response

from sandbox.shopify.door import Call

STATIC = Path(__file__).parent / "static"
SCRIPT, STYLE, DRAWING = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"
TYPES = {".js": SCRIPT, ".css": STYLE, ".svg": DRAWING}
FREE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
BUNDLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "app-bridge.js": ("app-bridge", ("link", "identity", "requests", "navigation", "forms", "shopify")),
    "polaris-1.js": (
        "polaris",
        (
            "tokens",
            "base",
            "icons",
            "layout",
            "text",
            "actions",
            "overlays",
            "fields",
            "choices",
            "tables",
            "media",
        ),
    ),
}
SHELL_FILES = frozenset(
    {"shell.css", "shell.js", "frame.js", "frame-panels.js", "picker.js", "order-form.js", "mark.svg"}
)


def bundle(name: str) -> str:
    """One script made of its parts, closed in itself."""
    folder, parts = BUNDLES[name]
    texts = [(STATIC / folder / f"{part}.js").read_text(encoding="utf-8") for part in parts]
    return "(() => {\n'use strict';\n" + "\n".join(texts) + "\n})();\n"


def cdn(call: Call) -> Response:
    """GET /cdn/shopifycloud/{name}: any spelling of the Polaris version is the same stand-in."""
    asked = call.parameters["name"]
    name = "polaris-1.js" if asked.startswith("polaris") else asked
    if name not in BUNDLES:
        return Response("Not Found", status_code=404)
    return Response(bundle(name), media_type=SCRIPT, headers=FREE | {"Cache-Control": "no-cache"})


def static(call: Call) -> Response:
    """GET /static/{name}: the admin's own files."""
    name = call.parameters["name"]
    if name not in SHELL_FILES:
        return Response("Not Found", status_code=404)
    path = STATIC / name
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers={"Cache-Control": "no-cache"})
