"""The door for ERPs that push: a signed "look now" asks for the feeds of its connection. It answers 202 and no more.

Whoever is not proven gets 401, whether or not the connection exists, and only so many tries.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sync.actors import Engine
from sync.flows import callbacks
from sync.flows.callbacks import NotProven, NotUnderstood
from web.auth import Doorkeeper, too_many
from web.limits import NO_BODY_BYTES

PATH = "/callbacks/{connection:int}"
HIGHEST_ID = 2**63


async def receive(request: Request) -> Response:
    """POST /callbacks/{connection}."""
    doorkeeper: Doorkeeper = request.state["doorkeeper"]
    if wait := doorkeeper.flood(request):
        return too_many(wait)
    connection: int = request.path_params["connection"]
    body = await request.body()
    engine: Engine = request.state["engine"]
    try:
        if connection >= HIGHEST_ID:
            raise NotProven
        job_ids = await run_in_threadpool(
            callbacks.take,
            engine.gateways,
            connection,
            time=request.headers.get(callbacks.TIME_HEADER, ""),
            given=request.headers.get(callbacks.SIGNATURE_HEADER, ""),
            body=body,
        )
    except NotProven:
        return Response(status_code=401)
    except NotUnderstood as error:
        return PlainTextResponse(str(error), status_code=400)
    if job_ids:
        await run_in_threadpool(engine.nudge_jobs, job_ids[0], len(job_ids))
    return Response(status_code=202)


routes = [Route(PATH, receive, methods=["POST"], max_body_size=NO_BODY_BYTES)]
