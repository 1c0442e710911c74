"""What other libraries would write into our logs, and may not: addresses with a token in them."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from kit import log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Our logs, installed into a text for a while."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in ("uvicorn.access", "httpx2")}
    text = io.StringIO()
    log.install("INFO", to=text)
    yield text
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.parametrize("name", ["uvicorn.access", "httpx2"])
def test_addresses_of_requests_are_not_logged(lines: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("GET /app?id_token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln")
    assert lines.getvalue() == ""


def test_a_token_that_reaches_a_line_all_the_same_is_masked(lines: io.StringIO) -> None:
    logging.getLogger("concord").info(
        "GET /app?id_token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln shpat_0123abcd"
    )
    assert "eyJ" not in lines.getvalue()
    assert "shpat_" not in lines.getvalue()
