"""Files of bulk operations over HTTP: results are fetched, staged uploads are received, both without a token.

It owns reading a multipart body. It refuses an upload whose file is not the last part or that has no key.
"""

from __future__ import annotations

import re

from starlette.responses import Response

from sandbox.shopify import bulk
from sandbox.shopify.door import Call

_BOUNDARY = re.compile(r'boundary="?([^";]+)')
_NAME = re.compile(rb'\bname="([^"]*)"')


def result(call: Call) -> Response:
    """GET /bulk/{shop}/{name}: what a bulk operation found."""
    text = bulk.result(call.world.store, call.shop, call.parameters["name"])
    if text is None:
        return Response("Not Found", status_code=404)
    return Response(text, media_type="application/jsonl")


def receive(call: Call) -> Response:
    """POST /staged-uploads/: takes a file in under the key that came with its target."""
    parts = multipart(call.headers.get("content-type", ""), call.body)
    fields = dict(parts)
    if not parts or parts[-1][0] != "file" or not fields.get("key"):
        return Response(
            "<Error><Code>InvalidArgument</Code></Error>", status_code=400, media_type="application/xml"
        )
    key = fields["key"].decode()
    bulk.receive(call.world.store, key, fields["file"].decode())
    answer = f"<PostResponse><Key>{key}</Key></PostResponse>"
    return Response(
        answer, status_code=int(fields.get("success_action_status", b"204")), media_type="application/xml"
    )


def multipart(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """The parts of a multipart form by name, in order; none when it is no such form."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        return []
    parts: list[tuple[str, bytes]] = []
    for piece in body.split(b"--" + found.group(1).encode())[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if name is not None:
            parts.append((name.group(1).decode(), content.removesuffix(b"\r\n")))
    return parts
