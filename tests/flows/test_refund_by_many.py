"""The same refund by many processes at once: the customer is paid once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from sandbox.shopify.app import transport
from sandbox.shopify.world import World
from sandbox.simulator.run import environment
from sync.flows import refund_pull
from sync.state import claims
from sync.state.models import IntentState, JobState
from tests.flows.town import Town

MUG = "ALP-MUG"
PROCESSES = 20
LEASE_SECONDS = 600
ROOT = Path(__file__).parents[2]


@contextmanager
def served(world: World) -> Iterator[str]:
    """The local Shopify over real HTTP, each call in a thread of its own."""
    way = transport(world)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = way.handle_request(
                httpx2.Request(
                    "POST", world.settings.origin + self.path, content=body, headers=dict(self.headers)
                )
            )
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(answer.read())

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.slow
def test_twenty_processes_that_make_one_refund_make_one_refund(town: Town, town_database_url: str) -> None:
    town.set(
        roads={"refunds": "on"}, owners={"refund": "erp"}, refunds={"per_refund": "500", "per_day": "500"}
    )
    town.link_products()
    order = town.order((MUG, 2))
    before = len(town.books.documents)
    town.credit("C1", order, "33.33")
    job = _claimed(town)
    with served(town.stage.world) as origin:
        names = {**environment(town_database_url), "CONCORD_SHOPIFY_SHOP_URL": f"{origin}/shops/{{shop}}"}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
        said = _all_at_once([str(town.shop_id), str(job), town.clock.now().isoformat()], {**clean, **names})
    refunds = town.shopify_order(order["id"])["refunds"]
    assert [each["totalRefundedSet"]["shopMoney"]["amount"] for each in refunds] == ["33.33"], said
    assert said["done"] >= 1
    # The others come later: the key is in use, the order changed while it was read, or no points were left for now.
    assert set(said) <= {"done", "in_progress", "order_changed", "shopify_budget"}, said
    town.clock.move(LEASE_SECONDS)
    town.rest()
    assert len(town.shopify_order(order["id"])["refunds"]) == 1
    assert len(town.books.documents) == before
    assert [each.state for each in town.intents("refund_pull")] == [IntentState.DONE]


def _claimed(town: Town) -> int:
    """The job of the credit, taken by a process whose lease everybody works under."""
    town.clock.move(70)
    town.stage.clockwork.tick()
    while not town.jobs(refund_pull.FLOW, JobState.READY):
        assert town.stage.engine.run_jobs(limit=1), "nobody asks for the refund"
    with town.stage.plain.transaction() as session:
        found = claims.claim(
            session, count=1, per_shop=4, lease_seconds=LEASE_SECONDS, flows=[refund_pull.FLOW]
        )
    (job,) = found
    return job.id


def _all_at_once(arguments: list[str], names: dict[str, str]) -> Counter[str]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.flows.refunder", *arguments],
            cwd=ROOT,
            env=names,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return Counter(process.communicate(timeout=120)[0].strip() for process in processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
