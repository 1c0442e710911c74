"""Gathers the fixtures. Each plugin module owns one kind of them; nothing is defined here."""

pytest_plugins = [
    "tests.fixtures.loopback",
    "tests.fixtures.groups",
    "tests.fixtures.properties",
    "tests.fixtures.engines",
    "tests.fixtures.databases",
    "tests.fixtures.settings",
    "tests.fixtures.lines",
    "tests.fixtures.browser",
    "tests.fixtures.tryton",
]
