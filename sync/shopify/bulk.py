"""Bulk operations: start a query or a mutation over a file, look after it by id, and read its result piece by piece.

A run can last for hours and its result can be large, so nothing here waits: a flow starts, keeps the id, looks again
later (or when the finish webhook comes) and reads from the byte where it stopped. Children of the result are not
promised to follow their parent: they are joined by `__parentId`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from kit.faults import OutcomeUnknown, Rejected, Transient
from kit.http import Door
from sync.shopify import documents, idempotency, writer
from sync.shopify.answers import UserErrors, user_errors
from sync.shopify.client import Client

CHUNK_BYTES = 4 * 1024 * 1024
LINE_LIMIT_BYTES = 16 * 1024 * 1024
UPLOAD_LIMIT_BYTES = 100 * 1024 * 1024
FULL_CODES = ("OPERATION_IN_PROGRESS", "LIMIT_REACHED")
FULL_SECONDS = 60.0
STORE_SECONDS = 120.0


class Status(StrEnum):
    """Where an operation stands, as far as it matters to us. An unknown state counts as running."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"  # failed, cancelled or expired; a part of the result may be there


_STATUS = {
    "COMPLETED": Status.COMPLETED,
    **dict.fromkeys(("FAILED", "CANCELED", "EXPIRED"), Status.FAILED),
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One bulk operation. `url` is none when it found nothing, and good for a week."""

    gid: str
    status: Status
    error_code: str
    url: str | None
    partial_url: str | None
    lines: int


@dataclass(frozen=True)
class Running:
    """An operation of ours that Shopify knows: what it asks and since when."""

    gid: str
    status: Status
    query: str
    created_at: datetime


def start_query(client: Client, query: str, *, lane: int) -> str:
    """Starts a query over everything and returns its id. Raises Transient when too many run already."""
    return _started(client, "bulk_operation_run_query", {"query": query}, lane=lane)


def start_mutation(client: Client, mutation: str, path: str, *, identifier: str, lane: int) -> str:
    """Starts the named mutation for each line of an uploaded file and returns the operation's id."""
    text = documents.document(mutation).text
    variables = {"mutation": text, "path": path, "identifier": identifier}
    return _started(client, "bulk_operation_run_mutation", variables, lane=lane)


def look(client: Client, gid: str, *, lane: int) -> Operation | None:
    """How an operation is doing; none when Shopify does not know it."""
    node = client.run("bulk_operation", {"id": gid}, lane=lane)["bulkOperation"]
    if node is None:
        return None
    return Operation(
        gid=node["id"],
        status=_STATUS.get(node["status"], Status.RUNNING),
        error_code=node["errorCode"] or "",
        url=node["url"],
        partial_url=node["partialDataUrl"],
        lines=int(node["objectCount"]),
    )


def recent(client: Client, *, lane: int) -> list[Running]:
    """The newest operations: whoever lost the answer of a start finds it here by what it asks."""
    nodes = client.run("bulk_operations_running", lane=lane)["bulkOperations"]["nodes"]
    return [
        Running(
            node["id"],
            _STATUS.get(node["status"], Status.RUNNING),
            node["query"],
            datetime.fromisoformat(node["createdAt"]),
        )
        for node in nodes
    ]


def cancel(client: Client, gid: str, *, lane: int) -> None:
    """Asks Shopify to stop it. One that has ended already stays as it is."""
    client.run("bulk_operation_cancel", {"id": gid}, lane=lane)


def result(door: Door, url: str, *, offset: int = 0) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Lines of a result from a byte on, each with the byte after it. Keep that and come back there."""
    rest = b""
    while True:
        piece, is_last = _piece(door, url, offset + len(rest))
        rest += piece
        *whole, rest = rest.split(b"\n")
        for line in whole:
            offset += len(line) + 1
            if line.strip():
                yield offset, _parsed(line)
        if is_last:
            if rest.strip():
                yield offset + len(rest), _parsed(rest)
            return
        if len(rest) > LINE_LIMIT_BYTES:
            raise Rejected("bulk_line_too_long", "A line of Shopify's bulk result is too long to read.")


def by_parent(
    lines: Iterable[Mapping[str, Any]],
) -> tuple[list[Mapping[str, Any]], dict[str, list[Mapping[str, Any]]]]:
    """The roots, and all other lines by the id of their parent, whatever order they came in."""
    roots: list[Mapping[str, Any]] = []
    children: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        parent = line.get("__parentId")
        if parent is None:
            roots.append(line)
        else:
            children.setdefault(parent, []).append(line)
    return roots, children


def upload(client: Client, mutation: str, rows: Iterable[Mapping[str, Any]], *, name: str, lane: int) -> str:
    """Puts variables, one row a line, where a bulk mutation finds them; returns the path for `start_mutation`.
    Each row of a mutation that takes one carries a `key` of its own, and is checked like a single call."""
    document = documents.document(mutation)
    lines: list[bytes] = []
    for row in rows:
        values = {field: value for field, value in row.items() if field != "key"}
        idempotency.check(document, values, key=row.get("key"), api_version=client.api_version)
        lines.append(json.dumps(row, separators=(",", ":")).encode() + b"\n")
    content = b"".join(lines)
    if not 0 < len(content) <= UPLOAD_LIMIT_BYTES:
        raise ValueError(f"a bulk file has 1 to {UPLOAD_LIMIT_BYTES} bytes, not {len(content)}")
    wish = {
        "resource": "BULK_MUTATION_VARIABLES",
        "filename": name,
        "mimeType": "text/jsonl",
        "httpMethod": "POST",
    }
    (target,) = writer.done(client, "staged_uploads_create", {"input": [wish]}, lane=lane)["stagedTargets"]
    parameters = {each["name"]: each["value"] for each in target["parameters"]}
    body, kind = _multipart(parameters, content, name=name)
    response = client.door.call(
        "POST",
        target["url"],
        content=body,
        headers={"Content-Type": kind},
        repeatable=True,  # the same file under the same name
        read_seconds=STORE_SECONDS,
    )
    if response.status_code not in (200, 201, 204):
        raise Transient(
            "upload_failed",
            "Shopify's file store did not take the file.",
            detail=f"HTTP {response.status_code}",
        )
    path: str = parameters["key"]
    return path


def outcomes(
    lines: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[int, Mapping[str, Any], UserErrors]]:
    """Of a bulk mutation's result: the line of the file, the payload and its user errors."""
    for line in lines:
        payload = next(iter((line.get("data") or {}).values()), None) or {}
        yield int(line["__lineNumber"]), payload, user_errors(payload)


def _started(client: Client, name: str, variables: Mapping[str, Any], *, lane: int) -> str:
    payload, errors = writer.tried(client, name, variables, lane=lane)
    if errors.coded(*FULL_CODES):
        raise Transient(
            "bulk_full",
            "Shopify is still busy with other bulk operations of this shop.",
            detail=errors.detail(),
            after_seconds=FULL_SECONDS,
        )
    if errors:
        writer.refuse(name, errors)
    if payload["bulkOperation"] is None:
        raise OutcomeUnknown("no_verdict", "Shopify did not say whether it began.", detail=name)
    gid: str = payload["bulkOperation"]["id"]
    return gid


def _piece(door: Door, url: str, start: int) -> tuple[bytes, bool]:
    response = door.call(
        "GET",
        url,
        headers={"Range": f"bytes={start}-{start + CHUNK_BYTES - 1}"},
        repeatable=True,
        read_seconds=STORE_SECONDS,
    )
    match response.status_code:
        case 206:
            total = response.headers.get("content-range", "").rpartition("/")[2]
            end = start + len(response.content)
            return response.content, total.isdigit() and end >= int(total)
        case 200:  # the store gives the whole file
            return response.content[start:], True
        case 416:  # nothing behind the last byte
            return b"", True
        case 403 | 404 | 410:
            raise Rejected(
                "bulk_result_gone", "Shopify has deleted the result of the bulk operation. Start it again."
            )
        case status:
            raise Transient(
                "bulk_result_busy",
                "Shopify's file store cannot answer at the moment.",
                detail=f"HTTP {status}",
            )


def _parsed(line: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(line, parse_float=Decimal)
    except ValueError as error:
        raise Transient("bulk_line_broken", "A line of Shopify's bulk result is broken.") from error
    if not isinstance(parsed, dict):
        raise Rejected("bulk_line_broken", "A line of Shopify's bulk result is no object.")
    return parsed


def _multipart(fields: Mapping[str, str], content: bytes, *, name: str) -> tuple[bytes, str]:
    """All fields in their order, the file last, as the store demands."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: text/jsonl\r\n\r\n"
    )
    body = b"".join([*parts, head.encode(), content, f"\r\n--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"
