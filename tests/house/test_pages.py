"""Screens: a template per page module, elements that exist, behaviours that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house import files, polaris

PAGES = Path("web/pages")
TEMPLATES = Path("frontend/templates")


def _templates() -> list[Path]:
    found = [path for path in files.committed() if path.is_relative_to(TEMPLATES) and path.suffix == ".html"]
    assert found
    return found


def test_every_page_module_has_the_template_of_its_name_and_the_other_way_round() -> None:
    modules = {
        path.relative_to(PAGES).with_suffix("").as_posix()
        for path in files.of("web")
        if path.is_relative_to(PAGES) and not path.stem.startswith("_")
    }
    templates = {
        path.relative_to(TEMPLATES / "pages").with_suffix("").as_posix()
        for path in _templates()
        if path.is_relative_to(TEMPLATES / "pages")
    }
    assert modules == templates


def test_parts_are_named_as_parts() -> None:
    parts = [path for path in _templates() if path.parent.name == "parts"]
    assert not [path for path in parts if not path.name.startswith("_")]


def test_templates_use_only_elements_attributes_and_values_that_exist() -> None:
    found = {
        str(path): problems
        for path in _templates()
        if (problems := polaris.problems(polaris.without_jinja(files.text(path))))
    }
    assert not found


def test_every_behaviour_that_a_template_names_exists_and_every_file_is_named() -> None:
    named: set[str] = set()
    for path in _templates():
        for value in re.findall(r'data-behavior="([^"{]+)"', files.text(path)):
            named.update(value.split())
    present = {path.stem for path in files.of("frontend", suffix=".js") if "behaviors" in path.parts}
    assert named == present


def test_no_template_switches_escaping_off() -> None:
    unsafe = re.compile(r"\|\s*safe\b|autoescape\s+false")
    assert not [path for path in _templates() if unsafe.search(files.text(path))]


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<s-buton></s-buton>", "<s-buton> does not exist"),
        ("<s-button colour='red'></s-button>", "<s-button colour> does not exist"),
        ("<s-badge tone='red'></s-badge>", 'tone="red"'),
        ("<s-button disabled='false'></s-button>", "means true"),
        ("<s-banner><s-button slot='primary'></s-button></s-banner>", 'slot="primary"'),
        ("<s-divider/>", "no short form"),
    ],
)
def test_the_check_notices(html: str, problem: str) -> None:
    assert any(problem in found for found in polaris.problems(html))


def test_the_check_lets_good_html_pass() -> None:
    page = """<s-page heading="{{ title }}"><s-button slot="primary-action" variant="primary">Go</s-button>
    {% if a %}<s-badge tone="{{ tone }}">x</s-badge>{% endif %}<br><p data-x="1">y</p></s-page>"""
    assert polaris.problems(polaris.without_jinja(page)) == []
