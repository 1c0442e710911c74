"""Checks HTML against the Polaris web components and App Bridge elements as published: names, values, slots.

Works on templates (Jinja statements are taken out, expressions match anything) and on rendered pages.
"""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("data") / "polaris-elements.json"
GLOBAL = {"id", "class", "slot", "hidden", "style", "role", "title", "lang", "dir", "tabindex", "is", "key"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
APP_BRIDGE_ATTRIBUTES = {"id", "src", "variant", "title", "discardconfirmation", "data-save-bar"}
DYNAMIC = "\N{REPLACEMENT CHARACTER}"


@cache
def known() -> dict[str, Any]:
    """Elements with their attributes, and the shared lists of values."""
    loaded: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return loaded


def without_jinja(template: str) -> str:
    """The HTML of a template: comments and statements gone, each expression one placeholder."""
    template = re.sub(r"\{#.*?#\}", "", template, flags=re.DOTALL)
    template = re.sub(r"\{%.*?%\}", "", template, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", DYNAMIC, template, flags=re.DOTALL)


def problems(html: str) -> list[str]:
    """What a browser with Polaris would silently ignore; empty when all is known."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.problems


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        elements = known()["elements"]
        if tag in elements:
            for name, value in attrs:
                self._attribute(tag, elements[tag].get("attributes", {}), name, value)
        elif tag.startswith(("s-", "ui-")) and tag not in known()["app_bridge"]:
            self._say(f"<{tag}> does not exist")
        self._slot(dict(attrs).get("slot"))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith(("s-", "ui-")):
            self._say(f"<{tag} /> is not closed: custom elements have no short form")
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def _attribute(self, tag: str, allowed: dict[str, Any], name: str, value: str | None) -> None:
        if name not in allowed:
            if name not in GLOBAL and not name.startswith(("data-", "aria-")) and DYNAMIC not in name:
                self._say(f"<{tag} {name}> does not exist")
            return
        if value is not None and DYNAMIC in value:
            return
        about = allowed[name]
        types = about.get("types", [])
        if types == ["boolean"] and value == "false":
            self._say(f'<{tag} {name}="false"> means true; leave the attribute out')
        values = known()["shared_values"].get(about.get("values_ref"), about.get("values", []))
        if values and not types and (value or "") not in values:
            self._say(f'<{tag} {name}="{value}"> is not one of {", ".join(values[:12])}')

    def _slot(self, slot: str | None) -> None:
        parent = next((tag for tag in reversed(self._open) if tag.startswith("s-")), None)
        if not slot or DYNAMIC in slot or parent not in known()["elements"]:
            return
        slots = known()["elements"][parent].get("slots", [])
        also = known()["app_bridge"].get(parent, {}).get("slots_read_by_app_bridge", [])
        if slot not in (*slots, *also):
            self._say(f'slot="{slot}" does not exist in <{parent}>')

    def _say(self, problem: str) -> None:
        line, _ = self.getpos()
        self.problems.append(f"line {line}: {problem}")
