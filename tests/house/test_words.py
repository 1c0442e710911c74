"""The repository speaks of Concord alone: no path of somebody's machine, no registry host, no key."""

from __future__ import annotations

import re

from tests.house import files

# Written with brackets so that this file does not find itself.
MACHINE = re.compile(r"/wor[k]/|/far[m]/|/roo[t]/|/hom[e]/[a-z]|/User[s]/[A-Za-z]|/tm[p]/concord/")
OUTSIDE = re.compile(r"(?<![\w/-])(?:\.\./)*share[d]/|[.][.]/share[d]")
REGISTRY = re.compile(r"https?://(?:[\w.-]*pypi[.]org|files[.]pythonhosted[.]org|registry[.]npmj[s])")
KEY = re.compile(r"\bshp(?:at|ss|ca|pa|ua)_[0-9a-f]{32}\b|-----BEGIN (?:RSA |EC )?PRIVATE KEY-----")
BINARY = {".gz", ".png", ".ico", ".woff2", ".dump", ".jpg", ".webp"}


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in files.committed()
        if path.suffix not in BINARY and pattern.search(files.text(path))
        for number, line in enumerate(files.text(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_path_of_a_machine_is_committed() -> None:
    assert not _found(MACHINE)


def test_nothing_refers_to_a_folder_outside_of_the_repository() -> None:
    assert not _found(OUTSIDE)


def test_no_package_registry_is_named() -> None:
    assert not _found(REGISTRY)


def test_nothing_that_looks_like_a_real_key_is_committed() -> None:
    assert not _found(KEY)


def test_the_patterns_would_notice() -> None:
    assert MACHINE.search("see " + "/".join(["", "root", ".cache"]))
    assert OUTSIDE.search("read " + "shared" + "/design.md")
    assert not OUTSIDE.search("a shared lock / both")
    assert KEY.search("shpat_" + "0" * 32)
