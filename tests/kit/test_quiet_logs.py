"""What other libraries would write into our logs, and may not: addresses with a token in them."""

from __future__ import annotations

import logging
import logging.config
from copy import deepcopy

import pytest
from uvicorn.config import LOGGING_CONFIG

from kit import log
from tests.fixtures.lines import Lines


@pytest.mark.parametrize("name", ["uvicorn.access", "httpx2"])
def test_addresses_of_requests_are_not_logged(lines: Lines, name: str) -> None:
    logging.getLogger(name).info("GET /app?id_token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln")
    assert lines.getvalue() == ""


def test_a_token_that_reaches_a_line_all_the_same_is_masked(lines: Lines) -> None:
    logging.getLogger("concord").info(
        "GET /app?id_token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln shpat_0123abcd"
    )
    assert "eyJ" not in lines.getvalue()
    assert "shpat_" not in lines.getvalue()


def test_lines_of_the_web_server_are_like_ours(lines: Lines) -> None:
    logging.config.dictConfig(
        deepcopy(LOGGING_CONFIG) | {"disable_existing_loggers": False}
    )  # as uvicorn begins
    log.install("INFO", to=lines)
    coloured = {"color_message": "Started \x1b[36m%d\x1b[0m"}
    logging.getLogger("uvicorn.error").info("Started %d", 42, extra=coloured)
    logging.getLogger("uvicorn.access").warning("slow")
    first, second = lines.parsed()
    assert (first["logger"], first["message"], set(first)) == (
        "uvicorn.error",
        "Started 42",
        {"at", "level", "logger", "message"},
    )
    assert second["logger"] == "uvicorn.access"


def test_what_is_noted_goes_with_every_later_line_of_its_context_and_no_other(lines: Lines) -> None:
    logger = logging.getLogger("concord")
    log.note(shop="nowhere")
    with log.context(job=7):
        logger.info("before")
        log.note(shop="alpha.myshopify.com")
        logger.info("after")
        with log.context():
            log.note(shop="beta.myshopify.com")
        logger.info("again")
    logger.info("outside")
    told = [(line.get("job"), line.get("shop")) for line in lines.parsed()]
    assert told == [(7, None), (7, "alpha.myshopify.com"), (7, "alpha.myshopify.com"), (None, None)]
